"""AnnData → `Problem`: the only way in.

Fields are read, and checked, when a method asks for them; so a method validates only what it reads.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd
import scipy.sparse as sp
from anndata import AnnData

from scint_core.contract import FloatArray, IntArray, Matrix, Problem
from scint_core.errors import DataError
from scint_core.numerics.values import holds_counts, not_finite, stored_values
from scint_core.preprocess.pca import pca

N_PCS = 50
PCA_KEY = "X_pca"
COUNTS_LAYER = "counts"
HVG_COLUMN = "highly_variable"


def problem_from(adata: AnnData, batch_key: str, label_key: str | None = None) -> Problem:
    """The problem that `adata` poses, with batches from `obs[batch_key]` and types from `obs[label_key]`.

    Batches and types stand in category order, or in order of first appearance where the column is not categorical;
    categories without a cell are left out. Raises `DataError` for a missing column, a cell without a batch, or
    data without cells or genes.
    """
    if not isinstance(adata, AnnData):
        raise DataError(f"the data are a {type(adata).__name__}: an AnnData is needed, scint.read makes one of a file")
    for axis, size in (("cells", adata.n_obs), ("genes", adata.n_vars)):
        if size == 0:
            raise DataError(f"the data hold no {axis}: their shape is {adata.n_obs} cells × {adata.n_vars} genes")
    codes, names = _categories(adata, batch_key)
    missing = int((codes < 0).sum())
    if missing:
        raise DataError(
            f"column '{batch_key}' is missing (NaN) for {missing} cells: give every cell a batch or leave them out"
        )
    order = np.lexsort((adata.obs_names.to_numpy().astype(str), codes))
    labels, label_names = (None, ()) if label_key is None else _categories(adata, label_key)
    return Problem(
        batch=codes[order],
        batch_names=names,
        order=order,
        source=AnnDataSource(adata, order),
        labels=None if labels is None else labels[order],
        label_names=label_names,
        label_key=label_key,
    )


def _categories(adata: AnnData, key: str) -> tuple[IntArray, tuple[str, ...]]:
    """Codes (cells,) with −1 for missing, and the names of the categories in use."""
    column = column_of(adata, key)
    if isinstance(column.dtype, pd.CategoricalDtype):
        column = column.cat.remove_unused_categories()
        return column.cat.codes.to_numpy().astype(np.int64), tuple(str(c) for c in column.cat.categories)
    codes, uniques = pd.factorize(column, use_na_sentinel=True)
    return codes.astype(np.int64), tuple(str(u) for u in uniques)


def column_of(adata: AnnData, key: str) -> pd.Series:
    """The column `key` of the cell table, or `DataError` naming the columns there are."""
    if key not in adata.obs.columns:
        there = ", ".join(f"'{c}'" for c in adata.obs.columns[:12]) or "no columns at all"
        raise DataError(f"column '{key}' is not in the cell table: pick one that is; the table has {there}")
    return adata.obs[key]


@dataclass
class AnnDataSource:
    """Reads a problem's fields from an AnnData. Implements `contract.Source`."""

    adata: AnnData
    order: IntArray

    @cached_property
    def _positions(self) -> IntArray:
        """Columns of the highly variable genes; of all genes where none are marked."""
        var = self.adata.var
        if not self.genes_marked():
            return np.arange(self.adata.n_vars)
        chosen = np.flatnonzero(var[HVG_COLUMN].to_numpy().astype(bool))
        if len(chosen) == 0:
            raise DataError(
                f"column '{HVG_COLUMN}' of the genes marks 0 genes: mark some with scint.preprocess, or remove it"
            )
        return chosen

    def genes(self) -> tuple[str, ...]:
        return tuple(self.adata.var_names[self._positions].astype(str))

    def all_genes(self) -> tuple[str, ...]:
        return tuple(self.adata.var_names.astype(str))

    def positions(self) -> IntArray:
        return self._positions

    def genes_marked(self) -> bool:
        return HVG_COLUMN in self.adata.var.columns

    def expression(self) -> Matrix:
        return self._log_values(self._positions)

    def all_expression(self) -> Matrix:
        return self._log_values(np.arange(self.adata.n_vars))

    def counts(self) -> Matrix | None:
        """Counts from their layer, else X where it holds counts, else None."""
        if COUNTS_LAYER in self.adata.layers:
            counts = _canonical(self.adata.layers[COUNTS_LAYER], self.order)
            _refuse_not_finite(counts, f"layers['{COUNTS_LAYER}']")
            return counts
        if self.adata.X is None or not holds_counts(self.adata.X):
            return None
        return _canonical(self.adata.X, self.order)

    def pca(self) -> FloatArray:
        """Components from `obsm["X_pca"]`, whose X is then not looked at; made from X where absent."""
        if PCA_KEY not in self.adata.obsm:
            return pca(self.expression(), N_PCS).scores
        coordinates = np.asarray(self.adata.obsm[PCA_KEY])
        if coordinates.ndim != 2 or coordinates.dtype.kind not in "fiu":
            raise DataError(f"obsm['{PCA_KEY}'] is not a table of numbers: remove it, and scint makes it from X")
        _refuse_not_finite(coordinates, f"obsm['{PCA_KEY}']")
        return np.ascontiguousarray(coordinates[self.order], dtype=np.float64)

    def column(self, name: str) -> np.ndarray:
        """A column of the cell table; categories as the values they stand for."""
        column = column_of(self.adata, name)
        if isinstance(column.dtype, pd.CategoricalDtype):
            column = column.astype(object)  # categories that are numbers are no quantities
        return np.asarray(column)[self.order]

    def _log_values(self, genes: IntArray) -> Matrix:
        """Values of X for the chosen genes: finite, and not counts."""
        if self.adata.X is None:
            raise DataError("X is empty: put log-normalised values there, scint.preprocess makes them from counts")
        matrix = _canonical(self.adata.X, self.order, genes)
        _refuse_not_finite(matrix, "X")
        if holds_counts(matrix):
            raise DataError(
                "X holds whole numbers, which look like counts, where log-normalised values are needed: "
                "run scint.preprocess on the data first"
            )
        return matrix


def _canonical(matrix: Matrix, order: IntArray, genes: Sequence[int] | IntArray | None = None) -> Matrix:
    """Rows in canonical order and the chosen columns, as CSR with sorted indices or a C-ordered dense array."""
    if sp.issparse(matrix):
        rows = sp.csr_matrix(matrix)[order]
        rows = rows if genes is None or len(genes) == matrix.shape[1] else rows[:, genes]
        rows.sum_duplicates()
        return rows
    dense = np.asarray(matrix)[order]
    return np.ascontiguousarray(dense if genes is None else dense[:, genes])


def _refuse_not_finite(matrix: Matrix, name: str) -> None:
    bad = not_finite(stored_values(matrix))
    if bad:
        raise DataError(f"{name} holds {bad} missing (NaN) or infinite values: fill them in or leave those cells out")
