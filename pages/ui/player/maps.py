"""Maps of cells for the player: fixed axes per space, lines, arrows and marks over the points."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go

from pages.ui import charts
from pages.ui.charts import Panel
from pages.ui.colouring import Colouring
from pages.ui.palette import OKABE_ITO
from pages.ui.player.drawing import Picture, View, style
from pages.ui.text import count
from scint_core.contract import BoolArray, FloatArray

MOST_LINES = 500
MOST_ARROWS = 250
_FULL = 0.05  # weight of a disc of full size
_OPAQUE, _FADED = 0.8, 0.15
_LEGEND = 150  # pixels
_LARGER = 1.35  # than on pages that are read from near
RIGHT, WRONG = OKABE_ITO[0], OKABE_ITO[5]
ARROW = "rgba(128,136,144,0.9)"
MARK = "#D55E00"


def cell_map(
    view: View,
    *titles: str,
    layouts: Sequence[FloatArray] = (),
    colouring: Colouring | None = None,
    over: Sequence[go.Scatter | go.Scattergl] = (),
    under: Sequence[go.Scattergl] = (),
) -> go.Figure:
    """The cells in the space of the step, on axes that are the same for all steps there; one panel per title.

    `layouts` (cells × at least 2 each, default: where the cells are after the step) go with the titles. Traces `over`
    and `under` the points are drawn on the first panel. Cells of batches that take no part in the step fade.
    """
    assert view.scene.after is not None
    layouts = [flat(layout) for layout in layouts or [view.scene.after]]
    reach = flat(view.replay.reach(view.scene.space))
    panels = [Panel(title, layout) for title, layout in zip(titles, layouts, strict=True)]
    figure = charts.maps(panels, colouring or view.colouring, view.hover, _taking_part(view), reach)
    for trace in over:
        figure.add_trace(trace, row=1, col=1)
    if under:
        points = len(figure.data)
        for trace in under:
            figure.add_trace(trace, row=1, col=1)
        figure.data = figure.data[points:] + figure.data[:points]
    _strong_legend(figure)
    style(figure)
    figure.update_layout(uirevision=view.scene.space)  # who has zoomed stays there, as long as the space is the same
    larger_points(figure)
    if len(titles) == 1:
        beside(figure)
    else:
        figure.update_layout(legend={"y": -0.08})
    figure.update_xaxes(title={"text": f"{view.scene.axis} 1", "standoff": 2})
    figure.update_yaxes(title={"text": f"{view.scene.axis} 2", "standoff": 2}, col=1)
    return figure


def _strong_legend(figure: go.Figure) -> None:
    """Lines that are faint on the map are told by strong ones in the legend."""
    for line in figure.select_traces({"mode": "lines", "showlegend": True}):
        line.showlegend = False
        figure.add_trace(charts.swatch("legend", line.name, mode="lines", line={"color": line.line.color, "width": 4}))


def _taking_part(view: View) -> BoolArray | None:
    """Which cells belong to either side; None where all do, or where there are no sides."""
    if view.scene.left is None or view.scene.right is None:
        return None
    part = np.zeros(view.replay.problem.n_cells, dtype=np.bool_)
    part[view.scene.left] = part[view.scene.right] = True
    return None if part.all() else part


def beside(figure: go.Figure) -> None:
    """The legend beside a map, which is square, so that the map keeps its size whatever the legend holds."""
    side = {"orientation": "v", "x": 1.01, "xanchor": "left", "y": 1, "yanchor": "top"}
    figure.update_layout(legend=side, margin_r=_LEGEND)


def larger_points(figure: go.Figure) -> None:
    """Points that are seen from afar; a click on one does not fade the others."""
    for trace in figure.select_traces({"type": "scattergl", "mode": "markers"}):
        trace.marker.size = _LARGER * trace.marker.size
        trace.unselected.marker.opacity = _FADED if trace.selectedpoints is not None else _OPAQUE


def flat(layout: FloatArray) -> FloatArray:
    """The first two dimensions; a single one is drawn against 0."""
    if layout.shape[1] == 1:
        return np.column_stack([layout[:, 0], np.zeros(len(layout))])
    return layout[:, :2]


def picture(
    view: View, figure: go.Figure, what: str, *, caption: str = "", clicks: bool = False, width: float = 1.0
) -> Picture:
    """A map of cells as a picture; the fading that a click brings is undone when the cell is drawn."""
    figure.update_layout(selectionrevision=str(view.clicked))
    shown = len(charts.sample_of_cells(view.replay.problem.n_cells))
    sample = "" if shown == view.replay.problem.n_cells else f" {shown:,} cells drawn."
    alt = f"{what}: map of {count(shown, 'cell')}, coloured by {view.colouring.title}"
    return Picture(figure, alt, f"{caption}{sample}".strip(), clicks, width)


def lines(
    starts: FloatArray, ends: FloatArray, colour: str, name: str = "", *, width: float = 1, opacity: float = 0.35
) -> go.Scattergl:
    """Lines from each start to its end (n × at least 2 each), as one trace."""
    x, y = charts.segments(flat(starts), flat(ends))
    return go.Scattergl(
        x=x, y=y, mode="lines", line={"color": colour, "width": width}, opacity=opacity, name=name or "lines",
        showlegend=bool(name), hoverinfo="skip", meta="lines",
    )  # fmt: skip


def arrows(
    starts: FloatArray, vectors: FloatArray, name: str = "", colour: str = ARROW, size: float = 11
) -> go.Scatter:
    """Arrows from each start along its vector (n × at least 2 each), as one trace."""
    starts = flat(starts)
    x, y = charts.segments(starts, starts + flat(vectors))
    return go.Scatter(
        x=x, y=y, mode="lines+markers", line={"color": colour, "width": 1.6}, name=name or "arrows", meta="arrows",
        marker={"symbol": "arrow", "angleref": "previous", "size": np.tile([0, size, 0], len(starts)), "color": colour,
                "opacity": 1, "line": {"width": 0}},
        showlegend=bool(name), hoverinfo="skip", unselected={"marker": {"opacity": 1}},
    )  # fmt: skip


def mark(layout: FloatArray, row: int, name: str = "clicked cell") -> go.Scatter:
    """A ring around one cell of a layout (cells × at least 2)."""
    x, y = flat(layout[[row]])[0]
    return go.Scatter(
        x=[x], y=[y], mode="markers", name=name, meta="mark", hoverinfo="skip", unselected={"marker": {"opacity": 1}},
        marker={"symbol": "circle-open", "size": 20, "color": MARK, "line": {"width": 4}},
    )  # fmt: skip


def weighted(places: FloatArray, weights: FloatArray, name: str) -> go.Scatter:
    """Cells by how much they weigh: the disc's area follows the weight up to a fifth of all."""
    x, y = flat(places).T
    size = 6 + 22 * np.sqrt(np.minimum(weights, 4 * _FULL) / _FULL)
    return go.Scatter(
        x=x, y=y, mode="markers", name=name, meta="weights", text=[f"{w:.1%}" for w in weights], hoverinfo="text",
        marker={"size": size, "color": "rgba(213,94,0,0.45)", "line": {"color": MARK, "width": 1.2}},
        unselected={"marker": {"opacity": 0.7}},
    )  # fmt: skip
