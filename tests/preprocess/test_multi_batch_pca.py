"""Multi-batch PCA against a plain decomposition, and against batchelor 1.14.1 (`multiBatchPCA`)."""

import numpy as np
import pytest
import scipy.sparse as sp
from hypothesis import given, settings
from hypothesis import strategies as st

from scint_core.errors import DataError
from scint_core.numerics.normalize import row_lengths
from scint_core.preprocess import multi_batch_pca as module
from scint_core.preprocess.multi_batch_pca import divided_rows, is_exact, multi_batch_pca
from scint_core.preprocess.pca import pca
from tests.golden.make import EVERY
from tests.golden_files import needs_r_golden, r_file, r_input, small_golden, small_input

SIZES = (30, 12, 7)


def bounds_of(sizes):
    return np.concatenate([[0], np.cumsum(sizes)])


def matrix(sizes=SIZES, genes=15, seed=0):
    rng = np.random.default_rng(seed)
    shift = np.repeat(rng.random((len(sizes), genes)), sizes, axis=0)
    return np.where(rng.random((sum(sizes), genes)) < 0.5, 0, rng.gamma(2, 1, (sum(sizes), genes)) + shift)


def oracle(x, sizes, n):
    """Scores of all cells, loadings, variances and the total, from the weighted matrix written out."""
    batches = np.split(x, np.cumsum(sizes)[:-1])
    centre = np.mean([b.mean(axis=0) for b in batches], axis=0)
    scaled = np.vstack([(b - centre) / np.sqrt(len(b)) for b in batches])
    _, s, vt = np.linalg.svd(scaled, full_matrices=False)
    return (x - centre) @ vt[:n].T, vt[:n].T, s[:n] ** 2 / len(sizes), (scaled**2).sum() / len(sizes)


def assert_same_up_to_sign(found, expected, atol):
    np.testing.assert_allclose(found * np.sign((found * expected).sum(axis=0)), expected, atol=atol)


def reduce(x, sizes=SIZES, n=6, lengths=None):
    return multi_batch_pca(x, lengths, bounds_of(sizes), n, 0)


@pytest.mark.parametrize("genes", [15, 80])
@pytest.mark.parametrize("form", [np.asarray, sp.csr_matrix, lambda x: x.astype(np.float32)])
def test_equals_the_specification_written_out(genes, form):
    x = np.round(matrix(genes=genes), 3).astype(np.float32).astype(float)  # exact in float32 too
    found = reduce(form(x))
    scores, rotation, variance, total = oracle(x, SIZES, 6)
    assert_same_up_to_sign(np.concatenate(found.scores), scores, 1e-10)
    assert_same_up_to_sign(found.rotation, rotation, 1e-10)
    np.testing.assert_allclose(found.variance, variance)
    np.testing.assert_allclose(found.total_variance, total)
    assert [len(s) for s in found.scores] == list(SIZES)


def test_shares_are_the_parts_of_the_mean_squares_that_batches_hold():
    found = reduce(matrix())
    squares = np.array([(s**2).mean(axis=0) for s in found.scores])
    np.testing.assert_allclose(found.share, squares / squares.sum(axis=0))
    np.testing.assert_allclose(found.variance, squares.mean(axis=0))
    sums = np.array([(s**2).sum(axis=0) for s in found.scores])
    np.testing.assert_allclose(found.share_by_cells, sums / sums.sum(axis=0))


@given(st.integers(0, 10**6), st.integers(2, 4))
@settings(deadline=None, max_examples=20)
def test_repeating_every_cell_of_a_batch_changes_nothing_of_the_space(seed, times):
    x = matrix(seed=seed)
    more = np.vstack([x[:30], np.repeat(x[30:42], times, axis=0), x[42:]])
    once, repeated = reduce(x), reduce(more, (30, 12 * times, 7))
    np.testing.assert_allclose(repeated.centre, once.centre)
    np.testing.assert_allclose(repeated.variance, once.variance)
    assert_same_up_to_sign(repeated.rotation[:, :3], once.rotation[:, :3], 1e-7)


def test_with_batches_of_one_size_it_is_the_ordinary_pca():
    x = matrix((20, 20))
    found, plain = reduce(x, (20, 20)), pca(x, 6)
    assert_same_up_to_sign(np.concatenate(found.scores), plain.scores, 1e-10)


def test_cells_are_divided_by_their_length_and_empty_ones_stay_empty():
    x = matrix()
    x[3] = 0
    lengths = row_lengths(x)
    expected = np.divide(x, lengths[:, None], where=lengths[:, None] > 0, out=np.zeros_like(x))
    np.testing.assert_allclose(divided_rows(x, lengths), expected)
    sparse = divided_rows(sp.csr_matrix(x), lengths)
    assert sp.issparse(sparse)
    np.testing.assert_allclose(sparse.toarray(), expected)
    np.testing.assert_allclose(reduce(x, lengths=lengths).variance, oracle(expected, SIZES, 6)[2])


def test_all_components_keep_all_distances():
    x = matrix(genes=10)
    scores = np.concatenate(reduce(x, n=10).scores)
    np.testing.assert_allclose(scores @ scores.T, (x - reduce(x).centre) @ (x - reduce(x).centre).T, atol=1e-10)


def test_equal_cells_have_no_components():
    with pytest.raises(DataError, match="all cells are equal in the 5 genes"):
        reduce(np.ones((49, 5)))


def test_large_matrices_are_projected_at_random_and_found_again(monkeypatch):
    x = matrix(genes=40) + 5 * np.outer(np.arange(49) % 3, np.arange(40) % 4)
    exact = reduce(x, n=1)
    monkeypatch.setattr(module, "EXACT_UP_TO", 10)
    assert not is_exact(*x.shape)
    first, again = (multi_batch_pca(x, None, bounds_of(SIZES), 1, 7) for _ in range(2))
    assert_same_up_to_sign(first.rotation, exact.rotation, 1e-4)
    np.testing.assert_array_equal(first.rotation, again.rotation)


def test_two_thousand_genes_are_exact_whatever_the_number_of_cells():
    assert is_exact(10**6, 2000)


def assert_same_as_batchelor(x, stored, every, tolerance):
    """`stored` gives the reference's arrays by name; scores hold one cell in `every`."""
    found = multi_batch_pca(x, None, np.array([0, 300, 610, 900]), 20, 0)
    scores, expected = np.concatenate(found.scores)[::every], stored("pcs")
    assert_same_up_to_sign(scores, expected, tolerance * np.abs(expected).max())
    assert_same_up_to_sign(found.rotation, stored("rotation"), tolerance)
    np.testing.assert_allclose(found.centre, stored("centers"), atol=1e-12)
    np.testing.assert_allclose(found.variance, stored("var_explained"), rtol=1e-10)
    np.testing.assert_allclose(found.total_variance, stored("var_total")[0], rtol=1e-10)


@pytest.mark.parametrize("variant", ["cosine", "log"])
def test_agrees_with_the_reference_outputs_that_come_with_the_project(variant):
    x, _ = small_input()
    x = x / np.linalg.norm(x, axis=1, keepdims=True) if variant == "cosine" else x
    golden = small_golden("batchelor_multibatchpca")
    assert_same_as_batchelor(x, lambda name: golden[f"{variant}/{name}"], EVERY, 1e-6)


@needs_r_golden
@pytest.mark.parametrize("variant", ["cosine", "log"])
def test_components_are_those_of_batchelor(variant):
    x, _ = r_input()
    x = divided_rows(x, row_lengths(x)) if variant == "cosine" else x
    names = {"pcs": "pcs_cells_x_d", "rotation": "rotation_genes_x_d"}
    with r_file("multibatchpca") as file:
        assert_same_as_batchelor(x, lambda name: file[variant][names.get(name, name)][:], 1, 1e-9)


@needs_r_golden
def test_lengths_are_those_of_batchelor():
    x, _ = r_input()
    with r_file("multibatchpca") as file:
        stored = np.concatenate([file[f"l2norm_batch{b}"][:] for b in (1, 2, 3)])
    np.testing.assert_allclose(row_lengths(x), stored, rtol=1e-12)


@needs_r_golden
def test_batchelors_unweighted_components_are_those_of_the_ordinary_pca():
    """With weights by size every cell counts the same, which is what `share_by_cells` compares with."""
    x, _ = r_input()
    with r_file("multibatchpca") as file:
        golden = file["log_weightsFALSE"]
        plain = pca(x, 20)
        assert_same_up_to_sign(plain.components.T, golden["rotation_genes_x_d"][:], 1e-9)
        np.testing.assert_allclose(plain.mean, golden["centers"][:], atol=1e-12)
