"""What maps on a canvas in the browser have in common: the order of the dots, and their places as small numbers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from pages.ui.colouring import Groups
from pages.ui.text import visible
from scint_core.contract import FloatArray, IntArray

_MARGIN = 0.03
_LAYERS = 3  # every group is drawn in so many portions, interleaved, so that none hides the others


@dataclass(frozen=True)
class Dots:
    """Cells in the order in which they are drawn (`order`), and the number of the group of each (`codes`)."""

    order: IntArray
    codes: list[int]
    legend: dict[str, Any]  # "names" and "colours" of the groups


def dots(groups: Groups) -> Dots:
    """The cells of all groups, portions of the groups interleaved."""
    members = groups.members()
    parts = [(cells[layer::_LAYERS], code) for layer in range(_LAYERS) for code, (*_, cells) in enumerate(members)]
    legend = {"names": [visible(name) for name, *_ in members], "colours": [colour for _, colour, _ in members]}
    codes = [code for cells, code in parts for _ in range(len(cells))]
    return Dots(np.concatenate([cells for cells, _ in parts]), codes, legend)


def as_places(layout: FloatArray, corner: FloatArray, side: float, fineness: int) -> list[int]:
    """x and y of points (n × 2) in turn, as whole numbers from 0 to `fineness` along the sides of a square."""
    return np.round((layout - corner) / side * fineness).astype(int).ravel().tolist()  # type: ignore[no-any-return]


def common_box(layouts: Sequence[FloatArray]) -> tuple[FloatArray, float]:
    """The lower left corner and the side of the square that holds all layouts."""
    low = np.min([layout.min(axis=0) for layout in layouts], axis=0)
    high = np.max([layout.max(axis=0) for layout in layouts], axis=0)
    side = float((high - low).max()) * (1 + 2 * _MARGIN) or 1.0
    return (low + high - side) / 2, side
