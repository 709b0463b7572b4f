"""`scint.sweep`: a row per run, steps shared, and what fails stays a row."""

import numpy as np
import pytest

import scint_core as scint
from scint_core.errors import DataError, ParameterError
from scint_core.runs import keys
from scint_core.runs.jobs.folder import JobFolder
from scint_core.runs.keys import array_digest
from tests.datasets import prepared

ABOUT = {"batch_key": "batch", "label_key": "celltype"}


def test_rows_are_what_single_runs_give():
    adata = prepared()
    before = adata.copy()
    found = scint.sweep(adata, "harmony", {"theta": [0, 4], "max_iter": [2]}, seeds=[0, 1], **ABOUT)
    assert list(found.table["theta"]) == [0, 0, 4, 4]
    assert list(found.table["seed"]) == [0, 1, 0, 1]
    one = scint.integrate(adata, "harmony", theta=4, max_iter=2, seed=1, **ABOUT)
    np.testing.assert_array_equal(found.embeddings[3], one.coordinates)
    one.write(adata, umap=False)
    expected = scint.evaluate(adata, [one.obsm_key], **ABOUT).iloc[0]
    for name in expected.index:
        assert found.table.loc[3, name] == pytest.approx(expected[name], nan_ok=True), name
    np.testing.assert_array_equal(before.X, adata.X)


def test_steps_in_common_are_done_once(monkeypatch):
    monkeypatch.setattr("scint_core.runs.cache.StepCache.worth", 0.0)
    found = scint.sweep(prepared(seed=11), "seurat_v3", {"k_weight": [5, 10, 20]}, scores=False, **ABOUT)
    assert found.table["reused"].iloc[-1] == 0  # the largest value is worked on first
    assert (found.table["reused"].iloc[:-1] > found.table["steps"].iloc[:-1] / 2).all()
    assert "iLISI" not in found.table


def test_the_data_are_read_for_their_keys_once(monkeypatch):
    read = []

    def told(array):
        read.append(array.size)
        return array_digest(array)

    monkeypatch.setattr(keys, "array_digest", told)
    adata = prepared()
    scint.sweep(adata, "mnn", {"sigma": [0.5, 1.0, 2.0]}, scores=False)
    assert read.count(max(read)) == 1
    assert max(read) >= adata.n_obs * adata.var["highly_variable"].sum()


def test_coordinates_found_beside_the_next_run_belong_to_their_row():
    found = scint.sweep(prepared(), "combat", {"mean_only": [True, False]}, scores=False)
    for row, mean_only in enumerate([True, False]):
        alone = scint.integrate(prepared(), "combat", mean_only=mean_only)
        np.testing.assert_array_equal(found.embeddings[row], alone.coordinates)


def test_a_run_that_fails_leaves_its_sentence_and_the_others_go_on():
    found = scint.sweep(prepared(), "combat", {"reference_batch": ["batch 0", "nowhere"]}, scores=False, **ABOUT)
    assert found.embeddings[1] is None
    assert list(found.table["error"] == "") == [True, False]
    assert "nowhere" in found.table["error"].iloc[1]


def test_methods_stand_side_by_side():
    found = scint.sweep(prepared(), ["unintegrated", "limma"], label_key="celltype")
    assert list(found.table["method"]) == ["unintegrated", "limma"]
    assert found.stability().sentence.startswith("Against limma, with unintegrated ")


def test_stability_needs_two_runs_and_a_known_axis():
    found = scint.sweep(prepared(), "mnn", {"k": [5, 10], "sigma": [1.0]}, scores=False)
    assert found.stability("k").values == (5, 10)
    with pytest.raises(ParameterError, match="axis 'sigma' has fewer than two runs"):
        found.stability("sigma")
    with pytest.raises(ParameterError, match="axis 'theta' does not exist: the grid has k, sigma"):
        found.stability("theta")


def test_too_many_runs_are_refused_before_anything_is_done():
    with pytest.raises(ParameterError, match=r"grid makes 10,000 runs, more than most \(200\)"):
        scint.sweep(prepared(), "mnn", {"k": range(1, 101), "sigma": [0.1 * i for i in range(1, 101)]})


def test_bad_columns_are_refused_before_anything_is_done():
    with pytest.raises(DataError, match="donor"):
        scint.sweep(prepared(), "mnn", {"k": [5, 10]}, batch_key="donor")


def test_report_never_falls_and_ends_at_one():
    told = []
    scint.sweep(prepared(), "mnn", {"k": [5, 10]}, scores=False, report=lambda f, s: told.append((f, s)))
    fractions = [fraction for fraction, _ in told]
    assert fractions == sorted(fractions)
    assert fractions[-1] == 1.0
    assert any(status.startswith("run 2 of 2: ") for _, status in told)


def test_an_exception_in_report_ends_the_sweep():
    def stop(fraction, status):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        scint.sweep(prepared(), "mnn", {"k": [5, 10]}, report=stop)


def test_a_folder_gives_the_same_and_goes_on_where_it_was_interrupted(tmp_path, jobs_here):
    def stop_after_one(fraction, status):
        if fraction > 1 / 6:  # a run is done
            raise KeyboardInterrupt

    grid = {"k": [5, 10, 20]}
    with pytest.raises(KeyboardInterrupt):
        scint.sweep(prepared(), "mnn", grid, folder=tmp_path, report=stop_after_one, **ABOUT)
    first = [path for path in jobs_here if JobFolder(path).status().state == "done"]
    found = scint.sweep(prepared(), "mnn", grid, folder=tmp_path, **ABOUT)
    again = [path for path in jobs_here if path in first]
    assert len(again) == len(first)  # what was done is not done again
    here = scint.sweep(prepared(), "mnn", grid, **ABOUT)
    for one, other in zip(found.embeddings, here.embeddings, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-6)
    for name in ("iLISI", "Graph connectivity", "Total"):
        np.testing.assert_allclose(found.table[name], here.table[name], rtol=1e-6)
