"""MNN and Harmony against the small reference outputs that come with the project: runs for anyone."""

import numpy as np
import pytest

from scint_core.methods.mnn import MnnParams
from scint_core.methods.mnn import run as run_mnn
from tests.golden_files import small_golden, small_input
from tests.methods import test_harmony_golden as harmony
from tests.methods.test_mnn_golden import VARIANTS as MNN_VARIANTS
from tests.problems import problem_from
from tests.stepper import PlainStep


@pytest.mark.parametrize("variant", MNN_VARIANTS)
def test_mnn_is_batchelors(variant):
    golden = small_golden("batchelor_mnn")
    outcome = run_mnn(problem_from(*small_input()), MnnParams(**{"sigma": 0.1, **MNN_VARIANTS[variant]}), PlainStep())
    expected = golden[f"{variant}/corrected"]
    np.testing.assert_allclose(outcome.expression[::9], expected, atol=1e-6 * np.abs(expected).max(), rtol=0)
    for merge in (1, 2):
        of_merge = outcome.pairs.merge == merge - 1
        for side, found in (("left", outcome.pairs.left), ("right", outcome.pairs.right)):
            np.testing.assert_array_equal(found[of_merge], golden[f"{variant}/merge_{merge}/pairs_{side}_0based"])


def stored_harmony():
    """The reference output, as nested as the file it was cut from."""
    nested = {}
    for path, array in small_golden("harmony").items():
        variant, _, name = path.partition("/")
        if name:
            nested.setdefault(variant, {})[name] = array
        else:
            nested[path] = array
    return nested


@pytest.mark.parametrize("variant", harmony.VARIANTS)
def test_harmony_replayed_is_that_of_r(variant):
    golden = stored_harmony()
    iterations = harmony.replay(golden, variant)
    expected = golden[variant]["corrected"]
    np.testing.assert_allclose(iterations[-1][1][::3], expected, atol=1e-6 * np.abs(expected).max(), rtol=0)
    rounds = [len(phase.values) for _, _, phase in iterations[1:]]
    assert rounds == golden[variant]["cluster_rounds_per_iter"].tolist()
