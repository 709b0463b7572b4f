"""Variable genes against Seurat's own tables, a slow oracle, and properties."""

import h5py
import numpy as np
import pytest
import scipy.sparse as sp
from hypothesis import given
from hypothesis import strategies as st

from scint_core.numerics.loess import loess
from scint_core.preprocess.hvg import rank_variable_genes, select_integration_features, vst
from tests.shared import SHARED, needs_shared


def poisson_counts(cells=400, genes=300, seed=0):
    rng = np.random.default_rng(seed)
    return rng.poisson(rng.gamma(0.6, 2, genes), size=(cells, genes))


def slow_vst(counts, clip):
    """The specification, gene by gene on a dense table."""
    n = len(counts)
    mean, variance = counts.mean(axis=0), counts.var(axis=0, ddof=1)
    varies = variance > 0
    trend = iter(loess(np.log10(mean[varies]), np.log10(variance[varies])))
    standardised = []
    for g in range(counts.shape[1]):
        if not varies[g]:
            standardised.append(0.0)
            continue
        z = (counts[:, g] - mean[g]) / np.sqrt(10 ** next(trend))
        standardised.append((np.minimum(z, np.sqrt(n) if clip else np.inf) ** 2).sum() / (n - 1))
    return np.array(standardised)


@pytest.fixture(scope="module")
def seurat():
    with h5py.File(SHARED / "golden/r/input.h5") as file:
        csc = file["counts_csc"]
        shape = tuple(csc["shape_genes_cells"][:].astype(int))
        counts = sp.csc_matrix((csc["data"][:], csc["indices_0based"][:], csc["indptr"][:]), shape=shape).T.tocsr()
        batch = file["batch"][:]
    with h5py.File(SHARED / "golden/r/seurat_exactsvd.h5") as file:
        tables = [{key: file[f"vst/batch{b}/{key}"][:] for key in file[f"vst/batch{b}"]} for b in (1, 2, 3)]
        names = file["vst/genes_all"][:].astype(str)
        integration = file["integration_features"][:].astype(str)
    return [counts[batch == b] for b in (1, 2, 3)], tables, names, integration


@needs_shared
def test_equals_seurat(seurat):
    batches, tables, names, integration = seurat
    rankings = []
    for counts, table in zip(batches, tables, strict=True):
        found = vst(counts)
        np.testing.assert_allclose(found.mean, table["mean"], rtol=1e-12)
        np.testing.assert_allclose(found.variance, table["variance"], rtol=1e-12)
        np.testing.assert_allclose(found.variance_expected, table["variance_expected"], rtol=1e-11)
        np.testing.assert_allclose(found.variance_standardised, table["variance_standardized"], rtol=1e-11)
        rankings.append(rank_variable_genes(found, 150))
        assert set(names[rankings[-1]]) == set(table["variable_features_ranked"].astype(str))
    assert names[select_integration_features(rankings, 120, names)].tolist() == integration.tolist()


@pytest.mark.parametrize("clip", [True, False])
def test_equals_the_specification(clip):
    counts = poisson_counts()
    counts[0, :5] = 500  # far above √n: clipping matters
    counts[:, 7] = 0
    counts[:, 8] = 2
    np.testing.assert_allclose(
        vst(sp.csr_matrix(counts), clip=clip).variance_standardised, slow_vst(counts, clip), rtol=1e-10
    )
    assert (slow_vst(counts, True)[:5] < slow_vst(counts, False)[:5]).all()


def test_dense_and_explicit_zeros_change_nothing():
    counts = poisson_counts(50, 40)
    stored = sp.csr_matrix(counts + 1)
    stored.data -= 1
    assert stored.nnz == counts.size
    np.testing.assert_allclose(vst(stored).variance_standardised, vst(counts).variance_standardised, rtol=1e-12)


def test_poisson_genes_do_not_vary_beyond_their_mean():
    standardised = vst(poisson_counts(2000, 400)).variance_standardised
    assert abs(np.median(standardised) - 1) < 0.05


def test_a_marker_gene_comes_first():
    counts = poisson_counts()
    counts[:200, 123] += 30
    assert rank_variable_genes(vst(counts), 1).tolist() == [123]


def test_order_of_cells_and_genes_does_not_matter():
    counts, rng = poisson_counts(), np.random.default_rng(1)
    cells, genes = rng.permutation(400), rng.permutation(300)
    found = vst(counts[cells][:, genes]).variance_standardised
    np.testing.assert_allclose(found, vst(counts).variance_standardised[genes], rtol=1e-9)


@pytest.mark.parametrize(("cells", "genes"), [(1, 5), (2, 3), (3, 10), (5, 30), (20, 50), (4, 1), (300, 12)])
@pytest.mark.parametrize("level", [0.01, 0.3, 20.0])
def test_tiny_data_give_finite_numbers(cells, genes, level):
    counts = np.random.default_rng(cells).poisson(level, size=(cells, genes))
    table = vst(sp.csr_matrix(counts))
    assert np.isfinite(table.variance_standardised).all()
    assert (table.variance_standardised >= 0).all()
    ranked = rank_variable_genes(table, 2)
    assert len(ranked) == min(2, (counts.sum(axis=0) > 0).sum())


def test_many_genes_with_the_same_tiny_mean():
    counts = np.zeros((500, 1000), dtype=int)
    counts[np.random.default_rng(0).integers(0, 500, 1000), np.arange(1000)] = 1
    counts[:, :20] = poisson_counts(500, 20)
    table = vst(counts)
    np.testing.assert_allclose(table.variance_expected[500:], table.variance[500:], rtol=0.05)


def test_ties_keep_the_order_of_genes():
    column = np.array([0, 1, 5, 2, 0, 1])
    assert rank_variable_genes(vst(np.stack([column] * 4, axis=1)), 3).tolist() == [0, 1, 2]


def test_order_of_cells_does_not_break_ties():
    rng = np.random.default_rng(0)
    column = rng.poisson(3, 101)
    counts = np.stack([rng.permutation(column) for _ in range(30)], axis=1)
    for _ in range(5):
        assert rank_variable_genes(vst(rng.permutation(counts)), 10).tolist() == list(range(10))


def slow_selection(rankings, n, names):
    """Seurat's rule on dictionaries."""
    ranks = {}
    for ranking in rankings:
        for rank, gene in enumerate(ranking):
            ranks.setdefault(gene, []).append(rank)
    by_votes = sorted(ranks, key=lambda g: -len(ranks[g]))
    if not by_votes:
        return []
    threshold = len(ranks[by_votes[min(n, len(by_votes)) - 1]])
    order = lambda g: (np.median(ranks[g]), names[g])  # noqa: E731
    above = sorted((g for g in ranks if len(ranks[g]) > threshold), key=order)
    tied = sorted((g for g in ranks if len(ranks[g]) == threshold), key=order)
    return (above + tied)[:n]


@given(
    st.lists(st.permutations(range(8)).flatmap(lambda p: st.integers(0, 8).map(lambda k: p[:k])), max_size=4),
    st.integers(1, 10),
)
def test_selection_equals_the_slow_rule(lists, n):
    names = [f"gene {7 - g}" for g in range(8)]
    found = select_integration_features([np.array(one, dtype=np.int64) for one in lists], n, names)
    assert found.tolist() == slow_selection(lists, n, names)


def test_selection_of_one_list_and_of_equal_lists():
    ranking = np.array([4, 2, 9, 0])
    assert select_integration_features([ranking], 3).tolist() == [4, 2, 9]
    assert select_integration_features([ranking] * 3, 10).tolist() == [4, 2, 9, 0]
    assert select_integration_features([], 5).tolist() == []
