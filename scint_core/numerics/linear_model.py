"""One linear model for every gene, fitted by least squares."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
import scipy.linalg as la

from scint_core.contract import BatchMeans, BoolArray, FloatArray, IntArray, LinearFit, Matrix, explained
from scint_core.errors import DataError
from scint_core.numerics.normalize import dense

DEPENDENT = 1e-7
"""A column of which less than this share is left beside the earlier ones is taken to depend on them, as in R's `lm`."""


def covariate_design(columns: Sequence[np.ndarray], names: Sequence[str]) -> tuple[FloatArray, tuple[str, ...]]:
    """Columns of the cell table as terms of a model (cells × terms), and the terms' names.

    Numbers are a term each; anything else is taken as categories, with one indicator for all but the first. Raises
    `DataError` for a column that is not complete.
    """
    terms, labels = [], []
    for column, name in zip(columns, names, strict=True):
        if column.dtype.kind in "fiu":
            _refuse_missing(~np.isfinite(column.astype(np.float64)), name)
            terms.append(column.astype(np.float64))
            labels.append(name)
            continue
        _refuse_missing(np.array([value is None or value != value for value in column], dtype=np.bool_), name)
        texts = column.astype(str)
        for category in np.unique(texts)[1:]:
            terms.append((texts == category).astype(np.float64))
            labels.append(f"{name} {category}")
    return np.stack(terms, axis=1) if terms else np.empty((0, 0)), tuple(labels)


def _refuse_missing(missing: BoolArray, name: str) -> None:
    if missing.any():
        raise DataError(
            f"column '{name}' is missing (NaN) for {int(missing.sum())} cells: a covariate must be known for every "
            "cell, fill it in or leave those cells out"
        )


def batch_indicators(batch: IntArray, n_batches: int) -> FloatArray:
    """1 where a cell is of a batch (cells × batches)."""
    return np.eye(n_batches)[batch]


def batch_contrasts(batch: IntArray, n_batches: int) -> FloatArray:
    """Batches as contrasts that sum to 0 over the batches (cells × batches − 1): the last batch is −1 in all."""
    coding = np.vstack([np.eye(n_batches - 1), -np.ones(n_batches - 1)])
    return np.asarray(coding[batch])


@explained(
    "Every gene is described by one linear model of covariates and batches, fitted by least squares. Where batches "
    "and covariates cannot be told apart, what the earlier terms explain is theirs.",
    formula=r"\min_\beta \sum_i (x_{ig} - d_i^\top \beta_g)^2",
    parameters=("covariates",),
)
def fit_every_gene(cells: Matrix, design: FloatArray, terms: tuple[str, ...]) -> LinearFit:
    """Least-squares coefficients of every column of `cells` (cells × genes) on `design` (cells × terms).

    A term that the terms before it determine is not estimable: its coefficients are 0. A sparse matrix stays sparse.
    """
    estimable = independent_columns(design)
    basis, triangle = la.qr(design[:, estimable], mode="economic")
    coefficients = np.zeros((cells.shape[1], design.shape[1]))
    projected = np.asarray(cells.astype(np.float64, copy=False).T @ basis)  # genes × estimable terms
    coefficients[:, estimable] = la.solve_triangular(triangle, projected.T).T
    return LinearFit(design, coefficients, terms, estimable)


def independent_columns(design: FloatArray) -> BoolArray:
    """For every column, whether more than rounding is left of it beside the columns before it."""
    basis = np.empty((len(design), 0))
    chosen = np.zeros(design.shape[1], dtype=np.bool_)
    for number, column in enumerate(design.T):
        rest = column - basis @ (basis.T @ column)
        rest -= basis @ (basis.T @ rest)  # once more: the first time leaves rounding
        length = np.linalg.norm(rest)
        if length > DEPENDENT * np.linalg.norm(column):
            chosen[number] = True
            basis = np.column_stack([basis, rest / length])
    return chosen


@explained(
    "What the model puts down to the batch is taken off every cell. The terms for covariates stay in, and so does the "
    "mean of the batches' levels, in which every batch counts the same.",
    formula=r"x_{ig} \leftarrow x_{ig} - c_{b(i)}^\top \beta_g",
)
def without_terms(cells: Matrix, fit: LinearFit, first: int) -> FloatArray:
    """`cells` (cells × genes, dense) less the part of the terms from the position `first` on."""
    corrected = dense(cells).copy()
    corrected -= fit.design[:, first:] @ fit.coefficients[:, first:].T
    return corrected


@explained("The mean of every gene in every batch, before and after.")
def compared_means(before: Matrix, after: FloatArray, bounds: IntArray) -> BatchMeans:
    """Means over the rows of each batch; batch b is `bounds[b]:bounds[b + 1]`."""
    batches = [slice(start, stop) for start, stop in pairwise(bounds.tolist())]
    means = [
        np.stack([np.asarray(cells[rows].mean(axis=0, dtype=np.float64)).ravel() for rows in batches], axis=1)
        for cells in (before, after)
    ]
    return BatchMeans(*means)
