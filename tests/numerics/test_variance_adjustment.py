"""Lengthening of vectors against the definition, cell by cell."""

import math
from functools import reduce
from itertools import accumulate
from operator import add

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scint_core.contract import Shift
from scint_core.numerics import neighbors, variance_adjustment
from scint_core.numerics.variance_adjustment import raw_scales, stretch_to_reference


def scale_by_definition(i, target, shifts, reference, sigma):
    """Distances to the line one by one, running sums in plain numbers."""
    length = math.sqrt((shifts[i] ** 2).sum())
    direction = shifts[i] / length

    def position_and_weight(cell):
        position = direction @ (cell - target[i])
        rest = (cell - target[i]) - position * direction
        return position, math.exp(-(rest @ rest) / sigma)

    own = [(0.0, 1.0) if j == i else position_and_weight(cell) for j, cell in enumerate(target)]
    share = sum(w for p, w in own if p <= 0) / sum(w for _, w in own)
    line = sorted(position_and_weight(cell) for cell in reference)
    goal, running = share * sum(w for _, w in line), 0.0
    for position, weight in line:
        running += weight
        if running >= goal:
            return position / length
    return line[-1][0] / length


def log_add(a, b):
    return max(a, b) + math.log1p(math.exp(-abs(a - b)))


def scale_in_order(i, target, shifts, reference, sigma):
    """Every operation of batchelor's C++ code in its order: cell after cell, gene after gene."""
    length = math.sqrt(sum_in_order(u * u for u in shifts[i]))
    direction, point = [u / length for u in shifts[i]], target[i]

    def position(cell):
        return sum_in_order(d * y for d, y in zip(direction, cell, strict=True))

    def log_weight(cell):
        along = sum_in_order((x - y) * d for x, y, d in zip(point, cell, direction, strict=True))
        rest = [x - y - along * d for x, y, d in zip(point, cell, direction, strict=True)]
        return -sum_in_order(r * r for r in rest) / sigma

    here, own = position(point), [0.0 if j == i else log_weight(cell) for j, cell in enumerate(target)]
    before = [w for j, (w, cell) in enumerate(zip(own, target, strict=True)) if j == i or position(cell) <= here]
    weights = [log_weight(cell) for cell in reference]
    goal = reduce(log_add, before) - reduce(log_add, own) + reduce(log_add, weights)
    line = sorted(zip(map(position, reference), weights, strict=True))
    for (place, _), running in zip(line, accumulate((w for _, w in line), log_add), strict=True):
        if running >= goal:
            return (place - here) / length
    return (line[-1][0] - here) / length


def sum_in_order(values):
    """Not `sum`, which corrects for its rounding since Python 3.12."""
    return reduce(add, values, 0.0)


def case(seed=0, n=30, m=40, g=5):
    rng = np.random.default_rng(seed)
    shifts = rng.normal(size=(n, g)) * 0.3 + np.array([2, 0, 0, 0, 0])
    return rng.normal(size=(n, g)), shifts, rng.normal(size=(m, g)) + np.array([3, 0, 0, 0, 0])


@pytest.mark.parametrize("sigma", [0.5, 1.0, 10.0])
@pytest.mark.parametrize("entries", [1, neighbors.BLOCK_ENTRIES])
def test_equals_the_definition(monkeypatch, sigma, entries):
    monkeypatch.setattr(neighbors.row_blocks, "__defaults__", (entries,))
    target, shifts, reference = case()
    found = raw_scales(target, shifts, reference, sigma)
    expected = [scale_by_definition(i, target, shifts, reference, sigma) for i in range(len(target))]
    np.testing.assert_allclose(found, expected, rtol=1e-9)
    stretch = stretch_to_reference(target, Shift(shifts), reference, np.arange(5), sigma)
    np.testing.assert_allclose(stretch.scale, np.maximum(expected, 1), rtol=1e-9)


@given(st.integers(0, 10**6), st.sampled_from([0.1, 1.0, 5.0, 30.0]), st.sampled_from(["none", "own", "reference"]))
@settings(deadline=None, max_examples=60)
def test_where_rounding_decides_the_order_of_the_reference_does(seed, spread, repeated):
    """From clouds whose cells all count to cells that lie so far apart that only the last digit tells."""
    target, shifts, reference = (values * spread for values in case(seed, n=15, m=13))
    if repeated == "own":
        target[5] = target[4]
    if repeated == "reference":
        reference[5] = reference[4]
    expected = [scale_in_order(i, target.tolist(), shifts.tolist(), reference.tolist(), 1.0) for i in range(15)]
    np.testing.assert_array_equal(raw_scales(target, shifts, reference, 1.0), expected)


def test_only_cells_whose_answer_rounding_can_change_are_computed_again(monkeypatch):
    again = []
    in_order = variance_adjustment._cells_in_order

    def counted(lines, *rest):
        again.extend(lines.rows.tolist())
        return in_order(lines, *rest)

    monkeypatch.setattr(variance_adjustment, "_cells_in_order", counted)
    target, shifts, reference = case(n=200, m=200)
    raw_scales(target, shifts, reference, 1.0)
    assert not again
    raw_scales(target * 30, shifts * 30, reference * 30, 1.0)
    assert len(again) > 100
    target[8] = target[7]
    again.clear()
    raw_scales(target, shifts, reference, 1.0)
    assert again == [7, 8]


@given(st.integers(0, 10**6), st.sampled_from([1e-4, 0.1, 1.0, 1e4]), st.booleans())
@settings(deadline=None, max_examples=60)
def test_scales_are_finite_and_never_shorten(seed, sigma, same):
    target, shifts, reference = case(seed, n=12, m=9)
    if same:
        reference = target
    shifts[3] = 0
    scale = stretch_to_reference(target, Shift(shifts), reference, np.arange(5), sigma).scale
    assert np.isfinite(scale).all()
    assert (scale >= 1).all()
    assert scale[3] == 1


def test_duplicates_of_a_cell_count_as_lying_at_it():
    """Twenty copies of a cell, far from the origin: rounding must not place them behind or before it."""
    target = np.repeat([[100.0, 3.0, -70.0]], 20, axis=0)
    shifts = np.repeat([[0.3, 0.1, 0.2]], 20, axis=0)
    reference = target + shifts
    np.testing.assert_allclose(raw_scales(target, shifts, reference, 1.0), 1, rtol=1e-9)


def test_only_the_compared_columns_are_looked_at():
    target, shifts, reference = case()
    columns = np.array([4, 0, 2])
    within = raw_scales(target[:, columns], shifts[:, columns], reference[:, columns], 1.0)
    found = stretch_to_reference(target, Shift(shifts), reference, columns, 1.0).scale
    np.testing.assert_allclose(found, np.maximum(within, 1))


def test_wide_clouds_that_face_each_other_are_brought_together():
    """Vectors that only close the gap between two surfaces are lengthened to close the gap of the centres."""
    rng = np.random.default_rng(0)
    target, reference = rng.normal(size=(300, 2)), rng.normal(size=(300, 2)) + np.array([9, 0])
    shifts = np.tile([4.0, 0.0], (300, 1))
    scale = stretch_to_reference(target, Shift(shifts), reference, np.arange(2), 1.0).scale
    before = (target + shifts).mean(axis=0)[0]
    after = (target + scale[:, None] * shifts).mean(axis=0)[0]
    assert abs(before - 9) > 4.5
    assert abs(after - 9) < 0.3
