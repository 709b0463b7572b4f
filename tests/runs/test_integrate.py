"""`integrate`, `check` and `evaluate` as a caller sees them, and the check of what a method returns."""

import dataclasses

import numpy as np
import pytest

import scint_core as scint
from scint_core.contract import Method, Outcome, Params
from scint_core.data.problem import problem_from
from scint_core.errors import DataError, MethodError, ParameterError, ResultError
from scint_core.methods import find_method
from scint_core.numerics.normalize import dense
from scint_core.runs import integrate as module
from scint_core.runs import store
from scint_core.runs.store import load_integration, save_integration
from scint_core.runs.trace import N_AXES, Axes, FolderTrace
from tests.datasets import prepared


def test_an_unknown_method_is_refused_with_the_nearest_one():
    with pytest.raises(MethodError, match=r"'harmny' does not exist: did you mean 'harmony'\? There are unintegrated"):
        scint.integrate(prepared(), "harmny")


@pytest.mark.parametrize("seed", [-1, 1.5, "x", True, None])
def test_a_bad_seed_is_refused(seed):
    with pytest.raises(ParameterError, match="'seed'"):
        scint.integrate(prepared(), "unintegrated", seed=seed)


def test_pairs_are_positions_of_the_caller():
    adata = prepared()
    pairs = scint.integrate(adata, "mnn", k=1).pairs
    batch = adata.obs["batch"].cat.codes.to_numpy()
    assert set(batch[pairs.left]) == {0}
    assert set(batch[pairs.right]) == {1}


@pytest.mark.parametrize(
    ("outcome", "sentence"),
    [
        (lambda _: Outcome(), "neither an embedding nor expression"),
        (lambda n: Outcome(embedding=np.full((n, 2), np.nan)), "values in its embedding that are not finite"),
        (lambda n: Outcome(embedding=np.zeros((n - 1, 2))), "of shape"),
        (lambda n: Outcome(embedding=np.zeros(n)), "of shape"),
        (lambda n: Outcome(expression=np.zeros((2, n)).T, genes=("a",)), "2 columns for 1 genes"),
    ],
)
def test_a_method_that_returns_nonsense_is_caught(monkeypatch, outcome, sentence):
    def run(problem, params, step):
        return outcome(problem.n_cells)

    broken = Method(
        name="broken", label="Broken", family="later", position=0, output="both", relates_pairs=False, summary="",
        citation="", Params=Params, run=run,
    )  # fmt: skip
    monkeypatch.setattr(module, "find_method", lambda _: dataclasses.replace(broken, Params=find_method("mnn").Params))
    with pytest.raises(ResultError, match=sentence):
        scint.integrate(prepared(), "broken")


def test_confounded_batches_and_types_are_noted():
    adata = prepared()
    adata.obs["celltype"] = adata.obs["batch"].astype(str)
    notes = scint.integrate(adata, "harmony", label_key="celltype").notes
    assert any("confounded: no cell type is shared" in note for note in notes)
    assert not any("confounded" in note for note in scint.integrate(prepared(), "harmony", label_key="celltype").notes)


def test_a_result_comes_back_from_disk(tmp_path):
    adata = prepared()
    problem = problem_from(adata, "batch")
    method = find_method("mnn")
    result = module.run_method(
        method, method.Params(k=9), problem, cells=tuple(adata.obs_names), batch_key="batch",
        trace=FolderTrace(Axes(problem), tmp_path / "trace", tmp_path / "live"),
    )  # fmt: skip
    save_integration(result, tmp_path)
    back = load_integration(tmp_path)
    np.testing.assert_array_equal(back.expression, result.expression)
    np.testing.assert_array_equal(back.pairs.right, result.pairs.right)
    for field in ("method", "params", "seed", "genes", "notes", "versions", "cells", "batch_names", "merges"):
        assert getattr(back, field) == getattr(result, field)
    assert [r.title for r in back.steps] == [r.title for r in result.steps]
    for one, two in zip(back.steps, result.steps, strict=True):
        assert one == two
        assert type(one.result) is type(two.result)
    assert any(record.sides and record.inputs for record in back.steps)


def test_a_result_of_an_older_version_is_read_without_what_it_did_not_store(tmp_path, monkeypatch):
    adata = prepared()
    problem = problem_from(adata, "batch")
    method = find_method("limma")
    result = module.run_method(
        method, method.Params(), problem, cells=tuple(adata.obs_names), batch_key="batch",
        trace=FolderTrace(Axes(problem), tmp_path / "trace", tmp_path / "live"),
    )  # fmt: skip
    whole = store._step
    newer = ("sides", "inputs", "parts")
    monkeypatch.setattr(store, "_step", lambda r: {k: v for k, v in whole(r).items() if k not in newer})
    save_integration(result, tmp_path)
    back = load_integration(tmp_path)
    assert [r.title for r in back.steps] == [r.title for r in result.steps]
    assert {(r.sides, r.inputs, r.parts) for r in back.steps} == {(None, (), ())}


def test_a_trace_keeps_wide_results_as_coordinates_on_fixed_axes():
    adata = prepared(genes=200, n_top_genes=120)
    problem = problem_from(adata, "batch")
    axes = Axes(problem)
    shrunk = axes.shrink(dense(problem.expression))
    assert shrunk.shape == (adata.n_obs, N_AXES)
    assert shrunk.dtype == np.float32
    np.testing.assert_allclose(axes.rotation.T @ axes.rotation, np.eye(N_AXES), atol=1e-8)


# check


def test_check_never_raises():
    for keys in ((None, None), ("nothing", "nothing"), ("batch", None), ("batch", "celltype")):
        assert isinstance(scint.check(prepared(), *keys), list)


def test_check_says_what_methods_will_lower():
    adata = prepared()
    adata.obs["batch"] = ["tiny"] * 6 + ["large"] * (adata.n_obs - 6)
    findings = scint.check(adata, "batch")
    assert any("MNN" in f.message and "'tiny' has 6 cells" in f.message for f in findings)
    assert [f.level for f in findings] == sorted([f.level for f in findings], key=["error", "warning", "info"].index)


# evaluate


def test_evaluate_gives_a_row_per_embedding():
    adata = prepared()
    scint.integrate(adata, "harmony").write(adata, umap=False)
    table = scint.evaluate(adata, keys=["X_pca", "X_pca_harmony"], batch_key="batch", label_key="celltype")
    assert list(table.index) == ["X_pca", "X_pca_harmony"]
    assert {"iLISI", "cLISI", "Silhouette label", "Total"} <= set(table.columns)
    assert table.loc["X_pca_harmony", "iLISI"] > table.loc["X_pca", "iLISI"]


def test_evaluate_without_labels_leaves_label_scores_missing():
    table = scint.evaluate(prepared(), keys=["X_pca"], batch_key="batch")
    assert table["cLISI"].isna().all()
    assert table["iLISI"].notna().all()


def test_evaluate_refuses_a_missing_embedding_by_name():
    with pytest.raises(DataError, match=r"obsm\['X_umap'\] does not exist: the data hold 'X_pca'"):
        scint.evaluate(prepared(), keys=["X_umap"], batch_key="batch")
