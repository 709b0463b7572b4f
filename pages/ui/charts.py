"""Charts of cells: maps side by side with one legend, pair lines beneath the points, composition bars."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
import plotly.graph_objects as go
import streamlit as st
from plotly.subplots import make_subplots

from pages.ui.colouring import SCALE, Colouring, Groups, Shades
from pages.ui.palette import colours
from pages.ui.text import in_chart
from scint_core.contract import BoolArray, FloatArray, IntArray, Pairs
from scint_core.numerics.pair_table import pairs_at

MOST_POINTS = 50_000  # per panel; more are drawn as a sample, and the caption says so
LABELS_FROM = 9  # categories from which the map itself names them: colours alone no longer tell
_LAYERS = 3  # every category is drawn in so many portions, interleaved, so that none hides the others
_LINE_COLOUR = "rgba(128, 136, 144, 0.12)"
_PANEL_HEIGHT = 430
_TOP = 54  # pixels above the maps: their titles, and over these the tools that come with the mouse
_MOST_SIDE_BY_SIDE = 3
_FADED = 0.06  # opacity of cells that are not marked


@dataclass(frozen=True)
class Panel:
    """One map: `layout` (cells × 2, NaN for cells without a place), the pairs drawn over it (left and right positions),
    a colouring of its own."""

    title: str
    layout: FloatArray
    pairs: Pairs | None = None
    colouring: Colouring | None = None


def sample_of_cells(n_cells: int, seed: int = 0) -> IntArray:
    """The cells that a map draws: all up to `MOST_POINTS`, else a sample in order."""
    return sample_of(n_cells, MOST_POINTS, seed)


def sample_of_pairs(pairs: Pairs, most: int, seed: int = 0) -> Pairs:
    """At most `most` of the pairs that were kept, drawn evenly at random."""
    return pairs_at(pairs, sample_of_rows(np.flatnonzero(pairs.kept), most, seed))


def sample_of_rows(rows: IntArray, most: int, seed: int = 0) -> IntArray:
    """At most `most` of the rows, drawn evenly at random, in order."""
    return rows[sample_of(len(rows), most, seed)]


def sample_of(n: int, most: int, seed: int = 0) -> IntArray:
    """Places of at most `most` of `n` things, drawn evenly at random, in order; always the same ones."""
    return np.arange(n) if n <= most else np.sort(np.random.default_rng(seed).choice(n, most, replace=False))


def maps(
    panels: Sequence[Panel],
    colouring: Colouring,
    hover: Sequence[str] | None = None,
    marked: BoolArray | None = None,
    frame: FloatArray | None = None,
) -> go.Figure:
    """Maps on one scale, up to three side by side: a point per cell, one legend; a click in it hides a group.

    A panel may bring a colouring of its own. `hover` (cells,) is what the box at a point says, `marked` (cells,) which
    cells stand out while the others fade, `frame` (n × 2) what the panels leave room for besides their own cells.
    Traces bear `meta`: "points" with the group, or "pairs".
    """
    columns = len(panels) if len(panels) <= _MOST_SIDE_BY_SIDE else 2
    figure = make_subplots(
        rows=-(-len(panels) // columns), cols=columns, subplot_titles=[in_chart(p.title, 80) for p in panels],
        horizontal_spacing=0.02, vertical_spacing=0.06,
    )  # fmt: skip
    shown = sample_of_cells(len(panels[0].layout))
    for i, panel in enumerate(panels):
        place = {"row": i // columns + 1, "col": i % columns + 1}
        own = panel.colouring or colouring
        if panel.pairs is not None:
            figure.add_trace(_pair_lines(panel.layout, panel.pairs), **place)
        for trace in _points(panel.layout, own, shown, hover, marked, legend=i == 0):
            figure.add_trace(trace, **place)
        if isinstance(own, Groups) and len(own.names) >= LABELS_FROM:
            _label_groups(figure, panel.layout, own, place)
    first = panels[0].colouring or colouring
    if isinstance(first, Shades):
        figure.add_trace(_colour_bar(first), row=1, col=1)
    layouts = [panel.layout for panel in panels]
    _frame(figure, len(panels), layouts if frame is None else [*layouts, frame], columns)
    return figure


def _points(
    layout: FloatArray,
    colouring: Colouring,
    shown: IntArray,
    hover: Sequence[str] | None,
    marked: BoolArray | None,
    *,
    legend: bool,
) -> list[go.Scattergl]:
    """One float32 trace per portion of a group, portions of all groups interleaved."""
    size = float(np.clip(9 - 1.1 * np.log10(max(len(shown), 10)) * 1.4, 2.5, 7))
    visible = np.zeros(len(layout), dtype=bool)
    visible[shown] = True
    legend = legend and isinstance(colouring, Groups)
    traces = []
    for layer in range(_LAYERS):
        for name, colour, cells in colouring.members():
            cells = cells[visible[cells]][layer::_LAYERS]
            traces.append(
                go.Scattergl(
                    x=layout[cells, 0].astype(np.float32),
                    y=layout[cells, 1].astype(np.float32),
                    mode="markers",
                    marker={"size": size, "color": colour, "opacity": 0.8},
                    selectedpoints=None if marked is None else np.flatnonzero(marked[cells]),
                    unselected={"marker": {"opacity": _FADED}},
                    name=in_chart(name),
                    legendgroup=in_chart(name),
                    showlegend=legend and layer == 0,
                    meta=f"points:{name}",
                    customdata=cells,
                    text=None if hover is None else [hover[c] for c in cells],
                    hovertemplate="%{text}<extra></extra>" if hover is not None else None,
                    hoverinfo="skip" if hover is None else None,
                )
            )
    return traces


def _colour_bar(shades: Shades) -> go.Scatter:
    """A point that is not there, for its scale."""
    return go.Scatter(
        x=[None], y=[None], mode="markers", showlegend=False, hoverinfo="skip", meta="scale",
        marker={
            "color": [shades.low], "cmin": shades.low, "cmax": shades.high, "colorscale": SCALE, "showscale": True,
            "colorbar": {"title": {"text": in_chart(shades.title), "side": "top"}, "orientation": "h", "y": -0.02,
                         "yanchor": "top", "x": 0, "xanchor": "left", "len": 0.4, "thickness": 12},
        },
    )  # fmt: skip


def line_ends(layout: FloatArray, pairs: Pairs) -> FloatArray:
    """The lines between the ends of pairs: see `segments`."""
    return segments(layout[pairs.left], layout[pairs.right])


def segments(starts: FloatArray, ends: FloatArray) -> FloatArray:
    """Lines from each start to its end (n × 2 each) as one trace holds them, float32 (2 × 3 · n): start, end, gap."""
    points = np.full((len(starts), 3, 2), np.nan, dtype=np.float32)
    points[:, 0], points[:, 1] = starts, ends
    return points.reshape(-1, 2).T


def _pair_lines(layout: FloatArray, pairs: Pairs) -> go.Scattergl:
    """All lines as one trace."""
    x, y = line_ends(layout, pairs)
    return go.Scattergl(
        x=x, y=y, mode="lines", line={"color": _LINE_COLOUR, "width": 1}, name="pairs", meta="pairs",
        showlegend=False, hoverinfo="skip", connectgaps=False,
    )  # fmt: skip


def _label_groups(figure: go.Figure, layout: FloatArray, groups: Groups, place: dict[str, int]) -> None:
    for name, _, cells in groups.members():
        placed = layout[cells][np.isfinite(layout[cells, 0])]
        if not len(placed):
            continue
        x, y = np.median(placed, axis=0)
        figure.add_annotation(
            x=x, y=y, text=in_chart(name, 18), showarrow=False, **place,
            font={"size": 11}, bgcolor="rgba(127,127,127,0.25)", borderpad=2,
        )  # fmt: skip


def _frame(figure: go.Figure, n_panels: int, layouts: Sequence[FloatArray], columns: int) -> None:
    """Equal aspect, one range for all panels that holds the layouts, no ticks, the legend below."""
    everything = np.concatenate(layouts)
    low, high = np.nanmin(everything, axis=0), np.nanmax(everything, axis=0)
    margin = 0.04 * (high - low).max() + 1e-6
    for i in range(n_panels):
        place = {"row": i // columns + 1, "col": i % columns + 1}
        figure.update_xaxes(range=[low[0] - margin, high[0] + margin], constrain="domain", **place)
        figure.update_yaxes(
            range=[low[1] - margin, high[1] + margin], scaleanchor=axis_of(i), constrain="domain", **place
        )
    figure.update_xaxes(showticklabels=False, showgrid=False, zeroline=False, title=None)
    figure.update_yaxes(showticklabels=False, showgrid=False, zeroline=False, title=None)
    figure.update_layout(
        height=_PANEL_HEIGHT * -(-n_panels // columns),
        margin={"l": 8, "r": 8, "t": _TOP, "b": 8},
        legend={
            "orientation": "h",
            "y": -0.02,
            "yanchor": "top",
            "itemsizing": "constant",
            "title": None,
            "traceorder": "normal",  # else entries without a group, as swatches are, stand one below the other
        },
        dragmode="pan",
        modebar={"bgcolor": "rgba(0,0,0,0)"},
        uirevision="keep",
        paper_bgcolor="rgba(0,0,0,0)",
        plot_bgcolor="rgba(0,0,0,0)",
    )


def swatch(kind: str, name: str, **look: object) -> go.Scatter:
    """An entry of the legend that draws nothing else, for traces that are too faint to tell their colour; its `meta`
    says what `kind` of entry it is."""
    return go.Scatter(x=[None], y=[None], name=name, meta=f"{kind}:{name}", hoverinfo="skip", **look)


def axis_of(panel: int) -> str:
    """The name of a panel's horizontal axis, by the panel's place."""
    return "x" if panel == 0 else f"x{panel + 1}"


def composition_bars(table: pd.DataFrame) -> go.Figure:
    """Stacked bars of types (columns of `table`) within batches (rows), as shares, with counts on hover."""
    shares = table.div(table.sum(axis=1).replace(0, 1), axis=0)
    figure = go.Figure()
    for name, colour in zip(table.columns, colours(len(table.columns)), strict=True):
        figure.add_bar(
            y=[in_chart(b, 24) for b in table.index], x=shares[name], orientation="h", name=in_chart(name),
            marker={"color": colour}, customdata=table[name], meta=f"bar:{name}",
            hovertemplate="%{y}: %{customdata:,} cells, %{x:.0%}<extra>" + in_chart(name) + "</extra>",
        )  # fmt: skip
    figure.update_layout(
        barmode="stack",
        height=110 + 34 * len(table),
        margin={"l": 8, "r": 8, "t": 40, "b": 8},
        legend={"orientation": "h", "y": 1.0, "yanchor": "bottom", "x": 0, "traceorder": "normal", "title": None},
        paper_bgcolor="rgba(0,0,0,0)",
        plot_bgcolor="rgba(0,0,0,0)",
    )
    figure.update_xaxes(tickformat=".0%", range=[0, 1], title=None)
    figure.update_yaxes(autorange="reversed", title=None, automargin=True)
    return figure


def show(figure: go.Figure, *, key: str, alt: str, tools: bool = True) -> None:
    """Draw a figure in the page's theme, with a description for those who do not see it; `tools` to zoom and save."""
    st.plotly_chart(
        figure,
        key=key,
        alt=alt,
        config={
            "scrollZoom": tools, "displayModeBar": "hover" if tools else False, "displaylogo": False,
            "modeBarButtonsToRemove": ["select2d"],
        },
    )  # fmt: skip
