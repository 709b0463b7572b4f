"""Mutual pairs and their vectors, from the definitions."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from scint_core.contract import CrossNeighbors, MutualPairs
from scint_core.numerics import neighbors
from scint_core.numerics.mutual import mean_pair_vectors, mutual_pairs, neighborhood_size
from scint_core.numerics.neighbors import cross_neighbors


def grids(rows):
    return arrays(np.float64, st.tuples(rows, st.just(2)), elements=st.integers(-3, 3).map(float))


def pairs_by_definition(near, k_left, k_right):
    """For every left cell, its neighbours in order of rank that have it among their own."""
    return [
        (left, right)
        for left, ranked in enumerate(near.of_left.indices[:, :k_right].tolist())
        for right in ranked
        if left in near.of_right.indices[right, :k_left].tolist()
    ]


sides = grids(st.integers(1, 15)), grids(st.integers(1, 15)), st.integers(1, 6), st.integers(1, 6)


@given(*sides)
@settings(deadline=None)
def test_pairs_and_their_order_follow_the_definition(left, right, k_left, k_right):
    near = cross_neighbors(left, right, 20)
    pairs = mutual_pairs(near, k_left, k_right)
    expected = pairs_by_definition(near, k_left, k_right)
    assert list(zip(pairs.left.tolist(), pairs.right.tolist(), strict=True)) == expected


@given(*sides)
@settings(deadline=None)
def test_swapping_the_sides_transposes_the_pairs(left, right, k_left, k_right):
    near = cross_neighbors(left, right, 20)
    swapped = CrossNeighbors(of_right=near.of_left, of_left=near.of_right)
    pairs, other = mutual_pairs(near, k_left, k_right), mutual_pairs(swapped, k_right, k_left)
    assert set(zip(pairs.left, pairs.right, strict=True)) == set(zip(other.right, other.left, strict=True))


@given(*sides)
@settings(deadline=None)
def test_pairs_are_bounded_grow_with_k_and_never_fail_to_exist(left, right, k_left, k_right):
    near = cross_neighbors(left, right, 20)

    def found(a, b):
        pairs = mutual_pairs(near, a, b)
        return set(zip(pairs.left.tolist(), pairs.right.tolist(), strict=True))

    assert 1 <= len(found(k_left, k_right)) <= min(k_left * len(right), k_right * len(left))
    assert found(k_left, k_right) <= found(k_left + 1, k_right) <= found(k_left + 1, k_right + 1)
    assert found(1, 1)


@given(st.integers(0, 2**32 - 1))
@settings(deadline=None, max_examples=30)
def test_a_vector_is_the_mean_over_the_partners(seed):
    rng = np.random.default_rng(seed)
    left, right = rng.normal(size=(8, 4)), rng.normal(size=(6, 4))
    keys = rng.choice(48, size=20, replace=False)
    pairs = MutualPairs(keys // 6, keys % 6)
    found = mean_pair_vectors(left, right, pairs)
    assert found.cells.tolist() == sorted(set(pairs.right.tolist()))
    for cell, vector in zip(found.cells, found.vectors, strict=True):
        partners = pairs.left[pairs.right == cell]
        np.testing.assert_allclose(vector, np.mean([left[p] - right[cell] for p in partners], axis=0), atol=1e-14)


def test_differences_are_added_in_the_order_of_the_pairs_and_in_extended_precision(monkeypatch):
    """As many blocks as possible; equal to the last digit."""
    monkeypatch.setattr(neighbors.row_blocks, "__defaults__", (1,))
    rng = np.random.default_rng(0)
    left, right = rng.normal(size=(40, 3)), rng.normal(size=(50, 3))
    keys = np.sort(rng.choice(2000, size=700, replace=False))
    pairs = MutualPairs(keys // 50, keys % 50)
    found = mean_pair_vectors(left, right, pairs)
    for cell, vector in zip(found.cells, found.vectors, strict=True):
        partners = pairs.left[pairs.right == cell]
        total = np.zeros(3, dtype=np.longdouble)
        for partner in partners:
            total += left[partner] - right[cell]
        np.testing.assert_array_equal(vector, total.astype(np.float64) / len(partners))


@pytest.mark.parametrize(
    ("n_cells", "k", "prop_k", "expected"),
    [(100, 20, None, 20), (15, 20, None, 15), (1000, 20, 0.05, 50), (100, 20, 0.05, 20), (10, 3, 0.9, 9)],
)
def test_a_share_of_the_cells_raises_k_and_their_number_bounds_it(n_cells, k, prop_k, expected):
    assert neighborhood_size(n_cells, k, prop_k) == expected
