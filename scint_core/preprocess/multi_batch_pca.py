"""Principal components of several batches together, to which every batch contributes alike."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import scipy.sparse as sp

from scint_core.contract import FloatArray, IntArray, Matrix, MultiBatchPca, explained
from scint_core.errors import DataError
from scint_core.numerics.normalize import SHORTEST
from scint_core.numerics.svd import Svd, randomised_svd, truncated_svd
from scint_core.preprocess.pca import EXACT_UP_TO, squared_sum


@explained(
    "All cells, divided by their length where asked for, are projected on the directions in which their expression "
    "varies most. A batch counts as much as any other, however many cells it has, for the centre and for the "
    "directions.",
    formula=r"\mu = \frac1B \sum_b \mu_b,\quad \left[\frac{x_i - \mu}{\sqrt{n_{b(i)}}}\right]_i = U S V^\top,\quad "
    r"z_i = V^\top (x_i - \mu)",
    parameters=("cos_norm", "n_pcs"),
)
def multi_batch_pca(
    matrix: Matrix, lengths: FloatArray | None, bounds: IntArray, n_pcs: int, seed: int
) -> MultiBatchPca:
    """The leading `n_pcs` components of `matrix` (cells × genes), every batch weighing the same; float64.

    Batch b is the rows `bounds[b]:bounds[b + 1]`. Rows are first divided by `lengths` (cells,; floor 1e-8) where
    given. The cells themselves are projected, not the weighted ones. Exact up to 4,000 cells or genes, whichever are
    fewer (`is_exact`); beyond that by random projection, where `seed` decides. Fewer components come back where the
    cells span fewer directions. A sparse matrix stays sparse. Raises `DataError` where all cells are equal. As
    `batchelor::multiBatchPCA` with its default weights.
    """
    cells = divided_rows(matrix, lengths)
    slices = [slice(start, stop) for start, stop in pairwise(bounds.tolist())]
    centre = np.mean([np.asarray(cells[rows].mean(axis=0)).ravel() for rows in slices], axis=0)  # (genes,)
    svd = _weighted_svd(cells, centre, 1 / np.sqrt(np.diff(bounds)), bounds, n_pcs, seed)
    rotation = svd.vt.T  # genes × d
    if rotation.shape[1] == 0:
        raise DataError(f"all cells are equal in the {cells.shape[1]} genes compared: choose genes that vary")
    projected = cells @ rotation - centre @ rotation  # cells × d
    scores = tuple(projected[rows] for rows in slices)
    spread = np.array([np.mean(of_batch**2, axis=0) for of_batch in scores])  # batches × d
    total = np.mean([squared_sum(cells[rows], centre) / (rows.stop - rows.start) for rows in slices])
    by_cells = spread * np.diff(bounds)[:, None]
    return MultiBatchPca(
        scores=scores,
        rotation=rotation,
        centre=centre,
        variance=svd.s**2 / len(slices),
        total_variance=float(total),
        share=spread / spread.sum(axis=0),
        share_by_cells=by_cells / by_cells.sum(axis=0),
    )


def is_exact(n_cells: int, n_genes: int) -> bool:
    """Whether `multi_batch_pca` is exact at this size."""
    return min(n_cells, n_genes) <= EXACT_UP_TO


def divided_rows(matrix: Matrix, lengths: FloatArray | None) -> Matrix:
    """Every row of `matrix` divided by its length (floor 1e-8), in float64; as it is without lengths."""
    matrix = matrix.astype(np.float64, copy=False)
    if lengths is None:
        return matrix
    factor = 1 / np.maximum(lengths, SHORTEST)
    return sp.csr_matrix(sp.diags(factor) @ matrix) if sp.issparse(matrix) else matrix * factor[:, None]


def _weighted_svd(
    cells: Matrix, centre: FloatArray, weight_of_batch: FloatArray, bounds: IntArray, n: int, seed: int
) -> Svd:
    """The leading part of the decomposition of the centred cells, each times the weight of its batch."""
    weight = np.repeat(weight_of_batch, np.diff(bounds))  # (cells,)
    if is_exact(*cells.shape):
        return truncated_svd(cells, n, centre=centre, weight=weight)
    return randomised_svd(cells, n, seed=seed, centre=centre, weight=weight)
