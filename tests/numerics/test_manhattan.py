"""Neighbours on both sides against sorting all distances."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from scint_core.numerics.manhattan import BLOCK, mutual_matches, neighbors_on_both_sides


def by_definition(cells, bounds, k):
    unit = cells / np.maximum(np.linalg.norm(cells, axis=1, keepdims=True), 1e-300)
    batch = np.searchsorted(bounds, np.arange(len(cells)), side="right") - 1
    sides = []
    for belongs in (np.less, np.greater):
        table = np.full((len(cells), k), -1)
        for i, cell in enumerate(unit):
            others = np.flatnonzero(belongs(batch, batch[i]))
            distance = np.abs(unit[others] - cell).sum(axis=1)
            near = others[np.argsort(distance, kind="stable")[:k]]
            table[i, : len(near)] = near
        sides.append(table)
    return sides


@given(st.lists(st.integers(1, 60), min_size=2, max_size=5), st.integers(1, 30), st.integers(0, 10**6))
@settings(deadline=None, max_examples=25)
def test_both_sides_are_those_of_a_full_sort(sizes, k, seed):
    cells = np.random.default_rng(seed).normal(size=(sum(sizes), 4))
    bounds = np.concatenate([[0], np.cumsum(sizes)])
    near = neighbors_on_both_sides(cells, np.arange(len(cells)), bounds, k)
    before, after = by_definition(cells, bounds, k)
    np.testing.assert_array_equal(near.before.indices, before)
    np.testing.assert_array_equal(near.after.indices, after)
    assert np.array_equal(np.isinf(near.after.distances), after < 0)
    assert (np.diff(near.after.distances[after[:, -1] >= 0], axis=1) >= 0).all()


def test_several_blocks_and_ties_to_the_lowest_row():
    rng = np.random.default_rng(0)
    cells = rng.integers(1, 4, size=(2 * BLOCK + 77, 2)).astype(float)  # few distinct cells
    bounds = np.array([0, 100, 400, len(cells)])
    near = neighbors_on_both_sides(cells, np.arange(len(cells)), bounds, 9)
    before, after = by_definition(cells, bounds, 9)
    np.testing.assert_array_equal(near.before.indices, before)
    np.testing.assert_array_equal(near.after.indices, after)


def test_only_the_chosen_rows_take_part():
    cells = np.random.default_rng(1).normal(size=(90, 3))
    rows = np.flatnonzero(np.arange(90) % 3)
    bounds = np.array([0, 20, 60])
    near = neighbors_on_both_sides(cells, rows, bounds, 5)
    alone = neighbors_on_both_sides(cells[rows], np.arange(60), bounds, 5)
    np.testing.assert_array_equal(near.after.indices, alone.after.indices)
    matches = mutual_matches(near, rows, 5)
    assert np.isin(matches.left, rows).all()
    assert np.isin(matches.right, rows).all()


def test_matches_are_mutual_and_cut_to_k():
    cells = np.random.default_rng(2).normal(size=(70, 3))
    bounds = np.array([0, 25, 45, 70])
    near = neighbors_on_both_sides(cells, np.arange(70), bounds, 20)
    before, after = by_definition(cells, bounds, 4)
    expected = {(i, int(j)) for i in range(70) for j in after[i] if j >= 0 and i in before[j]}
    found = mutual_matches(near, np.arange(70), 4)
    assert set(zip(found.left.tolist(), found.right.tolist(), strict=True)) == expected
    assert len(found.left) == len(expected)
