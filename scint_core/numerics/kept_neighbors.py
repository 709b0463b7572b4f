"""How many of its neighbours a cell keeps from one space to another."""

from __future__ import annotations

import numpy as np

from scint_core.contract import FloatArray, IntArray
from scint_core.numerics.neighbors import nearest_neighbors


def kept_neighbors(before: FloatArray, after: FloatArray, k: int) -> FloatArray:
    """Share of every cell's `k` nearest in one space (cells × d) that are among its `k` nearest in another (cells,).

    The cell counts as its own neighbour.
    """
    return shared_share(*(nearest_neighbors(space, space, k).indices for space in (before, after)))


def shared_share(a: IntArray, b: IntArray) -> FloatArray:
    """The share of row i of `a` (rows × k, each row without repeats) that is in row i of `b`, for every row."""
    together = np.sort(np.concatenate([a, b], axis=1), axis=1)  # rows × 2k: what is in both stands there twice
    return np.asarray((together[:, 1:] == together[:, :-1]).sum(axis=1) / a.shape[1])
