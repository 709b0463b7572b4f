"""Batch vectors, centring along them, and the variance this takes."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from scint_core.contract import BatchVector, PairVectors
from scint_core.numerics.batch_vector import batch_vector, centre_along, losses_by_merge, lost_variance

values = st.floats(-100, 100, allow_nan=False, width=32)
cells_and_vector = st.tuples(st.integers(1, 12), st.integers(1, 6)).flatmap(
    lambda shape: st.tuples(
        hnp.arrays(np.float64, shape, elements=values), hnp.arrays(np.float64, shape[1], elements=values)
    )
)


def vectors_of(rows):
    return PairVectors(np.arange(len(rows)), np.asarray(rows, dtype=float))


def test_the_batch_vector_is_the_mean_over_paired_cells_with_its_relative_size():
    left, right = np.array([[1.0, 0], [0, 2]]), np.array([[3.0, 4]])
    effect = batch_vector(vectors_of([[3, 0], [0, 4], [3, 2]]), left, right)
    np.testing.assert_allclose(effect.vector, [2, 2])
    assert effect.size == pytest.approx(np.sqrt(8) / np.sqrt((9 + 16 + 13) / 3))
    np.testing.assert_allclose(effect.left, [1 / np.sqrt(2), np.sqrt(2)])
    np.testing.assert_allclose(effect.right, [7 / np.sqrt(2)])


def test_vectors_that_agree_have_size_1_and_opposite_ones_size_0():
    nothing = np.zeros((1, 2))
    assert batch_vector(vectors_of([[3, 4]] * 5), nothing, nothing).size == pytest.approx(1)
    assert batch_vector(vectors_of([[3, 4], [-3, -4]]), nothing, nothing).size == 0
    assert batch_vector(vectors_of([[0, 0]]), nothing, nothing).size == 0


@given(cells_and_vector)
@settings(deadline=None, max_examples=60)
def test_centring_sets_the_coordinate_to_its_mean_and_leaves_the_rest(given_arrays):
    cells, vector = given_arrays
    centred = centre_along(cells, (vector,))
    length = np.linalg.norm(vector)
    if length == 0:
        np.testing.assert_array_equal(centred, cells)
        return
    along = vector / length
    np.testing.assert_allclose(centred @ along, np.full(len(cells), (cells @ along).mean()), atol=1e-9)
    off_line = np.eye(len(along)) - np.outer(along, along)
    np.testing.assert_allclose(centred @ off_line, cells @ off_line, atol=1e-9)
    np.testing.assert_allclose(centred.mean(axis=0), cells.mean(axis=0), atol=1e-9)
    np.testing.assert_allclose(centre_along(centred, (vector,)), centred, atol=1e-9)


def test_vectors_are_taken_one_after_the_other_and_not_made_orthogonal():
    cells = np.random.default_rng(0).normal(size=(30, 3))
    first, second = np.array([1.0, 0, 0]), np.array([1.0, 1, 0])
    both = centre_along(cells, (first, second))
    np.testing.assert_allclose(both, centre_along(centre_along(cells, (first,)), (second,)))
    assert np.ptp(both @ second) < 1e-12
    assert np.ptp(both @ first) > 0.1  # a little returns
    np.testing.assert_array_equal(centre_along(cells, ()), cells)


def test_lost_variance_is_measured_in_every_batch_of_the_two_sides():
    rng = np.random.default_rng(0)
    left, right = rng.normal(size=(9, 3)), rng.normal(size=(5, 3))  # left: batch 3 (4 cells), then batch 0 (5 cells)
    after = (left * [0, 1, 1], right * [1, 0.5, 1])
    lost = lost_variance((left, right), after, batches=(3, 0, 1), sizes=(5, 5, 7, 4))
    for batch, old, new in ((3, left[:4], after[0][:4]), (0, left[4:], after[0][4:]), (1, right, after[1])):
        assert lost[batch] == pytest.approx(1 - new.var(axis=0, ddof=1).sum() / old.var(axis=0, ddof=1).sum())
    assert lost[2] == 0


def test_a_batch_without_variance_has_none_to_lose_and_one_cell_has_no_variance():
    cells = (np.ones((4, 2)), np.ones((1, 2)))
    lost = lost_variance(cells, cells, batches=(0, 1), sizes=(4, 1))
    assert lost[0] == 0
    assert np.isnan(lost[1])


def test_losses_of_several_merges_multiply():
    effects = tuple(BatchVector(np.zeros(2), size, np.zeros(1), np.zeros(1)) for size in (0.9, 0.1))
    table = losses_by_merge((np.array([0.5, 0.2, 0]), np.array([0.5, 0, 0.1])), effects, (False, True))
    np.testing.assert_allclose(table.lost_var, [[0.5, 0.2, 0], [0.5, 0, 0.1]])
    np.testing.assert_allclose(table.total, [0.75, 0.2, 0.1])
    np.testing.assert_allclose(table.batch_size, [0.9, 0.1])
    assert table.skipped.tolist() == [False, True]
