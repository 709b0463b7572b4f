"""Drawings of the order of merges, and of what the merges took."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go

from pages.ui.palette import OKABE_ITO
from pages.ui.player.distributions import batch_colours, heat_map
from pages.ui.player.drawing import FONT, Drawn, Picture, View, draws, style
from pages.ui.text import in_chart
from scint_core.contract import FloatArray, LostVariance, MergeTree, SampleTree, Sides

MUCH = 0.1  # share of a batch's variance from which on a loss is worth a warning
_MOST_TEXTS = 6  # bars that bear their number
_LINE = "#7F7F7F"


@draws(SampleTree)
def sample_tree(view: View) -> Drawn:
    """Which batches are alike, as a tree by height and as a matrix."""
    value, names = view.value, view.batches.names
    merges = list(zip(value.merges.left, value.merges.right, strict=True))
    tree = dendrogram(view, merges, value.height)
    tree.update_yaxes(title="distance: 1 ÷ similarity")
    chart = heat_map(value.similarity, names, names, "Anchors per cell of the smaller batch")
    numbers = {"merges": f"{len(merges):,}", "anchors": f"{int(np.triu(value.anchors, 1).sum()):,}"}
    return Drawn((Picture(tree, "The tree of merges"), Picture(chart, "Similarity of every two batches")), numbers)


@draws(MergeTree)
def merge_tree(view: View) -> Drawn:
    """The order of merges."""
    merges = list(zip(view.value.left, view.value.right, strict=True))
    return Drawn((Picture(dendrogram(view, merges), "The tree of merges"),), {"merges": f"{len(merges):,}"})


def merges_until(view: View) -> list[Sides]:
    """The merges that have been done by the end of this step: two sides put together, each a batch or merged before."""
    done: list[Sides] = []
    formed = {frozenset([b]) for b in range(len(view.batches.names))}
    for scene in view.replay.scenes[: view.scene.number + 1]:
        left, right = scene.record.sides or ((), ())
        rows = scene.rows.get("", ())
        together = len(rows) > 0 and len(rows) == view.replay.problem.batch_sizes[[*left, *right]].sum()
        if together and {frozenset(left), frozenset(right)} <= formed and not set(left) & set(right):
            formed = formed - {frozenset(left), frozenset(right)} | {frozenset((*left, *right))}
            done.append((left, right))
    return done


def dendrogram(view: View, merges: Sequence[Sides], height: FloatArray | None = None) -> go.Figure:
    """Batches at the bottom, a bracket per merge; the reference of each merge on the left."""
    names, colours = view.batches.names, list(batch_colours(view).values())
    heights = np.arange(1, len(merges) + 1, dtype=float) if height is None else np.asarray(height, dtype=float)
    left, right = merges[-1] if merges else ((), ())
    order = [*left, *right, *(b for b in range(len(names)) if b not in (*left, *right))]
    place = {b: (float(order.index(b)), 0.0) for b in order}
    tops = {(b,): place[b] for b in order}
    figure = go.Figure()
    for number, ((one, other), top) in enumerate(zip(merges, heights, strict=True), start=1):
        (x0, y0), (x1, y1) = tops[tuple(sorted(one))], tops[tuple(sorted(other))]
        figure.add_scatter(
            x=[x0, x0, x1, x1], y=[y0, top, top, y1], mode="lines", line={"color": _LINE, "width": 4},
            showlegend=False, hoverinfo="skip", meta="bracket",
        )  # fmt: skip
        tops[tuple(sorted((*one, *other)))] = ((x0 + x1) / 2, float(top))
        figure.add_annotation(x=(x0 + x1) / 2, y=top, text=f"merge {number}", showarrow=False, yshift=-14)
    x, y = [place[b][0] for b in order], [0.0] * len(order)
    figure.add_scatter(
        x=x, y=y, mode="markers", marker={"size": 18, "color": [colours[b] for b in order]}, showlegend=False,
        meta="batches", hovertext=[in_chart(names[b]) for b in order], hoverinfo="text",
    )  # fmt: skip
    style(figure, title="Order of the merges")
    ticks = [in_chart(names[b], 16) for b in order]
    figure.update_xaxes(tickvals=x, ticktext=ticks, tickfont={"size": FONT}, showgrid=False, zeroline=False)
    top, scaled = float(heights.max()) if len(heights) else 1.0, height is not None
    figure.update_yaxes(range=[-0.06 * top, 1.15 * top], showticklabels=scaled, showgrid=scaled, zeroline=False)
    return figure


@draws(LostVariance)
def lost_variance(view: View) -> Drawn:
    """What every merge took of every batch, with a line where it is much."""
    value = view.value
    merges = [f"merge {t + 1}" for t in range(len(value.lost_var))]
    figure = go.Figure()
    colours = batch_colours(view)
    for b, name in enumerate(view.batches.names):
        lost = value.lost_var[:, b]
        figure.add_bar(
            x=merges, y=lost, name=in_chart(name), marker={"color": colours[name]}, meta=f"lost:{name}",
            text=[f"{v:.1%}" if v else "" for v in lost] if value.lost_var.size <= _MOST_TEXTS else None,
            textfont={"size": FONT}, textangle=0, textposition="outside", cliponaxis=False,
        )  # fmt: skip
    figure.add_hline(
        MUCH, line={"color": OKABE_ITO[5], "dash": "dash", "width": 3}, annotation_text="10 %: biology may be lost",
        annotation_font={"color": OKABE_ITO[5]}, annotation_position="top right",
    )  # fmt: skip
    style(figure, title="Share of each batch's variance that a merge took")
    top = max(MUCH * 1.35, float(np.nanmax(value.lost_var, initial=0)) * 1.15)
    figure.update_yaxes(tickformat=".0%", range=[0, top], nticks=6)
    numbers = {name: f"{total:.1%} lost" for name, total in zip(view.batches.names, value.total, strict=True)}
    if value.skipped.any():
        numbers["merges skipped"] = ", ".join(str(t + 1) for t in np.flatnonzero(value.skipped))
    pictures = [Picture(figure, "Variance lost by merge and batch, with a line at 10 %")]
    merges_done = merges_until(view)
    if merges_done:
        pictures.append(Picture(dendrogram(view, merges_done), "The tree of merges"))
    return Drawn(tuple(pictures), numbers)
