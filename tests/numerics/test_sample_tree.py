"""The tree of batches against R's rules and against an independent complete linkage."""

import numpy as np
import pytest
from scipy.cluster.hierarchy import linkage
from scipy.spatial.distance import squareform

from scint_core.contract import Anchors
from scint_core.numerics.sample_tree import sample_tree


def tree(counts, sizes):
    """The tree for a table of numbers of anchors (batches × batches, the upper half counts)."""
    batches = [(i, j) for j in range(len(sizes)) for i in range(j)]
    found = []
    for i, j in batches:
        rows, kept = np.arange(counts[i][j] + 3), np.arange(counts[i][j] + 3) >= 3  # three dropped ones do not count
        found.append(Anchors(rows, rows, kept, rows, kept.astype(float)))
    return sample_tree(found, batches, tuple(sizes))


def test_similarity_is_twice_the_anchors_per_cell_of_the_smaller_batch():
    result = tree([[0, 30, 12], [0, 0, 8], [0, 0, 0]], [40, 20, 10])
    expected = [[0, 60 / 20, 24 / 10], [3, 0, 16 / 10], [2.4, 1.6, 0]]
    np.testing.assert_allclose(result.similarity, expected)
    assert result.anchors.tolist() == [[0, 30, 12], [30, 0, 8], [12, 8, 0]]
    np.testing.assert_allclose(result.height, [1 / 3, 1 / 1.6])
    assert result.merges.left == ((0,), (0, 1))
    assert result.merges.right == ((1,), (2,))


def _distance(result):
    """1 / similarity, 0 on the diagonal."""
    with np.errstate(divide="ignore"):
        return np.where(np.eye(len(result.similarity)) > 0, 0, 1 / result.similarity)


def test_linkage_is_complete_and_not_average():
    """Batch 2 is near 0 but far from 1: on average nearer to the two than to 3, at the furthest not."""
    result = tree([[0, 50, 45, 6], [0, 0, 5, 6], [0, 0, 0, 7], [0, 0, 0, 0]], [100] * 4)
    average = linkage(squareform(_distance(result)), "average")
    assert set(average[1, :2]) == {2, 4}  # 4 is the group of 0 and 1
    assert (result.merges.left[1], result.merges.right[1]) == ((2,), (3,))


@pytest.mark.parametrize("seed", range(5))
def test_heights_and_members_are_those_of_complete_linkage(seed):
    rng = np.random.default_rng(seed)
    n = 7
    counts = np.triu(rng.integers(1, 1000, size=(n, n)), 1)
    result = tree(counts.tolist(), [1000] * n)
    expected = linkage(squareform(_distance(result)), "complete")
    np.testing.assert_allclose(result.height, expected[:, 2])
    members = [{b} for b in range(n)]
    for (one, other, *_), left, right in zip(expected, result.merges.left, result.merges.right, strict=True):
        assert {frozenset(left), frozenset(right)} == {frozenset(members[int(one)]), frozenset(members[int(other)])}
        members.append(set(left) | set(right))


def test_the_side_with_more_cells_is_the_reference_and_the_first_wins_a_tie():
    assert tree([[0, 5], [0, 0]], [10, 11]).merges.left == ((1,),)
    assert tree([[0, 5], [0, 0]], [11, 10]).merges.left == ((0,),)
    assert tree([[0, 5], [0, 0]], [10, 10]).merges.left == ((0,),)
    later = tree([[0, 50, 5], [0, 0, 5], [0, 0, 0]], [10, 11, 30])
    assert later.merges.left == ((1,), (2,))
    assert later.merges.right == ((0,), (1, 0))  # stacked as they were merged: reference first


def test_a_single_batch_goes_before_a_group_of_the_same_size():
    result = tree([[0, 50, 5], [0, 0, 5], [0, 0, 0]], [10, 10, 20])
    assert result.merges.left[1] == (2,)


def test_equal_distances_merge_the_lowest_batches_first():
    result = tree([[0, 5, 5], [0, 0, 5], [0, 0, 0]], [10, 10, 10])
    assert result.merges.left[0] == (0,)
    assert result.merges.right[0] == (1,)


def test_batches_without_anchors_are_infinitely_far_apart_and_merged_last():
    result = tree([[0, 0, 5], [0, 0, 5], [0, 0, 0]], [10, 10, 10])
    assert result.merges.left[0] == (0,)
    assert result.merges.right[0] == (2,)
    assert result.height.tolist() == [1.0, np.inf]
