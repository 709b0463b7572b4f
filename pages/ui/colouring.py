"""What the points of a map are coloured by: groups, or a number per cell."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from plotly.colors import sample_colorscale

from pages.ui.palette import MISSING, colours
from scint_core.contract import FloatArray, IntArray

SCALE = "Viridis"
_BINS = 16  # a trace per shade is three times quicker to draw than a colour per point
NONE = "(none)"


class Colouring(Protocol):
    """Divides the cells into portions of one colour."""

    @property
    def title(self) -> str:
        """What the colours stand for."""

    def members(self) -> list[tuple[str, str, IntArray]]:
        """Name, colour and cells of every portion; cells without a value come last."""


@dataclass(frozen=True)
class Groups:
    """Colouring by category: `codes` (cells,) into `names`, −1 where a cell has none."""

    codes: IntArray
    names: tuple[str, ...]
    title: str

    def members(self) -> list[tuple[str, str, IntArray]]:
        palette = colours(len(self.names))
        found = [(name, palette[i], np.flatnonzero(self.codes == i)) for i, name in enumerate(self.names)]
        found.append((NONE, MISSING, np.flatnonzero(self.codes < 0)))
        return [group for group in found if len(group[2])]


@dataclass(frozen=True)
class Shades:
    """Colouring by a number: `values` (cells,), NaN where a cell has none, on a scale from `low` to `high`."""

    values: FloatArray
    title: str
    low: float
    high: float

    def members(self) -> list[tuple[str, str, IntArray]]:
        place = (self.values - self.low) / (self.high - self.low) if self.high > self.low else 0 * self.values
        known = np.isfinite(place)
        shade = np.where(known, np.clip(np.nan_to_num(place) * _BINS, 0, _BINS - 1), -1).astype(int)
        palette = sample_colorscale(SCALE, [i / (_BINS - 1) for i in range(_BINS)])
        found = [(NONE, MISSING, np.flatnonzero(shade < 0))]  # underneath: they say nothing
        found += [(f"shade {i}", palette[i], np.flatnonzero(shade == i)) for i in range(_BINS)]
        return [portion for portion in found if len(portion[2])]


def shades(values: list[FloatArray], title: str) -> list[Shades]:
    """One colouring per map on a scale that all of them share: from the 1st to the 99th percentile of all values."""
    everything = np.concatenate(values)
    known = everything[np.isfinite(everything)]
    low, high = np.percentile(known, [1, 99]) if len(known) else (0.0, 1.0)
    if high <= low:  # a gene that hardly any cell has
        low, high = (float(known.min()), float(known.max())) if len(known) else (0.0, 1.0)
    return [Shades(np.asarray(part, dtype=np.float64), title, float(low), float(high)) for part in values]
