"""Drawings of soft clusters and of objectives."""

from __future__ import annotations

import numpy as np

from pages.ui.colouring import Groups
from pages.ui.palette import colours
from pages.ui.player.distributions import bars, curve, heat_map
from pages.ui.player.drawing import Drawn, Picture, View, draws
from pages.ui.player.maps import cell_map, mark, picture
from pages.ui.text import in_chart
from scint_core.contract import LossCurve, SoftClusters

_MOST_CLUSTERS = 40  # rows of the heat map
_MOST_BARS = 8


@draws(SoftClusters)
def soft_clusters(view: View) -> Drawn:
    """Cells by their strongest cluster, batches in every cluster against what chance expects, and a clicked cell."""
    value = view.value
    n = value.membership.shape[1]
    ratio = np.log2(np.maximum(value.observed, 1e-9) / np.maximum(value.expected, 1e-9))
    largest = np.argsort(-value.observed.sum(axis=1))[:_MOST_CLUSTERS]
    chart = heat_map(
        np.clip(ratio[largest], -3, 3), [f"cluster {k + 1}" for k in largest], list(view.batches.names),
        "Observed ÷ expected cells of each batch (log2)", middle=0,
    )  # fmt: skip
    chart.update_traces(zmin=-3, zmax=3)
    strongest = value.membership.max(axis=1)
    numbers = {"clusters": f"{n:,}", "mean share in the strongest": f"{strongest.mean():.0%}"}
    alt = "Cells of every batch in every cluster against what is expected"
    pictures = (*_map(view), Picture(chart, alt))
    return Drawn(pictures + _of_clicked(view), numbers)


def _map(view: View) -> tuple[Picture, ...]:
    if view.scene.after is None or view.rows("membership") is None:
        return ()
    n = view.value.membership.shape[1]
    groups = Groups(view.value.membership.argmax(axis=1), tuple(f"cluster {k + 1}" for k in range(n)), "cluster")
    over = [] if view.clicked is None else [mark(view.scene.after, view.clicked)]
    figure = cell_map(view, "Every cell by its strongest cluster", colouring=groups, over=over)
    if n > _MOST_BARS:
        figure.update_layout(showlegend=False)
        figure.layout.annotations = [note for note in figure.layout.annotations if note.bgcolor is None]  # no names
    return (picture(view, figure, "Strongest clusters", caption="Click a cell to see its shares.", clicks=True),)


def _of_clicked(view: View) -> tuple[Picture, ...]:
    if view.clicked is None or view.rows("membership") is None:
        return ()
    share = view.value.membership[view.clicked]
    order = np.argsort(-share)[:_MOST_BARS]
    palette = colours(len(share))
    names = {f"cluster {k + 1}": float(share[k]) for k in order}
    chart = bars(names, "Shares of the clicked cell", "share", {f"cluster {k + 1}": palette[k] for k in order})
    return (Picture(chart, "Shares of the clicked cell in its strongest clusters"),)


@draws(LossCurve)
def loss_curve(view: View) -> Drawn:
    """The objective, and its parts where it has some."""
    value = view.value
    whole = curve({"objective": value.values}, "Objective", value.axis, "value")
    pictures = [Picture(whole, f"The objective over {value.axis}s")]
    if value.parts:
        named = {in_chart(name): part for name, part in value.parts.items()}
        pictures.append(Picture(curve(named, "Its parts", value.axis, "value"), "The parts of the objective"))
    first, last = float(value.values[0]), float(value.values[-1])
    numbers = {"objective": f"{first:.4g} → {last:.4g}", f"{value.axis}s": f"{len(value.values) - 1:,}"}
    return Drawn(tuple(pictures), numbers)
