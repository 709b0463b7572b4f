"""LISI: how many batches, or cell types, there are effectively around every cell.

Sources: Korsunsky et al., Nature Methods 16 (2019), for the index; Luecken et al., Nature Methods 19 (2022), for the
scaled scores. The numbers are those of scib-metrics' `ilisi_knn` and `clisi_knn`.
"""

from __future__ import annotations

import numpy as np

from scint_core.contract import BoolArray, FloatArray, Neighbors
from scint_core.metrics.base import N_NEIGHBORS, MetricInput, MetricResult, notes, undefined
from scint_core.metrics.groups import Groups
from scint_core.numerics.neighbors import row_blocks

_TRIES = 50
_TOLERANCE = 1e-5  # of the entropy, in natural units
_MENTIONED = 0.9  # a lower best possible iLISI is said
_FEWEST = 3  # neighbours: a third of them is the perplexity, which is at least one


def ilisi(data: MetricInput) -> MetricResult:
    """(median LISI of the batches − 1) / (batches − 1): 0 where cells see one batch only, 1 where they see all."""
    assert data.batch is not None
    per_cell, note = _lisi_of(data, data.batch)
    if per_cell is None:
        return undefined(note)
    score = (float(np.median(per_cell)) - 1) / (len(data.batch.names) - 1)
    return MetricResult(score, per_cell, per_batch=data.batch.means(per_cell), note=notes(note, _cap(data.batch)))


def clisi(data: MetricInput) -> MetricResult:
    """(labels − median LISI of the labels) / (labels − 1): 1 where cells see their own type only, 0 where all."""
    assert data.label is not None
    per_cell, note = _lisi_of(data, data.label)
    if per_cell is None:
        return undefined(note)
    n = len(data.label.names)
    return MetricResult((n - float(np.median(per_cell))) / (n - 1), per_cell, data.label.means(per_cell), note=note)


def _lisi_of(data: MetricInput, groups: Groups) -> tuple[FloatArray | None, str]:
    """LISI of every cell at the shared neighbours, and a note where there are fewer of them than usual."""
    neighbors = data.nearest(N_NEIGHBORS)
    k = neighbors.indices.shape[1]
    if k < _FEWEST:
        return None, f"LISI needs {_FEWEST} cells"
    note = "" if k == N_NEIGHBORS else f"LISI looks at {k} neighbours instead of {N_NEIGHBORS}: there are no more cells"
    return effective_groups(neighbors, data.shared(_shared_weights), groups), note


def _shared_weights(data: MetricInput) -> FloatArray:
    """Weights of the shared neighbours (cells × k), the same for batches and labels."""
    neighbors = data.nearest(N_NEIGHBORS)
    return neighbor_weights(neighbors, perplexity=neighbors.indices.shape[1] // 3)


def _cap(batch: Groups) -> str:
    """A note where batches of unequal size keep iLISI from 1: cells that are mixed perfectly see them in proportion."""
    shares = batch.sizes / batch.sizes.sum()
    cap = (1 / float((shares**2).sum()) - 1) / (len(shares) - 1)
    return "" if cap > _MENTIONED else f"batches of unequal size: perfect mixing scores at most {cap:.2f}, not 1"


def lisi(neighbors: Neighbors, groups: Groups, *, perplexity: float) -> FloatArray:
    """Inverse Simpson's index of `groups` among the neighbours of every cell (cells,): 1 to the number of groups.

    Neighbours weigh exp(−β · distance), with β such that the weights have the given perplexity, about the number of
    neighbours that count; a larger one looks further. The cell itself does not count. Needs a third more neighbours
    than the perplexity to mean something.
    """
    return effective_groups(neighbors, neighbor_weights(neighbors, perplexity=perplexity), groups)


def neighbor_weights(neighbors: Neighbors, *, perplexity: float) -> FloatArray:
    """Weights of the neighbours of every cell (cells × k, rows sum to 1) that have this perplexity; 0 for itself."""
    weights = np.empty(neighbors.indices.shape)
    for rows in row_blocks(*neighbors.indices.shape):
        others = neighbors.indices[rows] != np.arange(rows.start, rows.stop)[:, None]
        weights[rows] = _weights(neighbors.distances[rows], others, np.log(perplexity))
    return weights


def effective_groups(neighbors: Neighbors, weights: FloatArray, groups: Groups) -> FloatArray:
    """1 / the chance that two neighbours drawn by weight are of one group, for every cell (cells,)."""
    per_cell = np.empty(len(weights))
    for rows in row_blocks(len(weights), max(weights.shape[1], len(groups.names))):
        shares = groups.among(neighbors.indices[rows], weights[rows])
        per_cell[rows] = 1 / (shares**2).sum(axis=1)
    return per_cell


def _weights(distances: FloatArray, others: BoolArray, entropy: float) -> FloatArray:
    """Weights (cells × k, rows sum to 1) of the neighbours in `others`, with this entropy, by bisection on β."""
    nearest = np.where(others, distances, np.inf).min(axis=1, keepdims=True)
    beyond = np.where(others, distances - nearest, 0.0)  # no weight underflows where the nearest has weight 1
    beta, low, high = np.ones(len(beyond)), np.zeros(len(beyond)), np.full(len(beyond), np.inf)
    weights = np.empty_like(beyond)
    seeking = np.arange(len(beyond))  # rows whose entropy is not there yet
    for _ in range(_TRIES + 1):
        found, has = _weights_at(beta[seeking], beyond[seeking], others[seeking])
        weights[seeking] = found
        spread = has - entropy
        off = np.abs(spread) >= _TOLERANCE
        wide = seeking[off & (spread > 0)]  # too many neighbours count: β must grow
        narrow = seeking[off & (spread <= 0)]
        low[wide], high[narrow] = beta[wide], beta[narrow]
        beta[wide] = np.where(np.isinf(high[wide]), 2 * beta[wide], (beta[wide] + high[wide]) / 2)
        beta[narrow] = (beta[narrow] + low[narrow]) / 2
        seeking = seeking[off]
        if len(seeking) == 0:
            break
    return weights


def _weights_at(beta: FloatArray, beyond: FloatArray, others: BoolArray) -> tuple[FloatArray, FloatArray]:
    """Weights exp(−β · distance) that sum to 1 in every row, and their entropy (rows,)."""
    weights = np.exp(-beyond * beta[:, None]) * others
    total = weights.sum(axis=1)
    entropy = np.log(total) + beta * (beyond * weights).sum(axis=1) / total
    return weights / total[:, None], entropy
