"""Lost variance as a metric of a run."""

import numpy as np
import pytest

import scint_core as scint
from scint_core.contract import LostVariance
from scint_core.metrics import METRICS, MetricInput, lost_variance_of, measure
from tests.datasets import prepared

lost_variance = METRICS["Lost variance"]


def test_the_worst_batch_is_the_score():
    result = lost_variance(MetricInput(np.eye(3), lost_variance={"a": 0.02, "b": 0.3}))
    assert result.score == 0.3
    assert result.per_batch == {"a": 0.02, "b": 0.3}
    assert result.note == "batch b lost 30% of its variance, which may be biology"
    assert lost_variance(MetricInput(np.eye(3), lost_variance={"a": 0.02})).note == ""
    assert np.isnan(lost_variance(MetricInput(np.eye(3))).score)


def test_it_is_found_in_the_steps_of_a_run():
    adata = prepared()
    run = scint.integrate(adata, "fastmnn", k=5, n_pcs=10)
    (expected,) = [step.result for step in run.steps if isinstance(step.result, LostVariance)]
    found = lost_variance_of(run.steps, run.batch_names)
    assert found == dict(zip(run.batch_names, expected.total.tolist(), strict=True))
    result = measure(run.coordinates, adata.obs["batch"], lost_variance=found, metrics=["Lost variance"])
    assert result["Lost variance"].score == pytest.approx(max(expected.total))


def test_other_methods_do_not_measure_it():
    adata = prepared()
    assert lost_variance_of(scint.integrate(adata, "unintegrated").steps, ("batch 0", "batch 1")) is None
