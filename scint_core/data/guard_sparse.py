"""Check a compressed sparse matrix before anything indexes memory with it.

Sparse kernels trust their arrays: a negative or too large index reads or writes foreign memory and ends the process.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from scint_core.errors import FileError

BLOCK = 1 << 22
"""Values read from disk at a time."""


def guard_indptr(indptr: Any, n_major: int, n_stored: int, what: str) -> NDArray[np.int64]:
    """Row (or column) starts as int64, (n_major + 1,): from 0 to `n_stored`, never falling."""
    if indptr.dtype.kind not in "iu" or indptr.shape != (n_major + 1,):
        raise FileError(
            f"{what} is a damaged sparse matrix: 'indptr' has shape {indptr.shape} and type "
            f"{indptr.dtype}, {n_major + 1} whole numbers are needed"
        )
    starts = np.asarray(indptr[...]).astype(np.int64)
    if starts[0] != 0 or starts[-1] != n_stored or np.any(starts[1:] < starts[:-1]):
        raise FileError(
            f"{what} is a damaged sparse matrix: 'indptr' must rise from 0 to {n_stored:,} "
            f"(the number of stored values) without falling, it goes from {starts[0]} to {starts[-1]}"
        )
    return starts


def guard_indices(indices: Any, n_minor: int, what: str) -> NDArray[np.int32]:
    """Positions as int32, each in [0, n_minor). `indices` is read block by block, so that it is held once."""
    if indices.dtype.kind not in "iu" or len(indices.shape) != 1:
        raise FileError(f"{what} is a damaged sparse matrix: 'indices' must be a list of whole numbers")
    out = np.empty(indices.shape[0], dtype=np.int32)
    for start in range(0, len(out), BLOCK):
        block = np.asarray(indices[start : start + BLOCK])
        low, high = int(block.min()), int(block.max())
        if low < 0 or high >= n_minor:
            bad = low if low < 0 else high
            raise FileError(
                f"{what} is a damaged sparse matrix: index {bad} in 'indices' is out of range (0 to {n_minor - 1})"
            )
        out[start : start + BLOCK] = block
    return out


def guard_lengths(data: Any, indices: Any, what: str) -> None:
    """As many values as positions, both one-dimensional."""
    if len(data.shape) != 1 or data.shape != indices.shape:
        raise FileError(
            f"{what} is a damaged sparse matrix: 'data' has shape {data.shape} but 'indices' {indices.shape}"
        )
