"""Scores over a sweep: a small curve per metric for one parameter, a heat map for two."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from pages.ui.colouring import SCALE
from pages.ui.palette import OKABE_ITO, colours
from pages.ui.sweep_results import Place, SweepResult, value_text
from pages.ui.sweep_values import Axis, axis_of
from pages.ui.text import in_chart
from scint_core.contract import FloatArray
from scint_core.metrics import METRICS
from scint_core.runs.sweeps.grid import METHOD
from scint_core.runs.sweeps.sensitivity import Stability

_PER_ROW = 3
_ROW_HEIGHT = 210
_SMALLEST_RANGE = 0.1  # of an axis or a colour scale, so that the third decimal does not look like a mountain
_MARK = "rgba(128, 136, 144, 0.9)"
_COLOUR = {"batch": OKABE_ITO[0], "bio": OKABE_ITO[2]}
_OF_MEAN = {"Batch correction": "batch", "Bio conservation": "bio"}
_CLEAR = "rgba(0,0,0,0)"
_LETTERS = 24  # that stand beside each other under a small panel
_MOST_TEXTS = 60  # cells of a heat map that still bear their number


def chart_axis(result: SweepResult, axis: str) -> Axis:
    """The axis of a chart on which one axis of a sweep is drawn."""
    values = result.axes[axis]
    default = result.defaults[axis] if result.has_default(axis) else None
    return axis_of(axis, values, default, [in_chart(value_text(axis, value), 16) for value in values])


def curves(result: SweepResult, metrics: Sequence[str], along: str) -> go.Figure:
    """A panel per metric: the mean over seeds as a line, lowest to highest as a band, the default as a dotted line.

    With two axes there is a line for every value of the other. A point's `customdata` is its run.
    """
    n_rows = -(-len(metrics) // _PER_ROW)
    axis = chart_axis(result, along)
    figure = make_subplots(
        rows=n_rows, cols=_PER_ROW, subplot_titles=[_title(name) for name in metrics], horizontal_spacing=0.07,
        vertical_spacing=0.34 / n_rows,
    )  # fmt: skip
    for i, metric in enumerate(metrics):
        panel = {"row": i // _PER_ROW + 1, "col": i % _PER_ROW + 1}
        for trace in _lines(result, metric, axis, legend=i == 0):
            figure.add_trace(trace, **panel)
        if result.has_default(along):
            figure.add_vline(axis.at(result.defaults[along]), line={"color": _MARK, "dash": "dot", "width": 2}, **panel)
        figure.update_yaxes(range=_range_of(result, metric), nticks=5, **panel)
    _frame(figure, axis, _ROW_HEIGHT * n_rows + 30)
    return figure


def _title(metric: str) -> str:
    lower = metric in METRICS and METRICS[metric].better == "lower"
    return f"<b>{metric}</b>{' (lower is better)' if lower else ''}"


def _colour_of(metric: str) -> str:
    return _COLOUR.get(METRICS[metric].group if metric in METRICS else _OF_MEAN.get(metric, ""), OKABE_ITO[3])


def _lines(result: SweepResult, metric: str, axis: Axis, *, legend: bool) -> list[go.Scatter]:
    """The line of a metric; one per value of the other axis, where there are two."""
    others = [name for name in result.axes if name != axis.name]
    if not others:
        return _line(result, metric, axis, {}, _colour_of(metric), "")
    values = result.axes[others[0]]
    traces = []
    for value, colour in zip(values, colours(len(values)), strict=True):
        name = in_chart(value_text(others[0], value, with_name=True))
        traces += _line(result, metric, axis, {others[0]: value}, colour, name, legend=legend)
    return traces


def _line(
    result: SweepResult, metric: str, axis: Axis, held: dict[str, Any], colour: str, name: str, *, legend: bool = False
) -> list[go.Scatter]:
    """Band and line over the settings that are finished."""
    places = [_place(result, {**held, axis.name: value}) for value in axis.values]
    known = [i for i, place in enumerate(places) if math.isfinite(result.spread(place, metric)[0])]
    x = [axis.positions[i] for i in known]
    mean, low, high = np.array([result.spread(places[i], metric) for i in known]).reshape(-1, 3).T
    custom = [[result.settings[places[i]][0].run_id, *result.spread(places[i], metric)] for i in known]
    seeds = "<br>%{customdata[2]:.3f} to %{customdata[3]:.3f} over the seeds" if result.several_seeds else ""
    line = go.Scatter(
        x=x, y=mean, text=[axis.texts[i] for i in known], customdata=custom, name=name,
        mode="markers" if axis.name == METHOD else "lines+markers",
        legendgroup=name, showlegend=legend, meta=f"curve:{metric}:{name}", line={"color": colour, "width": 2.5},
        marker={"size": 9, "color": colour}, selected={"marker": {"opacity": 1}}, unselected={"marker": {"opacity": 1}},
        hovertemplate=f"{axis.name} %{{text}}: <b>%{{y:.3f}}</b>{seeds}<extra>{name}</extra>",
    )  # fmt: skip
    return [*(_band(x, low, high, colour, f"{metric}:{name}") if result.several_seeds else []), line]


def _band(x: list[float], low: FloatArray, high: FloatArray, colour: str, name: str) -> list[go.Scatter]:
    """The area between the lowest and the highest score."""
    plain = {"x": x, "mode": "lines", "line": {"width": 0}, "hoverinfo": "skip", "showlegend": False}
    return [
        go.Scatter(y=low, meta=f"low:{name}", **plain),
        go.Scatter(y=high, meta=f"high:{name}", fill="tonexty", fillcolor=_faint(colour), **plain),
    ]


def _faint(colour: str) -> str:
    red, green, blue = (int(colour[i : i + 2], 16) for i in (1, 3, 5))
    return f"rgba({red}, {green}, {blue}, 0.2)"


def _place(result: SweepResult, values: dict[str, Any]) -> Place:
    return tuple(values[name] for name in result.axes)


def _range_of(result: SweepResult, metric: str) -> list[float]:
    """The range that a metric is drawn in: all its values, and never less than a tenth."""
    found = [part for place in result.settings for part in result.spread(place, metric) if math.isfinite(part)]
    low, high = min(found), max(found)
    margin = max(0.12 * (high - low), (_SMALLEST_RANGE - (high - low)) / 2)
    return [low - margin, high + margin]


def _frame(figure: go.Figure, axis: Axis, height: int) -> None:
    """Values as the ticks of every horizontal axis, legend below, room for large titles."""
    span = max(axis.positions) - min(axis.positions) or 1.0
    figure.update_annotations(font_size=15)
    figure.update_xaxes(
        title=None, tickvals=[axis.positions[i] for i in axis.ticks], ticktext=[axis.texts[i] for i in axis.ticks],
        range=[min(axis.positions) - 0.06 * span, max(axis.positions) + 0.06 * span], showgrid=False, zeroline=False,
        tickfont={"size": 13}, tickangle=-30 if sum(map(len, axis.texts)) > _LETTERS else 0,
    )  # fmt: skip
    figure.update_yaxes(title=None, zeroline=False, tickfont={"size": 12})
    figure.update_layout(
        height=height, margin={"l": 8, "r": 8, "t": 36, "b": 8}, hovermode="closest", dragmode=False,
        legend={"orientation": "h", "y": -40 / height, "yanchor": "top", "title": None, "font": {"size": 13}},
        paper_bgcolor=_CLEAR, plot_bgcolor=_CLEAR,
    )  # fmt: skip


def moved_bars(found: Stability, axis: Axis) -> go.Figure:
    """The share of every cell's neighbours that change from each setting to the next, as steps along the axis."""
    texts = dict(zip(axis.values, axis.texts, strict=True))
    names = [texts.get(value, in_chart(value, 16)) for value in found.values]
    steps = [f"{a} → {b}" for a, b in itertools.pairwise(names)]
    figure = go.Figure(
        go.Bar(
            x=list(range(len(steps))), y=found.moved, customdata=steps, marker={"color": OKABE_ITO[5]}, meta="moved",
            text=[f"{share:.0%}" for share in found.moved], textposition="outside", textfont={"size": 14},
            cliponaxis=False, hovertemplate="%{customdata}: <b>%{y:.1%}</b> of the neighbours change<extra></extra>",
        )
    )  # fmt: skip
    figure.update_xaxes(title=None, tickvals=list(range(len(steps))), ticktext=steps, tickfont={"size": 13})
    figure.update_yaxes(title=None, tickformat=".0%", rangemode="tozero", nticks=4)
    figure.update_layout(
        height=200, margin={"l": 8, "r": 8, "t": 24, "b": 8}, paper_bgcolor=_CLEAR, plot_bgcolor=_CLEAR, bargap=0.4
    )
    return figure


def heat_maps(result: SweepResult, metrics: Sequence[str]) -> go.Figure:
    """A heat map per metric over two axes, the first downwards; the default is framed, seeds are averaged.

    A cell's `customdata` is its run.
    """
    down, across = (chart_axis(result, name) for name in result.axes)
    columns = min(2, len(metrics))
    n_rows = -(-len(metrics) // columns)
    height = n_rows * (110 + 44 * len(down.values))
    figure = make_subplots(
        rows=n_rows, cols=columns, subplot_titles=list(map(_title, metrics)), horizontal_spacing=0.1,
        vertical_spacing=100 / height if n_rows > 1 else 0,
    )  # fmt: skip
    for i, metric in enumerate(metrics):
        panel = {"row": i // columns + 1, "col": i % columns + 1}
        figure.add_trace(_shaded(result, metric, down, across), **panel)
        figure.add_trace(_targets(result, metric, down, across), **panel)
        if all(result.has_default(name) for name in result.axes):
            x, y = (axis.values.index(result.defaults[axis.name]) for axis in (across, down))
            figure.add_shape(
                type="rect", x0=x - 0.47, x1=x + 0.47, y0=y - 0.47, y1=y + 0.47,
                line={"color": OKABE_ITO[5], "width": 4}, **panel,
            )  # fmt: skip
    for axis, update in ((across, figure.update_xaxes), (down, figure.update_yaxes)):
        update(title=axis.name, tickvals=list(range(len(axis.values))), ticktext=axis.texts, showgrid=False,
               zeroline=False, tickfont={"size": 13}, range=[-0.5, len(axis.values) - 0.5])  # fmt: skip
    figure.update_annotations(font_size=15)
    figure.update_layout(
        height=height, margin={"l": 8, "r": 8, "t": 36, "b": 8}, hovermode="closest", hoverdistance=-1, dragmode=False,
        showlegend=False, paper_bgcolor=_CLEAR, plot_bgcolor=_CLEAR,
    )  # fmt: skip
    return figure


def _shaded(result: SweepResult, metric: str, down: Axis, across: Axis) -> go.Heatmap:
    means = [
        [result.spread(_place(result, {down.name: y, across.name: x}), metric)[0] for x in across.values]
        for y in down.values
    ]
    low, high = _range_of(result, metric)
    few = len(down.values) * len(across.values) <= _MOST_TEXTS
    return go.Heatmap(
        z=means, zmin=low, zmax=high, colorscale=SCALE, showscale=False, xgap=2, ygap=2, hoverinfo="skip",
        meta=f"heat:{metric}", texttemplate="%{z:.2f}" if few else None, textfont={"size": 15},
    )  # fmt: skip


def _targets(result: SweepResult, metric: str, down: Axis, across: Axis) -> go.Scatter:
    """A point that is not seen on every finished cell: a heat map itself cannot be clicked."""
    rows = [(across.values.index(dict(zip(result.axes, place, strict=True))[across.name]),
             down.values.index(dict(zip(result.axes, place, strict=True))[down.name]), place)
            for place in result.settings]  # fmt: skip
    return go.Scatter(
        x=[x for x, _, _ in rows], y=[y for _, y, _ in rows], mode="markers", meta=f"cells:{metric}",
        marker={"size": 34, "symbol": "square", "opacity": 0}, showlegend=False,
        customdata=[[result.settings[place][0].run_id, *result.spread(place, metric)] for *_, place in rows],
        text=[in_chart(result.text(place), 60) for *_, place in rows],
        selected={"marker": {"opacity": 0}}, unselected={"marker": {"opacity": 0}},
        hovertemplate=f"%{{text}}<br>{metric} <b>%{{customdata[1]:.3f}}</b><extra></extra>",
    )  # fmt: skip
