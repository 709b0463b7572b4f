"""The public `preprocess`: what it writes, what it leaves alone, what it says and what it refuses."""

import warnings

import anndata as ad
import numpy as np
import pandas as pd
import pytest
import scipy.sparse as sp

from scint_core.data.notices import DataWarning
from scint_core.data.prepare import preprocess
from scint_core.errors import DataError, ParameterError
from scint_core.preprocess.hvg import rank_variable_genes, select_integration_features, vst
from scint_core.preprocess.normalise import log_normalise
from scint_core.preprocess.pca import pca


def counts_of(cells=60, genes=40, seed=0):
    rng = np.random.default_rng(seed)
    return rng.poisson(0.5 + rng.gamma(1, 2, genes), size=(cells, genes)).astype(np.float32)


def data(counts=None, **fields):
    counts = counts_of() if counts is None else counts
    obs = pd.DataFrame(
        {"batch": np.where(np.arange(len(counts)) % 3 == 0, "a", "b")}, index=[f"cell {i}" for i in range(len(counts))]
    )
    var = pd.DataFrame(index=[f"gene {i:02d}" for i in range(counts.shape[1])])
    return ad.AnnData(sp.csr_matrix(counts), obs=obs, var=var, **fields)


def quietly(*args, **kwargs):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DataWarning)
        return preprocess(*args, **kwargs)


def notes_of(adata):
    return " | ".join(adata.uns["scint"]["preprocess"]["notes"])


def test_writes_the_fields_of_the_contract():
    adata = data()
    found = preprocess(adata, batch_key="batch", n_top_genes=20, n_pcs=5)
    x = log_normalise(counts_of())
    assert np.array_equal(found.layers["counts"].toarray(), counts_of())
    np.testing.assert_array_equal(found.X.toarray(), x)
    rankings = [rank_variable_genes(vst(counts_of()[(adata.obs.batch == b).to_numpy()]), 20) for b in "ab"]
    expected = select_integration_features(rankings, 20, adata.var_names.tolist())
    by_rank = found.var["highly_variable_rank"].dropna().sort_values()
    assert by_rank.index.tolist() == adata.var_names[expected].tolist()
    assert found.var["highly_variable"].sum() == 20
    assert set(found.var.loc[found.var["highly_variable"], "highly_variable_nbatches"]) <= {1, 2}
    components = pca(x[:, np.sort(expected)], 5)
    np.testing.assert_allclose(found.obsm["X_pca"], components.scores, rtol=1e-5, atol=1e-6)
    assert found.obsm["X_pca"].dtype == np.float32
    np.testing.assert_allclose(found.uns["pca"]["variance"], components.variance)


def test_leaves_its_input_alone():
    adata = data()
    adata.obsm["X_pca"] = np.ones((60, 2))
    before = adata.copy()
    quietly(adata)
    assert (adata.X != before.X).nnz == 0
    assert adata.var.columns.tolist() == []
    assert list(adata.layers) == []
    assert np.array_equal(adata.obsm["X_pca"], before.obsm["X_pca"])
    assert dict(adata.uns) == {}


def test_dense_counts_and_counts_by_columns_give_the_same():
    adata, dense, columns = data(), data(), data()
    dense.X = dense.X.toarray()
    columns.X = sp.csc_matrix(columns.X)
    expected = quietly(adata).obsm["X_pca"]
    np.testing.assert_allclose(quietly(dense).obsm["X_pca"], expected, atol=1e-5)
    np.testing.assert_allclose(quietly(columns).obsm["X_pca"], expected, atol=1e-5)


def test_the_layer_comes_before_x():
    adata = data(layers={"counts": sp.csr_matrix(counts_of(seed=5))})
    np.testing.assert_array_equal(quietly(adata).X.toarray(), log_normalise(counts_of(seed=5)))
    adata.X = None
    np.testing.assert_array_equal(quietly(adata).X.toarray(), log_normalise(counts_of(seed=5)))


def test_log_values_are_not_normalised_again():
    adata = data(log_normalise(counts_of()))
    with pytest.warns(DataWarning, match="taken as log values"):
        found = preprocess(adata, n_top_genes=10, n_pcs=5)
    np.testing.assert_array_equal(found.X.toarray(), adata.X.toarray())
    assert "counts" not in found.layers
    assert found.var["highly_variable"].sum() == 10


def test_values_too_large_for_logarithms_are_named():
    with pytest.warns(DataWarning, match=r"up to 123\.5 are no logarithms"):
        preprocess(data(np.where(counts_of() == 1, 123.5, counts_of())), n_top_genes=10, n_pcs=5)


def test_fractional_counts_layer_is_used_with_a_warning():
    layer = counts_of()
    layer[layer == 3] = 2.5
    with pytest.warns(DataWarning, match=rf"{(layer == 2.5).sum()} values that are not whole"):
        preprocess(data(layers={"counts": layer}), n_top_genes=10, n_pcs=5)


def test_an_empty_cell_stays_a_row_of_zeros():
    counts = counts_of()
    counts[7] = 0
    with pytest.warns(DataWarning, match="1 cells have no counts"):
        found = preprocess(data(counts), n_top_genes=10, n_pcs=5)
    assert found.n_obs == 60
    assert found.X[7].nnz == 0
    assert np.isfinite(found.obsm["X_pca"]).all()


def test_min_genes_is_the_only_thing_that_drops_cells():
    counts = counts_of()
    counts[3, 2:] = 0
    counts[3, :2] = 1
    found = quietly(data(counts), min_genes=3, n_top_genes=10, n_pcs=5)
    assert found.obs_names.tolist() == [f"cell {i}" for i in range(60) if i != 3]
    assert "1 of 60 cells were dropped" in notes_of(found)
    assert quietly(data(counts), min_genes=2).n_obs == 60


def test_a_batch_emptied_by_min_genes_is_refused():
    counts = counts_of()
    counts[::3, 1:] = 0
    with pytest.raises(DataError, match="'min_genes' is 2 and leaves batch 'a'"):
        preprocess(data(counts), min_genes=2)


def test_sizes_are_lowered_with_a_note():
    with pytest.warns(DataWarning) as caught:
        found = preprocess(data())
    said = " | ".join(str(w.message) for w in caught)
    assert "'n_top_genes' was lowered from 2000 to 40" in said
    assert "'n_pcs' was lowered from 50 to 40" in said
    assert said == notes_of(found)


def test_says_nothing_when_nothing_was_changed():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert notes_of(preprocess(data(), n_top_genes=10, n_pcs=5)) == ""


def test_a_batch_of_one_cell_takes_no_part_in_choosing():
    adata = data()
    adata.obs["batch"] = ["alone"] + ["b"] * 59
    found = quietly(adata, n_top_genes=10, n_pcs=5)
    assert "batches of one cell take no part in choosing genes: 'alone'" in notes_of(found)
    expected = rank_variable_genes(vst(counts_of()[1:]), 10)
    assert set(np.flatnonzero(found.var["highly_variable"])) == set(expected)
    adata.obs["batch"] = adata.obs_names
    assert quietly(adata, n_top_genes=10).n_obs == 60


def test_the_record_survives_a_file(tmp_path):
    found = quietly(data())
    found.uns["scint"]["harmony"] = {"theta": 2.0}
    again = quietly(found, n_top_genes=10)
    assert again.uns["scint"]["harmony"] == {"theta": 2.0}
    again.write_h5ad(tmp_path / "prepared.h5ad")
    back = ad.read_h5ad(tmp_path / "prepared.h5ad").uns["scint"]["preprocess"]
    assert back["batch_key"] == "batch"
    assert back["n_top_genes"] == 10
    assert list(back["notes"]) == list(again.uns["scint"]["preprocess"]["notes"])


def test_twice_is_the_same_as_once():
    once = quietly(data(), n_top_genes=15, n_pcs=6)
    twice = quietly(once, n_top_genes=15, n_pcs=6)
    np.testing.assert_array_equal(once.X.toarray(), twice.X.toarray())
    np.testing.assert_array_equal(once.obsm["X_pca"], twice.obsm["X_pca"])


def test_order_of_cells_permutes_the_output():
    order = np.random.default_rng(0).permutation(60)
    adata = data()
    expected = quietly(adata, n_pcs=5).obsm["X_pca"][order]
    np.testing.assert_allclose(quietly(adata[order], n_pcs=5).obsm["X_pca"], expected, atol=1e-5)


def with_value(value):
    counts = counts_of()
    counts[4, 4] = value
    return data(counts)


@pytest.mark.parametrize(
    ("adata", "arguments", "message"),
    [
        (data(), {"batch_key": "donor"}, "column 'donor' is not in the cell table.*'batch'"),
        (with_value(np.nan), {}, "X holds 1 missing"),
        (with_value(np.inf), {}, "X holds 1 missing"),
        (with_value(-2), {}, "X holds 1 negative values, the lowest -2"),
        (data(layers={"counts": -counts_of()}), {}, r"layers\['counts'\] holds .* negative"),
        (data(counts_of()[:1]), {}, "1 cells × 40 genes"),
        (data(counts_of()[:, :0]), {}, "60 cells × 0 genes"),
        (data(counts_of() * 0), {}, "no gene has a value above zero"),
        (data(np.ones((60, 5))), {}, "all cells are equal"),
    ],
)
def test_refuses_with_a_sentence(adata, arguments, message):
    with pytest.raises(DataError, match=message):
        quietly(adata, **arguments)


def test_refuses_cells_without_a_batch():
    adata = data()
    adata.obs["batch"] = adata.obs["batch"].where(adata.obs_names != "cell 5")
    with pytest.raises(DataError, match=r"column 'batch' is missing \(NaN\) for 1 cells"):
        preprocess(adata)


@pytest.mark.parametrize("arguments", [{"n_top_genes": 0}, {"n_pcs": -1}, {"min_genes": -1}, {"n_pcs": "many"}])
def test_refuses_impossible_sizes(arguments):
    with pytest.raises(ParameterError, match=next(iter(arguments))):
        preprocess(data(), **arguments)
