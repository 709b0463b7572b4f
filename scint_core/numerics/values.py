"""What kind of numbers a matrix holds. Every value is looked at, never a sample; memory is bounded by a block."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import scipy.sparse as sp

from scint_core.contract import FloatArray, Matrix

_BLOCK = 1 << 20  # values


def stored_values(matrix: Matrix) -> FloatArray:
    """The values that are stored: all of a dense matrix, those not zero of a sparse one. One dimension, not copied."""
    return matrix.data if sp.issparse(matrix) else np.ravel(matrix, order="K")


def blocks(values: FloatArray) -> Iterator[FloatArray]:
    """`values` in pieces that fit a processor's cache."""
    for start in range(0, len(values), _BLOCK):
        yield values[start : start + _BLOCK]


def not_finite(values: FloatArray) -> int:
    """How many values are NaN or infinite."""
    if values.dtype.kind != "f":
        return 0
    return sum(int((~np.isfinite(block)).sum()) for block in blocks(values))


def not_whole(values: FloatArray) -> int:
    """How many values are not whole numbers."""
    if values.dtype.kind != "f":
        return 0
    return sum(int((block != np.floor(block)).sum()) for block in blocks(values))


def negative(values: FloatArray) -> int:
    """How many values are below zero."""
    return sum(int((block < 0).sum()) for block in blocks(values))


def holds_counts(matrix: Matrix) -> bool:
    """Whether every value is a whole number, none is negative and some are above zero."""
    values = stored_values(matrix)
    return bool(len(values)) and values.max() > 0 and negative(values) == 0 and not_whole(values) == 0
