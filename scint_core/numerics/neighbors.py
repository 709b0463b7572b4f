"""Exact nearest neighbours by blocked matrix products.

||x − y||² = ||x||² + ||y||² − 2 x·y turns a search into matrix products, whose rounding can swap two neighbours that
are almost equally near. A bound on that rounding tells which ones it could swap; only their distances are computed
again, from the differences. So the answer is that of the plain search: nearest first, ties to the lowest index.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields, replace
from itertools import pairwise
from typing import Any, TypeVar

import numpy as np

from scint_core.contract import (
    CrossNeighbors,
    FloatArray,
    IntArray,
    Neighbors,
    SidedNeighbors,
    cut_from_larger,
    explained,
    tick,
)
from scint_core.numerics.smallest import smallest_of_rows
from scint_core.numerics.threads import in_threads

Found = TypeVar("Found", Neighbors, CrossNeighbors, SidedNeighbors)

LADDER = (20, 50, 100, 200, 400)
"""Sizes that neighbour searches are rounded up to, so that a smaller `k` reuses the search of a larger one."""

BLOCK_ENTRIES = 2**20
"""Distances held at a time (8 MB)."""

SPARE = 8
"""Candidates kept beyond the k nearest, so that rounding at the border seldom needs a second look."""


def ladder_size(k: int, available: int) -> int:
    """The size to search for when `k` neighbours are wanted among `available` cells: the next of `LADDER`."""
    return min(next((size for size in LADDER if size >= k), k), available)


def row_blocks(n_rows: int, n_columns: int, entries: int = BLOCK_ENTRIES) -> Iterator[slice]:
    """Slices that cut `n_rows` into blocks of at most about `entries` values of `n_columns` each."""
    height = max(16, entries // max(n_columns, 1))
    return (slice(start, min(start + height, n_rows)) for start in range(0, n_rows, height))


def even_blocks(n_rows: int, n_columns: int, entries: int) -> list[slice]:
    """The same in blocks of one height, an even number of them where one is not enough: threads then end together."""
    n_blocks = len(list(row_blocks(n_rows, n_columns, entries)))
    if n_blocks > 1:
        n_blocks += n_blocks % 2
    edges = np.linspace(0, n_rows, n_blocks + 1).astype(int).tolist()
    return [slice(start, stop) for start, stop in pairwise(edges)]


def squared_lengths(cells: FloatArray) -> FloatArray:
    """Squared Euclidean length of every row."""
    return np.asarray(np.einsum("ij,ij->i", cells, cells))


def squared_distances(
    rows: FloatArray, columns: FloatArray, row_lengths: FloatArray, column_lengths: FloatArray
) -> FloatArray:
    """Squared Euclidean distances of every row to every column (rows × columns), from their squared lengths."""
    d2 = rows @ columns.T
    d2 *= -2
    d2 += row_lengths[:, None]
    d2 += column_lengths
    return np.asarray(np.maximum(d2, 0, out=d2))


def cut(found: Found, k: int) -> Found:
    """The `k` nearest of neighbours searched for with a larger k: to the byte what a search for `k` finds."""
    parts = {part.name: getattr(found, part.name) for part in fields(found)}
    return replace(found, **{name: _cut_part(part, k) for name, part in parts.items()})


def _cut_part(part: Any, k: int) -> Any:
    """The first `k` columns of a table, or of the tables of one side."""
    return part[:, :k] if isinstance(part, np.ndarray) else cut(part, k)


on_the_ladder = cut_from_larger("k", LADDER, cut)
"""Marks a search for `k` neighbours, which is then cut from a stored search for more, where there is one."""


@on_the_ladder
@explained(
    "For every query cell, the k reference cells with the smallest Euclidean distance are found. "
    "The search is exact, and of two equally near cells the first counts as nearer.",
    formula=r"\mathrm{NN}_k(x) = \operatorname{arg\,min}^{(k)}_{y} \lVert x - y \rVert",
    parameters=("k",),
)
def nearest_neighbors(query: FloatArray, reference: FloatArray, k: int) -> Neighbors:
    """The `k` nearest rows of `reference` (n × d) for every row of `query` (m × d), by Euclidean distance.

    Exact; nearest first, ties to the lowest index. `k` is lowered to n. A cell searched among cells that include it
    finds itself. Holds `BLOCK_ENTRIES` distances at a time.
    """
    query, reference = np.asarray(query, dtype=np.float64), np.asarray(reference, dtype=np.float64)
    of_query, of_reference = squared_lengths(query), squared_lengths(reference)
    rounding = _rounding(of_query, of_reference, query.shape[1])
    k = min(k, len(reference))

    def search(rows: slice) -> Neighbors:
        d2 = squared_distances(query[rows], reference, of_query[rows], of_reference)
        return _settle(query[rows], reference, *_smallest(d2, k + SPARE), k, rounding[rows])

    found, done = [], 0
    for piece in in_threads(search, row_blocks(len(query), len(reference))):
        found.append(piece)
        done += len(piece.indices)
        tick(done, len(query))
    return _joined(found, k)


@on_the_ladder
@explained(
    "The nearest cells on the other side are found for the cells of both sides. One table of distances serves both "
    "directions, and the search is exact.",
    formula=r"\mathrm{NN}_k^{L}(r),\ \mathrm{NN}_k^{R}(l) \text{ by } \lVert l - r \rVert",
    parameters=("k",),
)
def cross_neighbors(left: FloatArray, right: FloatArray, k: int) -> CrossNeighbors:
    """The `k` nearest left rows (n × d) of every right row (m × d) and the other way round, from one product.

    The same as two calls of `nearest_neighbors`; `k` is lowered to n and to m.
    """
    left, right = np.asarray(left, dtype=np.float64), np.asarray(right, dtype=np.float64)
    of_left, of_right = squared_lengths(left), squared_lengths(right)
    rounding_left = _rounding(of_left, of_right, left.shape[1])
    rounding_right = _rounding(of_right, of_left, left.shape[1])
    k_left, k_right = min(k, len(left)), min(k, len(right))
    for_left = []
    best: tuple[IntArray, FloatArray] = np.empty((len(right), 0), dtype=np.int64), np.empty((len(right), 0))
    for rows in row_blocks(len(left), len(right)):
        d2 = squared_distances(left[rows], right, of_left[rows], of_right)
        for_left.append(_settle(left[rows], right, *_smallest(d2, k_right + SPARE), k_right, rounding_left[rows]))
        seen, near = _smallest(np.ascontiguousarray(d2.T), k_left + SPARE)
        best = _best_of_both(best, (seen + rows.start, near), k_left + SPARE)
        tick(rows.stop, len(left))
    for_right = [
        _settle(right[rows], left, best[0][rows], best[1][rows], k_left, rounding_right[rows])
        for rows in row_blocks(len(right), k_left + SPARE)
    ]
    return CrossNeighbors(of_right=_joined(for_right, k_left), of_left=_joined(for_left, k_right))


def _joined(pieces: list[Neighbors], k: int) -> Neighbors:
    """The neighbours of consecutive blocks of cells as one."""
    if not pieces:
        return Neighbors(np.empty((0, k), dtype=np.int64), np.empty((0, k)))
    return Neighbors(np.concatenate([p.indices for p in pieces]), np.concatenate([p.distances for p in pieces]))


def _smallest(d2: FloatArray, count: int) -> tuple[IntArray, FloatArray]:
    """Columns and values of the `count` smallest entries of every row, in no order."""
    if count >= d2.shape[1]:
        return np.broadcast_to(np.arange(d2.shape[1]), d2.shape), d2
    return smallest_of_rows(d2, count)


def _best_of_both(
    seen: tuple[IntArray, FloatArray], new: tuple[IntArray, FloatArray], count: int
) -> tuple[IntArray, FloatArray]:
    """The `count` nearest of the candidates kept so far and those of another block."""
    indices = np.concatenate([seen[0], new[0]], axis=1)
    chosen, d2 = _smallest(np.concatenate([seen[1], new[1]], axis=1), count)
    return np.take_along_axis(indices, chosen, axis=1), d2


def _settle(
    query: FloatArray, reference: FloatArray, indices: IntArray, d2: FloatArray, k: int, rounding: FloatArray
) -> Neighbors:
    """The exact `k` nearest among the candidates `indices` with squared distances `d2` (queries × candidates).

    `d2` may be off by `rounding` (queries,). Entries that it could reorder, or that are too small to be accurate, are
    computed again; where even the border of the candidates is in doubt, the whole row is searched again.
    """
    indices, d2 = _sorted(indices, d2)
    near_equal = np.diff(d2, axis=1) <= 2 * rounding[:, None]
    doubtful = d2 < 1e6 * rounding[:, None]
    doubtful[:, 1:] |= near_equal
    doubtful[:, :-1] |= near_equal
    rows, columns = np.nonzero(doubtful)
    d2[rows, columns] = _exact(query, reference, rows, indices[rows, columns])
    again = np.unique(rows)
    indices[again], d2[again] = _sorted(indices[again], d2[again])
    if d2.shape[1] < len(reference):
        for row in np.flatnonzero(d2[:, -1] - d2[:, k - 1] <= 4 * rounding):
            found, exact = _search_row(query[row], reference, d2[row, k - 1] + 4 * rounding[row], k)
            settled = (found == indices[row, :k]) & ~doubtful[row, :k]  # keep their distance, as in a larger search
            indices[row, :k], d2[row, :k] = found, np.where(settled, d2[row, :k], exact)
    return Neighbors(indices[:, :k].copy(), np.sqrt(d2[:, :k]))


def _rounding(query_lengths: FloatArray, reference_lengths: FloatArray, dimensions: int) -> FloatArray:
    """How far a squared distance from a matrix product can be from the true one, for every query cell."""
    longest = reference_lengths.max(initial=0.0)
    return np.asarray(np.finfo(np.float64).eps * (dimensions + 10) * (query_lengths + longest))


def _sorted(indices: IntArray, d2: FloatArray) -> tuple[IntArray, FloatArray]:
    """Every row nearest first, ties to the lowest index."""
    order = np.lexsort((indices, d2))
    return np.take_along_axis(indices, order, axis=1), np.take_along_axis(d2, order, axis=1)


def _exact(query: FloatArray, reference: FloatArray, rows: IntArray, columns: IntArray) -> FloatArray:
    """Squared distances of the cells query[rows[i]] and reference[columns[i]], from their differences."""
    d2 = np.empty(len(rows))
    for part in row_blocks(len(rows), query.shape[1]):
        d2[part] = squared_lengths(query[rows[part]] - reference[columns[part]])
    return d2


def _search_row(cell: FloatArray, reference: FloatArray, limit: float, k: int) -> tuple[IntArray, FloatArray]:
    """The exact `k` nearest of one cell among the many that lie within `limit` (a squared distance)."""
    lengths = squared_lengths(reference)
    d2 = squared_distances(cell[None], reference, squared_lengths(cell[None]), lengths)[0]
    within = np.flatnonzero(d2 <= limit)
    d2 = _exact(cell[None], reference, np.zeros(len(within), dtype=np.int64), within)
    indices, d2 = _sorted(within[None], d2[None])
    return indices[0, :k], d2[0, :k]
