"""Correction vectors averaged over the nearest paired cells, with tricube weights."""

from __future__ import annotations

import numpy as np
import scipy.sparse as sp

from scint_core.contract import FloatArray, LocalWeights, Neighbors, PairVectors, Shift, explained
from scint_core.numerics.neighbors import cut, nearest_neighbors, on_the_ladder

NARROWEST = 1e-8
"""The bandwidth where a narrower one is found: cells that lie on one another weigh the same."""


@on_the_ladder
@explained(
    "For every target cell, the nearest target cells that are in a pair are found. A paired cell finds itself first.",
    formula=r"\mathrm{NN}_k^{M}(x) = \operatorname{arg\,min}^{(k)}_{m \in M} \lVert x - m \rVert",
    parameters=("k", "prop_k"),
)
def nearest_paired(cells: FloatArray, vectors: PairVectors, k: int) -> Neighbors:
    """The `k` nearest paired cells of every row of `cells` (n × d), as positions in `vectors.cells`.

    Exact; `k` is lowered to the number of paired cells.
    """
    return nearest_neighbors(cells, cells[vectors.cells], k)


@explained(
    "Near paired cells weigh more than far ones. The weight falls to 0 at a multiple of the median distance, so it "
    "adapts to how densely paired cells lie around the cell.",
    formula=r"w_j = \left(1 - \min\!\left(1, \frac{d_j}{h}\right)^{3}\right)^{3}, \quad "
    r"h = \max(\texttt{ndist} \cdot d_{(\lceil k/2 \rceil)},\ 10^{-8})",
    parameters=("ndist",),
)
def tricube_weights(near: Neighbors, k: int, ndist: float) -> LocalWeights:
    """Weights of the `k` nearest paired cells of every cell, summing to 1.

    `near` may hold more than `k`; where it holds fewer, those. The bandwidth is `ndist` times the distance to the
    middle one (the lower of two), at least 1e-8. A larger `ndist` weighs them more evenly; one so small that all
    weights are 0 leaves the nearest alone. As `fastMNN` of batchelor.
    """
    near = cut(near, k)
    middle = near.distances[:, (near.distances.shape[1] - 1) // 2]
    bandwidth = np.maximum(ndist * middle, NARROWEST)  # (n,)
    weights = (1 - np.minimum(near.distances / bandwidth[:, None], 1) ** 3) ** 3  # n × k
    weights[~weights.any(axis=1), 0] = 1
    return LocalWeights(near.indices, weights / weights.sum(axis=1, keepdims=True), bandwidth)


@explained(
    "Every target cell, in a pair or not, gets the weighted mean of the vectors of those paired cells.",
    formula=r"u(x) = \sum_j w_j\, v_j",
)
def local_mean(near: LocalWeights, vectors: PairVectors) -> Shift:
    """A vector for every cell: the mean of the pair vectors (m × d) with its weights."""
    n, k = near.weights.shape
    rows = np.arange(0, n * k + 1, k)
    averaging = sp.csr_matrix((near.weights.ravel(), near.paired.ravel(), rows), shape=(n, len(vectors.vectors)))
    return Shift(np.asarray(averaging @ vectors.vectors))
