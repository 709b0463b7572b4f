"""Dynamic time warping of two curves, exact and without a table of cells × cells."""

from __future__ import annotations

import math

import numpy as np

from scint_core.contract import FloatArray, IntArray, Metagenes, WarpingPath, explained
from scint_core.numerics.compiled import kernel

_BOTH, _LEFT, _RIGHT = 0, 1, 2  # which curve the last step moved along


@explained(
    "The two curves are stretched and squeezed along the cells until they differ least. Each cell of either batch is "
    "matched with at least one of the other, and no two matches cross.",
    formula=r"D_{ij} = \min\left(D_{i-1,j-1} + 2 d_{ij},\ D_{i,j-1} + d_{ij},\ D_{i-1,j} + d_{ij}\right),\quad "
    r"d_{ij} = |x_i - y_j|",
)
def warp(curves: Metagenes) -> WarpingPath:
    """The matching of the two curves with the smallest sum of differences; a step along both counts twice.

    Of equal sums the step along both is taken, then that along the left curve. Only every √n-th row of sums is kept,
    from which the rows between are computed again on the way back: twice the time, n · √n in place of n² memory.
    Source: Sakoe and Chiba, IEEE Transactions on Acoustics 26 (1978), symmetric form without slope constraint.
    """
    x, y = np.ascontiguousarray(curves.right), np.ascontiguousarray(curves.left)
    every = math.isqrt(len(x) - 1) + 1
    kept = _kept_rows(x, y, every)
    right, left = (places[::-1].copy() for places in _walk_back(x, y, kept, every))
    d = np.abs(x[right] - y[left])
    weight = np.diff(right, prepend=-1) + np.diff(left, prepend=0)  # 2 where both move, 1 at the start and elsewhere
    return WarpingPath(left, right, float(d @ weight))


@kernel
def _next_row(value: float, y: FloatArray, above: FloatArray, row: FloatArray, moves: IntArray) -> None:
    """Sums and moves of one row (m,) from the row above; `value` is that of x there."""
    row[0], moves[0] = above[0] + abs(value - y[0]), _RIGHT
    for j in range(1, len(y)):
        d = abs(value - y[j])
        row[j], moves[j] = above[j - 1] + 2 * d, _BOTH
        if row[j - 1] + d < row[j]:
            row[j], moves[j] = row[j - 1] + d, _LEFT
        if above[j] + d < row[j]:
            row[j], moves[j] = above[j] + d, _RIGHT


@kernel
def _kept_rows(x: FloatArray, y: FloatArray, every: int) -> FloatArray:
    """The rows of sums of x[0], x[every], x[2 · every] ... (kept × m)."""
    kept = np.empty(((len(x) - 1) // every + 1, len(y)))
    row, above, moves = np.cumsum(np.abs(x[0] - y)), np.empty(len(y)), np.empty(len(y), dtype=np.int8)
    kept[0] = row
    for i in range(1, len(x)):
        row, above = above, row
        _next_row(x[i], y, above, row, moves)
        if i % every == 0:
            kept[i // every] = row
    return kept


@kernel
def _walk_back(x: FloatArray, y: FloatArray, kept: FloatArray, every: int) -> tuple[IntArray, IntArray]:
    """The places along x and y of the best path, from the end to the start."""
    along_x, along_y = np.empty(len(x) + len(y), dtype=np.int64), np.empty(len(x) + len(y), dtype=np.int64)
    moves = np.empty((every, len(y)), dtype=np.int8)
    row, above = np.empty(len(y)), np.empty(len(y))
    i, j, length = len(x) - 1, len(y) - 1, 0
    for block in range(len(kept) - 1, -1, -1):
        first = block * every  # the rows after it, up to i, are computed again
        row[:] = kept[block]
        for again in range(first + 1, i + 1):
            row, above = above, row
            _next_row(x[again], y, above, row, moves[again - first - 1])
        while i > first:
            along_x[length], along_y[length] = i, j
            length += 1
            move = moves[i - first - 1, j]
            i -= move != _LEFT
            j -= move != _RIGHT
    while j >= 0:
        along_x[length], along_y[length] = 0, j
        length += 1
        j -= 1
    return along_x[:length], along_y[:length]
