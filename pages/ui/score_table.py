"""The table of scores as charts: circles for metrics, bars for their means, and batch against bio."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
import plotly.graph_objects as go
from plotly.colors import sample_colorscale

from pages.ui.palette import OKABE_ITO
from pages.ui.text import in_chart
from scint_core.metrics import AGGREGATES, DEFAULT_METRICS, METRICS, min_max_scaled, with_aggregates

TOTAL = "Total"
_SHADES = {  # from hardly a colour to the palette's blue and green
    "batch": ["rgb(222, 235, 245)", "rgb(0, 114, 178)"],
    "bio": ["rgb(217, 240, 231)", "rgb(0, 158, 115)"],
}
_BAR = {"Batch correction": OKABE_ITO[0], "Bio conservation": OKABE_ITO[2], TOTAL: OKABE_ITO[7]}
_ROW_HEIGHT = 40
_HEAD_HEIGHT = 128
_BAR_WIDTH = 1.7  # columns
_GREY = "rgba(128, 136, 144, 0.9)"


@dataclass(frozen=True)
class ScoredRow:
    """A row of the table: its `scores` by metric, NaN where undefined, absent where not there yet."""

    id: str
    name: str
    scores: Mapping[str, float]
    saw_labels: bool = False
    pinned: bool = False


def table_of(rows: Sequence[ScoredRow], *, batch_weight: float, scaled: bool) -> pd.DataFrame:
    """Scores and means by row id, the best total first, pinned rows above; without what no row has.

    `scaled` brings every metric to 0..1 over these rows.
    """
    scores = pd.DataFrame.from_dict(
        {row.id: {name: row.scores.get(name, np.nan) for name in DEFAULT_METRICS} for row in rows}, orient="index"
    )
    table = with_aggregates(min_max_scaled(scores) if scaled else scores, batch_weight=batch_weight)
    pinned = pd.Series({row.id: row.pinned for row in rows})
    best = table[TOTAL].fillna(table["Batch correction"]).fillna(-1)  # without labels there is no total
    order = pd.DataFrame({"pinned": pinned, "best": best}).sort_values(
        ["pinned", "best"], ascending=False, kind="stable"
    )
    return table.loc[order.index]


def columns_of(table: pd.DataFrame) -> list[str]:
    """Metrics in the order they are shown: batch, then bio; those that count in the mean first."""
    known = [name for name in DEFAULT_METRICS if name in table.columns]
    return sorted(known, key=lambda name: (METRICS[name].group != "batch", not METRICS[name].aggregated))


def score_figure(table: pd.DataFrame, rows: Sequence[ScoredRow], painted: str | None) -> go.Figure:
    """The table as a picture: a circle per score, a bar per mean; `painted` is the metric that the maps show.

    A circle's `customdata` are its row and its metric.
    """
    by_id = {row.id: row for row in rows}
    metrics = columns_of(table)
    figure = go.Figure()
    for group in ("batch", "bio"):
        figure.add_trace(_circles(table, [m for m in metrics if METRICS[m].group == group], metrics, group))
    for i, mean in enumerate((*AGGREGATES, TOTAL)):
        figure.add_trace(_bars(table, mean, len(metrics) + 0.2 + i * _BAR_WIDTH))
    _heads(figure, metrics, painted)
    names = [_row_name(by_id[row]) for row in table.index]
    figure.update_yaxes(
        tickvals=list(range(len(table))), ticktext=names, range=[len(table) - 0.4, -0.6], showgrid=False,
        zeroline=False, automargin=True, ticks="", fixedrange=True,
    )  # fmt: skip
    width = len(metrics) + 0.2 + 3 * _BAR_WIDTH
    figure.update_xaxes(range=[-0.6, width], visible=False, fixedrange=True)
    figure.update_layout(
        height=_HEAD_HEIGHT + _ROW_HEIGHT * len(table),
        margin={"l": 8, "r": 8, "t": _HEAD_HEIGHT, "b": 0},
        showlegend=False, dragmode=False, clickmode="event+select", uirevision="keep", barmode="overlay",
        paper_bgcolor="rgba(0,0,0,0)", plot_bgcolor="rgba(0,0,0,0)",
    )  # fmt: skip
    return figure


def _row_name(row: ScoredRow) -> str:
    name = in_chart(row.name, 30)
    badge = f"<br><span style='font-size:10px;color:{_GREY}'>saw labels</span>" if row.saw_labels else ""
    return f"{'★ ' if row.pinned else ''}{name}{badge}"


def _circles(table: pd.DataFrame, chosen: list[str], metrics: list[str], group: str) -> go.Scatter:
    """The circles of a group of metrics, with their numbers; a ring where a score is undefined or not there yet."""
    cells = [(row, metric) for row in range(len(table)) for metric in chosen]
    scores = np.array([table.iloc[row][metric] for row, metric in cells], dtype=float)
    place = np.array([_within(metric, score) for (_, metric), score in zip(cells, scores, strict=True)])
    known = np.isfinite(scores)
    colours = sample_colorscale(_SHADES[group], np.where(known, place, 0).tolist())
    return go.Scatter(
        x=[metrics.index(metric) for _, metric in cells],
        y=[row for row, _ in cells],
        mode="markers+text",
        marker={
            "size": np.where(known, 20 + 12 * np.nan_to_num(place), 10),
            "color": [c if k else "rgba(0,0,0,0)" for c, k in zip(colours, known, strict=True)],
            "line": {"width": np.where(known, 0, 1), "color": _GREY}, "opacity": 1,
        },
        selected={"marker": {"opacity": 1}}, unselected={"marker": {"opacity": 1}},
        text=[_short(score) for score in scores],
        textfont={"size": 10, "color": ["#FFFFFF" if p > 0.55 else "#1B2430" for p in np.nan_to_num(place)]},
        customdata=[[str(table.index[row]), metric] for row, metric in cells],
        hovertext=[_about(metric, score) for (_, metric), score in zip(cells, scores, strict=True)],
        hovertemplate="%{hovertext}<extra></extra>", meta=f"circles:{group}",
    )  # fmt: skip


def _short(score: float) -> str:
    """A score in the room of a circle: ".43", "1"; nothing where there is none."""
    return "" if not np.isfinite(score) else f"{score:.2f}".replace("0.", ".", 1) if score < 0.995 else f"{score:.2g}"


def _within(metric: str, score: float) -> float:
    """Where a score lies between the worst and the best that the metric can be."""
    low, high = max(METRICS[metric].low, 0), METRICS[metric].high
    return float(np.clip((score - low) / (high - low), 0, 1))


def _about(metric: str, score: float) -> str:
    number = f"{score:.3f}" if np.isfinite(score) else "not there"
    return f"<b>{metric}: {number}</b><br>{METRICS[metric].meaning}<br><i>Click: paint it on the maps</i>"


def _bars(table: pd.DataFrame, mean: str, start: float) -> go.Bar:
    """A bar per row for one of the means, from `start`."""
    scores = table[mean].to_numpy(dtype=float)
    length = np.clip(np.nan_to_num(scores), 0, 1) * (_BAR_WIDTH - 0.25)
    return go.Bar(
        x=length, y=list(range(len(table))), base=start, orientation="h", width=0.55, meta=f"bars:{mean}",
        marker={"color": _BAR[mean], "opacity": 0.85}, cliponaxis=False, selected={"marker": {"opacity": 0.85}},
        unselected={"marker": {"opacity": 0.85}},
        text=[f"{score:.2f}" if np.isfinite(score) else "–" for score in scores], textposition="auto",
        textfont={"size": 11}, insidetextanchor="start", textangle=0, customdata=scores,
        hovertemplate=f"<b>{mean}: %{{customdata:.3f}}</b><extra></extra>",
    )  # fmt: skip


def _heads(figure: go.Figure, metrics: list[str], painted: str | None) -> None:
    """Names of the columns, slanted; what needs labels is marked, what the maps show is bold."""
    above = {"yref": "paper", "y": 1, "showarrow": False, "xanchor": "left", "yanchor": "bottom", "yshift": 2}
    for i, metric in enumerate(metrics):
        name = f"{metric} °" if METRICS[metric].needs_labels else metric
        text = f"<b>{name}</b>" if metric == painted else name
        figure.add_annotation(x=i, text=text, textangle=-40, xshift=-8, font={"size": 12}, **above)
    for i, mean in enumerate((*AGGREGATES, TOTAL)):
        start, text = len(metrics) + 0.2 + i * _BAR_WIDTH, mean.replace(" ", "<br>")
        figure.add_annotation(x=start, text=text, align="left", font={"size": 11}, **above)


def pareto_figure(table: pd.DataFrame, rows: Sequence[ScoredRow]) -> go.Figure:
    """Bio conservation over batch correction, a point per row; the line joins those that no other beats in both."""
    names = {row.id: in_chart(row.name, 26) for row in rows}
    known = table[list(AGGREGATES)].dropna()
    batch, bio = (known[name].to_numpy() for name in AGGREGATES)
    best = not_beaten(batch, bio)
    order = best[np.argsort(batch[best])]
    figure = go.Figure(
        go.Scatter(
            x=batch[order], y=bio[order], mode="lines", line={"color": _GREY, "dash": "dot"}, hoverinfo="skip",
            meta="front",
        )
    )  # fmt: skip
    figure.add_scatter(
        x=batch, y=bio, mode="markers+text", text=[names[row] for row in known.index],
        textposition=_label_sides(batch, bio),
        marker={"size": 12, "color": [OKABE_ITO[5] if i in best else OKABE_ITO[7] for i in range(len(known))]},
        hovertemplate="%{text}<br>batch %{x:.3f}, bio %{y:.3f}<extra></extra>", meta="rows", cliponaxis=False,
    )  # fmt: skip
    figure.update_xaxes(title="Batch correction", range=_padded(batch))
    figure.update_yaxes(title="Bio conservation", range=_padded(bio))
    figure.update_layout(
        height=380, margin={"l": 8, "r": 8, "t": 12, "b": 8}, showlegend=False,
        paper_bgcolor="rgba(0,0,0,0)", plot_bgcolor="rgba(0,0,0,0)",
    )  # fmt: skip
    return figure


def _label_sides(batch: np.ndarray, bio: np.ndarray) -> list[str]:
    """Names above their points, or below where another point lies close above."""
    width, height = (max(float(np.ptp(values)), 0.1) if len(values) else 1.0 for values in (batch, bio))
    sides = []
    for i in range(len(batch)):
        above = (bio - bio[i]) / height
        close = (np.abs(batch - batch[i]) / width < 0.35) & (above > 0) & (above < 0.12)
        close |= (batch == batch[i]) & (bio == bio[i]) & (np.arange(len(batch)) < i)
        sides.append("bottom center" if close.any() else "top center")
    return sides


def not_beaten(batch: np.ndarray, bio: np.ndarray) -> np.ndarray:
    """Positions of the points that no other point beats in one and equals in the other."""
    kept = [
        i for i in range(len(batch))
        if not ((batch >= batch[i]) & (bio >= bio[i]) & ((batch > batch[i]) | (bio > bio[i]))).any()
    ]  # fmt: skip
    return np.array(kept, dtype=int)


def _padded(values: np.ndarray) -> list[float]:
    if not len(values):
        return [0, 1]
    margin = max(0.05, 0.15 * float(np.ptp(values)))
    return [float(values.min()) - margin, float(values.max()) + margin]
