"""`Sweep`: what a sweep found, as a table and as embeddings."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pandas as pd

from scint_core.contract import FloatArray, IntArray, Problem, StepRecord
from scint_core.errors import ParameterError
from scint_core.metrics import with_aggregates
from scint_core.runs.sweeps.grid import METHOD, Grid
from scint_core.runs.sweeps.sensitivity import Setting, Stability, stability


@dataclass(frozen=True)
class Found:
    """What one run left: `row`, what the table says of it beside its place, and its embedding (cells × d)."""

    row: Mapping[str, Any]
    embedding: FloatArray | None = None
    scores: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class Sweep:
    """What a sweep found. `table` has one row per run: `method`, the parameters of the grid, `seed`, `seconds`,
    `steps` and how many of them were `reused`, the scores, and `error`, the sentence that ended a run that failed.

    `embeddings[i]` (cells × d, float32, in the caller's order) belongs to row i; None for a run that failed.
    """

    grid: Grid
    table: pd.DataFrame
    embeddings: tuple[FloatArray | None, ...] = field(repr=False)
    labels: IntArray | None = field(repr=False, default=None)
    label_names: tuple[str, ...] = field(repr=False, default=())

    def __len__(self) -> int:
        return len(self.table)

    def stability(self, axis: str | None = None) -> Stability:
        """How far results move along one axis (the first one), the others at the value that comes nearest to usual.

        Raises `ParameterError` for an axis that the grid does not have, and where fewer than two runs are left.
        """
        axis = axis or next(iter(self.grid.axes))
        if axis not in self.grid.axes:
            raise ParameterError(f"axis '{axis}' does not exist: the grid has {', '.join(self.grid.axes)}")
        settings = [setting for setting in map(self._setting, self._along(axis)) if setting is not None]
        if len(settings) < 2:
            raise ParameterError(f"axis '{axis}' has fewer than two runs that succeeded: give it more values")
        default = self.grid.default(axis)
        return stability(axis, settings, labels=self.labels, label_names=self.label_names, default=default)

    def _along(self, axis: str) -> list[tuple[Any, list[int]]]:
        """For every value on the axis its runs: one per seed, all else alike."""
        usual = {other: self._usual(other) for other in self.grid.axes if other != axis}
        runs = list(enumerate(self.grid.points))
        return [
            (value, [i for i, point in runs if point.place == {**usual, axis: value}]) for value in self.grid.axes[axis]
        ]

    def _usual(self, axis: str) -> Any:
        values = self.grid.axes[axis]
        return self.grid.default(axis) if self.grid.default(axis) in values else values[len(values) // 2]

    def _setting(self, at: tuple[Any, list[int]]) -> Setting | None:
        value, rows = at
        known = [(embedding, row) for row in rows if (embedding := self.embeddings[row]) is not None]
        if not known:
            return None
        return Setting(value, known[0][0], [self.table.iloc[row].to_dict() for _, row in known])


def collect(grid: Grid, found: Sequence[Found], problem: Problem) -> Sweep:
    """Everything that the runs of a grid left, in the grid's order."""
    places = [{METHOD: point.method, **point.place, "seed": point.seed} for point in grid.points]
    table = pd.DataFrame([{**place, **run.row} for place, run in zip(places, found, strict=True)])
    scores = pd.DataFrame([dict(run.scores) for run in found])
    if len(scores.columns):
        table = pd.concat([table, with_aggregates(scores)], axis=1)
    if "error" in table:
        table["error"] = table.pop("error").fillna("")
    _, labels = problem.groups_in_input_order()
    return Sweep(grid, table, tuple(run.embedding for run in found), labels, problem.label_names)


def of_steps(steps: Sequence[StepRecord]) -> dict[str, Any]:
    """What the table says of a run by its steps."""
    return {"steps": len(steps), "reused": sum(step.reused for step in steps)}
