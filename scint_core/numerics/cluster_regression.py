"""Batch offsets of soft clusters by ridge regression, in closed form."""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from scint_core.contract import Embedding, FloatArray, IntArray, SoftClusters, explained

DYNAMIC_SHARE = 0.2
"""The penalty's share of the expected number of cells where no fixed penalty is given."""


@explained(
    "In every cluster, each batch's offset from the cluster's centre is estimated by ridge regression and taken off "
    "its cells, in proportion to their share in the cluster. It always starts from the original components, so that "
    "corrections do not pile up.",
    formula=r"\beta_{kb} = \frac{n_{kb}}{n_{kb} + \lambda}\,(m_{kb} - \beta_{k0}), \qquad "
    r"z_i \leftarrow z_i - \sum_k R_{ik}\, \beta_{k b(i)}",
    parameters=("lamb",),
)
def correct_clusters(cells: FloatArray, clusters: SoftClusters, bounds: IntArray, lamb: float | None) -> Embedding:
    """The original components `cells` (N × d) without the batch offsets of the clusters.

    Batch b is the rows `bounds[b]:bounds[b + 1]`. A larger `lamb` shrinks the offsets, most where a cluster holds
    little of a batch; None takes 0.2 of the expected number of cells of each cluster and batch. A cell without
    direction (all components 0) stays where it is. The regression of every cluster has an intercept
    and one indicator per batch; the intercept is neither penalised nor taken off.
    """
    cells = np.asarray(cells, dtype=np.float64)
    batches = [slice(start, stop) for start, stop in pairwise(bounds)]
    weights = [clusters.membership[rows] for rows in batches]
    offsets = batch_offsets(
        np.stack([weight.sum(axis=0) for weight in weights]),
        np.stack([weight.T @ cells[rows] for weight, rows in zip(weights, batches, strict=True)]),
        DYNAMIC_SHARE * clusters.expected.T if lamb is None else np.full(clusters.expected.T.shape, lamb),
    )
    corrected = np.empty_like(cells)
    for rows, weight, offset in zip(batches, weights, offsets, strict=True):
        corrected[rows] = cells[rows] - weight @ offset
    corrected[~cells.any(axis=1)] = 0
    return Embedding(corrected)


def batch_offsets(sizes: FloatArray, sums: FloatArray, penalty: FloatArray) -> FloatArray:
    """Ridge estimates of the offset of every batch in every cluster (batches × K × d).

    `sizes` (batches × K) are summed shares, `sums` (batches × K × d) weighted sums of cells, `penalty` (batches × K).
    A batch that is absent from a cluster has offset 0.
    """
    residual = sums - sizes[..., None] * ridge_centres(sizes, sums, penalty)
    return np.asarray(residual / np.where(sizes > 0, sizes + penalty, np.inf)[..., None])


def ridge_centres(sizes: FloatArray, sums: FloatArray, penalty: FloatArray) -> FloatArray:
    """The intercept of every cluster (K × d): what minimises the penalised error is the mean of the batch means,
    weighted by n λ / (n + λ). Arguments as of `batch_offsets`."""
    shrunk = np.divide(penalty, sizes + penalty, out=np.zeros_like(sizes), where=sizes + penalty > 0)
    weight = (shrunk * sizes).sum(axis=0)  # K
    return np.asarray((shrunk[..., None] * sums).sum(axis=0) / np.where(weight > 0, weight, 1)[:, None])
