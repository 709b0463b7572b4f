"""Cells divided by a column of the cell table."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from scint_core.contract import BoolArray, FloatArray, IntArray
from scint_core.errors import DataError


@dataclass(frozen=True)
class Groups:
    """Cells divided by a column: `codes` (cells,) are positions in `names`, which stand in the order of the values."""

    codes: IntArray
    names: tuple[str, ...]

    @classmethod
    def of(cls, values: object, what: str) -> Groups:
        """Groups from a column (anything pandas takes). Raises `DataError` where a cell has no value."""
        column = pd.Series(values)
        missing = int(without_value(column).sum())
        if missing:
            raise DataError(f"the {what} is missing (NaN) for {missing} cells: give every cell one or leave them out")
        if isinstance(column.dtype, pd.CategoricalDtype):
            column = column.astype(column.cat.categories.dtype)  # some metrics take groups in turn: by value, always
        codes, names = _sorted_factors(column)
        return cls(codes.astype(np.int64), tuple(str(name) for name in names))

    @property
    def sizes(self) -> IntArray:
        """Number of cells of every group."""
        return np.asarray(np.bincount(self.codes, minlength=len(self.names)))

    def members(self) -> dict[str, IntArray]:
        """Positions of the cells of every group, by name."""
        by_group = np.split(np.argsort(self.codes, kind="stable"), np.cumsum(self.sizes)[:-1])
        return dict(zip(self.names, by_group, strict=True))

    def of_cells(self, cells: IntArray) -> Groups:
        """The groups of some cells; a group without a cell among them is left out."""
        present, codes = np.unique(self.codes[cells], return_inverse=True)
        return Groups(codes, tuple(self.names[group] for group in present))

    def among(self, near: IntArray, weights: FloatArray | None = None) -> FloatArray:
        """How many of the cells `near` (rows × k) are of every group (rows × groups), or the sum of their weights."""
        place = np.arange(len(near))[:, None] * len(self.names) + self.codes[near]
        flat = None if weights is None else weights.ravel()
        counts = np.bincount(place.ravel(), weights=flat, minlength=len(near) * len(self.names))
        return np.asarray(counts.reshape(len(near), len(self.names)))

    def means(self, per_cell: FloatArray) -> dict[str, float]:
        """Mean of a value per cell (cells,) in every group, by name; NaN cells make it NaN."""
        means = np.bincount(self.codes, weights=per_cell, minlength=len(self.names)) / self.sizes
        return dict(zip(self.names, means.tolist(), strict=True))

    def known_means(self, per_cell: FloatArray) -> dict[str, float]:
        """Mean of every group over the cells that have a value, by name; NaN where none has."""
        known = ~np.isnan(per_cell)
        counts = np.bincount(self.codes[known], minlength=len(self.names))
        sums = np.bincount(self.codes[known], weights=per_cell[known], minlength=len(self.names))
        means = np.divide(sums, counts, out=np.full(len(counts), np.nan), where=counts > 0)
        return dict(zip(self.names, means.tolist(), strict=True))


def without_value(column: pd.Series) -> BoolArray:
    """Which cells have none (cells,): NaN, None, or an integer below 0, which codes of categories hold for NaN."""
    missing = column.isna().to_numpy()
    if pd.api.types.is_signed_integer_dtype(column.dtype):
        missing = missing | (column < 0).fillna(True).to_numpy(dtype=bool)
    return np.asarray(missing, dtype=np.bool_)


def _sorted_factors(column: pd.Series) -> tuple[IntArray, pd.Index]:
    """Codes and values in rising order; values of mixed types by their text."""
    try:
        codes, names = pd.factorize(column, sort=True)
    except TypeError:
        codes, names = pd.factorize(column.astype(str), sort=True)
    return codes, pd.Index(names)
