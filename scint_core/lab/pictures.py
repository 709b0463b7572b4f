"""What a lesson shows: pictures as arrays, which the screen has one chart each for, and the numbers that matter.

All are registered results, so that an observation can be stored and sent as any other. Positions of cells are rows of
the world's AnnData.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from scint_core.contract import BoolArray, FloatArray, IntArray, MutualPairs
from scint_core.contract.results import result


@result
@dataclass(frozen=True)
class Groups:
    """Cells divided by something: `codes` (cells,) are positions in `names`, −1 for none."""

    title: str
    codes: IntArray
    names: tuple[str, ...]


@result
@dataclass(frozen=True)
class CellMap:
    """Cells in a plane: `layout` (cells × 2), drawn by `colour` (and `shape`, where two divisions matter at once).

    `pairs` are drawn as lines, those with `right` False in the colour of mistakes; `arrows` (cells × 2) start at the
    cells, NaN where there is none. `marked` (cells,) stand out. Maps with one `frame` share their axes; `axes` names
    the two.
    """

    title: str
    layout: FloatArray
    colour: Groups
    shape: Groups | None = None
    pairs: MutualPairs | None = None
    right: BoolArray | None = None
    arrows: FloatArray | None = None
    marked: BoolArray | None = None
    frame: str = "cells"
    axes: tuple[str, str] = ("", "")


@result
@dataclass(frozen=True)
class Curves:
    """Lines over one axis: `x` (points,), `y` by name, each (points,). `at` is where the slider is, NaN for none."""

    title: str
    x: FloatArray
    y: dict[str, FloatArray]
    x_title: str
    y_title: str
    at: float = float("nan")
    log_x: bool = False


@result
@dataclass(frozen=True)
class Histograms:
    """Distributions of a number in several groups: `values` by name, each (cells of the group,)."""

    title: str
    values: dict[str, FloatArray]
    x_title: str
    mark: float = float("nan")


@result
@dataclass(frozen=True)
class Matrix:
    """A table of numbers by shade: `values` (rows × columns); `written` is how they are written ("count", "share")."""

    title: str
    values: FloatArray
    rows: tuple[str, ...]
    columns: tuple[str, ...]
    rows_title: str = ""
    columns_title: str = ""
    written: str = "count"


@result
@dataclass(frozen=True)
class Bars:
    """Numbers by name: `values` by series, each (bars,), against one another. `target` is a line to compare with."""

    title: str
    names: tuple[str, ...]
    values: dict[str, FloatArray]
    y_title: str
    target: float = float("nan")


@result
@dataclass(frozen=True)
class Words:
    """A table of words: `columns`, and one tuple of as many words per row."""

    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


@result
@dataclass(frozen=True)
class Observation:
    """What was seen at one state of the sliders: `pictures` in order, `figures` by the names that the lesson gives
    them, and `notes`, the sentences of the runs."""

    pictures: tuple[object, ...]
    figures: dict[str, float]
    notes: tuple[str, ...] = field(default=())
