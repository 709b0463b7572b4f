"""The task "score": the numbers of `measure`, row by row, shown as they become ready."""

import anndata as ad
import numpy as np
import pytest

from scint_core.errors import DataError
from scint_core.metrics import DEFAULT_METRICS, controls, measure
from scint_core.runs import codec
from scint_core.runs.jobs.folder import JobFolder
from scint_core.runs.jobs.places import PREPARED, VIEW
from scint_core.runs.store import load_integration


@pytest.fixture
def score(done, data):
    """Score a row; returns the view."""
    return lambda row, report=lambda *_: None: codec.read(done("score", "score", report, data=data, row=row) / VIEW)


@pytest.fixture
def run(done, data):
    """Do a run and return the folder of its result."""
    return lambda method, **params: done("integrate", "run", data=data, method=method, params=params, seed=0)


@pytest.fixture
def prepared(data, tmp_path):
    """The prepared data as a file holds them."""
    return ad.read_h5ad(tmp_path / "runs" / data / "result" / PREPARED)


def assert_same(view, expected):
    assert set(view["scores"]) == set(expected)
    for name, result in expected.items():
        stored = view["scores"][name]
        assert stored["score"] == pytest.approx(result.score, nan_ok=True), name
        assert (stored["note"], stored["per_label"], stored["per_batch"]) == (
            result.note, result.per_label, result.per_batch
        )  # fmt: skip
        if result.per_cell is None:
            assert stored["per_cell"] is None
        else:
            assert stored["per_cell"].dtype == np.float32
            np.testing.assert_allclose(stored["per_cell"], result.per_cell, rtol=1e-6)


def test_the_row_before_is_the_pca_in_the_order_of_the_file(score, prepared):
    pca = prepared.obsm["X_pca"]
    view = score("before")
    assert_same(view, measure(pca, prepared.obs["batch"], prepared.obs["celltype"], pca))
    assert view["saw_labels"] is False
    assert "umap" not in view


def test_the_row_of_a_run_is_its_result(score, run, prepared):
    coordinates = load_integration(run("harmony")).coordinates
    expected = measure(coordinates, prepared.obs["batch"], prepared.obs["celltype"], prepared.obsm["X_pca"])
    assert_same(score("run"), expected)


def test_lost_variance_is_there_where_the_run_measures_it(score, run):
    run("fastmnn")
    found = score("run")["scores"]
    assert set(found) == {*DEFAULT_METRICS, "Lost variance"}
    assert found["Lost variance"]["score"] == max(found["Lost variance"]["per_batch"].values()) > 0


def test_an_embedding_of_the_file_also_gets_a_map(score, prepared):
    view = score("obsm:X_mine")
    batch, label, pca = prepared.obs["batch"], prepared.obs["celltype"], prepared.obsm["X_pca"]
    assert_same(view, measure(prepared.obsm["X_mine"], batch, label, pca))
    assert view["umap"].shape == (prepared.n_obs, 2)
    assert np.isfinite(view["umap"]).all()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda values: values[:, :, None], "'X_mine' has the shape"),
        (lambda values: np.where(values == values[3, 1], np.nan, values), "'X_mine' holds 1 missing"),
        (None, "'X_mine'.* does not exist"),
    ],
)
def test_an_embedding_that_is_none_is_refused_with_a_sentence(score, prepared, tmp_path, change, message):
    values = prepared.obsm.pop("X_mine")
    if change:
        prepared.obsm["X_mine"] = change(values)
    prepared.write_h5ad(tmp_path / "runs" / "data" / "result" / PREPARED)
    with pytest.raises(DataError, match=message):
        score("obsm:X_mine")


def test_scores_so_far_lie_in_the_job_while_it_runs(score, tmp_path):
    live = JobFolder(tmp_path / "runs" / "score").live
    seen = []

    def report(fraction, status):
        seen.append((fraction, status, codec.read(live) if live.exists() else {}))

    view = score("before", report)
    measuring = [(status, shown) for _, status, shown in seen if status.startswith("Measuring")]
    assert [status.removeprefix("Measuring ") for status, _ in measuring] == list(view["scores"])
    assert [len(shown) for _, shown in measuring] == list(range(len(DEFAULT_METRICS)))
    name, found = next(iter(measuring[-1][1].items()))
    assert found == {"score": view["scores"][name]["score"], "note": view["scores"][name]["note"]}
    fractions = [fraction for fraction, _, _ in seen]
    assert fractions == sorted(fractions)
    assert fractions[-1] <= 0.99


@pytest.mark.parametrize(
    ("method", "params", "saw"),
    [
        ("combat", {}, False),
        ("combat", {"covariates": ["celltype"]}, True),
        ("scanvi", {"epochs_scvi": 2, "epochs_scanvi": 1}, True),
        ("scanvi", {"epochs_scvi": 2, "epochs_scanvi": 0}, False),
    ],
)
def test_says_whether_the_method_saw_the_labels(score, run, method, params, saw):
    run(method, **params)
    assert score("run")["saw_labels"] is saw


def test_without_labels_what_needs_them_is_undefined(done, data):
    params = {"n_pcs": 10}
    done("prepare", "bare", loaded="loaded", title="", batch_key="batch", label_key=None, params=params)
    found = codec.read(done("score", "score", data="bare", row="before") / VIEW)["scores"]
    assert np.isnan(found["cLISI"]["score"])
    assert "needs two labels" in found["cLISI"]["note"]
    assert found["iLISI"]["score"] >= 0


@pytest.mark.parametrize("name", ["shuffled", "perfect labels"])
def test_a_control_is_a_row_with_a_map(score, prepared, name):
    view = score(f"control:{name}")
    made = controls(prepared.obsm["X_pca"], prepared.obs["celltype"])[name]
    assert view["scores"]["iLISI"]["score"] == pytest.approx(
        measure(made, prepared.obs["batch"], prepared.obs["celltype"], prepared.obsm["X_pca"])["iLISI"].score, abs=1e-6
    )
    assert view["umap"].shape == (prepared.n_obs, 2)
    assert view["saw_labels"] is (name == "perfect labels")
