"""Bringing genes, or cells, to mean 0 and standard deviation 1."""

from __future__ import annotations

import numpy as np

from scint_core.contract import FloatArray, Matrix, explained
from scint_core.numerics.normalize import dense

CLIP = 10.0
"""Where scaled values are cut off from above."""


@explained(
    "Every gene is brought to mean 0 and standard deviation 1 over the cells of the batch, so that highly expressed "
    "genes do not outweigh the others. Values above 10 are cut off; low ones are not.",
    formula=r"z_{cg} = \min\!\left(\frac{x_{cg} - \bar x_g}{s_g},\ 10\right)",
    slide=r"z_{cg} = \frac{x_{cg} - \bar x_g}{s_g}",
)
def scale_genes(cells: Matrix, start: int, stop: int) -> FloatArray:
    """Rows `start` to `stop` of `cells`, dense and scaled as `scale_columns` does. As Seurat's ScaleData."""
    return scale_columns(dense(cells[start:stop]))


def scale_columns(values: FloatArray) -> FloatArray:
    """(x − mean) / sd of every column (sd with n − 1), at most `CLIP`; a constant column becomes 0."""
    return np.asarray(np.minimum(_standardised(values, axis=0), CLIP))


def standardise_rows(values: FloatArray) -> FloatArray:
    """(x − mean) / sd of every row (sd with n − 1), not cut off; a constant row becomes 0."""
    return _standardised(values, axis=1)


def _standardised(values: FloatArray, axis: int) -> FloatArray:
    centred = values - values.mean(axis=axis, keepdims=True)
    squares = np.einsum("ij,ij->j" if axis == 0 else "ij,ij->i", centred, centred)
    sd = np.expand_dims(np.sqrt(squares / max(1, values.shape[axis] - 1)), axis)
    sd[values.min(axis=axis, keepdims=True) == values.max(axis=axis, keepdims=True)] = np.inf  # not by sd: it rounds
    centred /= sd
    return np.asarray(centred)
