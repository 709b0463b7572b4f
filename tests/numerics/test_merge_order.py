"""Orders of merging, planned and found."""

import itertools

import numpy as np
import pytest

from scint_core.contract import MutualPairs
from scint_core.errors import ParameterError
from scint_core.numerics.merge_order import all_pairs, merge_tree, merges_by_pairs, planned_merges

NAMES = ("a", "b", "c", "d")


@pytest.mark.parametrize(
    ("order", "merges"),
    [
        (None, [((0,), (1,)), ((0, 1), (2,)), ((0, 1, 2), (3,))]),
        (("c", "a", "d", "b"), [((2,), (0,)), ((2, 0), (3,)), ((2, 0, 3), (1,))]),
        # of two groups the right one is merged first
        ((("a", "b"), ("c", "d")), [((2,), (3,)), ((0,), (1,)), ((0, 1), (2, 3))]),
        # a group of one is its member
        ((("a",), ("d", ("c", "b"))), [((2,), (1,)), ((3,), (2, 1)), ((0,), (3, 2, 1))]),
        # more than two members: left to right
        ((("a", "c", "b"), "d"), [((0,), (2,)), ((0, 2), (1,)), ((0, 2, 1), (3,))]),
    ],
)
def test_planned_merges(order, merges):
    assert planned_merges(order, NAMES) == merges


@pytest.mark.parametrize(
    ("order", "named"),
    [(("a", "b", "c"), "'d'"), (("a", "b", "c", "d", "a"), "'a'"), (("a", "b", "c", "e"), "'e'")],
)
def test_a_wrong_order_names_the_batch_at_fault(order, named):
    with pytest.raises(ParameterError, match=f"merge_order.*{named}"):
        planned_merges(order, NAMES)


def merges_by_matrix(n, count):
    """The reference's rule with its matrix: later nodes are rows, the first maximum down the columns wins."""
    nodes, merges = [(b,) for b in range(n)], []
    while len(nodes) > 1:
        table = np.full((len(nodes), len(nodes)), -1)
        for row, column in itertools.combinations(range(len(nodes)), 2):
            table[column, row] = count(nodes[column], nodes[row])
        row, column = np.unravel_index(np.argmax(table.ravel(order="F")), table.shape, order="F")
        merges.append((nodes[row], nodes[column]))
        joined = nodes[row] + nodes[column]
        nodes = [node for i, node in enumerate(nodes) if i not in (row, column)] + [joined]
    return merges


@pytest.mark.parametrize("seed", range(20))
@pytest.mark.parametrize("highest", [3, 1000])  # with few values there are many equal counts
def test_automatic_order_follows_the_first_maximum(seed, highest):
    counts: dict[frozenset[tuple[int, ...]], int] = {}
    rng = np.random.default_rng(seed)

    def count(left, right):
        return counts.setdefault(frozenset((left, right)), int(rng.integers(highest)))

    merges = list(merges_by_pairs(5, count))
    assert merges == merges_by_matrix(5, count)


def test_every_two_nodes_are_counted_once_and_the_later_one_is_the_reference():
    asked = []

    def count(left, right):
        asked.append((left, right))
        return {frozenset(((1,), (2,))): 9}.get(frozenset((left, right)), 1)

    assert list(merges_by_pairs(3, count)) == [((2,), (1,)), ((2, 1), (0,))]
    assert asked == [((1,), (0,)), ((2,), (0,)), ((2,), (1,)), ((2, 1), (0,))]


def test_pairs_of_all_merges_become_rows_of_the_problem():
    merges = [((1,), (0,)), ((1, 0), (2,))]
    first = {0: 0, 1: 10, 2: 20}
    found = {
        merges[0]: MutualPairs(np.array([0, 3]), np.array([1, 2])),
        merges[1]: MutualPairs(np.array([4, 11]), np.array([5, 6])),
    }
    pairs = all_pairs(merges, found, lambda node: np.concatenate([np.arange(10) + first[b] for b in node]))
    assert pairs.left.tolist() == [10, 13, 14, 1]
    assert pairs.right.tolist() == [1, 2, 25, 26]
    assert pairs.merge.tolist() == [0, 0, 1, 1]
    assert pairs.kept.all()
    assert merge_tree(merges).left == ((1,), (1, 0))
