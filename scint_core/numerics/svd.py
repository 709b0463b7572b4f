"""Truncated singular value decomposition of dense and sparse matrices, with columns centred on the way.

Both functions give singular vectors with a fixed sign: the largest entry of every right vector is positive. Neither
holds a dense copy of a sparse matrix; centring never fills its zeros.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import scipy.linalg as la
import scipy.sparse as sp

from scint_core.contract import FloatArray, Matrix, result

_BLOCK_VALUES = 1 << 22  # values of a sparse matrix that are dense at one time: 32 MB
_RESOLVED = 1e-7  # singular values below this share of the largest drown in the squares of the Gram matrix


@result
@dataclass(frozen=True)
class Svd:
    """The leading part of a singular value decomposition: matrix ≈ u · diag(s) · vt, `s` decreasing."""

    u: FloatArray  # rows × n
    s: FloatArray  # (n,)
    vt: FloatArray  # n × columns


def truncated_svd(matrix: Matrix, n: int, *, centre: FloatArray | None = None, weight: FloatArray | None = None) -> Svd:
    """The `n` leading singular triplets of `matrix` (rows × columns) less `centre` (columns,), exact in float64.

    Where `weight` (rows,) is given, every centred row is multiplied by its own.
    The eigenvectors of the smaller Gram matrix span the answer; a small decomposition of the matrix on them (a
    Rayleigh–Ritz step) then gives values and vectors at the accuracy of the matrix itself and not of its square.
    Costs rows · columns · min(rows, columns), and memory for the square of the smaller side. Fewer than `n` triplets
    come back where the rank is lower; values below 1e-7 of the largest count as zero.
    """
    wide = matrix.shape[0] < matrix.shape[1]
    side = min(matrix.shape)
    n = min(n, side)
    if n < 1:
        return Svd(np.zeros((matrix.shape[0], 0)), np.zeros(0), np.zeros((0, matrix.shape[1])))
    gram = _gram(matrix, centre, weight, of_rows=wide)  # small × small
    basis = la.eigh(gram, subset_by_index=(side - n, side - 1), driver="evr", overwrite_a=True)[1]  # small × n
    times = _times_left if wide else _times
    image = times(matrix, basis, centre, weight)  # long × n
    long_vectors, s, rotation = la.svd(image, full_matrices=False)
    small_vectors = basis @ rotation.T
    u, v = (small_vectors, long_vectors) if wide else (long_vectors, small_vectors)
    return _finished(u, s, v.T, _centring_noise(len(u), centre, weight))


def randomised_svd(
    matrix: Matrix,
    n: int,
    *,
    seed: int,
    centre: FloatArray | None = None,
    weight: FloatArray | None = None,
    oversample: int = 10,
    power: int = 4,
) -> Svd:
    """The `n` leading singular triplets of `matrix` less `centre` (columns,), approximate: for sizes beyond exact.

    Where `weight` (rows,) is given, every centred row is multiplied by its own.
    A random subspace of `n + oversample` dimensions is multiplied `power` times by the matrix and its transpose
    (Halko, Martinsson and Tropp, SIAM Review 53, 2011, algorithm 4.4 with a QR step after every product). More of
    either is more exact and slower. The same seed gives the same numbers.
    """
    width = min(n + oversample, *matrix.shape)
    start = np.random.default_rng(seed).standard_normal((matrix.shape[1], width))
    basis = la.qr(_times(matrix, start, centre, weight), mode="economic")[0]  # rows × width
    for _ in range(power):
        basis = la.qr(_times_left(matrix, basis, centre, weight), mode="economic")[0]  # columns × width
        basis = la.qr(_times(matrix, basis, centre, weight), mode="economic")[0]
    small = _times_left(matrix, basis, centre, weight).T  # width × columns
    u, s, vt = la.svd(small, full_matrices=False)
    return _finished((basis @ u)[:, :n], s[:n], vt[:n], _centring_noise(len(basis), centre, weight))


def _centring_noise(rows: int, centre: FloatArray | None, weight: FloatArray | None) -> float:
    """Size of what rounding leaves of equal rows after centring: singular values below it are nothing."""
    if centre is None:
        return 0.0
    rows_together = np.sqrt(rows) if weight is None else np.linalg.norm(weight)
    return float(10 * np.finfo(np.float64).eps * rows_together * np.linalg.norm(centre))


def _finished(u: FloatArray, s: FloatArray, vt: FloatArray, noise: float) -> Svd:
    """Triplets above rounding, the largest entry of each row of `vt` made positive."""
    rank = int((s > max(_RESOLVED * s[0], noise)).sum()) if len(s) else 0
    u, s, vt = u[:, :rank], s[:rank], vt[:rank]
    sign = np.sign(vt[np.arange(rank), np.abs(vt).argmax(axis=1)])
    return Svd(np.ascontiguousarray(u * sign), s, np.ascontiguousarray(vt * sign[:, None]))


def _times(matrix: Matrix, right: FloatArray, centre: FloatArray | None, weight: FloatArray | None) -> FloatArray:
    """diag(weight) · (matrix − 1·centreᵀ) · right, rows × n."""
    product: FloatArray = _float64(matrix) @ right
    if centre is not None:
        product = product - centre @ right
    return product if weight is None else weight[:, None] * product


def _times_left(matrix: Matrix, left: FloatArray, centre: FloatArray | None, weight: FloatArray | None) -> FloatArray:
    """(matrix − 1·centreᵀ)ᵀ · diag(weight) · left, columns × n."""
    if weight is not None:
        left = weight[:, None] * left
    product: FloatArray = _float64(matrix).T @ left
    return product if centre is None else product - np.outer(centre, left.sum(axis=0))


def _float64(matrix: Matrix) -> Matrix:
    return matrix.astype(np.float64, copy=False)


def _gram(matrix: Matrix, centre: FloatArray | None, weight: FloatArray | None, *, of_rows: bool) -> FloatArray:
    """All products of the centred, weighted columns (or rows) with each other, summed over blocks of the other axis.

    Only the lower triangle is filled; the rest is 0.
    """
    side = matrix.shape[0] if of_rows else matrix.shape[1]
    total = np.zeros((side, side), order="F")
    for block in _centred_blocks(matrix, centre, weight, by_columns=of_rows):  # long part × small
        total = la.blas.dsyrk(1.0, block.T, beta=1.0, c=total, lower=True, overwrite_c=True)
    return total


def _centred_blocks(
    matrix: Matrix, centre: FloatArray | None, weight: FloatArray | None, *, by_columns: bool
) -> Iterator[FloatArray]:
    """Dense pieces (rows of the piece × small side) of the centred, weighted matrix, or of its transpose."""
    shift = np.zeros(matrix.shape[1]) if centre is None else np.asarray(centre, dtype=np.float64)
    factor = np.ones(matrix.shape[0]) if weight is None else weight
    long = (sp.csr_matrix(matrix.T) if sp.issparse(matrix) else matrix.T) if by_columns else matrix
    step = max(1, _BLOCK_VALUES // max(1, long.shape[1]))
    for start in range(0, long.shape[0], step):
        rows = slice(start, start + step)
        dense = np.array(long[rows].toarray() if sp.issparse(long) else long[rows], dtype=np.float64, order="C")
        dense -= shift[rows, None] if by_columns else shift
        dense *= factor if by_columns else factor[rows, None]
        yield dense
