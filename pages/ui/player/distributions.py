"""Curves, bars and tables of numbers for the player."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import plotly.graph_objects as go
from plotly.colors import hex_to_rgb

from pages.ui.colouring import SCALE
from pages.ui.palette import colours
from pages.ui.player.drawing import FONT, MUTED, View, style
from pages.ui.text import in_chart
from scint_core.contract import FloatArray

_BINS = 50
_FILL = 0.25  # opacity under an outline
_MOST_TICKS = 15
_MOST_TEXTS, _MOST_ROWS = 100, 12  # cells and rows of a heat map up to which numbers are written into it


def by_batch(view: View, values: FloatArray, rows: np.ndarray | None) -> dict[str, FloatArray]:
    """Values (one per row) by the batch of their cell; all together where the cells are not known."""
    if rows is None:
        return {"all": values}
    batch = view.batches.codes[rows]
    return {name: values[batch == b] for b, name in enumerate(view.batches.names) if (batch == b).any()}


def batch_colours(view: View) -> dict[str, str]:
    """The colour of every batch by name, as on the maps."""
    return dict(zip(view.batches.names, colours(len(view.batches.names)), strict=True))


def side_colours(view: View) -> tuple[str, str]:
    """The colours of the two sides: of the first batch of each."""
    palette = list(batch_colours(view).values())
    left, right = view.scene.record.sides or ((0,), (1,))
    return palette[left[0]], palette[right[0] if right != left else right[-1]]


def distribution(
    values: Mapping[str, FloatArray], title: str, axis: str, palette: Mapping[str, str] | None = None
) -> go.Figure:
    """How values are spread, an outline per name on common bins: the share of its cells in every bin."""
    figure = go.Figure()
    edges = bins(list(values.values()))
    middle = (edges[:-1] + edges[1:]) / 2
    fallback = dict(zip(values, colours(len(values)), strict=True))
    for name, part in values.items():
        colour = (palette or {}).get(name, fallback[name])
        figure.add_trace(outline(part, edges, middle, name, colour))
    style(figure, title=title)
    figure.update_layout(showlegend=len(values) > 1)
    figure.update_xaxes(title=axis, zeroline=False)
    figure.update_yaxes(title="share of cells", tickformat=".0%", rangemode="tozero", nticks=5)
    return figure


def bins(values: Sequence[FloatArray]) -> FloatArray:
    """Edges of bins that hold all values."""
    known = np.concatenate([np.asarray(v, dtype=np.float64).ravel() for v in values])
    known = known[np.isfinite(known)]
    low, high = (float(known.min()), float(known.max())) if len(known) else (0.0, 1.0)
    if high - low <= 1e-9 * max(abs(low), abs(high), 1e-30):
        low, high = low - 0.5, high + 0.5
    return np.linspace(low, high, _BINS + 1)


def outline(values: FloatArray, edges: FloatArray, middle: FloatArray, name: str, colour: str) -> go.Scatter:
    """The histogram of one group as a filled outline."""
    counts = np.histogram(values[np.isfinite(values)], edges)[0]
    return go.Scatter(
        x=middle, y=counts / max(len(values), 1), mode="lines", name=in_chart(name), fill="tozeroy", meta="outline",
        fillcolor=f"rgba{(*hex_to_rgb(colour), _FILL)}",
        line={"color": colour, "shape": "hvh", "width": 2}, hovertemplate="%{x:.3g}: %{y:.1%}<extra></extra>",
    )  # fmt: skip


def bars(values: Mapping[str, float], title: str, axis: str, palette: Mapping[str, str] | None = None) -> go.Figure:
    """A bar per name, the value written at its end."""
    names = [in_chart(name, 24) for name in values]
    figure = go.Figure(
        go.Bar(
            x=list(values.values()), y=names, orientation="h", text=[short(v) for v in values.values()], meta="bars",
            textfont={"size": FONT}, textposition="outside", textangle=0, cliponaxis=False,
            marker={"color": [(palette or {}).get(name, colours(1)[0]) for name in values]},
            hovertemplate="%{y}: %{x:.4g}<extra></extra>",
        )
    )  # fmt: skip
    style(figure, title=title)
    figure.update_yaxes(autorange="reversed")
    low, high = min(0.0, *values.values()), max(0.0, *values.values())
    figure.update_xaxes(title=axis, nticks=5, range=[1.3 * low, 1.3 * high] if high > low else None)
    return figure


def heat_map(
    values: FloatArray, rows: Sequence[str], columns: Sequence[str], title: str, *, middle: float | None = None
) -> go.Figure:
    """A matrix as shades, with numbers where there is room; a scale of two colours around `middle` where given."""
    scale = {"colorscale": SCALE} if middle is None else {"colorscale": "RdBu_r", "zmid": middle}
    few = values.size <= _MOST_TEXTS and len(values) <= _MOST_ROWS
    figure = go.Figure(
        go.Heatmap(
            z=values, x=[in_chart(c, 18) for c in columns], y=[in_chart(r, 18) for r in rows], xgap=1, ygap=1,
            text=np.vectorize(short)(values) if few and values.size else None, texttemplate="%{text}" if few else None,
            textfont={"size": FONT}, meta="heat", colorbar={"thickness": 14, "tickfont": {"size": FONT - 1}},
            hovertemplate="%{y}, %{x}: %{z:.4g}<extra></extra>", **scale,
        )
    )  # fmt: skip
    style(figure, title=title)
    figure.update_yaxes(autorange="reversed", showgrid=False)
    figure.update_xaxes(showgrid=False)
    return figure


def curve(y: Mapping[str, FloatArray], title: str, x_axis: str, y_axis: str, first: int = 0) -> go.Figure:
    """A line per name over whole numbers from `first` on."""
    figure = go.Figure()
    for (name, values), colour in zip(y.items(), colours(len(y)), strict=True):
        figure.add_scatter(
            x=np.arange(first, first + len(values)), y=values, name=in_chart(name), line={"color": colour, "width": 3},
            mode="lines+markers" if len(values) < 60 else "lines", meta=f"curve:{name}",
            hovertemplate="%{x}: %{y:.4g}<extra></extra>",
        )  # fmt: skip
    style(figure, title=title)
    figure.update_layout(showlegend=len(y) > 1)
    figure.update_xaxes(title=x_axis, dtick=1 if max(map(len, y.values())) <= _MOST_TICKS else None)
    figure.update_yaxes(title=y_axis)
    return figure


def diagonal(figure: go.Figure, values: FloatArray, **place: int) -> None:
    """The line where both axes are equal."""
    low, high = float(np.nanmin(values)), float(np.nanmax(values))
    figure.add_scatter(
        x=[low, high], y=[low, high], mode="lines", line={"color": MUTED, "dash": "dash"}, showlegend=False,
        hoverinfo="skip", meta="diagonal", **place,
    )  # fmt: skip


def short(value: float) -> str:
    """A number in a few letters."""
    return f"{value:,.0f}" if float(value).is_integer() or abs(value) >= 1000 else f"{value:.3g}"
