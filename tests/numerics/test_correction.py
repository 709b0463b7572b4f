"""Vectors applied to cells."""

import numpy as np

from scint_core.contract import Shift, Stretch
from scint_core.numerics.correction import add_shift, stack_cells

CELLS, VECTORS = np.arange(6.0).reshape(3, 2), np.array([[1.0, 0], [0, 1], [2, 2]])


def test_cells_move_by_their_vectors_times_their_scales():
    np.testing.assert_array_equal(add_shift(CELLS, Shift(VECTORS)), [[1, 1], [2, 4], [6, 7]])
    stretch = Stretch(np.array([1.0, 3, 0.5]))
    np.testing.assert_array_equal(add_shift(CELLS, Shift(VECTORS), stretch), [[1, 1], [2, 6], [5, 6]])


def test_stacking_keeps_the_reference_first():
    np.testing.assert_array_equal(stack_cells(CELLS, VECTORS)[[0, 3]], [[0, 1], [1, 0]])
