"""Kernel smoothing of correction vectors."""

from __future__ import annotations

import numpy as np

from scint_core.contract import FloatArray, PairVectors, Shift, explained, tick
from scint_core.numerics.neighbors import even_blocks
from scint_core.numerics.ordered_sums import log_sums, squared_differences, weighted_means
from scint_core.numerics.threads import in_threads

_ENTRIES = 2**18  # weights that a thread holds at a time (2 MB)


@explained(
    "Every target cell, in a pair or not, gets a weighted mean of the pair vectors, in which near cells weigh more. "
    "Each weight is divided by the density of paired cells around it, so that a crowd of pairs does not outvote a few.",
    formula=r"u(x) = \frac{\sum_m w_m(x)\, v_m}{\sum_m w_m(x)}, \quad "
    r"w_m(x) = \frac{e^{-\lVert x - m \rVert^2/\sigma}}{\sum_{m'} e^{-\lVert m - m' \rVert^2/\sigma}}",
    slide=r"u(x) = \frac{\sum_m W(x, m)\, v_m}{\sum_m W(x, m)}, \quad W(x, m) = e^{-\lVert x - m \rVert^2/\sigma^2}",
    parameters=("sigma",),
)
def smooth_pair_vectors(cells: FloatArray, pairs: PairVectors, sigma: float) -> Shift:
    """A vector for every row of `cells` (n × g): the Gaussian mean of the pair vectors (m × any number of genes).

    `pairs.cells` are the rows of `cells` that are in a pair. A larger `sigma` (the divisor of the *squared* distance)
    reaches further. Weights are held as logarithms until the largest is known, so none is lost however small
    `sigma` is, and a block of rows at a time. As `smooth.gaussian.kernel` of batchelor, also in the order of every
    sum: the lengthening of the vectors can hang on their last digit.
    """
    paired = cells[pairs.cells]  # m × g
    density = _log_densities(paired, sigma)

    def smoothed(rows: slice) -> FloatArray:
        """The shifts of some cells (rows × g)."""
        log_weight = squared_differences(cells[rows], paired)  # rows × m
        log_weight /= -sigma
        log_weight -= density
        return weighted_means(log_weight, pairs.vectors)

    shift = np.empty((len(cells), pairs.vectors.shape[1]))
    blocks = even_blocks(len(cells), max(len(paired), shift.shape[1]), _ENTRIES)
    for rows, vectors in zip(blocks, in_threads(smoothed, blocks), strict=True):
        shift[rows] = vectors
        tick(rows.stop, len(cells))
    return Shift(shift)


def _log_densities(paired: FloatArray, sigma: float) -> FloatArray:
    """log Σ exp(−d²/sigma) of every paired cell over all of them; at least 0, since each counts itself."""

    def densities(rows: slice) -> FloatArray:
        return log_sums(squared_differences(paired[rows], paired) / -sigma)

    density = np.empty(len(paired))
    blocks = even_blocks(len(paired), len(paired), _ENTRIES)
    for rows, found in zip(blocks, in_threads(densities, blocks), strict=True):
        density[rows] = found
    return density
