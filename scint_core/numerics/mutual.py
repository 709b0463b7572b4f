"""Mutual nearest neighbours and the vectors between them."""

from __future__ import annotations

import numpy as np

from scint_core.contract import CrossNeighbors, FloatArray, MutualPairs, PairVectors, explained
from scint_core.numerics.neighbors import row_blocks


def neighborhood_size(n_cells: int, k: int, prop_k: float | None = None) -> int:
    """How many of `n_cells` cells count as the nearest: `k`, or the share `prop_k` of them where that is more."""
    wanted = k if prop_k is None else max(k, round(prop_k * n_cells))
    return min(wanted, n_cells)


@explained(
    "A left and a right cell form a pair when each is among the nearest neighbours of the other. Such pairs are taken "
    "to be cells of the same state, so that their difference is the batch effect.",
    formula=r"(l, r):\ l \in \mathrm{NN}_k^{L}(r) \ \text{and}\ r \in \mathrm{NN}_k^{R}(l)",
    parameters=("k", "prop_k"),
)
def mutual_pairs(near: CrossNeighbors, k_left: int, k_right: int) -> MutualPairs:
    """Pairs (l, r) with l among the `k_left` left cells nearest to r, and r among the `k_right` nearest to l.

    Ordered by left cell, then by the rank of the right cell among its neighbours. `near` may hold more neighbours
    than are asked for.
    """
    of_left = near.of_left.indices[:, :k_right]  # left cells × k_right
    of_right = near.of_right.indices[:, :k_left]  # right cells × k_left
    n_right = len(of_right)
    left = np.repeat(np.arange(len(of_left)), of_left.shape[1])
    right = of_left.ravel()
    seen_from_right = of_right * n_right + np.arange(n_right)[:, None]
    mutual = np.isin(left * n_right + right, seen_from_right.ravel())
    return MutualPairs(left[mutual], right[mutual])


@explained(
    "Every target cell that is in a pair gets the mean of the differences to its partners. A cell with many partners "
    "counts no more than a cell with one.",
    formula=r"v_m = \frac{1}{|P_m|} \sum_{l \in P_m} (x_l - x_m)",
    slide=r"u(m) = \frac{1}{|P_m|} \sum_{l \in P_m} (x_m - x_l), \quad \text{to be subtracted}",
)
def mean_pair_vectors(left: FloatArray, right: FloatArray, pairs: MutualPairs) -> PairVectors:
    """One vector per right cell in a pair: the mean over its pairs of (left cell − right cell).

    `left` (n × g) and `right` (m × g) are the two sides; the cells come in ascending order. The sum over partners is
    formed in numpy's long double, as R's `rowsum` does, with which batchelor averages.
    """
    cells, row, n_partners = np.unique(pairs.right, return_inverse=True, return_counts=True)
    partners = pairs.left[np.argsort(row, kind="stable")]  # those of the first cell, in the order of the pairs, ...
    first = np.cumsum(n_partners) - n_partners
    vectors = np.empty((len(cells), left.shape[1]))
    for block in row_blocks(len(cells), left.shape[1]):
        own, count = right[cells[block]], n_partners[block]
        total = np.zeros(own.shape, dtype=np.longdouble)
        for rank in range(count.max()):
            has = np.flatnonzero(count > rank)
            total[has] += left[partners[first[block][has] + rank]] - own[has]
        vectors[block] = total.astype(np.float64) / count[:, None]
    return PairVectors(cells, vectors)
