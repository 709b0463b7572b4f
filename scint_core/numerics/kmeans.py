"""k-means: the best of several starts, the same on every machine and for any number of threads."""

from __future__ import annotations

import numpy as np
import scipy.sparse as sp

from scint_core.contract import FloatArray, IntArray, explained, tick
from scint_core.numerics.neighbors import row_blocks, squared_lengths
from scint_core.numerics.normalize import unit_rows

SAMPLE = 10_000
"""Cells that the starts are compared on; the best one goes on with all cells."""

FINALISTS = 3
"""Starts that go on to the move of single cells."""

SMALL_SAMPLE = 3_000
"""Cells that quick starts are compared on."""


@explained(
    "Ordinary k-means gives the first centres, scaled to length 1: of ten random starts, the one whose clusters are "
    "tightest is kept.",
    formula=r"\min \sum_i \min_k \lVert \hat z_i - y_k \rVert^2",
    parameters=("n_clusters",),
)
def kmeans_centres(cells: FloatArray, n_clusters: int, seed: int, n_starts: int = 10, max_iter: int = 25) -> FloatArray:
    """Centres (K × d, unit rows) of the k-means clustering of `cells` (N × d) with the least squared distance.

    Each start takes random cells for centres and moves them by Lloyd's algorithm. In the tightest of them, single
    cells then change cluster as long as that lowers the squared distance, which is where the algorithm of Hartigan
    and Wong (R's `kmeans`) ends. Above `SAMPLE` cells all that is done on a random sample, and Lloyd's algorithm goes
    on with all cells from the centres found.
    """
    generator = np.random.default_rng(seed)
    sample = cells
    if len(cells) > SAMPLE:
        sample = cells[np.sort(generator.choice(len(cells), SAMPLE, replace=False))]
    starts = []
    for start in range(n_starts):
        first = sample[generator.choice(len(sample), n_clusters, replace=False)]
        starts.append(_lloyd(sample, first, max_iter))
        tick(start + 1, n_starts)
    starts.sort(key=lambda labels: spread(sample, labels, n_clusters))
    finals = [_move_single_cells(sample, labels, n_clusters, max_iter) for labels in starts[:FINALISTS]]
    labels = min(finals, key=lambda labels: spread(sample, labels, n_clusters))
    centres = _means(sample, labels, n_clusters)
    if len(cells) > SAMPLE:
        centres = _means(cells, _lloyd(cells, centres, max_iter), n_clusters)
    return unit_rows(centres)


@explained(
    "A few steps of k-means give the first centres, scaled to length 1. It starts from cells that lie apart: each next "
    "one is drawn with a chance that grows with its squared distance from those before. Of two such starts the one "
    "whose clusters are tighter is kept.",
    formula=r"P(i) \propto \min_k \lVert \hat z_i - y_k \rVert^2",
    parameters=("n_clusters",),
)
def spread_out_centres(
    cells: FloatArray, n_clusters: int, seed: int, n_starts: int = 2, max_iter: int = 10
) -> FloatArray:
    """Centres (K × d, unit rows) of `cells` (N × d) from k-means++ seeding and at most `max_iter` steps of Lloyd's.

    Quicker than `kmeans_centres`, and looser: no single cells are moved. Above `SMALL_SAMPLE` cells the starts are
    compared on a random sample, and the best one goes on with all cells.
    """
    generator = np.random.default_rng(seed)
    sample = cells
    if len(cells) > SMALL_SAMPLE:
        sample = cells[np.sort(generator.choice(len(cells), SMALL_SAMPLE, replace=False))]
    starts = []
    for start in range(n_starts):
        starts.append(_lloyd(sample, sample[_cells_apart(sample, n_clusters, generator)], max_iter))
        tick(start + 1, n_starts)
    centres = _means(sample, min(starts, key=lambda labels: spread(sample, labels, n_clusters)), n_clusters)
    if len(cells) > SMALL_SAMPLE:
        centres = _means(cells, _lloyd(cells, centres, max_iter), n_clusters)
    return unit_rows(centres)


def _cells_apart(cells: FloatArray, n: int, generator: np.random.Generator) -> list[int]:
    """Rows of `n` cells, each drawn with a chance proportional to the squared distance from those before."""
    lengths = squared_lengths(cells)
    chosen = [int(generator.integers(len(cells)))]
    nearest = np.full(len(cells), np.inf)
    while len(chosen) < n:
        last = cells[chosen[-1]]
        nearest = np.minimum(nearest, np.maximum(lengths - 2 * (cells @ last) + last @ last, 0))
        nearest[chosen] = 0
        reach = np.cumsum(nearest)
        if reach[-1] > 0:
            drawn = int(np.searchsorted(reach, generator.random() * reach[-1], side="right"))
            chosen.append(min(drawn, len(cells) - 1))
        else:  # fewer distinct cells than clusters
            chosen.append(int(generator.integers(len(cells))))
    return chosen


def spread(cells: FloatArray, labels: IntArray, n_clusters: int) -> float:
    """Squared distance of all cells to the mean of their cluster."""
    return float(squared_lengths(cells - _means(cells, labels, n_clusters)[labels]).sum())


def _lloyd(cells: FloatArray, centres: FloatArray, max_iter: int) -> IntArray:
    """The cluster of every cell after Lloyd's algorithm: nearest centres and means in turn, until none changes."""
    labels = np.full(len(cells), -1)
    lengths = squared_lengths(cells)
    for _ in range(max_iter):
        nearest, d2 = _nearest_centres(cells, centres, lengths)
        if np.array_equal(nearest, labels):
            break
        labels = _without_empty(nearest, d2, len(centres))
        centres = _means(cells, labels, len(centres))
    return labels


def _nearest_centres(cells: FloatArray, centres: FloatArray, lengths: FloatArray) -> tuple[IntArray, FloatArray]:
    """The nearest centre of every cell (the first of equals), and its squared distance."""
    labels, d2 = np.empty(len(cells), dtype=np.int64), np.empty(len(cells))
    half = squared_lengths(centres) / 2
    for rows in row_blocks(len(cells), len(centres)):
        score = cells[rows] @ centres.T
        score -= half
        labels[rows] = score.argmax(axis=1)
        d2[rows] = lengths[rows] - 2 * np.take_along_axis(score, labels[rows, None], axis=1)[:, 0]
    return labels, d2


def _without_empty(labels: IntArray, d2: FloatArray, n_clusters: int) -> IntArray:
    """An empty cluster takes the cell that lies furthest from its centre."""
    empty = np.flatnonzero(np.bincount(labels, minlength=n_clusters) == 0)
    if len(empty):
        labels = labels.copy()
        labels[np.argsort(-d2, kind="stable")[: len(empty)]] = empty
    return labels


def _means(cells: FloatArray, labels: IntArray, n_clusters: int) -> FloatArray:
    """Mean of every cluster (K × d)."""
    sizes = np.bincount(labels, minlength=n_clusters)
    members = sp.csr_matrix((np.ones(len(cells)), (labels, np.arange(len(cells)))), shape=(n_clusters, len(cells)))
    return np.asarray(members @ cells) / np.maximum(sizes, 1)[:, None]


def _move_single_cells(cells: FloatArray, labels: IntArray, n_clusters: int, max_iter: int) -> IntArray:
    """Clusters after moving cells one at a time to where they lower the squared distance most.

    Taking a cell out of a cluster of n saves n/(n−1) d², putting it in costs n/(n+1) d². Every pass looks at the
    cells that gain by the centres at its start, and decides by the centres of the moment.
    """
    labels, centres = labels.copy(), _means(cells, labels, n_clusters)
    sizes = np.bincount(labels, minlength=n_clusters).astype(np.float64)
    for _ in range(max_iter):
        moved = 0
        for cell in _candidates(cells, labels, centres, sizes):
            old = labels[cell]
            cost = _costs(squared_lengths(cells[cell] - centres), sizes, old)
            new = int(cost.argmin())
            if sizes[old] > 1 and cost[new] < cost[old] * (1 - 1e-10):
                centres[old] += (centres[old] - cells[cell]) / (sizes[old] - 1)
                centres[new] += (cells[cell] - centres[new]) / (sizes[new] + 1)
                sizes[old] -= 1
                sizes[new] += 1
                labels[cell] = new
                moved += 1
        if not moved:
            break
    return labels


def _costs(d2: FloatArray, sizes: FloatArray, own: int) -> FloatArray:
    """What a cell costs in every cluster, its own one last being left."""
    cost = d2 * sizes / (sizes + 1)
    cost[own] = d2[own] * sizes[own] / max(sizes[own] - 1, 1)
    return np.asarray(cost)


def _candidates(cells: FloatArray, labels: IntArray, centres: FloatArray, sizes: FloatArray) -> IntArray:
    """Cells that would cost less in another cluster, by the present centres."""
    found = []
    half, join = squared_lengths(centres) / 2, sizes / (sizes + 1)
    stay = sizes / np.maximum(sizes - 1, 1)
    for rows in row_blocks(len(cells), len(centres)):
        half_d2 = (squared_lengths(cells[rows]) / 2)[:, None] - cells[rows] @ centres.T + half
        own = np.arange(len(half_d2)), labels[rows]
        here = half_d2[own] * stay[labels[rows]]
        half_d2[own] = np.inf
        half_d2 *= join
        found.append(rows.start + np.flatnonzero(half_d2.min(axis=1) < here))
    return np.concatenate(found)
