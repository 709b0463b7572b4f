"""Nearest neighbours by Manhattan distance, of every cell among the batches before and the batches after its own."""

from __future__ import annotations

import warnings
from functools import cache
from typing import Any

import numpy as np
from scipy.spatial.distance import cdist

from scint_core.contract import FloatArray, IntArray, MutualPairs, Neighbors, SidedNeighbors, explained, tick
from scint_core.numerics.compiled import keep_all_on_disk, kernel
from scint_core.numerics.neighbors import on_the_ladder, row_blocks
from scint_core.numerics.normalize import unit_rows

BLOCK = 256
"""Cells whose distances to one cell are summed together; with 100 dimensions they stay in the processor's cache."""

SEARCHED_DIRECTLY = 1000
"""Cells up to which an approximate search is not worth its index."""


@on_the_ladder
@explained(
    "Every cell looks for its nearest neighbours twice: among all cells of the batches before its own, and among all "
    "cells of the batches after it. The search is exact, by Manhattan distance, on cells scaled to length 1.",
    formula=r"\mathrm{NN}_k(x;\ D_1 \cup \dots \cup D_{i-1}),\quad \mathrm{NN}_k(x;\ D_{i+1} \cup \dots \cup D_B)"
    r"\quad \text{by } \lVert \hat x - \hat y \rVert_1",
    slide=r"\mathrm{NN}_k(x;\ D_1 \cup \dots \cup D_B)\quad \text{by locality-sensitive hashing}",
    parameters=("k", "approx"),
)
def neighbors_on_both_sides(embedding: FloatArray, rows: IntArray, bounds: IntArray, k: int) -> SidedNeighbors:
    """The `k` nearest of the chosen `rows` of `embedding` (cells × d) in all earlier and all later batches.

    Of the n chosen rows, which are numbered from 0, batch b is `bounds[b]:bounds[b + 1]`. Each is scaled to length 1.
    Nearest first, ties to the lowest number. Where a side holds fewer than `k` cells, the places left over hold −1 at
    distance ∞. Every distance is computed once and serves both cells.
    """
    cells = unit_rows(embedding[rows])  # n × d
    columns = np.ascontiguousarray(cells.T)  # d × n
    n = len(cells)
    before, after = _no_neighbors(n, k), _no_neighbors(n, k)
    batch_start = np.repeat(bounds[:-1], np.diff(bounds))  # (n,) first row of the cell's own batch
    for first in range(0, n, BLOCK):
        last = min(first + BLOCK, n)
        _compare_block(
            cells, columns, batch_start, first, last, before.indices, before.distances, after.indices, after.distances
        )
        tick(last, n)
    return SidedNeighbors(before, after)


def _no_neighbors(n: int, k: int) -> Neighbors:
    return Neighbors(np.full((n, k), -1, dtype=np.int64), np.full((n, k), np.inf))


@kernel
def _compare_block(
    cells: FloatArray,
    columns: FloatArray,
    batch_start: IntArray,
    first: int,
    last: int,
    before: IntArray,
    before_distance: FloatArray,
    after: IntArray,
    after_distance: FloatArray,
) -> None:
    """Distances of the cells `first` to `last` to every cell of an earlier batch, entered in the lists of both."""
    distance = np.empty(last - first)
    start = first
    for i in range(batch_start[last - 1]):
        while batch_start[start] <= i:  # cells of the same batch, or of an earlier one
            start += 1
        near = distance[: last - start]
        near[:] = 0.0
        for d in range(cells.shape[1]):
            value, column = cells[i, d], columns[d, start:last]
            for j in range(last - start):
                near[j] += abs(value - column[j])
        for j in range(last - start):
            if near[j] < after_distance[i, -1]:
                _insert(after[i], after_distance[i], start + j, near[j])
            if near[j] < before_distance[start + j, -1]:
                _insert(before[start + j], before_distance[start + j], i, near[j])


@kernel
def _insert(indices: IntArray, distances: FloatArray, index: int, distance: float) -> None:
    """Put a neighbour in its place in a sorted list; the last one drops out. Equals stay before it."""
    place = len(distances) - 1
    while place > 0 and distances[place - 1] > distance:
        indices[place], distances[place] = indices[place - 1], distances[place - 1]
        place -= 1
    indices[place], distances[place] = index, distance


@explained(
    "Every cell looks for its nearest neighbours twice: among all cells of the batches before its own, and among all "
    "cells of the batches after it. The search is approximate: a graph of neighbours is followed downhill, and now and "
    "then a neighbour is missed.",
    formula=r"\mathrm{NN}_k(x;\ D_1 \cup \dots \cup D_{i-1}),\quad \mathrm{NN}_k(x;\ D_{i+1} \cup \dots \cup D_B)"
    r"\quad \text{by } \lVert \hat x - \hat y \rVert_1",
    slide=r"\mathrm{NN}_k(x;\ D_1 \cup \dots \cup D_B)\quad \text{by locality-sensitive hashing}",
    parameters=("k", "approx"),
)
def approximate_neighbors_on_both_sides(
    embedding: FloatArray, rows: IntArray, bounds: IntArray, k: int, seed: int
) -> SidedNeighbors:
    """As `neighbors_on_both_sides`, by nearest-neighbour descent (pynndescent); `seed` decides the graph.

    Sides of at most `SEARCHED_DIRECTLY` cells are searched exactly.
    """
    cells = unit_rows(embedding[rows])
    before, after = _no_neighbors(len(cells), k), _no_neighbors(len(cells), k)
    cuts = [int(bound) for bound in bounds[1:-1]]
    for number, cut in enumerate(cuts, start=1):
        own_after = slice(cut, int(bounds[number + 1]))  # the batch that begins at the cut
        own_before = slice(int(bounds[number - 1]), cut)  # the batch that ends there
        _enter(before, own_after, _approximate(cells[own_after], cells[:cut], k, seed), 0)
        tick(2 * number - 1, 2 * len(cuts))
        _enter(after, own_before, _approximate(cells[own_before], cells[cut:], k, seed), cut)
        tick(2 * number, 2 * len(cuts))
    return SidedNeighbors(before, after)


def _enter(side: Neighbors, rows: slice, found: Neighbors, offset: int) -> None:
    """Write what was found for some rows among the cells from row `offset` on; places left over stay empty."""
    width = found.indices.shape[1]
    side.indices[rows, :width] = found.indices + offset
    side.distances[rows, :width] = found.distances


def _approximate(query: FloatArray, reference: FloatArray, k: int, seed: int) -> Neighbors:
    """The `k` nearest rows of `reference` for every row of `query`, nearest first."""
    k = min(k, len(reference))
    if len(reference) <= SEARCHED_DIRECTLY:
        return _direct(query, reference, k)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # a disconnected graph is what batches of distinct types look like
        index = _pynndescent().NNDescent(
            reference.astype(np.float32), metric="manhattan", n_neighbors=max(k, 30), random_state=seed, n_jobs=1
        )
        indices, distances = index.query(query.astype(np.float32), k=k)
    return Neighbors(indices.astype(np.int64), distances.astype(np.float64))


def _direct(query: FloatArray, reference: FloatArray, k: int) -> Neighbors:
    """All distances, a block of rows at a time."""
    pieces = []
    for rows in row_blocks(len(query), len(reference)):
        distance = cdist(query[rows], reference, "cityblock")
        nearest = np.argsort(distance, axis=1, kind="stable")[:, :k]
        pieces.append((nearest, np.take_along_axis(distance, nearest, axis=1)))
    indices, distances = zip(*pieces, strict=True)
    return Neighbors(np.concatenate(indices), np.concatenate(distances))


@cache
def _pynndescent() -> Any:
    """pynndescent, whose kernels take seconds to compile in every process unless they are kept."""
    import pynndescent
    from pynndescent import pynndescent_, rp_trees, sparse, utils

    keep_all_on_disk(pynndescent_, rp_trees, sparse, utils)
    return pynndescent


@explained(
    "Two cells of different batches match when each is among the nearest neighbours of the other. All matches are "
    "found once, before anything moves.",
    formula=r"M_{ij} = \{(x, y):\ y \in \mathrm{NN}_k(x;\ \text{after}),\ x \in \mathrm{NN}_k(y;\ \text{before})\}",
    parameters=("k",),
)
def mutual_matches(near: SidedNeighbors, rows: IntArray, k: int) -> MutualPairs:
    """All pairs (x, y), x of an earlier batch than y, that are among each other's `k` nearest.

    `near` may hold more neighbours than are asked for, and numbers the cells that take part; `rows` are their rows in
    the problem. Ordered by x, then by the rank of y among its neighbours.
    """
    after, before = near.after.indices[:, :k], near.before.indices[:, :k]  # N × k
    n = len(after)
    left, right = np.repeat(np.arange(n), after.shape[1]), after.ravel()
    seen_from_right = before * n + np.arange(n)[:, None]
    mutual = (right >= 0) & np.isin(left * n + right, seen_from_right[before >= 0])
    return MutualPairs(rows[left[mutual]], rows[right[mutual]])
