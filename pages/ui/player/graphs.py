"""Drawings of which batches match: scores as a matrix, links as a graph that grows."""

from __future__ import annotations

import numpy as np
import plotly.graph_objects as go

from pages.ui.palette import OKABE_ITO
from pages.ui.player.distributions import batch_colours, heat_map
from pages.ui.player.drawing import FONT, MUTED, Drawn, Picture, View, draws, style
from pages.ui.text import count, in_chart, visible
from scint_core.contract import AlignmentScores, PanoramaGraph


@draws(AlignmentScores)
def alignment_scores(view: View) -> Drawn:
    """How much any two batches match."""
    names = view.batches.names
    score = heat_map(view.value.score, names, names, "Score: the larger share of matched cells")
    share = heat_map(view.value.share, names, names, "Share of the row's cells matched in the column")
    numbers = {"matches": f"{int(np.triu(view.value.matches, 1).sum()):,}"}
    return Drawn((Picture(score, "Scores of every two batches"), Picture(share, "Shares of matched cells")), numbers)


@draws(PanoramaGraph)
def panorama_graph(view: View) -> Drawn:
    """The links one after the other, best score first."""
    value = view.value
    moments = ("no link yet", *(_told(view, i) for i in range(len(value.edges))))
    together = [panorama for panorama in value.panoramas if len(panorama) > 1]
    numbers = {"links": f"{len(value.edges):,}", "panoramas": f"{len(together):,}",
               "batches alone": f"{len(value.panoramas) - len(together):,}"}  # fmt: skip
    last = len(moments) - 1
    picture = Picture(
        _graph(view, last), f"Graph of {count(len(view.batches.names), 'batch', 'batches')} and their links",
        moments=moments, at=lambda moment: _graph(view, moment),
    )  # fmt: skip
    return Drawn((picture,), numbers)


def _told(view: View, link: int) -> str:
    value, names = view.value, view.batches.names
    a, b = (visible(names[batch]) for batch in value.edges[link])
    passed = "" if value.moved[link] else ", passed over"
    return f"link {link + 1}: {a} – {b}, score {value.scores[link]:.2f}{passed}"


def _graph(view: View, n_links: int) -> go.Figure:
    """The first links between the batches, which stand on a circle."""
    value, names = view.value, view.batches.names
    angle = np.pi / 2 - 2 * np.pi * np.arange(len(names)) / len(names)
    x, y = np.cos(angle), np.sin(angle)
    figure = go.Figure()
    for i, (a, b) in enumerate(value.edges[:n_links]):
        latest = i == n_links - 1
        figure.add_scatter(
            x=[x[a], x[b]], y=[y[a], y[b]], mode="lines", showlegend=False, hoverinfo="skip", meta=f"link:{i}",
            line={"width": 2 + 10 * value.scores[i], "color": OKABE_ITO[5] if latest else MUTED,
                  "dash": "solid" if value.moved[i] else "dot"},
        )  # fmt: skip
    figure.add_scatter(
        x=x, y=y, mode="markers", marker={"size": 34, "color": list(batch_colours(view).values())}, showlegend=False,
        hovertext=[in_chart(name) for name in names], hoverinfo="text", meta="batches",
    )  # fmt: skip
    for i, name in enumerate(names):
        figure.add_annotation(x=1.3 * x[i], y=1.38 * y[i], text=in_chart(name, 16), showarrow=False)
    style(figure, title=in_chart(_told(view, n_links - 1), 80) if n_links else "No link yet")
    figure.update_annotations(font_size=FONT + 1)
    figure.update_xaxes(range=[-1.8, 1.8], showgrid=False, zeroline=False, showticklabels=False)
    figure.update_yaxes(range=[-1.6, 1.6], showgrid=False, zeroline=False, showticklabels=False, scaleanchor="x")
    return figure
