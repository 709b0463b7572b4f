"""What `data_findings` says, at which level, and that it never raises."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import scipy.sparse as sp
from anndata import AnnData
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from scint_core.data.findings import data_findings
from scint_core.data.findings_batches import batch_candidates, batch_type_table, label_candidates, text_category
from scint_core.data.findings_values import describe_values, values_kind
from scint_core.data.read import load
from tests.data import sample_files as files
from tests.shared import SHARED, needs_shared


def levels(adata: AnnData, text: str, batch_key: str | None = "batch", label_key: str | None = None) -> set[str]:
    return {f.level for f in data_findings(adata, batch_key, label_key) if text in str(f)}


def with_x(X) -> AnnData:
    adata = files.small()
    adata.X = X
    return adata


def test_good_counts_give_no_more_than_remarks():
    found = data_findings(files.small(), "batch", "celltype")
    assert {f.level for f in found} == {"info"}
    assert levels(files.small(), "X holds raw counts") == {"info"}


@pytest.mark.parametrize("sparse", [True, False])
@pytest.mark.parametrize(
    ("change", "says", "level"),
    [
        (lambda X: np.log1p(X * 0.3), "log-normalised", "warning"),
        (lambda X: X - 0.5, "negative values", "warning"),
        (lambda X: np.where(X.max() == X, -3, X), "negative counts", "warning"),
        (lambda X: X * 1000.5, "without a logarithm", "warning"),
        (lambda X: np.where(np.arange(X.size).reshape(X.shape) == 200, 0.25, X), "1 of ", "warning"),
        (lambda X: np.where(np.arange(X.size).reshape(X.shape) == 200, np.nan, X), "1 missing", "error"),
    ],
)
def test_kinds_of_values(sparse, change, says, level):
    X = change(files.counts()).astype("f4")
    assert levels(with_x(sp.csr_matrix(X) if sparse else X), says) == {level}


def test_log_values_with_counts_need_no_word():
    adata = with_x(np.log1p(files.counts() * 0.3))
    adata.layers["counts"] = files.counts()
    assert {f.level for f in data_findings(adata, "batch")} == {"info"}
    adata.layers["counts"] = -files.counts()
    assert levels(adata, "negative counts") == {"warning"}


@settings(max_examples=150, deadline=None)
@given(
    arrays(
        np.float32,
        array_shapes(min_dims=2, max_dims=2, max_side=6),
        elements=st.sampled_from([0, 1, 2, 7, 300, 0.5, 2.25, -1, -0.5, np.nan, np.inf]),
    )
)
def test_values_against_a_count_one_by_one(X):
    got = describe_values(X)
    flat = [float(v) for v in X.ravel()]
    finite = [v for v in flat if abs(v) < 1e9]
    assert got.n_nan == sum(v != v for v in flat)
    assert got.n_infinite == len(flat) - len(finite) - got.n_nan
    assert got.n_negative == sum(v < 0 for v in finite)
    assert got.n_fractional == sum(v != int(v) for v in finite)
    assert got.n_nonzero == sum(v != 0 for v in flat)
    assert describe_values(sp.csr_matrix(X)) == got
    assert (got.kind == "counts") == all(v >= 0 and v == int(v) for v in finite)


def test_kinds_of_known_values():
    X = files.counts()
    assert values_kind(X) == "counts"
    assert values_kind(np.log1p(X / X.sum(axis=1, keepdims=True) * 1e4)) == "log"
    assert values_kind(X / X.sum(axis=1, keepdims=True) * 1e6) == "fractions"
    assert values_kind(X - X.mean(axis=0)) == "scaled"


def test_one_batch_is_an_error_and_missing_batches_too():
    adata = files.small()
    adata.obs["batch"] = "A"
    assert levels(adata, "only one batch, 'A'") == {"error"}
    adata = files.small()
    adata.obs.loc[adata.obs_names[:3], "batch"] = None
    assert levels(adata, "3 cells have no batch") == {"error"}


def test_small_batches():
    adata = files.small()
    adata.obs["batch"] = ["C"] + ["A"] * 15 + ["B"] * 8
    assert levels(adata, "Batch 'C' has only one cell") == {"warning"}
    assert levels(adata, "'B' (8 cells)") == {"info"}


def test_batches_without_cells_do_not_count():
    adata = files.small()
    adata.obs["batch"] = pd.Categorical(["A"] * 24, categories=["A", "B", "C"])
    assert levels(adata, "only one batch") == {"error"}


def test_missing_columns_are_findings():
    assert levels(files.small(), "'nope' does not exist", "nope") == {"error"}
    assert levels(files.small(), "'nope' does not exist", "batch", "nope") == {"warning"}
    assert levels(files.small(), "Columns that look like one: 'batch'", None) == {"info"}


def cross(*rows: str) -> AnnData:
    """Cells named by batch and type: 'AT' is a cell of batch A and type T."""
    adata = files.small()[: len(rows)].copy()
    adata.obs["batch"], adata.obs["celltype"] = [r[0] for r in rows], [r[1:] for r in rows]
    return adata


@pytest.mark.parametrize(
    ("rows", "says"),
    [
        (("AT", "AT", "BM", "BM"), "No cell type is shared between batches"),
        (("AT", "BT", "CM", "CN"), "Batch 'C' shares no cell type with another batch"),
        (("AT", "BT", "AM", "AT"), "Cell types in one batch only: 'M' (in 'A')"),
        (("AT", "BT", "CT", "AM", "BM"), "Cell types missing from some batches: 'M' (in 2 of 3)"),
        (("AUnknown", "BUnknown"), "No cell has a known label"),
    ],
)
def test_confounding_is_described(rows, says):
    assert levels(cross(*rows), says, "batch", "celltype") == {"info"}


def test_batch_type_table_counts_cells():
    table = batch_type_table(cross("AT", "AT", "BT", "BM", "AUnknown").obs, "batch", "celltype")
    assert table.to_dict() == {"M": {"A": 0, "B": 1}, "T": {"A": 2, "B": 1}}


def test_names_and_empty_cells_and_genes():
    adata = files.small()
    adata.var_names = ["CD3D", "CD3D", "1-Mar", "Sep-02", " ", *files.GENES[5:]]
    X = files.counts()
    X[:2], X[:, 7:10] = 0, 0
    X[:12, 10] = 0
    adata.X = sp.csr_matrix(X)
    assert levels(adata, "1 gene names are duplicates") == {"warning"}
    assert levels(adata, "2 gene names look like dates") == {"warning"}
    assert levels(adata, "1 gene names are empty") == {"warning"}
    assert levels(adata, "2 cells are empty") == {"warning"}
    assert levels(adata, "3 genes are not detected") == {"warning"}
    assert levels(adata, "1 in batch 'A'") == {"info"}
    assert levels(adata, "few genes: 12") == {"info"}


def test_genuine_names_are_no_dates():
    adata = files.small()
    adata.var_names = ["MARCH1", "SEPT2", "DEC1", "MARC1", "SEPTIN9", "HLA-A", "NKX2-1", "H2-K1", *files.GENES[8:]]
    assert not levels(adata, "dates")


def test_notes_of_reading_are_said_again(tmp_path):
    adata = files.small()
    adata.obs_names = ["x"] * files.N_CELLS
    adata.write_h5ad(tmp_path / "a.h5ad")
    loaded = load([tmp_path / "a.h5ad"], ["a.h5ad"])
    assert len([f for f in loaded.findings if "duplicates" in str(f)]) == 1
    assert levels(loaded.adata, "23 cell names") == {"warning"}


def test_errors_come_first():
    adata = files.small()
    adata.obs["batch"] = "A"
    X = files.counts()
    X[0] = 0
    adata.X = X
    order = [f.level for f in data_findings(adata, "batch")]
    assert order == sorted(order, key=["error", "warning", "info"].index)
    assert len(set(order)) == 3


ODD = [
    AnnData(),
    AnnData(np.zeros((0, 3), "f4")),
    AnnData(np.zeros((3, 0), "f4")),
    AnnData(obs=pd.DataFrame(index=["a", "b"])),
    AnnData(np.array([["a", "b"]], dtype=object)),
    AnnData(np.zeros((2, 2), "f4"), uns={"scint": "text"}),
    AnnData(np.zeros((2, 2), "f4"), obs=pd.DataFrame({"batch": [None, None]}, index=["a", "b"])),
    AnnData(np.zeros((2, 2), "f4"), obs=pd.DataFrame({"batch": [[1], {"a": 1}]}, index=["a", "b"])),
    AnnData(np.zeros((2, 2), "c8"), obs=pd.DataFrame({"batch": [0.5, np.inf]}, index=["a", "b"])),
]


@pytest.mark.parametrize("adata", ODD, ids=range(len(ODD)))
@pytest.mark.parametrize("batch_key", [None, "batch", "nope", 3])
@pytest.mark.parametrize("label_key", [None, "batch", "nope"])
def test_never_raises(adata, batch_key, label_key):
    assert all(f.message for f in data_findings(adata, batch_key, label_key))


def test_text_category_makes_one_of_1_and_text_1():
    column = text_category(pd.Series([1, "1", 1.0, 2.5, None, "b"], dtype=object))
    assert list(column.categories) == ["1", "2.5", "b"]
    assert list(column.codes) == [0, 0, 0, 1, -1, 2]
    ordered = text_category(pd.Categorical(["b", "a"], categories=["z", "b", "a"]))
    assert list(ordered.categories) == ["b", "a"]


def test_columns_that_look_like_batch_or_label():
    obs = pd.DataFrame(
        {
            "donor_id": ["d1", "d2"] * 12,
            "batch": ["x", "y"] * 12,
            "sample_barcode": files.CELLS,
            "n_genes": range(24),
            "cell_type": ["T", "B"] * 12,
            "leiden": ["0", "1"] * 12,
            "study": ["one"] * 24,
        }
    )
    assert batch_candidates(obs) == ["batch", "donor_id"]
    assert label_candidates(obs) == ["cell_type", "leiden"]


@needs_shared
def test_real_data_with_known_gaps():
    path = SHARED / "data" / "cellbench_mixology.h5ad"
    found = load([path], [path.name]).findings
    assert any("'A549' (in 3 of 5), 'H838' (in 3 of 5)" in str(f) for f in found)
    assert {f.level for f in found} == {"info"}
