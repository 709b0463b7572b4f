"""What a metric reads and what it returns."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Literal

import numpy as np
import pandas as pd

from scint_core.contract import FloatArray, IntArray, Neighbors
from scint_core.errors import DataError
from scint_core.numerics.neighbors import nearest_neighbors

N_NEIGHBORS = 90
"""Size of the one neighbour search that all metrics share; each cell is its own first neighbour."""

Need = Literal["batch", "two batches", "two labels", "pca"]


@dataclass(frozen=True)
class Groups:
    """Cells divided by a column: `codes` (cells,) are positions in `names`."""

    codes: IntArray
    names: tuple[str, ...]

    @classmethod
    def of(cls, values: object, what: str) -> Groups:
        """Groups from a column (anything pandas takes). Raises `DataError` where a cell has no value."""
        codes, names = pd.factorize(pd.Series(values), sort=True)
        missing = int((codes < 0).sum())
        if missing:
            raise DataError(f"the {what} is missing (NaN) for {missing} cells: give every cell one or leave them out")
        return cls(codes.astype(np.int64), tuple(str(name) for name in names))

    @property
    def sizes(self) -> IntArray:
        """Number of cells of every group."""
        return np.asarray(np.bincount(self.codes, minlength=len(self.names)))


@dataclass(frozen=True)
class MetricInput:
    """One embedding (cells × d, float64) with what metrics compare it to; the neighbours are searched once."""

    embedding: FloatArray = field(repr=False)
    batch: Groups | None = field(default=None, repr=False)
    label: Groups | None = field(default=None, repr=False)
    pca: FloatArray | None = field(default=None, repr=False)  # cells × d, before integration

    @cached_property
    def neighbors(self) -> Neighbors:
        """Exact nearest neighbours of every cell, itself included; fewer than 90 in a smaller data set."""
        return nearest_neighbors(self.embedding, self.embedding, N_NEIGHBORS)

    def of_cells(self, cells: IntArray, label: Groups) -> MetricInput:
        """The input restricted to some cells, which have these labels."""
        batch = None if self.batch is None else Groups.of(self.batch.codes[cells], "batch")
        return MetricInput(self.embedding[cells], batch, label, None if self.pca is None else self.pca[cells])

    def has(self, need: Need) -> bool:
        """Whether the data hold what a metric needs."""
        present = {
            "batch": self.batch is not None,
            "two batches": self.batch is not None and len(self.batch.names) > 1,
            "two labels": self.label is not None and len(self.label.names) > 1,
            "pca": self.pca is not None,
        }
        return present[need]


@dataclass(frozen=True)
class MetricResult:
    """A score with what it is the mean or median of: one value per cell, or per cell type, NaN where undefined."""

    score: float
    per_cell: FloatArray | None = None  # (cells,)
    per_label: Mapping[str, float] | None = None
    note: str = ""


def spread_over(result: MetricResult, cells: IntArray, n_cells: int) -> MetricResult:
    """The result for `cells` as one for all, with NaN for the others, and a note on how many those are."""
    per_cell = None
    if result.per_cell is not None:
        per_cell = np.full(n_cells, np.nan)
        per_cell[cells] = result.per_cell
    left_out = f"{n_cells - len(cells)} cells without a label are left out"
    return replace(result, per_cell=per_cell, note=f"{result.note}; {left_out}" if result.note else left_out)


def undefined(note: str) -> MetricResult:
    """The result of a metric that these data do not define: NaN, never 0, and why."""
    return MetricResult(float("nan"), note=note)


@dataclass(frozen=True)
class Metric:
    """An entry of the table of metrics. `group` names the aggregate that it counts in."""

    name: str  # as scIB calls it
    needs: tuple[Need, ...]
    low: float
    high: float
    better: Literal["higher", "lower"]
    group: Literal["batch", "bio"] | None
    meaning: str
    compute: Callable[[MetricInput], MetricResult]

    @property
    def needs_labels(self) -> bool:
        """Whether the metric is undefined without labels."""
        return "two labels" in self.needs

    def __call__(self, data: MetricInput) -> MetricResult:
        """The metric of `data`, undefined where these lack what it needs."""
        lacking = [need for need in self.needs if not data.has(need)]
        return undefined(f"{self.name} needs {' and '.join(lacking)}") if lacking else self.compute(data)
