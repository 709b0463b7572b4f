"""Scaling cells to length 1."""

from __future__ import annotations

import numpy as np
import scipy.sparse as sp

from scint_core.contract import FloatArray, Matrix, explained

SHORTEST = 1e-8
"""The length that a shorter cell is divided by, so that a cell of zeros stays a cell of zeros."""


def dense(rows: Matrix) -> FloatArray:
    """Rows as a dense float64 array."""
    return np.asarray(rows.toarray() if sp.issparse(rows) else rows, dtype=np.float64)


@explained(
    "The length of every cell's expression vector is measured, over the genes that cells are compared by. "
    "Dividing by it makes cells of different sequencing depth comparable.",
    formula=r"\lVert x \rVert = \sqrt{\textstyle\sum_g x_g^2}",
)
def row_lengths(cells: Matrix) -> FloatArray:
    """Euclidean length of every row of a dense or sparse matrix, in float64."""
    if sp.issparse(cells):
        squares = cells.astype(np.float64).power(2)
        return np.asarray(np.sqrt(np.asarray(squares.sum(axis=1)).ravel()))
    return np.asarray(np.linalg.norm(np.asarray(cells, dtype=np.float64), axis=1))


@explained(
    "Every cell of the batch is divided by its length, so that all cells lie on the unit sphere. Distances between "
    "cells then depend on the profile of expression and not on its size.",
    formula=r"x \leftarrow \frac{x}{\max(\lVert x \rVert,\ 10^{-8})}",
    slide=r"Y_x \leftarrow \frac{Y_x}{\lVert Y_x \rVert}",
    parameters=("cos_norm_in", "cos_norm_out"),
)
def cosine_normalize(cells: Matrix, lengths: FloatArray, start: int, stop: int) -> FloatArray:
    """Rows `start` to `stop` of `cells`, dense, each divided by its length in `lengths` (floor 1e-8).

    The lengths may be those over other genes: corrected genes are scaled by the length over the compared ones.
    """
    return dense(_divided(cells[start:stop], np.maximum(lengths[start:stop], SHORTEST)))


def _divided(cells: Matrix, by: FloatArray) -> Matrix:
    """Every row divided by its number, in float64; of a sparse matrix what it stores, which is less."""
    if not sp.issparse(cells):
        return np.asarray(cells, dtype=np.float64) / by[:, None]
    rows = sp.csr_matrix(cells, dtype=np.float64, copy=True)
    rows.data /= np.repeat(by, np.diff(rows.indptr))
    return rows


@explained(
    "Corrected genes are scaled by the length over the compared genes, so that both agree where they overlap. A cell "
    "without expression in the compared genes is scaled by its length over all genes."
)
def output_lengths(lengths: FloatArray, cells: Matrix) -> FloatArray:
    """`lengths`, and the length of the row of `cells` where that is 0."""
    return np.asarray(np.where(lengths > 0, lengths, row_lengths(cells)))


@explained("The cells of one batch are taken as they are, without scaling.", parameters=("cos_norm_in", "cos_norm_out"))
def batch_rows(cells: Matrix, start: int, stop: int) -> FloatArray:
    """Rows `start` to `stop` of `cells` as a dense float64 array."""
    return dense(cells[start:stop])


@explained(
    "Every cell is divided by its length, so that cells are compared by direction. On unit vectors the squared "
    "distance is twice one minus the cosine of the angle.",
    formula=r"\hat z_i = z_i / \lVert z_i \rVert, \qquad \lVert \hat z_i - y \rVert^2 = 2\,(1 - y \cdot \hat z_i)",
)
def unit_rows(cells: FloatArray) -> FloatArray:
    """Every row divided by its length, in float64; a row of zeros stays one."""
    cells = np.asarray(cells, dtype=np.float64)
    lengths = np.linalg.norm(cells, axis=1, keepdims=True)
    return np.asarray(cells / np.where(lengths > 0, lengths, 1))


@explained(
    "Every cell's expression is divided by its length, so that sequencing depth plays no part. The zeros of a sparse "
    "matrix stay zeros.",
    formula=r"x \leftarrow x / \lVert x \rVert_2",
)
def unit_profiles(cells: Matrix, lengths: FloatArray) -> Matrix:
    """Every row (of a dense or sparse matrix) divided by its length, in float64; a row of zeros stays one."""
    shrink = 1 / np.where(lengths > 0, lengths, 1)
    if sp.issparse(cells):
        return sp.csr_matrix(sp.diags_array(shrink) @ cells.astype(np.float64))
    return np.asarray(np.asarray(cells, dtype=np.float64) * shrink[:, None])
