"""The weighted graph of neighbours that UMAP, scanpy and scib-metrics cluster and diffuse on.

Source: McInnes, Healy & Melville, UMAP (2018); the numbers are those of umap-learn's `fuzzy_simplicial_set`.
"""

from __future__ import annotations

import numpy as np
import scipy.sparse as sp

from scint_core.contract import FloatArray, Neighbors
from scint_core.numerics.neighbors import row_blocks

_TRIES = 64
_TOLERANCE = 1e-5  # of the sum of the weights
_NARROWEST = 1e-3  # bandwidth, in units of the mean distance


def fuzzy_graph(neighbors: Neighbors) -> sp.csr_array:
    """Symmetric weights from 0 to 1 between cells (cells × cells, sparse), from the neighbours of every cell.

    A neighbour at distance d weighs exp(−(d − ρ) / σ): ρ is the distance to the nearest other cell, σ such that the
    weights sum to log2(k). The two directions a and b of an edge join as a + b − ab. `neighbors` (cells × k) include
    the cell itself, which gets no edge. A larger k links further cells.
    """
    n_cells, k = neighbors.indices.shape
    weights = np.empty((n_cells, k), dtype=np.float32)
    typical = float(neighbors.distances.mean())
    for rows in row_blocks(n_cells, k):
        weights[rows] = _weights(neighbors.distances[rows], typical)
    weights[neighbors.indices == np.arange(n_cells)[:, None]] = 0
    start = np.arange(n_cells + 1) * k
    directed = sp.csr_array((weights.ravel(), neighbors.indices.ravel(), start), shape=(n_cells, n_cells))
    transposed = directed.T.tocsr()
    graph = sp.csr_array(directed + transposed - directed * transposed)
    graph.eliminate_zeros()
    graph.sort_indices()
    return graph


def _weights(distances: FloatArray, typical: float) -> FloatArray:
    """Weights of the neighbours of some cells (cells × k); `typical` is the mean distance over all cells."""
    nearest = np.where(distances > 0, distances, np.inf).min(axis=1, keepdims=True)
    nearest[np.isinf(nearest)] = 0  # all neighbours coincide with the cell
    beyond = np.maximum(distances - nearest, 0)
    sigma = _bandwidths(beyond[:, 1:], np.log2(distances.shape[1]))  # the first is the cell itself
    mean = np.where(nearest[:, 0] > 0, distances.mean(axis=1), typical)
    sigma = np.maximum(sigma, _NARROWEST * mean)[:, None]
    return np.asarray(np.exp(-np.divide(beyond, sigma, out=np.zeros_like(beyond), where=sigma > 0)))


def _bandwidths(beyond: FloatArray, target: float) -> FloatArray:
    """σ (cells,) with Σ exp(−beyond / σ) = target in every row, by bisection."""
    sigma, low, high = np.ones(len(beyond)), np.zeros(len(beyond)), np.full(len(beyond), np.inf)
    seeking = np.arange(len(beyond))  # rows that are not there yet
    for _ in range(_TRIES):
        excess = np.exp(-beyond[seeking] / sigma[seeking, None]).sum(axis=1) - target
        off = np.abs(excess) >= _TOLERANCE
        wide, narrow = seeking[off & (excess > 0)], seeking[off & (excess <= 0)]
        high[wide], low[narrow] = sigma[wide], sigma[narrow]
        sigma[wide] = (low[wide] + high[wide]) / 2
        sigma[narrow] = np.where(np.isinf(high[narrow]), 2 * sigma[narrow], (low[narrow] + high[narrow]) / 2)
        seeking = seeking[off]
        if len(seeking) == 0:
            break
    return sigma
