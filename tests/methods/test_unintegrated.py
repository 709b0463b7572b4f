"""The baseline that every method is compared with."""

import numpy as np

from scint_core.contract import Embedding
from scint_core.methods.unintegrated import METHOD, UnintegratedParams, run
from tests.problems import problem_from
from tests.stepper import PlainStep


def test_the_components_are_handed_on_and_shown():
    pcs, step = np.random.default_rng(0).normal(size=(9, 3)), PlainStep()
    outcome = run(problem_from(None, ["a"] * 9, pca=pcs), UnintegratedParams(), step)
    np.testing.assert_array_equal(outcome.embedding, pcs)
    assert isinstance(step.records[0].result, Embedding)
    assert METHOD.min_batches == 1
