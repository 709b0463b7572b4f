"""AnnData to `Problem`: canonical order, and fields that are read and checked only when asked for."""

import numpy as np
import pandas as pd
import pytest
import scipy.sparse as sp
from anndata import AnnData
from hypothesis import given, settings
from hypothesis import strategies as st

from scint_core.data.problem import problem_from
from scint_core.errors import DataError
from tests.datasets import counts, prepared


def small(batch, names=None, X=None):
    n = len(batch)
    X = np.arange(n * 3, dtype=float).reshape(n, 3) / 2 if X is None else X
    obs = pd.DataFrame({"batch": batch}, index=names or [f"c{i}" for i in range(n)])
    return AnnData(X, obs=obs)


def test_cells_stand_batch_by_batch_and_by_name():
    problem = problem_from(small(["q", "p", "q", "p"], names=["d", "c", "b", "a"]), "batch")
    assert problem.batch_names == ("q", "p")  # order of first appearance
    np.testing.assert_array_equal(problem.order, [2, 0, 3, 1])
    np.testing.assert_array_equal(problem.batch, [0, 0, 1, 1])
    np.testing.assert_array_equal(problem.bounds, [0, 2, 4])


def test_categories_give_the_order_of_batches():
    adata = small(pd.Categorical(["q", "p"], categories=["p", "never", "q"]))
    assert problem_from(adata, "batch").batch_names == ("p", "q")


@given(st.permutations(range(12)))
@settings(max_examples=25, deadline=None)
def test_the_order_of_the_input_changes_nothing_inside(order):
    adata = small(pd.Categorical(list("aabbcc") * 2))
    one, two = problem_from(adata, "batch"), problem_from(adata[order].copy(), "batch")
    np.testing.assert_array_equal(one.expression, two.expression)
    back = two.to_input_order(np.asarray(two.expression))
    np.testing.assert_array_equal(back, adata.X[order])


def test_labels_with_gaps_are_minus_one():
    adata = small(["a", "b", "a"])
    adata.obs["type"] = pd.Categorical(["T", None, "B"], categories=["B", "T", "unused"])
    problem = problem_from(adata, "batch", "type")
    assert problem.label_names == ("B", "T")
    np.testing.assert_array_equal(problem.to_input_order(problem.labels), [1, -1, 0])


def test_only_what_is_asked_for_is_checked():
    adata = prepared()
    adata.X[:] = np.nan
    problem = problem_from(adata, "batch")
    assert np.isfinite(problem.pca).all()  # X was not looked at
    with pytest.raises(DataError, match=r"X holds \d+ missing"):
        _ = problem.expression


def test_expression_is_restricted_to_variable_genes():
    adata = prepared(n_top_genes=30)
    problem = problem_from(adata, "batch")
    assert problem.expression.shape == (adata.n_obs, 30)
    assert problem.genes == tuple(adata.var_names[adata.var["highly_variable"]])
    assert problem.all_expression.shape == adata.shape


def test_no_marked_gene_is_an_error_and_no_mark_means_all():
    adata = prepared()
    adata.var["highly_variable"] = False
    with pytest.raises(DataError, match="'highly_variable' of the genes marks 0 genes"):
        _ = problem_from(adata, "batch").expression
    del adata.var["highly_variable"]
    assert problem_from(adata, "batch").expression.shape == adata.shape


def test_counts_come_from_their_layer_else_from_whole_x():
    raw = counts()
    order = problem_from(raw, "batch").order
    np.testing.assert_array_equal(problem_from(raw, "batch").counts, raw.X[order])
    done = prepared()
    np.testing.assert_array_equal(_dense(problem_from(done, "batch").counts), _dense(done.layers["counts"])[order])
    del done.layers["counts"]
    assert problem_from(done, "batch").counts is None


@pytest.mark.parametrize("kind", [np.asarray, sp.csr_matrix, sp.csc_matrix])
def test_counts_are_refused_where_log_values_are_read(kind):
    raw = counts()
    raw.X = kind(raw.X)
    with pytest.raises(DataError, match=r"whole numbers, which look like counts.*scint\.preprocess"):
        _ = problem_from(raw, "batch").expression


def test_components_are_made_where_there_are_none():
    adata = prepared()
    del adata.obsm["X_pca"]
    assert problem_from(adata, "batch").pca.shape == (adata.n_obs, 50)


@pytest.mark.parametrize(
    ("components", "sentence"),
    [(np.full((120, 3), np.nan), "360 missing"), (np.array([["a"]] * 120), "is not a table of numbers")],
)
def test_components_that_cannot_be_used_are_refused(components, sentence):
    adata = prepared()
    adata.obsm["X_pca"] = components
    with pytest.raises(DataError, match=sentence):
        _ = problem_from(adata, "batch").pca


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (lambda a: a[:0].copy(), "no cells"),
        (lambda a: a[:, :0].copy(), "no genes"),
        (lambda a: a.obs.drop(columns="batch", inplace=True) or a, "'batch' is not in the cell table"),
    ],
)
def test_data_that_cannot_be_used_are_refused(change, sentence):
    with pytest.raises(DataError, match=sentence):
        problem_from(change(small(["a", "b"])), "batch")


def test_something_else_than_anndata_is_refused():
    with pytest.raises(DataError, match=r"a DataFrame: an AnnData is needed, scint\.read"):
        problem_from(pd.DataFrame(), "batch")


def _dense(matrix):
    return matrix.toarray() if sp.issparse(matrix) else np.asarray(matrix)


def test_columns_stand_in_canonical_order_and_categories_are_objects():
    """Categories that are numbers must not be taken for quantities."""
    adata = small(["q", "p", "q"])
    adata.obs["dose"] = [1.0, 2.0, 3.0]
    adata.obs["plate"] = pd.Categorical([7, 8, 9])
    source = problem_from(adata, "batch").source
    np.testing.assert_array_equal(source.column("dose"), [1, 3, 2])
    assert source.column("plate").dtype == object
    assert source.column("plate").tolist() == [7, 9, 8]
    with pytest.raises(DataError, match="'donor' is not in the cell table"):
        source.column("donor")
