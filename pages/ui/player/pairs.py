"""Drawings of pairs of cells: neighbours, mutual pairs, anchors, and the vectors between them."""

from __future__ import annotations

import numpy as np
import plotly.graph_objects as go

from pages.ui import charts
from pages.ui.palette import OKABE_ITO
from pages.ui.player.distributions import batch_colours, by_batch, distribution
from pages.ui.player.drawing import FONT, Drawn, Picture, View, draws, style
from pages.ui.player.maps import (
    MARK,
    MOST_ARROWS,
    MOST_LINES,
    RIGHT,
    WRONG,
    arrows,
    cell_map,
    lines,
    mark,
    picture,
)
from pages.ui.player.weights import clicked_cell
from pages.ui.text import count
from scint_core.contract import (
    Anchors,
    BoolArray,
    CrossNeighbors,
    FloatArray,
    MutualPairs,
    Neighbors,
    PairVectors,
    Shift,
    SidedNeighbors,
    Translation,
)

_PLAIN_LINE = "rgba(128,136,144,0.8)"
_SCORES = ((0.0, OKABE_ITO[3]), (0.34, OKABE_ITO[4]), (0.67, OKABE_ITO[2]))  # by the lower end of a third
_MANY = 0.1  # share of cells that find themselves first, from which on the nearest neighbour says little
Ends = tuple[np.ndarray, np.ndarray]


@draws(MutualPairs)
def mutual_pairs(view: View) -> Drawn:
    """Pairs as lines, the wrong ones in red where types are known."""
    pairs, ends = view.value, view.scene.ends
    n = len(pairs.left)
    numbers = {
        "pairs": f"{n:,}",
        "cells paired": f"{len(np.unique(pairs.left)):,} left, {len(np.unique(pairs.right)):,} right",
    }
    if ends is None or view.scene.after is None:
        return Drawn(numbers=numbers)
    chosen = charts.sample_of(n, MOST_LINES)
    under = _by_rightness(view, (ends[0][chosen], ends[1][chosen]))
    figure = cell_map(view, f"{len(chosen):,} of {count(n, 'pair')} shown", under=under)
    right = rightness(view, ends)
    if right is not None and n:
        numbers["join one type"] = f"{right.mean():.1%}"
    return Drawn((picture(view, figure, "Pairs of cells"),), numbers, _about_colours(right))


def rightness(view: View, ends: Ends) -> BoolArray | None:
    """Whether both ends of each pair are of one type; None without types."""
    if view.types is None:
        return None
    left, right = (view.types.codes[end] for end in ends)
    return np.asarray((left == right) & (left >= 0))


def _about_colours(right: BoolArray | None) -> str:
    return "" if right is None else "Right: both cells are of one type by the labels, which the method has not seen."


def _by_rightness(view: View, ends: Ends) -> list[go.Scattergl]:
    assert view.scene.after is not None
    right = rightness(view, ends)
    if right is None:
        return [lines(view.scene.after[ends[0]], view.scene.after[ends[1]], _PLAIN_LINE, "pairs")]
    found = []
    for name, colour, chosen in (("right pairs", RIGHT, right), ("wrong pairs", WRONG, ~right)):
        if chosen.any():
            places = (view.scene.after[end[chosen]] for end in ends)
            found.append(lines(*places, colour, name, opacity=0.3 if colour == RIGHT else 0.6))
    return found


def kept_pairs(view: View, kept: BoolArray) -> Drawn:
    """Pairs that a filter kept, and those that it dropped, in red."""
    ends = view.scene.ends
    assert ends is not None
    numbers = {"kept": f"{int(kept.sum()):,} of {len(kept):,}", "dropped": f"{int((~kept).sum()):,}"}
    right = rightness(view, ends)
    if right is not None:
        for name, chosen in (("right among the kept", kept), ("right among the dropped", ~kept)):
            if chosen.any():
                numbers[name] = f"{right[chosen].mean():.1%}"
    if view.scene.after is None:
        return Drawn(numbers=numbers)
    figure = cell_map(view, _title(kept), under=_kept_lines(view, ends, kept))
    return Drawn((picture(view, figure, "Anchors kept and dropped"),), numbers)


def _title(kept: BoolArray) -> str:
    shown = min(int(kept.sum()), MOST_LINES) + min(int((~kept).sum()), MOST_LINES)
    return f"{shown:,} of {count(len(kept), 'anchor')} shown"


def _kept_lines(view: View, ends: Ends, kept: BoolArray) -> list[go.Scattergl]:
    assert view.scene.after is not None
    found = []
    for name, colour, chosen in (("kept", RIGHT, kept), ("dropped", WRONG, ~kept)):
        places = charts.sample_of_rows(np.flatnonzero(chosen), MOST_LINES)
        if len(places):
            starts, stops = (view.scene.after[end[places]] for end in ends)
            found.append(lines(starts, stops, colour, name, opacity=0.3 if name == "kept" else 0.6))
    return found


@draws(Anchors)
def anchors(view: View) -> Drawn:
    """Anchors found, filtered and scored: as lines by their score, as a funnel, and those of the clicked cell."""
    value, ends = view.value, view.scene.ends
    numbers = {name: f"{int(stage.sum()):,}" for name, stage in _stages(value).items()}
    right = None if ends is None else rightness(view, ends)
    funnel = Picture(_funnel(value, right), "How many anchors are left after each stage")
    if ends is None or view.scene.after is None:
        return Drawn((funnel,), numbers)
    over, table = _of_clicked(view, value, ends)
    figure = cell_map(view, _title(value.kept), under=_by_score(view, value, ends), over=over)
    caption = table or "Click a cell to see its anchors, and how many neighbours their cells share."
    return Drawn((picture(view, figure, "Anchors by their score", caption=caption, clicks=True), funnel), numbers)


def _by_score(view: View, value: Anchors, ends: Ends) -> list[go.Scattergl]:
    """Kept anchors by the third of the scale that their score is in, dropped ones in red."""
    assert view.scene.after is not None
    groups = [("dropped", WRONG, ~value.kept)]
    for i, (low, colour) in enumerate(_SCORES):
        high = _SCORES[i + 1][0] if i + 1 < len(_SCORES) else 1.0
        inside = value.kept & (value.score >= low) & ((value.score < high) | (high == 1.0))
        groups.append((f"score {low:.2g} to {high:.2g}", colour, inside))
    found = []
    for name, colour, chosen in groups:
        places = charts.sample_of_rows(np.flatnonzero(chosen), MOST_LINES // 2)
        if len(places):
            found.append(lines(*(view.scene.after[end[places]] for end in ends), colour, name, opacity=0.5))
    return found


def _stages(value: Anchors) -> dict[str, BoolArray]:
    """Which anchors are left after each stage; those of the filter are left out where it dropped none."""
    every, scored = np.ones(len(value.left), dtype=np.bool_), value.kept & (value.score > 0)
    if value.kept.all():
        return {"anchors": every, "score above 0": scored}
    return {"found": every, "kept by the filter": value.kept, "score above 0": scored}


def _funnel(value: Anchors, right: BoolArray | None) -> go.Figure:
    """How many anchors are left after each stage, right and wrong ones apart where types are known."""
    stages = _stages(value)
    groups = {"anchors": np.ones(len(value.left), dtype=bool)} if right is None else {"right": right, "wrong": ~right}
    figure = go.Figure()
    for (name, chosen), colour in zip(groups.items(), (RIGHT, WRONG), strict=False):
        counts = [int((stage & chosen).sum()) for stage in stages.values()]
        figure.add_bar(
            y=list(stages), x=counts, orientation="h", name=name, marker={"color": colour}, meta=f"funnel:{name}",
            text=[f"{n:,}" for n in counts], textposition="auto", textfont={"size": FONT + 1}, cliponaxis=False,
        )  # fmt: skip
    style(figure, title="Anchors, stage by stage")
    figure.update_layout(barmode="stack", showlegend=right is not None, bargap=0.35, legend_traceorder="normal")
    figure.update_yaxes(autorange="reversed")
    figure.update_xaxes(title="anchors", nticks=6)
    return figure


def _of_clicked(view: View, value: Anchors, ends: Ends) -> tuple[list[go.Scatter], str]:
    """The anchors of the clicked cell as arrows, and a sentence on the neighbours that they share."""
    if view.clicked is None or view.scene.after is None:
        return [], ""
    own = np.flatnonzero((ends[0] == view.clicked) | (ends[1] == view.clicked))
    if not len(own):
        return [mark(view.scene.after, view.clicked)], "The clicked cell is in no anchor."
    own = own[np.argsort(-value.shared[own])]
    other = np.where(ends[0][own] == view.clicked, ends[1][own], ends[0][own])
    start = np.tile(view.scene.after[view.clicked], (len(own), 1))
    drawn = arrows(start, view.scene.after[other] - start, "its anchors", MARK)
    told = [
        f"{shared} shared" + (f", score {score:.2f}" if kept else ", dropped")
        for shared, score, kept in zip(value.shared[own], value.score[own], value.kept[own], strict=True)
    ]
    said = "; ".join(told[:6]) + (" …" if len(told) > 6 else "")
    return [
        drawn,
        mark(view.scene.after, view.clicked),
    ], f"Neighbours shared by the anchors of the clicked cell: {said}."


@draws(PairVectors)
def pair_vectors(view: View) -> Drawn:
    """One arrow per paired cell."""
    lengths = np.linalg.norm(view.value.vectors, axis=1)
    numbers = {
        "paired cells": f"{len(view.value.cells):,}",
        "mean length": f"{lengths.mean() if len(lengths) else 0:.3g}",
    }
    return _vectors(view, numbers, "paired cell")


@draws(Shift)
def shift(view: View) -> Drawn:
    """An arrow per cell, and what a clicked cell's arrow is the mean of."""
    lengths = np.linalg.norm(view.value.vectors, axis=1)
    numbers = {"cells": f"{len(lengths):,}", "mean length": f"{lengths.mean():.3g}", "longest": f"{lengths.max():.3g}"}
    return _vectors(view, numbers, "cell") + clicked_cell(view)


@draws(Translation)
def translation(view: View) -> Drawn:
    """An arrow per cell that moves, and how near to a matched cell each lies."""
    mass = np.log10(np.maximum(view.value.mass, 1e-300))
    chart = distribution(
        by_batch(view, np.maximum(mass, -20), view.rows("vectors")), "Summed kernel weights of all matches",
        "log10 of the sum (below −20: −20)", batch_colours(view),
    )  # fmt: skip
    lengths = np.linalg.norm(view.value.vectors, axis=1)
    numbers = {"cells that move": f"{len(lengths):,}", "mean length": f"{lengths.mean():.3g}",
               "out of reach": f"{int((view.value.mass == 0).sum()):,}"}  # fmt: skip
    drawn = _vectors(view, numbers, "cell") + clicked_cell(view)
    return drawn + Drawn((Picture(chart, "How near to matched cells the cells lie that move"),))


def _vectors(view: View, numbers: dict[str, str], what: str) -> Drawn:
    scene = view.scene
    if scene.vectors is None or scene.starts is None or scene.after is None:
        return Drawn(numbers=numbers)
    known = np.flatnonzero(np.isfinite(scene.after[scene.starts, 0]))
    chosen = charts.sample_of_rows(known, MOST_ARROWS)
    drawn = [arrows(scene.after[scene.starts[chosen]], scene.vectors[chosen])]
    drawn += [] if view.clicked is None else [mark(scene.after, view.clicked)]
    title = f"{len(chosen):,} of {count(len(scene.starts), 'vector')} shown, one per {what}"
    return Drawn((picture(view, cell_map(view, title, over=drawn), "Vectors", clicks=True),), numbers)


@draws(Neighbors)
def neighbors(view: View) -> Drawn:
    """How far neighbours are, and those of the clicked cell."""
    return _search(view, {"": (view.value, view.rows("indices"), view.scene.points_to)})


@draws(CrossNeighbors)
def cross_neighbors(view: View) -> Drawn:
    """Neighbours across two sides, in both directions."""
    left, right = view.side_names()
    directions = {
        f"of {left} in {right}": (view.value.of_left, view.rows("of_left"), view.scene.right),
        f"of {right} in {left}": (view.value.of_right, view.rows("of_right"), view.scene.left),
    }
    return _search(view, directions)


@draws(SidedNeighbors)
def sided_neighbors(view: View) -> Drawn:
    """Neighbours in all earlier batches, and in all later ones."""
    rows, every = view.rows("before"), np.arange(view.replay.problem.n_cells)
    return _search(view, {"in earlier batches": (view.value.before, rows, every),
                          "in later batches": (view.value.after, rows, every)})  # fmt: skip


def _search(view: View, directions: dict[str, tuple[Neighbors, np.ndarray | None, np.ndarray | None]]) -> Drawn:
    """Distances to the nearest neighbour, or to the furthest where many find themselves; those of a clicked cell."""
    k = max(near.indices.shape[1] for near, _, _ in directions.values())
    themselves = all(np.mean(near.distances[:, 0] == 0) > _MANY for near, _, _ in directions.values())
    at, which = (-1, f"neighbour {k:,}") if themselves else (0, "the nearest neighbour")
    distances = {name or which: _finite(near.distances[:, at]) for name, (near, _, _) in directions.items()}
    chart = Picture(distribution(distances, f"Distance to {which}", "distance"), f"Distances to {which}")
    numbers = {"neighbours searched": f"{k:,} per cell"}
    if view.scene.after is None:
        return Drawn((chart,), numbers)
    under, over, caption = [], [], "Click a cell to see its neighbours."
    if view.clicked is not None:
        over, caption = [mark(view.scene.after, view.clicked)], ""
        under = [line for near, rows, to in directions.values() for line in _spokes(view, near, rows, to)]
    figure = cell_map(view, "the cells", under=under, over=over)
    return Drawn((picture(view, figure, "Cells to click", caption=caption, clicks=True), chart), numbers)


def _spokes(view: View, near: Neighbors, rows: np.ndarray | None, to: np.ndarray | None) -> list[go.Scattergl]:
    """Lines from the clicked cell to its neighbours."""
    at = np.flatnonzero(rows == view.clicked) if rows is not None else np.zeros(0, dtype=int)
    if not len(at) or to is None or view.scene.after is None:
        return []
    found = near.indices[at[0]]
    ends = view.scene.after[to[found[found >= 0]]]
    return [lines(np.tile(view.scene.after[view.clicked], (len(ends), 1)), ends, MARK, width=2, opacity=0.8)]


def _finite(values: FloatArray) -> FloatArray:
    return np.asarray(values)[np.isfinite(values)]
