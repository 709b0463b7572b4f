"""The two maps of the Pairs page: before integration with the pairs over it, and after."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import plotly.graph_objects as go
import streamlit as st

from pages.ui import charts, library
from pages.ui.colouring import SCALE, Groups, shades
from pages.ui.pair_colours import DROPPED_COLOUR, SCORE, Portion, portions
from pages.ui.pair_data import Asked, Related, ask
from pages.ui.palette import OKABE_ITO
from pages.ui.selection import clicked, drawn_shape
from pages.ui.text import in_chart
from scint_core.contract import BoolArray, IntArray
from scint_core.numerics.pair_table import pairs_at, partners_of

MAPS = "Maps before and after"
CLICK, LASSO = "click a cell", "draw a lasso"
_HEIGHT = 480
_FAINT = 0.35  # opacity of the cells, so that the lines are seen
_BOLD, _THIN = 3.5, 1.5  # widths of lines
_BACK = 0.12  # opacity of the other pairs while those of one cell stand out


@dataclass(frozen=True)
class Look:
    """How the maps are drawn: which kind, what the mouse does, what colours pairs and cells, which pairs."""

    where: str
    mouse: str
    pairs_by: str
    cells_by: str
    drawn: IntArray
    dropped: IntArray


def draw_maps(found: Related, look: Look, question: Asked, marked: BoolArray | None) -> None:
    """Draw both maps; a lasso or a click in them is asked about at once.

    A chart takes clicks or shapes, not both at a time: `look.mouse` says which.
    """
    key = f"pairs:maps:{found.run.id}:{look.where}:{look.mouse}:{question.times}"
    figure = pair_figure(found, look, question.cell, marked)
    figure.update_layout(
        dragmode="pan" if look.mouse == CLICK else "lasso",
        selectionrevision=str(question),  # what the browser itself had selected before is over
    )
    event = st.plotly_chart(
        figure, key=key, on_select="rerun", selection_mode="points" if look.mouse == CLICK else ("lasso", "box"),
        config={"scrollZoom": True, "displaylogo": False},
        alt=f"{MAPS} {found.label}, {len(look.drawn):,} pairs drawn over the first, coloured by {look.pairs_by}",
    )  # fmt: skip
    told = clicked(event, int) if look.mouse == CLICK else drawn_shape(event, 2)
    if told is None or told == st.session_state.get(f"{key}:told"):
        return
    st.session_state[f"{key}:told"] = told  # the chart goes on reporting it
    if isinstance(told, int):
        ask(found.run.id, cell=told)
    ask(found.run.id, shape=told, on=look.where)


def pair_figure(found: Related, look: Look, cell: int | None, marked: BoolArray | None) -> go.Figure:
    """Cells faint, pairs over them; of a clicked cell the pairs are bold, on both maps.

    Line traces bear `meta`: "pairs:" with what they are, "dropped", or "partners:" for those of the clicked cell.
    """
    panels = found.panels(look.where)
    figure = charts.maps(panels, cells_colouring(found.view, look.cells_by), library.hover_texts(found.view.id), marked)
    for entry in _fade(figure, marked):
        figure.add_trace(entry, row=1, col=1)
    strength = _BACK if cell is not None else float(np.clip(12 / np.sqrt(len(look.drawn) + 1), 0.25, 0.8))
    if len(look.dropped):
        part = Portion("dropped by the filter", DROPPED_COLOUR, look.dropped)
        figure.add_trace(_lines(found, look.where, 0, part, strength, meta="dropped", dash="dash"), row=1, col=1)
    parts = portions(found, look.pairs_by, look.drawn)
    for part in parts:
        figure.add_trace(_lines(found, look.where, 0, part, strength, meta=f"pairs:{part.name}"), row=1, col=1)
    if look.pairs_by == SCORE:
        figure.add_trace(_score_bar(found), row=1, col=1)
        parts = []  # their colours are on the bar
    for entry in _legend(parts, dropped=len(look.dropped) > 0):
        figure.add_trace(entry, row=1, col=1)
    if cell is not None:
        _ring(figure, found, look, cell)
    figure.update_annotations(font_size=16)
    figure.update_layout(
        height=_HEIGHT,
        legend={"font": {"size": 14}, "itemclick": False, "itemdoubleclick": False},
    )  # fmt: skip
    return figure


def cells_colouring(view: library.DataView, by: str) -> Groups:
    """By batch, by type, or all grey."""
    labels = library.label_groups(view)
    if by == view.batch_key:
        return library.batch_groups(view)
    if labels is not None and by == view.label_key:
        return labels
    return Groups(np.full(view.n_cells, -1), (), "cells")


def _fade(figure: go.Figure, marked: BoolArray | None) -> list[go.Scatter]:
    """Cells recede behind the lines; a click alone fades no others further, a lasso does. Returns what tells their
    colours in the legend, where they stay strong."""
    entries = []
    for trace in figure.data:
        if not str(trace.meta).startswith("points"):
            continue
        if trace.showlegend:
            trace.showlegend = False
            entries.append(
                charts.swatch("cells", trace.name, mode="markers", marker={"color": trace.marker.color, "size": 12})
            )
        trace.marker.opacity = _FAINT
        if marked is None:
            trace.unselected.marker.opacity = _FAINT
    return entries


def _lines(
    found: Related, where: str, panel: int, part: Portion, opacity: float, *, meta: str,
    width: float = _THIN, dash: str = "solid",
) -> go.Scattergl:  # fmt: skip
    x, y = charts.line_ends(found.layouts(where)[panel], pairs_at(found.pairs, part.rows))
    return go.Scattergl(
        x=x, y=y, mode="lines", line={"color": part.colour, "width": width, "dash": dash}, opacity=opacity, meta=meta,
        name=in_chart(part.name), showlegend=False, hoverinfo="skip", connectgaps=False,
    )  # fmt: skip


def _legend(parts: list[Portion], *, dropped: bool) -> list[go.Scatter]:
    """An entry per colour of pairs: a line as thick as can be seen from afar."""
    entries = [(part.name, part.colour, "solid") for part in parts]
    entries += [("dropped by the filter", DROPPED_COLOUR, "dash")] * dropped
    return [
        charts.swatch("legend", in_chart(name), mode="lines", line={"color": colour, "width": 4, "dash": dash})
        for name, colour, dash in entries
    ]


def _score_bar(found: Related) -> go.Scatter:
    """A point that is not there, for the scale of the scores, at the right of the maps."""
    scale = shades([found.pairs.score[found.pairs.kept]], SCORE)[0]
    return go.Scatter(
        x=[None], y=[None], mode="markers", showlegend=False, hoverinfo="skip", meta="scale",
        marker={
            "color": [scale.low], "cmin": scale.low, "cmax": scale.high, "colorscale": SCALE, "showscale": True,
            "colorbar": {"title": {"text": "score of a pair", "font": {"size": 14}}, "tickfont": {"size": 14},
                         "thickness": 14, "len": 0.8, "x": 1.01},
        },
    )  # fmt: skip


def _ring(figure: go.Figure, found: Related, look: Look, cell: int) -> None:
    """The clicked cell and its partners on both maps, joined by bold lines."""
    rows, others = partners_of(found.pairs, cell)
    kept = found.pairs.kept[rows]
    for panel, layout in enumerate(found.layouts(look.where)):
        place = {"row": 1, "col": panel + 1}
        gone = Portion("dropped by the filter", DROPPED_COLOUR, rows[~kept])
        figure.add_trace(
            _lines(found, look.where, panel, gone, 1, meta="partners:dropped", width=_BOLD, dash="dash"), **place
        )
        for part in portions(found, look.pairs_by, rows[kept]):
            line = _lines(found, look.where, panel, part, 1, meta=f"partners:{part.name}", width=_BOLD)
            figure.add_trace(line, **place)
        for cells, size, meta in ((others, 11, "partner"), (np.array([cell]), 24, "clicked")):
            figure.add_trace(
                go.Scattergl(
                    x=layout[cells, 0], y=layout[cells, 1], mode="markers", meta=meta, showlegend=False,
                    hoverinfo="skip",
                    marker={"symbol": "circle-open", "size": size, "color": OKABE_ITO[7], "line": {"width": 4}},
                ),
                **place,
            )  # fmt: skip
