"""Charts of cells: maps side by side with one legend, pair lines beneath the points, composition bars."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
import plotly.graph_objects as go
import streamlit as st
from plotly.subplots import make_subplots

from pages.ui.palette import MISSING, colours
from pages.ui.text import in_chart
from scint_core.contract import FloatArray, IntArray, Pairs

MOST_POINTS = 50_000  # per panel; more are drawn as a sample, and the caption says so
_LABELS_FROM = 9  # categories from which the map itself names them: colours alone no longer tell
_LAYERS = 3  # every category is drawn in so many portions, interleaved, so that none hides the others
_LINE_COLOUR = "rgba(128, 136, 144, 0.12)"
_PANEL_HEIGHT = 430


@dataclass(frozen=True)
class Groups:
    """What the points are coloured by: `codes` (cells,) into `names`, −1 where a cell has none."""

    codes: IntArray
    names: tuple[str, ...]
    title: str

    def members(self) -> list[tuple[str, str, IntArray]]:
        """Name, colour and cells of every group in use; cells without one come last."""
        palette = colours(len(self.names))
        found = [(name, palette[i], np.flatnonzero(self.codes == i)) for i, name in enumerate(self.names)]
        found.append(("(none)", MISSING, np.flatnonzero(self.codes < 0)))
        return [group for group in found if len(group[2])]


@dataclass(frozen=True)
class Panel:
    """One map: `layout` (cells × 2), and the pairs to draw over it (left and right positions)."""

    title: str
    layout: FloatArray
    pairs: Pairs | None = None


def sample_of_cells(n_cells: int, seed: int = 0) -> IntArray:
    """The cells that a map draws: all up to `MOST_POINTS`, else a sample in order."""
    if n_cells <= MOST_POINTS:
        return np.arange(n_cells)
    return np.sort(np.random.default_rng(seed).choice(n_cells, MOST_POINTS, replace=False))


def sample_of_pairs(pairs: Pairs, most: int, seed: int = 0) -> Pairs:
    """At most `most` of the pairs that were kept, drawn evenly at random."""
    rows = np.flatnonzero(pairs.kept)
    if len(rows) > most:
        rows = np.sort(np.random.default_rng(seed).choice(rows, most, replace=False))
    return Pairs(pairs.left[rows], pairs.right[rows], pairs.merge[rows], pairs.score[rows], pairs.kept[rows])


def maps(panels: Sequence[Panel], groups: Groups, hover: Sequence[str] | None = None) -> go.Figure:
    """Maps side by side on one scale: a point per cell, one legend for all; a click on it hides a group everywhere.

    `hover` (cells,) is what the box at a point says. Traces bear `meta`: "points" with the group, or "pairs".
    """
    figure = make_subplots(
        rows=1, cols=len(panels), subplot_titles=[in_chart(p.title, 80) for p in panels], horizontal_spacing=0.02
    )
    shown = sample_of_cells(len(groups.codes))
    for column, panel in enumerate(panels, start=1):
        if panel.pairs is not None:
            figure.add_trace(_pair_lines(panel.layout, panel.pairs), row=1, col=column)
        for trace in _points(panel.layout, groups, shown, hover, legend=column == 1):
            figure.add_trace(trace, row=1, col=column)
        if len(groups.names) >= _LABELS_FROM:
            _label_groups(figure, panel.layout, groups, column)
    _frame(figure, panels)
    return figure


def _points(
    layout: FloatArray, groups: Groups, shown: IntArray, hover: Sequence[str] | None, *, legend: bool
) -> list[go.Scattergl]:
    """One float32 trace per portion of a group, portions of all groups interleaved."""
    size = float(np.clip(9 - 1.1 * np.log10(max(len(shown), 10)) * 1.4, 2.5, 7))
    visible = np.zeros(len(groups.codes), dtype=bool)
    visible[shown] = True
    traces = []
    for layer in range(_LAYERS):
        for name, colour, cells in groups.members():
            cells = cells[visible[cells]][layer::_LAYERS]
            traces.append(
                go.Scattergl(
                    x=layout[cells, 0].astype(np.float32),
                    y=layout[cells, 1].astype(np.float32),
                    mode="markers",
                    marker={"size": size, "color": colour, "opacity": 0.8},
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


def _pair_lines(layout: FloatArray, pairs: Pairs) -> go.Scattergl:
    """All lines as one trace: left end, right end, gap."""
    ends = np.full((len(pairs), 3, 2), np.nan, dtype=np.float32)
    ends[:, 0] = layout[pairs.left]
    ends[:, 1] = layout[pairs.right]
    x, y = ends.reshape(-1, 2).T
    return go.Scattergl(
        x=x, y=y, mode="lines", line={"color": _LINE_COLOUR, "width": 1}, name="pairs", meta="pairs",
        showlegend=False, hoverinfo="skip", connectgaps=False,
    )  # fmt: skip


def _label_groups(figure: go.Figure, layout: FloatArray, groups: Groups, column: int) -> None:
    for name, _, cells in groups.members():
        x, y = np.median(layout[cells], axis=0)
        figure.add_annotation(
            x=x, y=y, text=in_chart(name, 18), showarrow=False, row=1, col=column,
            font={"size": 11}, bgcolor="rgba(127,127,127,0.25)", borderpad=2,
        )  # fmt: skip


def _frame(figure: go.Figure, panels: Sequence[Panel]) -> None:
    """Equal aspect, one range for all panels, no ticks, the legend below."""
    everything = np.concatenate([p.layout for p in panels])
    low, high = everything.min(axis=0), everything.max(axis=0)
    margin = 0.04 * (high - low).max() + 1e-6
    for column in range(1, len(panels) + 1):
        axis = "x" if column == 1 else f"x{column}"
        figure.update_xaxes(range=[low[0] - margin, high[0] + margin], constrain="domain", row=1, col=column)
        figure.update_yaxes(
            range=[low[1] - margin, high[1] + margin], scaleanchor=axis, constrain="domain", row=1, col=column
        )
    figure.update_xaxes(showticklabels=False, showgrid=False, zeroline=False, title=None)
    figure.update_yaxes(showticklabels=False, showgrid=False, zeroline=False, title=None)
    figure.update_layout(
        height=_PANEL_HEIGHT,
        margin={"l": 8, "r": 8, "t": 36, "b": 8},
        legend={"orientation": "h", "y": -0.02, "yanchor": "top", "itemsizing": "constant", "title": None},
        dragmode="pan",
        uirevision="keep",
        paper_bgcolor="rgba(0,0,0,0)",
        plot_bgcolor="rgba(0,0,0,0)",
    )


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


def show(figure: go.Figure, *, key: str, alt: str) -> None:
    """Draw a figure in the page's theme, with a description for those who do not see it."""
    st.plotly_chart(
        figure,
        key=key,
        alt=alt,
        config={"scrollZoom": True, "displaylogo": False, "modeBarButtonsToRemove": ["select2d"]},
    )
