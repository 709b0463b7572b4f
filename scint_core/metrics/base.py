"""What a metric reads, what it returns, and how it is declared."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal, TypeVar, cast

import numpy as np

from scint_core.contract import FloatArray, IntArray, Neighbors
from scint_core.metrics.groups import Groups
from scint_core.numerics.neighbors import cut, nearest_neighbors
from scint_core.numerics.threads import whole_pieces

N_NEIGHBORS = 90
"""Size of the one neighbour search that all metrics share; each cell is its own first neighbour."""

Need = Literal["batch", "two batches", "two labels", "pca", "a run that measures it"]
T = TypeVar("T")


@dataclass(frozen=True)
class MetricInput:
    """One embedding (cells × d, float64) with what metrics compare it to.

    What several metrics need is computed when the first of them asks for it, and kept. `reach` is the size of the
    neighbour search, the largest that a metric to be computed needs.
    """

    embedding: FloatArray = field(repr=False)
    batch: Groups | None = field(default=None, repr=False)
    label: Groups | None = field(default=None, repr=False)
    pca: FloatArray | None = field(default=None, repr=False)  # cells × d, before integration
    lost_variance: Mapping[str, float] | None = None  # by batch, of the run that made the embedding
    reach: int = N_NEIGHBORS
    _kept: dict[object, Any] = field(default_factory=dict, init=False, repr=False, compare=False)

    @property
    def n_cells(self) -> int:
        """Number of cells."""
        return len(self.embedding)

    def nearest(self, k: int) -> Neighbors:
        """The `k` nearest neighbours of every cell, itself included, exact; all cells where there are fewer."""
        k = min(k, self.n_cells)
        found: Neighbors | None = self._kept.get("neighbors")
        if found is None or found.indices.shape[1] < k:
            found = nearest_neighbors(self.embedding, self.embedding, max(k, self.reach))
            self._kept["neighbors"] = found
        return cut(found, k)

    def shared(self, compute: Callable[[MetricInput], T]) -> T:
        """`compute` of this input, kept for the next metric that asks for it."""
        if compute not in self._kept:
            self._kept[compute] = compute(self)
        return cast(T, self._kept[compute])

    def of_cells(self, cells: IntArray, label: Groups) -> MetricInput:
        """The input restricted to some cells, which have these labels."""
        return replace(
            self,
            embedding=self.embedding[cells],
            batch=None if self.batch is None else self.batch.of_cells(cells),
            label=label,
            pca=None if self.pca is None else self.pca[cells],
        )

    def has(self, need: Need) -> bool:
        """Whether the data hold what a metric needs."""
        present = {
            "batch": self.batch is not None,
            "two batches": self.batch is not None and len(self.batch.names) > 1,
            "two labels": self.label is not None and len(self.label.names) > 1,
            "pca": self.pca is not None,
            "a run that measures it": bool(self.lost_variance),
        }
        return present[need]


@dataclass(frozen=True)
class MetricResult:
    """A score with its parts: one value per cell, per label or per batch, NaN where undefined, None where it has none.

    `note` says what a reader of the score should know: what was lowered or left out, and when the number misleads.
    """

    score: float
    per_cell: FloatArray | None = None  # (cells,)
    per_label: Mapping[str, float] | None = None
    per_batch: Mapping[str, float] | None = None
    note: str = ""


def spread_over(result: MetricResult, cells: IntArray, n_cells: int) -> MetricResult:
    """The result for `cells` as one for all, with NaN for the others, and a note on how many those are."""
    per_cell = None
    if result.per_cell is not None:
        per_cell = np.full(n_cells, np.nan)
        per_cell[cells] = result.per_cell
    left_out = f"{n_cells - len(cells)} cells without a label are left out"
    return replace(result, per_cell=per_cell, note=notes(result.note, left_out))


def notes(*parts: str) -> str:
    """The parts that say something, as one note."""
    return "; ".join(part for part in parts if part)


def undefined(note: str) -> MetricResult:
    """The result of a metric that these data do not define: NaN, never 0, and why."""
    return MetricResult(float("nan"), note=note)


@dataclass(frozen=True)
class Metric:
    """An entry of the table of metrics.

    `group` is what the score tells about; the `aggregated` ones make up that group's mean. `default` ones are columns
    of every evaluation, the others are computed when asked for. `low` and `high` bound the score. `reach` is the
    number of neighbours it looks at, the cell itself included.
    """

    name: str  # as scIB calls it
    group: Literal["batch", "bio"]
    needs: tuple[Need, ...]
    meaning: str
    compute: Callable[[MetricInput], MetricResult]
    low: float = 0
    high: float = 1
    better: Literal["higher", "lower"] = "higher"
    aggregated: bool = False
    default: bool = True
    reach: int = 0

    @property
    def needs_labels(self) -> bool:
        """Whether the metric is undefined without labels."""
        return "two labels" in self.needs

    def __call__(self, data: MetricInput) -> MetricResult:
        """The metric of `data`, undefined where these lack what it needs."""
        lacking = [need for need in self.needs if not data.has(need)]
        if lacking:
            return undefined(f"{self.name} needs {' and '.join(lacking)}")
        with whole_pieces():
            return self.compute(data)
