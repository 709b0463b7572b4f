"""What a step's drawing is made of, and the registry of drawings by result type."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import plotly.graph_objects as go

from pages.ui.colouring import Groups
from scint_core.contract import IntArray
from scint_core.runs.replay import Replay, Scene

CLEAR = "rgba(0,0,0,0)"
MUTED = "rgba(128,136,144,0.55)"
HEIGHT = 374  # pixels of every picture, so that nothing jumps from step to step
FONT = 15  # pixels: read from the back of a room


@dataclass(frozen=True)
class View:
    """A step to draw: its scene, a result of it, and how cells are coloured. Cells are rows in canonical order.

    `path` leads to `value` in the scene's result where that holds several. `clicked` is the cell that was clicked
    last, `params` the run's parameters.
    """

    replay: Replay
    scene: Scene
    value: Any
    colouring: Groups
    batches: Groups
    types: Groups | None = None
    hover: Sequence[str] | None = None
    clicked: int | None = None
    params: Mapping[str, Any] = field(default_factory=dict)
    path: str = ""

    def rows(self, name: str = "") -> IntArray | None:
        """The rows of the first axis of a part of `value`, where they are known."""
        path = ".".join(part for part in (self.path, name) if part)
        return self.scene.rows.get(path)

    def side_names(self) -> tuple[str, str]:
        """What the two sides are called: their batches."""
        sides = self.scene.record.sides
        if sides is None:
            return "left", "right"
        left, right = (" + ".join(self.batches.names[b] for b in side) for side in sides)
        return left, right


@dataclass(frozen=True)
class Picture:
    """One chart, with a description for those who do not see it. Its points are cells where it takes `clicks`; `width`
    is what it takes of a row that it shares.

    A picture of several `moments` (their names) is drawn by `at(moment)`, and `figure` is the last of them.
    """

    figure: go.Figure
    alt: str
    caption: str = ""
    clicks: bool = False
    width: float = 1.0
    moments: tuple[str, ...] = ()
    at: Callable[[int], go.Figure] | None = None


@dataclass(frozen=True)
class Drawn:
    """What a step shows: pictures, the numbers that matter by name, and how to read them."""

    pictures: tuple[Picture, ...] = ()
    numbers: Mapping[str, str] = field(default_factory=dict)
    caption: str = ""

    def __add__(self, other: Drawn) -> Drawn:
        caption = " ".join(part for part in (self.caption, other.caption) if part)
        return Drawn(self.pictures + other.pictures, {**self.numbers, **other.numbers}, caption)


Drawing = Callable[[View], Drawn]
DRAWINGS: dict[str, Drawing] = {}
"""How results are drawn, by the name of their type."""


def draws(*types: type) -> Callable[[Drawing], Drawing]:
    """Register a drawing for results of these types."""

    def register(drawing: Drawing) -> Drawing:
        DRAWINGS.update({kind.__name__: drawing for kind in types})
        return drawing

    return register


def draw(view: View) -> Drawn:
    """The drawing of a step's result: by its type, else by the nearest type that it is derived from."""
    kinds = (kind.__name__ for kind in type(view.value).__mro__)
    return next(DRAWINGS[kind] for kind in kinds if kind in DRAWINGS)(view)


def each(view: View, parts: Mapping[str, Any]) -> Drawn:
    """The drawings of several parts of a result, one after the other."""
    drawn = Drawn()
    for name, part in parts.items():
        path = f"{view.path}.{name}" if view.path else name
        drawn += draw(dataclasses.replace(view, value=part, path=path))
    return drawn


def style(figure: go.Figure, *, height: int = HEIGHT, title: str = "") -> go.Figure:
    """A chart in the size and letters of the player, on whatever background the page has."""
    figure.update_layout(
        height=height, font={"size": FONT}, paper_bgcolor=CLEAR, plot_bgcolor=CLEAR, uirevision="keep",
        margin={"l": 8, "r": 16, "t": 54, "b": 8}, title={"text": title, "font": {"size": FONT + 1}, "x": 0.02},
        legend={"font": {"size": FONT}, "orientation": "h", "y": -0.22, "yanchor": "top", "title": None,
                "itemsizing": "constant"},
        hoverlabel={"font": {"size": FONT}},
    )  # fmt: skip
    figure.update_annotations(font_size=FONT)
    for axis in (figure.update_xaxes, figure.update_yaxes):
        axis(tickfont={"size": FONT - 1}, title_font={"size": FONT}, automargin=True)
    return figure
