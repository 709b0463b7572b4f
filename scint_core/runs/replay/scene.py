"""`Scene`: one step of a run, with the cells that it is about."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from scint_core.contract import FloatArray, IntArray, StepRecord


@dataclass(frozen=True)
class Scene:
    """What a step is about. Rows are rows of the problem, in its canonical order.

    `left` and `right` are the rows of the two sides, as they are stacked; None outside merges. `rows` says which rows
    the first axis of each part of the result stands for, by the part's path ("" is the result itself); parts that
    are not about cells, or whose cells are not known, are absent.

    `before` and `after` (cells × at most 3, NaN where a cell is not in the space yet) are the positions of all cells
    in the `space` in which the step happens, whose dimensions bear the name `axis`. Both are None where there is no
    such space.

    `ends` are the rows of both ends of the pairs that the result holds or speaks of, `vectors` (m × at most 3) the
    vectors in it and `starts` the rows they belong to, `points_to` the rows that indices in the result stand for, and
    `landmarks` (n × at most 3) points of the space that are no cells.
    """

    number: int
    record: StepRecord = field(compare=False)
    left: IntArray | None = None
    right: IntArray | None = None
    rows: Mapping[str, IntArray] = field(default_factory=dict)
    space: str = ""
    axis: str = ""
    before: FloatArray | None = None
    after: FloatArray | None = None
    ends: tuple[IntArray, IntArray] | None = None
    vectors: FloatArray | None = None
    starts: IntArray | None = None
    points_to: IntArray | None = None
    landmarks: FloatArray | None = None

    @property
    def result(self) -> Any:
        return self.record.result

    @property
    def moved(self) -> IntArray:
        """Rows of the cells that the step moved from one place to another."""
        if self.before is None or self.after is None or self.before is self.after:
            return np.zeros(0, dtype=np.int64)
        size = np.nanmax(np.abs(self.after), initial=0.0)
        return np.flatnonzero(np.abs(self.after - self.before).max(axis=1) > 1e-6 * size)  # False where NaN
