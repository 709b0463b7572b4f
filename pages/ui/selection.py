"""What was clicked or drawn in a chart.

Of a lasso or a box the drawn shape is kept, and which cells lie in it is tested here.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np
from matplotlib.path import Path

from pages.ui.charts import Panel, axis_of
from scint_core.contract import BoolArray

T = TypeVar("T")


def clicked(event: Any, kind: type[T]) -> T | None:
    """The `customdata` of the clicked point, where it is a `kind`; None where nothing, or something else, was clicked.

    A chart goes on reporting its click: whoever acts on one remembers it.
    """
    points = event.get("selection", {}).get("points", []) if event else []
    found = (point.get("customdata") for point in points)
    return next((value for value in found if type(value) is kind), None)


@dataclass(frozen=True)
class Shape:
    """A closed line drawn on one of several maps: `corners` (n × 2) on the map at `panel`."""

    panel: int
    corners: tuple[tuple[float, float], ...]

    def cells(self, panels: Sequence[Panel]) -> BoolArray:
        """Which cells lie inside, on the map where the line was drawn (cells,)."""
        inside = Path(np.array(self.corners)).contains_points(panels[self.panel].layout)
        return np.asarray(inside, dtype=bool)


def drawn_shape(event: Any, n_panels: int) -> Shape | None:
    """The lasso or box of a chart's selection event; None where there is none."""
    selection = event.get("selection", {}) if event else {}
    axes = {axis_of(i): i for i in range(n_panels)}
    for lasso in selection.get("lasso", []):
        if lasso["xref"] in axes and len(lasso["x"]) > 2:
            return Shape(axes[lasso["xref"]], tuple(zip(lasso["x"], lasso["y"], strict=True)))
    for box in selection.get("box", []):
        if box["xref"] in axes:
            (left, right), (bottom, top) = sorted(box["x"]), sorted(box["y"])
            corners = ((left, bottom), (right, bottom), (right, top), (left, top))
            return Shape(axes[box["xref"]], corners)
    return None
