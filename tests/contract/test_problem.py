"""A problem's order of cells."""

import numpy as np

from scint_core.contract import Problem


def problem(sizes):
    batch = np.repeat(np.arange(len(sizes)), sizes)
    return Problem(batch, tuple("abc"[: len(sizes)]), np.arange(len(batch)), source=None)


def test_rows_gathered_by_batch_come_back_in_the_problems_order():
    rows = np.array([[5.0], [0.0], [1.0], [2.0], [3.0], [4.0]])  # batch 2, then 0, then 1
    assert problem([2, 3, 1]).gathered((2, 0, 1), rows).ravel().tolist() == [0, 1, 2, 3, 4, 5]


def test_rows_that_stand_in_order_are_not_copied():
    rows = np.arange(6.0)[:, None]
    assert problem([2, 3, 1]).gathered((0, 1, 2), rows) is rows
    assert problem([2, 3, 1]).gathered([0, 1, 2], rows) is rows
