"""fastMNN against batchelor 1.14.1 (`fastMNN`, `reducedMNN`), in every variant stored."""

import json

import numpy as np
import pytest

from scint_core.methods.fastmnn import FastMnnParams, run
from scint_core.numerics.batch_vector import batch_vector, losses_by_merge
from scint_core.numerics.mutual import mean_pair_vectors
from scint_core.preprocess.multi_batch_pca import multi_batch_pca
from tests.golden.make import EVERY, FASTMNN
from tests.golden_files import SMALL, needs_r_golden, r_file, r_input, small_golden, small_input
from tests.problems import problem_from
from tests.stepper import PlainStep

PARAMETERS = {
    "deferredFALSE": {},
    "deferredTRUE": {},
    "reducedMNN_from_multibatchpca_cosine": {},
    "nocos": {"cos_norm": False},
    "ndist1": {"ndist": 1.0},
    "propk": {"prop_k": 0.1},
    "order312": {"merge_order": ["3", "1", "2"]},
    "autoMerge": {"auto_merge": True},
    "skip0.9": {"min_batch_skip": 0.9},
}


def integrate(variant, x, batch):
    step = PlainStep()
    outcome = run(problem_from(x, batch), FastMnnParams(n_pcs=20, **PARAMETERS[variant]), step)
    (lost,) = step.results(losses_by_merge)
    return outcome, lost, step


def signs(found, expected):
    """The sign of every column of `found` against `expected`."""
    return np.sign((found * expected).sum(axis=0))


def assert_same_merge(outcome, lost, merge, stored):
    """`stored` gives the fields of the reference's merge by name."""
    of_merge = outcome.pairs.merge == merge
    assert outcome.merges.left[merge] == tuple(stored("left_batches_1based") - 1)
    assert outcome.merges.right[merge] == tuple(stored("right_batches_1based") - 1)
    np.testing.assert_array_equal(outcome.pairs.left[of_merge], stored("pairs_left_0based"))
    np.testing.assert_array_equal(outcome.pairs.right[of_merge], stored("pairs_right_0based"))
    np.testing.assert_allclose(lost.lost_var[merge], stored("lost_var_per_batch"), atol=1e-10, rtol=0)
    np.testing.assert_allclose(lost.batch_size[merge], stored("batch_size")[0], rtol=1e-10)


@needs_r_golden
@pytest.mark.parametrize("variant", PARAMETERS)
def test_corrected_components_pairs_and_lost_variance_are_those_of_batchelor(variant):
    outcome, lost, step = integrate(variant, *r_input())
    with r_file("fastmnn") as file:
        golden = file[variant]
        expected = golden["corrected_cells_x_d"][:]
        sign = signs(outcome.embedding, expected)
        np.testing.assert_allclose(outcome.embedding * sign, expected, atol=1e-10 * np.abs(expected).max(), rtol=0)
        for merge in (0, 1):
            stored = golden[f"merge_{merge + 1}"]
            assert_same_merge(outcome, lost, merge, lambda name, stored=stored: stored[name][:])
            assert lost.skipped[merge] == stored["skipped"][0]
        if "rotation_genes_x_d" in golden:
            (reduced,) = step.results(multi_batch_pca)
            np.testing.assert_allclose(reduced.rotation * sign, golden["rotation_genes_x_d"][:], atol=1e-9)


@needs_r_golden
@pytest.mark.parametrize("variant", [v for v in PARAMETERS if not v.startswith(("skip", "reduced"))])
def test_pair_vectors_before_and_after_centring_are_those_of_batchelor(variant):
    outcome, _, step = integrate(variant, *r_input())
    with r_file("fastmnn") as file:
        golden = file[variant]
        sign = signs(outcome.embedding, golden["corrected_cells_x_d"][:])
        for call, vectors in enumerate(step.results(mean_pair_vectors), start=1):
            np.testing.assert_array_equal(vectors.cells, golden[f"trace_avgcorr_call{call}_second_0based"][:])
            expected = golden[f"trace_avgcorr_call{call}_averaged"][:]
            np.testing.assert_allclose(vectors.vectors * sign, expected, atol=1e-10 * np.abs(expected).max(), rtol=0)
        for merge, effect in enumerate(step.results(batch_vector)):
            expected = golden[f"trace_avgcorr_call{2 * merge + 1}_averaged"][:].mean(axis=0)
            np.testing.assert_allclose(effect.vector * sign, expected, atol=1e-10)


@pytest.mark.parametrize("variant", FASTMNN)
def test_agrees_with_the_reference_outputs_that_come_with_the_project(variant):
    golden = small_golden("batchelor_fastmnn")
    outcome, lost, _ = integrate(variant, *small_input())
    found, expected = outcome.embedding[::EVERY], golden[f"{variant}/corrected"]
    np.testing.assert_allclose(found * signs(found, expected), expected, atol=1e-6 * np.abs(expected).max(), rtol=0)
    for merge in (0, 1):
        assert_same_merge(outcome, lost, merge, lambda name, m=merge: golden[f"{variant}/merge_{m + 1}/{name}"])


def test_the_manifest_names_every_file_and_no_other():
    manifest = json.loads((SMALL / "manifest.json").read_text())
    assert set(manifest) == {file.name for file in SMALL.glob("*.npz")}
    for about in manifest.values():
        assert {"tool", "version", "parameters", "source", "licence"} <= set(about)
    assert sum(file.stat().st_size for file in SMALL.glob("*.npz")) < 5e6
