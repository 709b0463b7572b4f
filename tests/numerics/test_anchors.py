"""Anchors against loops over cells, written from the specification."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scint_core.contract import Anchors, MutualPairs
from scint_core.numerics.anchors import (
    all_anchors,
    anchors_between,
    mutual_anchors,
    neighbors_by_expression,
    score_anchors,
    supported_anchors,
)
from scint_core.numerics.neighbors import cross_neighbors, nearest_neighbors
from scint_core.numerics.normalize import unit_rows


def unit_cells(n, seed, d=4):
    return unit_rows(np.random.default_rng(seed).normal(size=(n, d)))


def ranked(cell, others):
    """The other cells, nearest first."""
    return sorted(range(len(others)), key=lambda j: (np.linalg.norm(cell - others[j]), j))


def slow_anchors(left, right, k):
    """By left cell, then its rank in the right cell's list, then the right cell's rank in its own."""
    lists_left = [ranked(cell, right)[:k] for cell in left]
    lists_right = [ranked(cell, left)[:k] for cell in right]
    found = [
        (a, lists_right[b].index(a), lists_left[a].index(b), b)
        for a in range(len(left))
        for b in range(len(right))
        if b in lists_left[a] and a in lists_right[b]
    ]
    return [(a, b) for a, _, _, b in sorted(found)]


def slow_shared(left, right, a, b, k):
    """The number of cells, of either batch, that are neighbours of both."""
    of_a = {("left", i) for i in ranked(left[a], left)[:k]} | {("right", j) for j in ranked(left[a], right)[:k]}
    of_b = {("left", i) for i in ranked(right[b], left)[:k]} | {("right", j) for j in ranked(right[b], right)[:k]}
    return len(of_a & of_b)


def find(left, right, k):
    return mutual_anchors(left, right, cross_neighbors(left, right, 20), k)


def score(left, right, pairs, kept, k):
    within = nearest_neighbors(left, left, 20), nearest_neighbors(right, right, 20)
    return score_anchors(pairs, kept, cross_neighbors(left, right, 20), *within, k)


@pytest.mark.parametrize("k", [1, 3, 5])
def test_anchors_are_mutual_neighbours_in_seurats_order(k):
    left, right = unit_cells(30, 0), unit_cells(25, 1)
    pairs = find(left, right, k)
    assert list(zip(pairs.left.tolist(), pairs.right.tolist(), strict=True)) == slow_anchors(left, right, k)


def test_cells_without_direction_are_in_no_anchor():
    left, right = unit_cells(30, 0), unit_cells(25, 1)
    left[3], right[[4, 5]] = 0, 0
    pairs = find(left, right, 10)
    assert 3 not in pairs.left
    assert not {4, 5} & set(pairs.right.tolist())


@pytest.mark.parametrize("k", [2, 10])
def test_the_filter_keeps_anchors_whose_right_cell_is_near_by_expression(k):
    rng = np.random.default_rng(0)
    left, right = rng.gamma(1, 1, size=(30, 8)), rng.gamma(1, 1, size=(25, 8))
    genes = np.array([0, 2, 3, 6])
    pairs = MutualPairs(np.repeat(np.arange(0, 30, 2), 3), rng.integers(25, size=45))
    kept = supported_anchors(pairs, neighbors_by_expression(pairs, left, right, genes, 20), k)
    a, b = unit_rows(left[:, genes]), unit_rows(right[:, genes])
    expected = [j in ranked(a[i], b)[:k] for i, j in zip(pairs.left, pairs.right, strict=True)]
    assert kept.tolist() == expected
    assert 0 < kept.sum() < len(kept)
    assert all_anchors(pairs).all()


@pytest.mark.parametrize("k", [1, 4, 12])
def test_scores_are_shared_neighbours_between_two_quantiles(k):
    left, right = unit_cells(30, 0), unit_cells(25, 1)
    pairs = find(left, right, 5)
    kept = np.arange(len(pairs.left)) % 4 > 0
    anchors = score(left, right, pairs, kept, k)
    shared = [slow_shared(left, right, a, b, k) for a, b in zip(pairs.left, pairs.right, strict=True)]
    assert anchors.shared.tolist() == shared
    ordered = sorted(np.array(shared)[kept].tolist())

    def quantile(q):
        place = q * (len(ordered) - 1)
        below = int(place)
        above = min(below + 1, len(ordered) - 1)
        return ordered[below] + (place - below) * (ordered[above] - ordered[below])

    low, high = quantile(0.01), quantile(0.9)
    expected = [min(max((s - low) / (high - low), 0), 1) if keep else 0 for s, keep in zip(shared, kept, strict=True)]
    np.testing.assert_allclose(anchors.score, expected, atol=1e-12)
    np.testing.assert_array_equal(anchors.kept, kept)


@given(st.integers(0, 10**6))
@settings(deadline=None, max_examples=15)
def test_swapping_the_batches_gives_the_same_anchors_and_scores(seed):
    left, right = unit_cells(20, seed), unit_cells(17, seed + 1)
    one, other = find(left, right, 3), find(right, left, 3)
    a = score(left, right, one, all_anchors(one), 6)
    b = score(right, left, other, all_anchors(other), 6)
    assert {*zip(a.left, a.right, a.shared, a.score, strict=True)} == {
        *zip(b.right, b.left, b.shared, b.score, strict=True)
    }
    assert ((a.score >= 0) & (a.score <= 1)).all()
    if len(set(a.shared.tolist())) > 1 and len(a.score) >= 10:
        assert (a.score == 1).mean() >= 0.1


def test_equal_counts_all_score_1_and_none_stay_none():
    left = unit_cells(12, 0)
    pairs = MutualPairs(np.arange(12), np.arange(12))
    anchors = score(left, left, pairs, all_anchors(pairs), 4)
    assert (anchors.score == 1).all()
    assert (score(left, left, pairs, ~all_anchors(pairs), 4).score == 0).all()


def test_every_cell_is_its_twins_anchor():
    left = unit_cells(40, 3)
    pairs = find(left, left, 5)
    assert {(i, i) for i in range(40)} <= set(zip(pairs.left.tolist(), pairs.right.tolist(), strict=True))


def test_anchors_between_nodes_are_the_kept_ones_first_as_found_then_mirrored():
    def anchors(left, right, kept, score):
        return Anchors(*map(np.array, (left, right, kept, [int(10 * s) for s in score], score)))

    sizes = (5, 7, 6, 4)
    batches = ((0, 1), (0, 2), (1, 2), (0, 3), (1, 3), (2, 3))
    nothing = anchors([0], [0], [False], [0.0])
    found = [nothing] * 6
    found[2] = anchors([6, 2, 1], [0, 5, 3], [True, False, True], [0.1, 0.2, 0.3])  # batches 1 and 2
    found[1] = anchors([4], [2], [True], [0.4])  # batches 0 and 2
    found[4] = anchors([3], [1], [True], [0.5])  # batches 1 and 3: both in the reference
    between = anchors_between(found, batches, reference=(3, 2), query=(1, 0), sizes=sizes)
    # in the reference batch 2 starts at row 4, in the query batch 0 at row 7
    assert between.left.tolist() == [6, 4, 7, 1]
    assert between.right.tolist() == [11, 6, 1, 3]
    np.testing.assert_allclose(between.score, [0.4, 0.1, 0.3, 0.5])
    assert between.shared.tolist() == [4, 1, 3, 5]
    turned = anchors_between(found, batches, reference=(0, 1), query=(2,), sizes=sizes)
    assert turned.left.tolist() == [4, 11, 6]
    assert turned.right.tolist() == [2, 0, 3]
    assert turned.kept.all()
