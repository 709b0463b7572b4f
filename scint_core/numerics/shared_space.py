"""Two batches in one low-dimensional space: canonical vectors and, for comparison, principal components."""

from __future__ import annotations

import numpy as np
import scipy.linalg as la

from scint_core.contract import FloatArray, IntArray, SharedSpace, explained
from scint_core.numerics.scaling import standardise_rows
from scint_core.numerics.svd import truncated_svd

_LONGEST_LIST = 100  # genes per dimension, of which half are the highest and half the lowest loadings


@explained(
    "Directions are found along which the two batches vary together: what only one batch shows does not count. "
    "Each cell is first brought to mean 0 and standard deviation 1 over the genes.",
    formula=r"A^\top B = U \Sigma V^\top,\quad \text{cells of the two batches} = U, V",
    slide=r"\max_{u, v}\ \operatorname{cor}(A u, B v),\quad \text{every pair of them uncorrelated with the others}",
    parameters=("reduction", "n_ccs"),
)
def canonical_vectors(left: FloatArray, right: FloatArray, n: int) -> SharedSpace:
    """The `n` leading canonical vectors of two batches (cells × genes, genes scaled within each batch).

    Genes that are constant in either batch are left out, then every cell is standardised over the genes; the vectors
    are the singular vectors of (left cells · right cells), with the sign by which the first left cell is not
    negative. More of them hold finer shared differences, the last ones noise. Fewer than `n` come back where the rank
    is lower, none where fewer than two genes vary in both batches. As Seurat's RunCCA with an exact decomposition.

    The table of cells × cells is never formed. With A Aᵀ = F Fᵀ and B Bᵀ = G Gᵀ (genes × genes at most), Fᵀ G has the
    singular values of Aᵀ B, and the vectors follow by one product each. Its size is bounded by the genes whatever the
    number of cells, and unlike an iteration it does not stop short of the last vectors.
    """
    genes = np.flatnonzero(left.any(axis=0) & right.any(axis=0))
    if len(genes) < 2:
        return _signed(np.zeros((len(left), 0)), np.zeros((len(right), 0)), np.zeros(0), left, right, genes, "CC")
    a, b = standardise_rows(left[:, genes]), standardise_rows(right[:, genes])  # cells × genes
    f, g = _factor(a), _factor(b)  # genes × rank
    core = truncated_svd(f.T @ g, n)
    u = a @ (g @ core.vt.T) / core.s  # left cells × n
    v = b @ (f @ core.u) / core.s  # right cells × n
    return _signed(u, v, core.s, left, right, genes, "CC")


@explained(
    "The cells of both batches are projected on the directions in which they vary most, be it in both batches or in "
    "one of them only. Canonical vectors keep what is shared; this shows what they make of it.",
    formula=r"\begin{pmatrix} A \\ B \end{pmatrix} = U \Sigma V^\top,\quad \text{cells} = U \Sigma",
    parameters=("reduction", "n_ccs"),
)
def joint_components(left: FloatArray, right: FloatArray, n: int) -> SharedSpace:
    """The `n` leading principal components of two stacked batches (cells × genes, genes scaled within each batch)."""
    svd = truncated_svd(np.concatenate([left, right]), n)
    scores = svd.u * svd.s
    genes = np.arange(left.shape[1])
    return _signed(scores[: len(left)], scores[len(left) :], svd.s, left, right, genes, "PC")


@explained(
    "The genes that follow the dimensions most closely are chosen: of every dimension as many of the highest and of "
    "the lowest loadings, and as many as the bound allows.",
    formula=r"\max_y \Big|\bigcup_{d} \mathrm{Top}_y(d)\Big| < \max(2K,\ \text{max\_features}),\quad y \le 100",
    parameters=("max_features",),
)
def top_features(space: SharedSpace, max_features: int) -> IntArray:
    """Columns (ascending) of the genes with the most extreme loadings in any dimension.

    For y = 1 the gene of largest |loading| of every dimension, for larger y the y/2 highest and the y/2 lowest (halves
    to the even number); the y up to 100 whose union is largest, yet smaller than max(2 K, `max_features`). As Seurat's
    TopDimFeatures.
    """
    loadings = space.loadings
    n_genes, n_axes = loadings.shape
    bound = max(2 * n_axes, max_features)
    rank = np.argsort(np.argsort(loadings, axis=0, kind="stable"), axis=0)  # genes × K, 0 the lowest loading
    depth = np.minimum(rank, n_genes - 1 - rank).min(axis=1)  # (genes,) how far from an end at best
    lists = [np.unique(np.abs(loadings).argmax(axis=0))]
    lists += [np.flatnonzero(depth < round(min(y, n_genes) / 2)) for y in range(2, _LONGEST_LIST + 1)]
    within = [chosen for chosen in lists if len(chosen) < bound]
    return np.asarray(space.genes[np.sort(max(within, key=len))])


def _factor(cells: FloatArray) -> FloatArray:
    """F (genes × at most genes) with F Fᵀ = cellsᵀ · cells: the cells themselves where they are the fewer.

    Otherwise the Cholesky factor with pivoting, which stops at the rank; every standardised cell sums to 0, so the
    product is always singular.
    """
    n_cells, n_genes = cells.shape
    if n_cells <= n_genes:
        return cells.T
    lower, pivot, rank, _ = la.lapack.dpstrf(cells.T @ cells, lower=1)
    factor = np.empty((n_genes, rank))
    factor[pivot - 1] = np.tril(lower)[:, :rank]
    return factor


def _signed(
    u: FloatArray,
    v: FloatArray,
    strength: FloatArray,
    left: FloatArray,
    right: FloatArray,
    genes: IntArray,
    axis: str,
) -> SharedSpace:
    """The space with the first left cell at or above 0 in every dimension, and how strongly genes follow it."""
    sign = np.where(u[0] < 0, -1.0, 1.0)
    u, v = u * sign, v * sign
    loadings = (left.T @ u + right.T @ v)[genes]  # genes × K
    return SharedSpace(u, v, strength, loadings, genes, axis)
