"""The charts of a lesson: one for every type of picture in `scint_core.lab.pictures`."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import plotly.graph_objects as go

from pages.ui import lesson_maps
from pages.ui.palette import SHADES, colours
from pages.ui.text import in_chart
from scint_core.contract import FloatArray
from scint_core.lab.pictures import Bars, CellMap, Curves, Histograms, Matrix

Box = FloatArray
"""The corner with the lowest and the one with the highest coordinates (2 × 2)."""

_BINS = 36
_DASHES = ("solid", "dash", "dot", "dashdot", "longdash", "longdashdot")
_GREY = "rgba(128, 136, 144, 0.9)"
_PALE = "rgba(128, 136, 144, 0.35)"
_CLEAR = "rgba(0,0,0,0)"
_INSIDE = [0.01, 0.99]  # the part of a map that its frame encloses, so that the whole frame is seen
_ABOVE = [0.02, 0.99]
_SHORT = 14  # letters of a name under a column
_LETTER = 0.5  # width of a letter as a part of its size
_BESIDE_AXIS = 80  # pixels above and below a vertical axis
_BESIDE = 22  # letters that stand beside each other under a third of the page


@dataclass(frozen=True)
class Look:
    """How large a chart is drawn: its `height` and the text's size (pixels), and what its axes must hold."""

    height: int
    text: int = 15
    box: Box | None = None


def chart(picture: Any, look: Look) -> go.Figure:
    """The chart of a picture."""
    figure = CHARTS[type(picture)](picture, look)
    figure.update_layout(
        title={
            "text": f"<b>{in_chart(picture.title, 60)}</b>", "font": {"size": look.text + 2}, "pad": {"t": 6},
            "x": 0, "xref": "container", "xanchor": "left", "y": 1, "yref": "container", "yanchor": "top",
        },
        height=look.height, margin={"l": 6, "r": 6, "t": look.text + 20, "b": 6}, font={"size": look.text},
        legend={"orientation": "h", "y": 1, "yanchor": "bottom", "x": 0, "title": None, "font": {"size": look.text}},
        dragmode=False, hovermode="closest", paper_bgcolor=_CLEAR, plot_bgcolor=_CLEAR,
    )  # fmt: skip
    figure.update_xaxes(title_font_size=look.text, tickfont_size=look.text, automargin=True, fixedrange=True)
    figure.update_yaxes(title_font_size=look.text, tickfont_size=look.text, automargin=True, fixedrange=True)
    if len(figure.data) > 1 and any(trace.showlegend for trace in figure.data):
        figure.update_layout(margin={"t": 2 * look.text + 36})
    return figure


def _cell_map(picture: CellMap, look: Look) -> go.Figure:
    """Equal aspect, no ticks, a frame around it."""
    figure = go.Figure(lesson_maps.traces(picture, size=look.text / 2.1))
    (left, low), (right, high) = _padded(box_of(picture) if look.box is None else look.box)
    plain = {"showticklabels": False, "showgrid": False, "zeroline": False, "ticks": "",
             "showline": True, "mirror": True, "linecolor": _PALE}  # fmt: skip
    figure.update_xaxes(range=[left, right], domain=_INSIDE, title=_title(picture.axes[0]), **plain)
    figure.update_yaxes(
        range=[low, high], domain=_ABOVE, title=_upright(picture.axes[1], look), scaleanchor="x", **plain
    )
    return figure


def _title(text: str) -> str | None:
    """The title of an axis; none where there are no words for it."""
    return in_chart(text, 60) if text else None


def _upright(text: str, look: Look) -> str | None:
    """The title of a vertical axis, on two lines where one would be longer than the axis."""
    words = text.split()
    if len(words) < 2 or len(text) * look.text * _LETTER < look.height - _BESIDE_AXIS:
        return _title(text)
    half = min(range(1, len(words)), key=lambda i: abs(len(" ".join(words[:i])) - len(text) / 2))
    return "<br>".join(in_chart(" ".join(part), 30) for part in (words[:half], words[half:]))


def _padded(box: Box, part: float = 0.05) -> Box:
    margin = part * float((box[1] - box[0]).max()) + 1e-6
    return np.array([box[0] - margin, box[1] + margin])


def _curves(picture: Curves, look: Look) -> go.Figure:
    """A line for every name, told by colour and dash; a dotted line where the slider stands."""
    figure = go.Figure()
    for (name, values), colour, dash in zip(picture.y.items(), colours(len(picture.y)), _dashes(), strict=False):
        figure.add_scatter(
            x=picture.x, y=values, mode="lines+markers", name=in_chart(name), meta=f"curve:{name}",
            line={"color": colour, "dash": dash, "width": 3}, marker={"size": 8}, showlegend=len(picture.y) > 1,
            hovertemplate="%{x}: <b>%{y:.3g}</b><extra></extra>",
        )  # fmt: skip
    if math.isfinite(picture.at):
        figure.add_vline(picture.at, line={"color": _GREY, "dash": "dot", "width": 3})
    box = box_of(picture) if look.box is None else look.box
    figure.update_xaxes(title=_title(picture.x_title), showgrid=False, zeroline=False)
    if picture.log_x:
        figure.update_xaxes(type="log", tickvals=picture.x.tolist(), ticktext=[f"{x:g}" for x in picture.x])
    figure.update_yaxes(title=_title(picture.y_title), range=_with_room(box), zeroline=False, nticks=6)
    return figure


def _dashes() -> tuple[str, ...]:
    return _DASHES * 4


def _with_room(box: Box) -> list[float]:
    """The vertical range of a box with some room at both ends."""
    low, high = float(box[0, 1]), float(box[1, 1])
    room = 0.06 * (high - low) or 0.5
    return [low - room, high + room]


def _histograms(picture: Histograms, look: Look) -> go.Figure:
    """Outlines with a light filling, over common bins, so that groups that overlap are all seen."""
    box = box_of(picture) if look.box is None else look.box
    edges = np.linspace(box[0, 0], box[1, 0] + 1e-9, _BINS + 1)
    figure = go.Figure()
    for (name, values), colour, dash in zip(
        picture.values.items(), colours(len(picture.values)), _dashes(), strict=False
    ):
        shares = np.histogram(values, edges)[0] / max(len(values), 1)
        figure.add_scatter(
            x=(edges[:-1] + edges[1:]) / 2, y=shares, mode="lines", name=in_chart(name), meta=f"histogram:{name}",
            line={"color": colour, "dash": dash, "width": 2.5, "shape": "hvh"}, fill="tozeroy",
            fillcolor=_faint(colour), showlegend=True, hoverinfo="skip",
        )  # fmt: skip
    if math.isfinite(picture.mark):
        figure.add_vline(picture.mark, line={"color": _GREY, "dash": "dot", "width": 3})
    figure.update_xaxes(title=_title(picture.x_title), showgrid=False, zeroline=False, range=[*box[:, 0]])
    figure.update_yaxes(title=None, showticklabels=False, showgrid=False, rangemode="tozero")
    return figure


def _faint(colour: str) -> str:
    red, green, blue = (int(colour[i : i + 2], 16) for i in (1, 3, 5))
    return f"rgba({red}, {green}, {blue}, 0.25)"


def _matrix(picture: Matrix, look: Look) -> go.Figure:
    """Cells shaded by their number, which is written into them."""
    form = {"count": ",.0f", "share": ".0%"}.get(picture.written, ".2f")
    highest = 1.0 if picture.written == "share" else float(np.nanmax(picture.values, initial=0.0)) or 1.0
    figure = go.Figure(
        go.Heatmap(
            z=picture.values, x=list(range(len(picture.columns))), y=list(range(len(picture.rows))), zmin=0,
            zmax=highest, colorscale=SHADES, showscale=False, xgap=2, ygap=2, texttemplate=f"%{{z:{form}}}",
            textfont={"size": look.text}, hoverinfo="skip", meta="matrix",
        )
    )  # fmt: skip
    columns, rows = ([in_chart(name, _SHORT) for name in names] for names in (picture.columns, picture.rows))
    figure.update_xaxes(
        title=_title(picture.columns_title), tickvals=list(range(len(columns))),
        ticktext=columns, showgrid=False, zeroline=False, tickangle=0 if sum(map(len, columns)) <= _BESIDE else -30,
    )  # fmt: skip
    figure.update_yaxes(
        title=_title(picture.rows_title), tickvals=list(range(len(rows))),
        ticktext=rows, showgrid=False, zeroline=False, autorange="reversed",
    )  # fmt: skip
    return figure


def _bars(picture: Bars, look: Look) -> go.Figure:
    """Groups of lying bars, the first on top, with their numbers at the ends; a dotted line at the target."""
    figure = go.Figure()
    places = list(range(len(picture.names)))
    for (name, values), colour in zip(picture.values.items(), colours(len(picture.values)), strict=True):
        figure.add_bar(
            x=values, y=places, orientation="h", name=in_chart(name), meta=f"bars:{name}", marker={"color": colour},
            showlegend=len(picture.values) > 1, text=[_number(value) for value in values], textposition="outside",
            cliponaxis=False, constraintext="none", textfont={"size": look.text}, hoverinfo="skip",
        )  # fmt: skip
    if math.isfinite(picture.target):
        figure.add_vline(picture.target, line={"color": _GREY, "dash": "dot", "width": 3})
    low, high = (box_of(picture) if look.box is None else look.box)[:, 1]
    room = 0.16 * (high - low) or 1.0  # for the numbers
    figure.update_xaxes(
        title=_title(picture.y_title), range=[low - room if low < 0 else 0, high + room], zeroline=True, nticks=5
    )
    figure.update_yaxes(
        title=None, tickvals=places, ticktext=[in_chart(name, 20) for name in picture.names], autorange="reversed",
        showgrid=False,
    )  # fmt: skip
    figure.update_layout(barmode="group", bargap=0.25)
    return figure


def _number(value: float) -> str:
    return f"{value:.2f}" if abs(value) < 10 else f"{value:,.0f}"


def box_of(picture: Any) -> Box | None:
    """What the axes of a picture must hold; None for one without axes."""
    if isinstance(picture, CellMap):
        ends = [picture.layout] if picture.arrows is None else [picture.layout, picture.layout + picture.arrows]
        points = np.concatenate(ends)
        return np.array([np.nanmin(points, axis=0), np.nanmax(points, axis=0)], dtype=float)
    if isinstance(picture, Histograms):
        values = np.concatenate([*picture.values.values(), [picture.mark]])
        return np.array([[np.nanmin(values), 0.0], [np.nanmax(values), 0.0]])
    if isinstance(picture, Curves):
        y = np.concatenate(list(picture.y.values()))
        return np.array([[picture.x.min(), np.nanmin(y)], [picture.x.max(), np.nanmax(y)]])
    if isinstance(picture, Bars):
        y = np.concatenate([*picture.values.values(), [0.0, picture.target]])
        return np.array([[0.0, np.nanmin(y)], [len(picture.names) - 1.0, np.nanmax(y)]])
    return None


def described(picture: Any) -> str:
    """A picture in words, for those who do not see it."""
    if isinstance(picture, CellMap):
        return lesson_maps.described(picture)
    if isinstance(picture, Curves):
        return f"{picture.title}: {', '.join(picture.y)} over {picture.x_title}"
    if isinstance(picture, Matrix):
        return f"{picture.title}: a table of {len(picture.rows)} by {len(picture.columns)} numbers"
    return f"{picture.title}: {', '.join(picture.values)}"


CHARTS: dict[type, Callable[[Any, Look], go.Figure]] = {
    CellMap: _cell_map, Curves: _curves, Histograms: _histograms, Matrix: _matrix, Bars: _bars,
}  # fmt: skip
