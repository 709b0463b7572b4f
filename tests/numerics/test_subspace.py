"""Biological directions, found by the covariance's eigenvectors and taken out one by one."""

import numpy as np
import pytest

from scint_core.contract import MutualPairs, Shift
from scint_core.numerics.subspace import main_directions, remove_biology


def case(seed=0):
    rng = np.random.default_rng(seed)
    spread = np.array([5, 4, 3, 2, 1, 1, 1, 1.0])
    left, right = rng.normal(size=(30, 8)) * spread, rng.normal(size=(25, 8)) * spread[::-1]
    pairs = MutualPairs(rng.integers(0, 30, 40), rng.integers(0, 25, 40))
    return Shift(rng.normal(size=(25, 8))), left, right, pairs


def eigenvectors(cells, n):
    values, vectors = np.linalg.eigh(np.cov(cells.T))
    return vectors[:, np.argsort(-values)[:n]]


@pytest.mark.parametrize("dims", [1, 2, 3])
def test_left_directions_are_taken_out_and_then_the_right_ones(dims):
    shift, left, right, pairs = case()
    u = shift.vectors.copy()
    for cells, rows in ((left, pairs.left), (right, pairs.right)):
        basis = eigenvectors(cells[sorted(set(rows.tolist()))], dims)
        u = np.array([row - basis @ (basis.T @ row) for row in u])
    found = remove_biology(shift, left, right, pairs, np.arange(8), dims)
    np.testing.assert_allclose(found.vectors, u, atol=1e-12)
    np.testing.assert_allclose(found.vectors @ basis, 0, atol=1e-12)


def test_other_genes_do_not_change_the_compared_ones_and_follow_their_loadings():
    shift, left, right, pairs = case()
    compared = np.array([0, 2, 3, 6, 7])
    whole = remove_biology(shift, left, right, pairs, compared, 2).vectors
    alone = remove_biology(
        Shift(shift.vectors[:, compared]), left[:, compared], right[:, compared], pairs, np.arange(5), 2
    ).vectors
    np.testing.assert_allclose(whole[:, compared], alone, atol=1e-12)
    copied = np.concatenate([np.arange(8), [2]])  # a gene that copies a compared one, outside the compared
    extended = remove_biology(
        Shift(shift.vectors[:, copied]), left[:, copied], right[:, copied], pairs, compared, 2
    ).vectors
    np.testing.assert_allclose(extended[:, 8], extended[:, 2], atol=1e-12)


def test_no_more_directions_than_the_cells_span():
    cells = np.outer(np.arange(4.0), np.arange(5.0)) + 3
    assert main_directions(cells, np.arange(5), 4).shape == (5, 1)
    assert main_directions(np.ones((3, 5)), np.arange(5), 2).shape == (5, 0)
