"""Principal components of cells × genes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp

from scint_core.contract import FloatArray, Matrix, explained, result
from scint_core.numerics.svd import Svd, randomised_svd, truncated_svd

EXACT_UP_TO = 4000
"""Cells or genes, whichever are fewer, up to which the components are exact."""


@result
@dataclass(frozen=True)
class Pca:
    """Principal components: `scores` = (matrix − mean) · componentsᵀ."""

    scores: FloatArray  # cells × n
    components: FloatArray  # n × genes, orthonormal rows, largest entry of each positive
    variance: FloatArray  # (n,) of the scores, with cells − 1 in the denominator
    variance_ratio: FloatArray  # (n,) share of the variance of all genes
    mean: FloatArray  # (genes,)


@explained(
    "Cells are projected on the directions in which their expression varies most.",
    formula=r"X - \mathbf 1 \mu^\top = U S V^\top,\quad \text{scores} = U S",
    parameters=("n_pcs",),
)
def pca(matrix: Matrix, n_components: int, *, seed: int = 0) -> Pca:
    """The leading `n_components` of `matrix` (cells × genes) with columns centred, not scaled; float64.

    Exact up to 4,000 cells or genes, whichever are fewer; beyond that by random projection, where `seed` decides.
    Fewer come back where the rank of the matrix is lower. Centring keeps a sparse matrix sparse.
    """
    matrix = matrix.astype(np.float64, copy=False)  # a sum of float32 in scipy stays float32, whatever dtype says
    svd, mean = _centred_svd(matrix, n_components, seed)
    freedom = max(1, matrix.shape[0] - 1)
    variance = svd.s**2 / freedom
    total = squared_sum(matrix, mean) / freedom
    ratio = variance / total if total > 0 else np.zeros_like(variance)
    return Pca(svd.u * svd.s, svd.vt, variance, ratio, mean)


def pca_scores(matrix: Matrix, n_components: int, *, seed: int = 0) -> FloatArray:
    """The scores of `pca` (cells × n) alone, for which the variance of all genes need not be summed."""
    svd, _ = _centred_svd(matrix.astype(np.float64, copy=False), n_components, seed)
    return svd.u * svd.s


def _centred_svd(matrix: Matrix, n_components: int, seed: int) -> tuple[Svd, FloatArray]:
    """The decomposition of the centred matrix, and the mean that was taken off (genes,)."""
    mean = np.asarray(matrix.mean(axis=0)).ravel()
    if min(matrix.shape) <= EXACT_UP_TO:
        return truncated_svd(matrix, n_components, centre=mean), mean
    return randomised_svd(matrix, n_components, seed=seed, centre=mean), mean


def squared_sum(matrix: Matrix, mean: FloatArray) -> float:
    """Σ (matrix − mean)² over all entries."""
    if sp.issparse(matrix):
        stored = sp.csr_matrix(matrix)
        zeros = stored.shape[0] - np.bincount(stored.indices, minlength=stored.shape[1])  # per gene
        return float(((stored.data - mean[stored.indices]) ** 2).sum() + (zeros * mean**2).sum())
    return float(sum((np.square(rows - mean)).sum() for rows in np.array_split(matrix, 1 + matrix.shape[0] // 1000)))
