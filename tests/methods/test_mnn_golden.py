"""MNN against batchelor 1.14.1 (`mnnCorrect`), in every variant stored."""

import numpy as np
import pytest

from scint_core.methods.mnn import MnnParams, run
from scint_core.numerics.kernels import smooth_pair_vectors
from scint_core.numerics.variance_adjustment import raw_scales, stretch_to_reference
from tests.golden_files import needs_r_golden, r_file, r_input
from tests.problems import problem_from
from tests.stepper import PlainStep

pytestmark = needs_r_golden

VARIANTS = {
    "sigma0.1": {},
    "sigma1": {"sigma": 1.0},
    "sigma0.1_noVarAdj": {"var_adj": False},
    "sigma1_noVarAdj": {"sigma": 1.0, "var_adj": False},
    "sigma0.1_cosOutFALSE": {"cos_norm_out": False},
    "sigma0.1_svd2": {"svd_dim": 2},
    "sigma0.1_autoMerge": {"auto_merge": True},
    "sigma0.1_order312": {"merge_order": ["3", "1", "2"]},
    "sigma1_nocos": {"sigma": 1.0, "cos_norm_in": False, "cos_norm_out": False},
}


def integrate(params):
    x, batch = r_input()
    step = PlainStep()
    outcome = run(problem_from(x, batch), MnnParams(**{"sigma": 0.1, **params}), step)
    return outcome, step


def assert_same_merge(outcome, golden, merge):
    stored, of_merge = golden[f"merge_{merge + 1}"], outcome.pairs.merge == merge
    assert outcome.merges.left[merge] == tuple(stored["left_batches_1based"][:] - 1)
    assert outcome.merges.right[merge] == tuple(stored["right_batches_1based"][:] - 1)
    np.testing.assert_array_equal(outcome.pairs.left[of_merge], stored["pairs_left_0based"][:])
    np.testing.assert_array_equal(outcome.pairs.right[of_merge], stored["pairs_right_0based"][:])


@pytest.mark.parametrize("variant", VARIANTS)
def test_corrected_values_and_pairs_are_those_of_batchelor(variant):
    outcome, _ = integrate(VARIANTS[variant])
    with r_file("mnncorrect") as file:
        expected = file[variant]["corrected_genes_x_cells"][:].T
        np.testing.assert_allclose(outcome.expression, expected, atol=1e-12 * np.abs(expected).max(), rtol=0)
        for merge in (0, 1):
            assert_same_merge(outcome, file[variant], merge)


def test_on_the_log_scale_every_step_is_batchelors_to_the_last_digit():
    """Cells lie tens of units apart and sigma is 1, so a cell's own weight exceeds all others by e^100 and more.

    The lengthening then asks at which reference cell a sum stops changing in double precision, which the order of the
    additions decides, in this step and in all before it. The next test shows how much.
    """
    _, step = integrate(VARIANTS["sigma1_nocos"])
    with r_file("mnncorrect") as file:
        golden = file["sigma1_nocos"]
        for merge in (0, 1):
            vectors = golden[f"trace_smoothed_call{merge + 1}"][:]
            scales = golden[f"trace_scaling_raw_call{merge + 1}"][:]
            np.testing.assert_allclose(step.results(smooth_pair_vectors)[merge].vectors, vectors, rtol=1e-13)
            found = step.results(stretch_to_reference)[merge].scale
            np.testing.assert_allclose(found, np.maximum(scales, 1), rtol=1e-13)


def test_on_the_log_scale_a_change_in_the_last_digits_changes_scales():
    x, _ = r_input()
    with r_file("mnncorrect") as file:
        vectors = file["sigma1_nocos"]["trace_smoothed_call1"][:]
        expected = file["sigma1_nocos"]["trace_scaling_raw_call1"][:]
    np.testing.assert_allclose(raw_scales(x[300:610], vectors, x[:300], 1.0), expected, rtol=1e-13)
    noise = 1 + 1e-13 * np.random.default_rng(0).normal(size=vectors.shape)
    changed = np.abs(raw_scales(x[300:610], vectors * noise, x[:300], 1.0) - expected) > 1e-6
    assert changed.mean() > 0.01


@pytest.mark.parametrize("variant", ["sigma0.1", "sigma1", "sigma0.1_cosOutFALSE"])
def test_scales_before_the_floor_of_1_are_those_of_batchelor(variant):
    x, _ = r_input()
    if variant != "sigma0.1_cosOutFALSE":  # there, the first call is on the cosine scale as well
        x = x / np.linalg.norm(x, axis=1, keepdims=True)
    call = 2 if variant == "sigma0.1_cosOutFALSE" else 1
    with r_file("mnncorrect") as file:
        vectors = file[variant][f"trace_smoothed_call{call}"][:]
        expected = file[variant][f"trace_scaling_raw_call{call}"][:]
    found = raw_scales(x[300:610], vectors, x[:300], 1.0 if variant == "sigma1" else 0.1)
    np.testing.assert_allclose(found, expected, rtol=1e-9)
