"""Drawings of spaces: components that batches share, canonical vectors, batch vectors, curves along a dimension."""

from __future__ import annotations

import numpy as np
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from pages.ui import charts
from pages.ui.player.cells import positions
from pages.ui.player.distributions import batch_colours, distribution, side_colours
from pages.ui.player.drawing import MUTED, Drawn, Picture, View, draws, style
from pages.ui.player.maps import MARK, arrows, cell_map, picture
from pages.ui.text import in_chart
from scint_core.contract import BatchVector, Metagenes, MultiBatchPca, SharedSpace, WarpingPath

_MOST_AXES = 30
_MOST_MATCHES = 120
_LIFT = 1.5  # of the range of the curves


@draws(MultiBatchPca)
def multi_batch_pca(view: View) -> Drawn:
    """The cells on the components, how much each component holds, and which batches hold it."""
    value = view.value
    held = float(value.variance.sum() / value.total_variance) if value.total_variance > 0 else 1.0
    numbers = {"components": f"{len(value.variance):,}", "variance held": f"{held:.0%}"}
    alt = "Variance of every component, and the part that each batch holds of it"
    return positions(view) + Drawn((Picture(_scree(view, value), alt),), numbers)


def _scree(view: View, value: MultiBatchPca) -> go.Figure:
    """Bars of variance above, stacked shares of the batches below."""
    n = min(len(value.variance), _MOST_AXES)
    x = np.arange(1, n + 1)
    figure = make_subplots(
        rows=2, cols=1, shared_xaxes=True, vertical_spacing=0.15,
        subplot_titles=["Share of the variance", "Part of each batch in it"],
    )  # fmt: skip
    shares = value.variance[:n] / max(value.total_variance, 1e-30)
    figure.add_bar(x=x, y=shares, marker={"color": MUTED}, showlegend=False, meta="scree", row=1, col=1)
    colours = batch_colours(view)
    for b, name in enumerate(view.batches.names):
        figure.add_bar(
            x=x, y=value.share[b, :n], name=in_chart(name), marker={"color": colours[name]}, meta=f"share:{name}",
            row=2, col=1,
        )  # fmt: skip
    style(figure)
    figure.update_layout(barmode="stack", bargap=0.15, legend={"y": -0.22})
    figure.update_yaxes(tickformat=".0%", nticks=4)
    figure.update_xaxes(title="component", row=2)
    return figure


@draws(SharedSpace)
def shared_space(view: View) -> Drawn:
    """The two batches in the space they share, and how strong its dimensions are."""
    value = view.value
    figure = go.Figure(
        go.Bar(x=np.arange(1, len(value.strength) + 1), y=value.strength, marker={"color": "#0072B2"}, meta="strength")
    )
    style(figure, title="Strength of every dimension")
    figure.update_xaxes(title=value.axis)
    figure.update_yaxes(title="singular value", nticks=5)
    numbers = {"dimensions": f"{len(value.strength):,}", "genes": f"{len(value.genes):,}"}
    return positions(view) + Drawn((Picture(figure, "Singular value of every dimension"),), numbers)


@draws(BatchVector)
def batch_vector(view: View) -> Drawn:
    """The batch vector as one arrow over the cells, and where the cells of both sides lie along it."""
    value, scene = view.value, view.scene
    left, right = view.side_names()
    palette = dict(zip((left, right), side_colours(view), strict=True))
    chart = distribution({left: value.left, right: value.right}, "Along the batch vector", "place along it", palette)
    pictures = [Picture(chart, "Where the cells of both sides lie along the batch vector")]
    if scene.after is not None and scene.right is not None:
        start = np.nanmean(scene.after[scene.right], axis=0)[None]
        vector = value.vector[: start.shape[1]][None]
        arrow = arrows(start, vector, "batch vector", MARK, 34)
        arrow.line.width = 5
        pictures.insert(0, picture(view, cell_map(view, "the batch vector", over=[arrow]), "The batch vector"))
    numbers = {"length": f"{np.linalg.norm(value.vector):.3g}", "agreement of its vectors": f"{value.size:.2f} of 1"}
    return Drawn(tuple(pictures), numbers)


@draws(Metagenes)
def metagenes(view: View) -> Drawn:
    """The two curves of a dimension."""
    numbers = {
        "genes summed": f"{len(view.value.genes):,}",
        "shift of the reference": f"{view.value.shift:.2g}",
    }
    figure = _curves(view, view.value)
    return Drawn((Picture(figure, "The metagene of either batch along its cells"),), numbers)


@draws(WarpingPath)
def warping_path(view: View) -> Drawn:
    """The matches between two curves as lines, and the path as a staircase."""
    path, curves = view.value, view.replay.given_of(view.scene, Metagenes)
    numbers = {"matches": f"{len(path.left):,}", "sum of differences": f"{path.cost:.3g}"}
    left, right = view.side_names()
    stairs = go.Figure()
    ends = [0, path.right[-1]], [0, path.left[-1]]
    stairs.add_scatter(x=ends[0], y=ends[1], mode="lines", line={"color": MUTED, "dash": "dash"}, name="no warping")
    stairs.add_scatter(
        x=path.right, y=path.left, mode="lines", line={"color": MARK, "width": 4}, name="path", meta="path"
    )
    style(stairs, title="Which cell is matched with which")
    stairs.update_xaxes(title=f"place in {in_chart(right, 24)}")
    stairs.update_yaxes(title=f"place in {in_chart(left, 24)}")
    pictures = [Picture(stairs, "The warping path: matched places of the two curves")]
    if curves is not None:
        figure = _curves(view, curves, lifted=_LIFT)
        figure.add_trace(_matches(curves, path))
        figure.update_yaxes(showticklabels=False, title="one curve lifted above the other")
        pictures.insert(0, Picture(figure, "The two curves, with lines between matched cells"))
    return Drawn(tuple(pictures), numbers)


def _curves(view: View, value: Metagenes, lifted: float = 0.0) -> go.Figure:
    """The curves of both sides, the left one `lifted` above its values."""
    figure = go.Figure()
    curves = (value.left + lifted, value.right)
    for name, curve, colour in zip(view.side_names(), curves, side_colours(view), strict=True):
        x = np.linspace(0, 1, len(curve))
        figure.add_scatter(
            x=x, y=curve, mode="lines", line={"color": colour, "width": 3}, name=in_chart(name), meta=f"curve:{name}"
        )
    style(figure, title="Metagenes along the cells")
    figure.update_xaxes(title="cells in order of the dimension", tickformat=".0%", range=[0, 1])
    figure.update_yaxes(title="sum of genes, in one range", nticks=5)
    return figure


def _matches(curves: Metagenes, path: WarpingPath) -> go.Scatter:
    """Lines between matched places, an even sample of them."""
    chosen = np.linspace(0, len(path.left) - 1, min(_MOST_MATCHES, len(path.left))).astype(int)
    left, right = path.left[chosen], path.right[chosen]
    starts = np.column_stack([left / max(len(curves.left) - 1, 1), curves.left[left] + _LIFT])
    ends = np.column_stack([right / max(len(curves.right) - 1, 1), curves.right[right]])
    x, y = charts.segments(starts, ends)
    return go.Scatter(
        x=x, y=y, mode="lines", line={"color": MUTED, "width": 1}, name="matched cells", meta="matches",
        hoverinfo="skip",
    )  # fmt: skip
