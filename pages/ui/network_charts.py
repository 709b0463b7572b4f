"""Charts of methods that are trained: curves over epochs, and what was made of labels held back."""

from __future__ import annotations

import numpy as np
import pandas as pd
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from pages.ui.palette import OKABE_ITO, SHADES
from pages.ui.text import in_chart
from scint_core.contract import FloatArray, TrainingCurves

_SETS = {"train": (OKABE_ITO[0], "solid", "training cells"), "validation": (OKABE_ITO[1], "dash", "validation cells")}
_PER_ROW = 3
_ROW_HEIGHT = 190
_TITLES = {
    "ELBO": "Objective per cell (ELBO)", "reconstruction": "Reconstruction", "KL": "KL",
    "classification": "Cross-entropy of labels", "accuracy": "Share of labels right",
}  # fmt: skip
_MOST_NAMED = 14  # labels whose counts are written into the cells of a confusion map


def training_curves(curves: TrainingCurves) -> go.Figure:
    """One small panel per quantity, a line for the cells that are trained on and one for those that are not."""
    quantities = _quantities(curves)
    n_rows = -(-len(quantities) // _PER_ROW)
    titles = [_title(name, curves) for name in quantities]
    figure = make_subplots(
        rows=n_rows, cols=_PER_ROW, subplot_titles=titles, horizontal_spacing=0.08, vertical_spacing=0.3 / n_rows
    )
    for i, (name, values) in enumerate(quantities.items()):
        for of_set, curve in values.items():
            figure.add_trace(_line(name, of_set, curve, legend=i == 0), row=i // _PER_ROW + 1, col=i % _PER_ROW + 1)
    figure.update_annotations(font_size=13)
    figure.update_xaxes(title=None, rangemode="tozero")
    figure.update_layout(
        height=_ROW_HEIGHT * n_rows + 60,
        margin={"l": 8, "r": 8, "t": 36, "b": 8},
        legend={"orientation": "h", "y": -0.14 / n_rows, "yanchor": "top", "title": None},
        uirevision="keep",
        paper_bgcolor="rgba(0,0,0,0)",
        plot_bgcolor="rgba(0,0,0,0)",
    )
    return figure


def _quantities(curves: TrainingCurves) -> dict[str, dict[str, FloatArray]]:
    """Quantity → set of cells → one value per epoch; a set without cells is left out."""
    found: dict[str, dict[str, FloatArray]] = {}
    for of_set, curve in (("train", curves.train), ("validation", curves.validation)):
        if len(curve.values):
            for name, values in {"ELBO": curve.values, **curve.parts}.items():
                found.setdefault(name, {})[of_set] = values
    for of_set, values in curves.accuracy.items():
        if len(values):
            found.setdefault("accuracy", {})[of_set] = values
    return found


def _title(name: str, curves: TrainingCurves) -> str:
    if name == "KL" and len(curves.kl_weight):
        return f"KL (weight {curves.kl_weight[0]:.2g} to {curves.kl_weight[-1]:.2g})"
    return _TITLES.get(name, name)


def _line(name: str, of_set: str, values: FloatArray, *, legend: bool) -> go.Scatter:
    colour, dash, said = _SETS[of_set]
    return go.Scatter(
        x=np.arange(1, len(values) + 1), y=values, mode="lines" if len(values) > 1 else "markers",
        line={"color": colour, "dash": dash, "width": 2}, name=said, legendgroup=of_set,
        showlegend=legend, meta=f"{name}:{of_set}", hovertemplate="epoch %{x}: %{y:.4g}<extra></extra>",
    )  # fmt: skip


def confusion_map(table: pd.DataFrame) -> go.Figure:
    """True labels (rows) against predicted ones, shaded by the share of the row, with numbers of cells."""
    shares = table.div(table.sum(axis=1).replace(0, 1), axis=0)
    names = [in_chart(name, 24) for name in table.index]
    figure = go.Figure(
        go.Heatmap(
            z=shares.to_numpy(), x=names, y=names, customdata=table.to_numpy(), meta="confusion", zmin=0, zmax=1,
            colorscale=SHADES, showscale=False, xgap=1, ygap=1,
            text=table.to_numpy() if len(names) <= _MOST_NAMED else None,
            texttemplate="%{text:,}" if len(names) <= _MOST_NAMED else None,
            hovertemplate="%{y}, predicted %{x}: %{customdata:,} cells, %{z:.0%} of its row<extra></extra>",
        )
    )  # fmt: skip
    figure.update_layout(
        height=130 + 30 * len(names),
        margin={"l": 8, "r": 8, "t": 8, "b": 8},
        paper_bgcolor="rgba(0,0,0,0)",
        plot_bgcolor="rgba(0,0,0,0)",
    )
    figure.update_xaxes(title="predicted label", automargin=True, side="bottom", tickangle=-30, showgrid=False)
    figure.update_yaxes(title="true label", automargin=True, autorange="reversed", showgrid=False)
    return figure
