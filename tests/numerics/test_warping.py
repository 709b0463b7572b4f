"""Time warping against the whole table of sums."""

import tracemalloc

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scint_core.contract import Metagenes
from scint_core.numerics.warping import warp


def curves(left, right):
    return Metagenes(np.asarray(left, float), np.asarray(right, float), 0.0, np.zeros(0, int), np.zeros((0, 2)))


def slow_warp(x, y):
    """Every sum and every move in tables; x runs down, y across. Both first, then across, then down."""
    n, m = len(x), len(y)
    d = np.abs(np.subtract.outer(x, y))
    total, came = np.full((n, m), np.inf), {}
    total[0, 0] = d[0, 0]
    for i in range(n):
        for j in range(m):
            for di, dj, weight in ((1, 1, 2), (0, 1, 1), (1, 0, 1)):
                if i >= di and j >= dj and total[i - di, j - dj] + weight * d[i, j] < total[i, j]:
                    total[i, j], came[i, j] = total[i - di, j - dj] + weight * d[i, j], (i - di, j - dj)
    path = [(n - 1, m - 1)]
    while path[-1] != (0, 0):
        path.append(came[path[-1]])
    return path[::-1], total[-1, -1]


@pytest.mark.parametrize("sizes", [(1, 1), (1, 6), (6, 1), (2, 2), (9, 13), (26, 10), (30, 31)])
@pytest.mark.parametrize("ties", [False, True])
def test_path_and_cost_equal_those_of_the_whole_table(sizes, ties):
    rng = np.random.default_rng(sum(sizes))
    x, y = (rng.integers(4, size=n).astype(float) if ties else rng.normal(size=n) for n in sizes)
    path = warp(curves(left=y, right=x))
    expected, cost = slow_warp(x, y)
    assert list(zip(path.right.tolist(), path.left.tolist(), strict=True)) == expected
    assert path.cost == pytest.approx(cost, abs=1e-12)


@given(st.integers(0, 10**6), st.integers(1, 40), st.integers(1, 40))
@settings(deadline=None, max_examples=40)
def test_the_path_never_turns_back_and_leaves_no_cell_out(seed, n, m):
    rng = np.random.default_rng(seed)
    path = warp(curves(rng.normal(size=m), rng.normal(size=n)))
    for side, size in ((path.left, m), (path.right, n)):
        assert (side[0], side[-1]) == (0, size - 1)
        assert set(np.diff(side)) <= {0, 1}
    assert (np.diff(path.left) + np.diff(path.right) >= 1).all()


def test_equal_curves_are_matched_place_by_place_at_no_cost():
    x = np.sort(np.random.default_rng(0).normal(size=50))
    path = warp(curves(x, x))
    np.testing.assert_array_equal(path.left, np.arange(50))
    np.testing.assert_array_equal(path.right, np.arange(50))
    assert path.cost == 0


def test_cells_by_cells_is_never_held():
    x = np.random.default_rng(0).normal(size=(2, 3000))
    warp(curves(x[0, :9], x[1, :9]))  # compiles
    tracemalloc.start()
    warp(curves(x[0], x[1]))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 3000 * 3000 / 2  # bytes
