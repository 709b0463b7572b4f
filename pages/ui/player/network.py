"""Drawings of trained networks: curves, the latent space over time, labels that were predicted."""

from __future__ import annotations

import dataclasses

import numpy as np
import plotly.graph_objects as go

from pages.ui import charts, network_charts
from pages.ui.colouring import Groups
from pages.ui.palette import colours
from pages.ui.player.distributions import bars
from pages.ui.player.drawing import FONT, HEIGHT, Drawn, Picture, View, draw, draws, style
from pages.ui.player.maps import beside, cell_map, larger_points, mark, picture
from pages.ui.text import count
from scint_core.contract import EmbeddingHistory, LabelProbabilities, TrainedNetwork, TrainingCurves

_MOST_BARS = 10
_WIDE = 1.6  # of the width of another picture


@draws(TrainedNetwork)
def trained_network(view: View) -> Drawn:
    """The curves of the training, and the latent space over its epochs."""
    latent = dataclasses.replace(view, value=view.value.latent, path="latent")
    curves = dataclasses.replace(view, value=view.value.curves, path="curves")
    return draw(latent) + draw(curves)


@draws(TrainingCurves)
def training_curves(view: View) -> Drawn:
    """The objective and its parts over epochs."""
    figure = network_charts.training_curves(view.value)
    figure.update_layout(height=HEIGHT, font={"size": FONT}, legend={"font": {"size": FONT}})
    figure.update_annotations(font_size=FONT)
    epochs = len(view.value.kl_weight)
    numbers = {"epochs": f"{epochs:,}"}
    if len(view.value.train.values):
        numbers["objective per cell"] = f"{view.value.train.values[0]:,.0f} → {view.value.train.values[-1]:,.0f}"
    return Drawn((Picture(figure, f"Objective and its parts over {count(epochs, 'epoch')}", width=_WIDE),), numbers)


@draws(EmbeddingHistory)
def embedding_history(view: View) -> Drawn:
    """The cells at every moment kept, on the axes of the last one."""
    value = view.value
    if not len(value.coordinates):
        return Drawn()
    moments = tuple(f"{value.axis} {int(at)}" for at in value.at)
    last = len(moments) - 1
    shown = picture(view, _moment(view, last), f"Latent space over {value.axis}s")
    return Drawn((dataclasses.replace(shown, moments=moments, at=lambda moment: _moment(view, moment)),))


def _moment(view: View, moment: int) -> go.Figure:
    """The cells at one moment, on axes that hold them at all moments."""
    value = view.value
    everything = np.asarray(value.coordinates[:, :, :2], dtype=np.float32)
    panel = charts.Panel(f"after {value.axis} {int(value.at[moment])}", everything[moment])
    figure = charts.maps([panel], view.colouring, view.hover, frame=everything.reshape(-1, 2))
    style(figure)
    larger_points(figure)
    beside(figure)
    return figure


@draws(LabelProbabilities)
def label_probabilities(view: View) -> Drawn:
    """The most probable label of every cell, how sure it is, and all labels of the clicked cell."""
    value = view.value
    best = value.probability.argmax(axis=1)
    sure = value.probability.max(axis=1)
    numbers = {"labels": f"{len(value.names):,}", "mean probability of the label given": f"{sure.mean():.1%}"}
    if view.types is not None:
        names = np.array([*view.types.names, ""], dtype=object)[view.types.codes]
        known = view.types.codes >= 0
        agree = np.array(value.names, dtype=object)[best] == names
        if known.any():
            numbers["agree with the label column"] = f"{agree[known].mean():.1%}"
    if view.scene.after is None:
        return Drawn(numbers=numbers)
    groups = Groups(best, tuple(value.names), "predicted label")
    over = [] if view.clicked is None else [mark(view.scene.after, view.clicked)]
    figure = cell_map(view, "Every cell by its most probable label", colouring=groups, over=over)
    shown = picture(view, figure, "Predicted labels", caption="Click a cell to see all its labels.", clicks=True)
    return Drawn((shown, *_of_clicked(view)), numbers)


def _of_clicked(view: View) -> tuple[Picture, ...]:
    if view.clicked is None:
        return ()
    probability, names = view.value.probability[view.clicked], view.value.names
    order = np.argsort(-probability)[:_MOST_BARS]
    palette = dict(zip(names, colours(len(names)), strict=True))
    chart = bars({names[k]: float(probability[k]) for k in order}, "Labels of the clicked cell", "probability", palette)
    chart.update_xaxes(range=[0, 1.08], tickformat=".0%")
    chart.data[0].text = [f"{probability[k]:.1%}" for k in order]
    return (Picture(chart, "Probability of every label for the clicked cell"),)
