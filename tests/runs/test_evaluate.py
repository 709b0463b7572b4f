"""`scint.evaluate`: what it reads, its rows, and what it says of them."""

import numpy as np
import pandas as pd
import pytest
import scipy.sparse as sp

import scint_core as scint
from scint_core.errors import DataError, ParameterError
from scint_core.metrics import DEFAULT_METRICS, evaluate_embeddings
from tests.datasets import prepared

AGGREGATES = ["Batch correction", "Bio conservation", "Total"]


@pytest.fixture
def adata():
    found = prepared()
    found.obsm["X_mine"] = found.obsm["X_pca"][:, :5].astype(np.float32)
    return found


def test_rows_columns_and_numbers(adata):
    table = scint.evaluate(adata, ["X_pca", "X_mine"], batch_key="batch", label_key="celltype")
    assert table.index.tolist() == ["X_pca", "X_mine"]
    assert table.columns.tolist() == [*DEFAULT_METRICS, *AGGREGATES]
    same = evaluate_embeddings(
        {key: adata.obsm[key] for key in table.index}, adata.obs["batch"], adata.obs["celltype"], adata.obsm["X_pca"]
    )
    pd.testing.assert_frame_equal(table, same)
    assert scint.evaluate(adata, "X_mine", "batch", "celltype").index.tolist() == ["X_mine"]


def test_never_reads_x_and_changes_nothing(adata):
    expected = scint.evaluate(adata, ["X_mine"], label_key="celltype")
    bare = adata[:, :1].copy()
    bare.X = np.full((bare.n_obs, 1), np.nan)
    del bare.layers["counts"]
    before = set(bare.obsm), set(bare.uns), list(bare.obs)
    pd.testing.assert_frame_equal(scint.evaluate(bare, ["X_mine"], label_key="celltype"), expected)
    assert (set(bare.obsm), set(bare.uns), list(bare.obs)) == before


def test_without_labels_or_pca_their_columns_are_nan(adata):
    del adata.obsm["X_pca"]
    row = scint.evaluate(adata, ["X_mine"]).loc["X_mine"]
    assert set(row.dropna().index) == {"iLISI", "KBET plain", "Batch correction"}


def test_cells_without_a_label_are_left_out(adata):
    adata.obs["partly"] = adata.obs["celltype"].where(np.arange(adata.n_obs) >= 20)
    table = scint.evaluate(adata, ["X_mine"], label_key="partly")
    rest = scint.evaluate(adata[20:].copy(), ["X_mine"], label_key="partly")
    assert table.loc["X_mine", "Silhouette label"] == pytest.approx(rest.loc["X_mine", "Silhouette label"])
    assert "20 cells without a label are left out" in table.attrs["notes"]["X_mine"]["Silhouette label"]


def test_options(adata):
    table = scint.evaluate(
        adata, ["X_mine"], label_key="celltype", extra=["Mixing metric"], batch_weight=1.0, show_controls=True
    )
    assert table.index.tolist() == ["X_mine", "unintegrated", "shuffled", "perfect labels"]
    assert "Mixing metric" in table
    pd.testing.assert_series_equal(table["Total"], table["Batch correction"], check_names=False)
    scaled = scint.evaluate(adata, ["X_mine", "X_pca"], label_key="celltype", scale="min-max", show_controls=True)
    assert scaled.index.tolist() == ["X_mine", "X_pca", "shuffled", "perfect labels"]
    assert scaled["cLISI"].max() == 1
    assert scaled.attrs["scaled over"] == scaled.index.tolist()


def test_rows_whose_method_saw_labels_are_marked(adata):
    scint.integrate(adata, "limma", covariates=("celltype",)).write(adata, umap=False)
    adata.obsm["X_scANVI"] = adata.obsm["X_pca"]
    scint.integrate(adata, "harmony").write(adata, umap=False)
    keys = ["X_limma", "X_pca_harmony", "X_scANVI", "X_mine"]
    assert scint.evaluate(adata, keys, label_key="celltype").attrs["saw labels"] == ["X_limma", "X_scANVI"]
    adata.obs["other"] = adata.obs["celltype"].astype(str) + "!"
    assert scint.evaluate(adata, keys, label_key="other").attrs["saw labels"] == ["X_scANVI"]
    scint.integrate(adata, "limma").write(adata, umap=False)
    assert scint.evaluate(adata, keys, label_key="celltype").attrs["saw labels"] == ["X_scANVI"]


def test_a_sparse_embedding_is_read(adata):
    adata.obsm["X_sparse"] = sp.csr_matrix(adata.obsm["X_mine"])
    table = scint.evaluate(adata, ["X_mine", "X_sparse"], label_key="celltype")
    assert table.loc["X_mine"].equals(table.loc["X_sparse"])


def test_refuses_with_a_sentence(adata):
    with pytest.raises(DataError, match=r"obsm\['X_new'\] does not exist: the data hold 'X_pca', 'X_mine'"):
        scint.evaluate(adata, ["X_new"])
    with pytest.raises(DataError, match="keys is empty"):
        scint.evaluate(adata, [])
    with pytest.raises(DataError, match="column 'donor' is not in the cell table"):
        scint.evaluate(adata, ["X_mine"], batch_key="donor")
    with pytest.raises(ParameterError, match="metric 'LISI' does not exist"):
        scint.evaluate(adata, ["X_mine"], extra=["LISI"])
    adata.obsm["X_mine"][3, 0] = np.inf
    with pytest.raises(DataError, match="'X_mine' holds 1 missing"):
        scint.evaluate(adata, ["X_mine"])
    del adata.obsm["X_pca"]
    with pytest.raises(DataError, match="control rows"):
        scint.evaluate(adata, ["X_mine"], show_controls=True)
