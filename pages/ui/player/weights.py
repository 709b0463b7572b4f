"""Drawings of weights: what a clicked cell's vector is averaged from."""

from __future__ import annotations

import numpy as np

from pages.ui.player.distributions import bars, batch_colours, by_batch, distribution
from pages.ui.player.drawing import Drawn, Picture, View, draws
from pages.ui.player.maps import arrows, cell_map, lines, mark, picture, weighted
from pages.ui.text import count
from scint_core.contract import AnchorWeights, LocalWeights, Shift, SoftClusters, Stretch, Translation
from scint_core.runs.replay import Experts, Followed, experts_of, followed_by

CLICK = "Click a cell to see what its vector is averaged from."
_WEIGHING = (LocalWeights, AnchorWeights, Shift, Translation, SoftClusters)
_SHOWN = 0.995  # share of the weight whose cells are drawn
_MOST_EXPERTS = 8
_WIDE = 1.2  # of the width of another picture: shares no row with two maps


def clicked_cell(view: View) -> Drawn:
    """What the correction of the clicked cell is made of: paired cells by weight, or clusters by share."""
    if view.clicked is None:
        return Drawn(caption=CLICK) if _has_weights(view) else Drawn()
    followed = followed_by(view.replay, view.scene, view.clicked)
    if followed is not None:
        return _followed(view, view.clicked, followed)
    experts = experts_of(view.replay, view.scene, view.clicked)
    return Drawn() if experts is None else _experts(view, view.clicked, experts)


def _has_weights(view: View) -> bool:
    """Whether a click shows anything: the step weighs cells or clusters, or was given what does."""
    given = [view.value, *(given.value for given in view.replay.given(view.scene))]
    return any(isinstance(value, _WEIGHING) for value in given)


def _name(view: View, row: int) -> str:
    text = view.batches.names[view.batches.codes[row]]
    if view.types is not None and view.types.codes[row] >= 0:
        text = f"{view.types.names[view.types.codes[row]]}, {text}"
    return text


def _followed(view: View, row: int, followed: Followed) -> Drawn:
    """The cells that count, as discs by their weight, with lines to the clicked one."""
    assert view.scene.before is not None  # weights are measured before cells move
    where = view.scene.before
    order = np.argsort(-followed.weights)
    enough = int(np.searchsorted(np.cumsum(followed.weights[order]), _SHOWN)) + 1
    order = order[:enough]
    rows, weights = followed.rows[order], followed.weights[order]
    places, own = where[rows], where[row]
    over = [weighted(places, weights, "cells followed"), mark(where, row)]
    under = [lines(np.tile(own, (len(rows), 1)), places, "#D55E00")]
    if followed.other is not None:
        ways = where[followed.other[order]] - places
        over.append(arrows(places, ways, "to their anchors"))
    figure = cell_map(view, f"what {_name(view, row)} follows", layouts=[where], over=over, under=under)
    effective = 1 / float(np.sum(followed.weights**2))
    about = "Weights measured again on the axes that the run keeps, so roughly. " if followed.approximate else ""
    numbers = {"cells that count": f"{effective:,.1f} of {len(followed.weights):,}"}
    if view.types is not None:
        same = view.types.codes[followed.rows] == view.types.codes[row]
        numbers["weight on its own type"] = f"{float(followed.weights[same].sum()):.0%}"
    return Drawn(
        (picture(view, figure, "What the clicked cell follows", caption=about, clicks=True, width=_WIDE),), numbers
    )


def _experts(view: View, row: int, experts: Experts) -> Drawn:
    """The clusters that a cell belongs to, each with the way that it asks for."""
    assert view.scene.after is not None
    order = np.argsort(-experts.share)[:_MOST_EXPERTS]
    order = order[experts.share[order] > 0.005]
    start = view.scene.after[row] - (experts.share[:, None] * experts.offsets).sum(axis=0)
    over = [
        arrows(np.tile(start, (len(order), 1)), experts.offsets[order], "by cluster"),
        arrows(start[None], (view.scene.after[row] - start)[None], "their mean", "#D55E00", 14),
        mark(view.scene.after, row),
    ]
    figure = cell_map(view, f"clusters of {_name(view, row)} as experts", over=over)
    named = {f"cluster {k + 1}": float(experts.share[k]) for k in order}
    length = {name: float(np.linalg.norm(experts.offsets[k])) for name, k in zip(named, order, strict=True)}
    caption = "The cell's correction is the mean of the clusters' corrections, weighted by its share in each."
    chart = bars(named, "Share of the cell in each cluster", "share")
    chart.data[0].text = [f"{share:.0%}, way {length[name]:.2g}" for name, share in named.items()]
    alt = "Share of the clicked cell in each cluster, and the length of each cluster's correction"
    return Drawn((picture(view, figure, "Mixture of experts", caption=caption, clicks=True), Picture(chart, alt)))


@draws(LocalWeights)
def local_weights(view: View) -> Drawn:
    """Weights of the nearest paired cells, and how wide the kernel is around every cell."""
    wide = by_batch(view, view.value.bandwidth, view.rows("weights"))
    chart = distribution(wide, "Distance at which the weight is 0", "bandwidth", batch_colours(view))
    alt = "How the bandwidths of the cells are spread"
    numbers = {"paired cells weighed": f"{view.value.weights.shape[1]:,} per cell"}
    return Drawn(_map_to_click(view), numbers) + clicked_cell(view) + Drawn((Picture(chart, alt),))


@draws(AnchorWeights)
def anchor_weights(view: View) -> Drawn:
    """Weights of the anchors of a clicked cell, and how many anchors count for every cell."""
    table = view.value.weights
    squares = np.asarray(table.multiply(table).sum(axis=1)).ravel()
    effective = by_batch(view, 1 / np.maximum(squares, 1e-12), view.rows("weights"))
    chart = distribution(effective, "How many anchors count for a cell", "anchors, effectively", batch_colours(view))
    numbers = {"anchors": f"{table.shape[1]:,}", "query cells": f"{table.shape[0]:,}"}
    alt = "How many anchors count for every cell"
    return Drawn(_map_to_click(view), numbers) + clicked_cell(view) + Drawn((Picture(chart, alt),))


def _map_to_click(view: View) -> tuple[Picture, ...]:
    """The cells, for as long as none was clicked."""
    if view.scene.after is None or (view.clicked is not None and followed_by(view.replay, view.scene, view.clicked)):
        return ()
    return (picture(view, cell_map(view, "the cells"), "Cells to click", clicks=True),)


@draws(Stretch)
def stretch(view: View) -> Drawn:
    """How much longer vectors became."""
    scale = view.value.scale
    values = by_batch(view, scale, view.rows("scale"))
    chart = distribution(values, "How many times longer each vector becomes", "times", batch_colours(view))
    longer = int((scale > 1 + 1e-9).sum())
    numbers = {"vectors lengthened": f"{longer:,} of {len(scale):,}", "median": f"× {np.median(scale):.3g}",
               "longest": f"× {scale.max():.3g}"}  # fmt: skip
    return Drawn((Picture(chart, f"How much {count(len(scale), 'vector')} were lengthened"),), numbers)
