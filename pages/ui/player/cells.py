"""Drawings of cells: where they are, where a step takes them, and how far they lie along a batch vector."""

from __future__ import annotations

import numpy as np
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from pages.ui import charts
from pages.ui.player.distributions import bins, outline, side_colours
from pages.ui.player.drawing import Drawn, Picture, View, draws, style
from pages.ui.player.maps import MOST_ARROWS, arrows, cell_map, flat, mark, picture
from pages.ui.player.trees import dendrogram, merges_until
from pages.ui.player.weights import clicked_cell
from pages.ui.text import count
from scint_core.contract import BatchVector, Embedding, FloatArray

_TWO_MAPS = 1.7  # of the width of another picture


def positions(view: View) -> Drawn:
    """The cells; before and after where the step moves them, and along the batch vector where it takes one."""
    scene = view.scene
    if scene.after is None:
        return Drawn()
    moved = scene.moved
    if not len(moved):
        return Drawn((_standing(view), *_tree(view)), _placed(view)) + _along(view)
    assert scene.before is not None
    way = scene.after - scene.before
    chosen = charts.sample_of_rows(moved, MOST_ARROWS)
    figure = cell_map(
        view, "before this step", "after it", layouts=[scene.before, scene.after],
        over=[arrows(scene.before[chosen], way[chosen])],
    )  # fmt: skip
    lengths = np.linalg.norm(way[moved], axis=1)
    numbers = {"cells moved": f"{len(moved):,} of {view.replay.problem.n_cells:,}", "mean way": f"{lengths.mean():.3g}"}
    caption = f"Arrows: the ways of {len(chosen):,} of {count(len(moved), 'cell')} that move, seen on two axes."
    drawn = Drawn(
        (picture(view, figure, "Cells before and after", caption=caption, clicks=True, width=_TWO_MAPS),), numbers
    )
    drawn += _along(view)
    of_cell = clicked_cell(view)
    return of_cell + drawn if of_cell.pictures else drawn + of_cell


def _standing(view: View) -> Picture:
    over = [] if view.clicked is None else [mark(view.scene.after, view.clicked)]
    return picture(view, cell_map(view, "the cells", over=over), view.scene.record.title)


def _tree(view: View) -> tuple[Picture, ...]:
    """The merges so far, where the step ends one of several."""
    merges = merges_until(view)
    if len(view.batches.names) < 3 or not merges or view.scene.record.sides != merges[-1] or view.rows() is None:
        return ()
    return (Picture(dendrogram(view, merges), "The tree of merges so far"),)


def _placed(view: View) -> dict[str, str]:
    assert view.scene.after is not None
    n = int(np.isfinite(view.scene.after[:, 0]).sum())
    return {
        "cells": f"{n:,}" if n == view.replay.problem.n_cells else f"{n:,} of {view.replay.problem.n_cells:,} so far"
    }


@draws(Embedding)
def embedding(view: View) -> Drawn:
    """Cells in a space of few dimensions."""
    return positions(view)


def landmarks(view: View) -> Drawn:
    """Points of the space that are no cells, such as centres of clusters."""
    points = flat(view.scene.landmarks)
    crosses = go.Scatter(
        x=points[:, 0], y=points[:, 1], mode="markers", name="points found", meta="landmarks",
        marker={"symbol": "x", "size": 12, "color": "#D55E00", "line": {"width": 1, "color": "#fff"}},
    )  # fmt: skip
    drawn = picture(view, cell_map(view, "points among the cells", over=[crosses]), view.scene.record.title)
    return Drawn((drawn,), {"points": f"{len(points):,}"})


def _along(view: View) -> Drawn:
    """Where the cells of both sides lie along a batch vector that the step was given, before it and after it."""
    effect = _effect(view)
    rows, scene = view.rows(), view.scene
    if effect is None or rows is None or scene.left is None or scene.right is None or view.value.ndim != 2:
        return Drawn()
    unit = effect.vector / max(float(np.linalg.norm(effect.vector)), 1e-12)
    if len(unit) != view.value.shape[1]:
        return Drawn()
    before = {"left": effect.left, "right": effect.right}
    if not (len(effect.left) == len(scene.left) and len(effect.right) == len(scene.right)):
        return Drawn()
    after = dict(before)
    for side, cells in (("left", scene.left), ("right", scene.right)):
        found = view.value if np.array_equal(rows, cells) else _other(view, cells)
        if found is not None:
            after[side] = found @ unit
    alt = "Where the cells of both sides lie along the batch vector, before and after centring"
    return Drawn((Picture(_two_outlines(view, before, after), alt),))


def _effect(view: View) -> BatchVector | None:
    """The batch vector whose direction the step was given."""
    for given in view.replay.given(view.scene):
        if given.path == "vector" and isinstance(given.scene.result, BatchVector):
            return given.scene.result
    return None


def _other(view: View, cells: np.ndarray) -> FloatArray | None:
    """The other side as an earlier step with the same batch vector left it."""
    record = view.scene.record
    for scene in reversed(view.replay.scenes[: view.scene.number]):
        same = scene.record.function == record.function and scene.record.inputs[1:] == record.inputs[1:]
        if same and "" in scene.rows and np.array_equal(scene.rows[""], cells):
            return np.asarray(scene.result)
    return None


def _two_outlines(view: View, before: dict[str, FloatArray], after: dict[str, FloatArray]) -> go.Figure:
    figure = make_subplots(
        rows=2, cols=1, shared_xaxes=True, vertical_spacing=0.14,
        subplot_titles=["Along the batch vector, before centring", "after this step"],
    )  # fmt: skip
    edges = bins([*before.values(), *after.values()])
    middle = (edges[:-1] + edges[1:]) / 2
    names = dict(zip(("left", "right"), view.side_names(), strict=True))
    for row, values in enumerate((before, after), start=1):
        for side, colour in zip(("left", "right"), side_colours(view), strict=True):
            trace = outline(values[side], edges, middle, names[side], colour)
            figure.add_trace(trace.update(showlegend=row == 1), row=row, col=1)
    style(figure)
    figure.update_yaxes(tickformat=".0%", nticks=3, rangemode="tozero")
    figure.update_layout(legend={"y": -0.14})
    return figure
