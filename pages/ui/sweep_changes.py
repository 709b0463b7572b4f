"""What changes between two settings of a sweep: the cells that move, the pairs that come and go, the mixing by type."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
import plotly.graph_objects as go
import streamlit as st

from pages.ui import charts, library
from pages.ui.colouring import NONE, shades
from pages.ui.palette import OKABE_ITO
from pages.ui.scores import RowScores, scores_of
from pages.ui.sweep_results import FinishedRun, SweepResult, embedding_of
from pages.ui.text import count, in_chart
from scint_core.contract import FloatArray, IntArray, Pairs
from scint_core.metrics import METRICS
from scint_core.runs.sweeps.sensitivity import NEIGHBORS, cells_moved, compared_cells, pairs_changed

_CLEAR = "rgba(0,0,0,0)"
_MOST_KINDS = 12  # of pairs, in the table
_PER_CELL = {  # scores whose parts are on another scale than the score
    "iLISI": "How many batches there are effectively around a cell, from 1 on; the mean of each type.",
    "cLISI": "How many types there are effectively around a cell: 1 is its own only; the mean of each type.",
}


def draw_changes(view: library.DataView, result: SweepResult) -> None:
    """Two settings to choose, and what is different between them."""
    places = list(result.settings)
    if len(places) < 2:
        st.info("Two settings must be finished before they can be compared.", icon=":material/info:")
        return
    key = f"changes:{view.id}:{','.join(result.axes)}:{len(places)}"
    left, right = st.columns(2)
    a = left.selectbox("From", places, index=0, format_func=result.text, key=f"{key}:from")
    b = right.selectbox("To", places, index=len(places) - 1, format_func=result.text, key=f"{key}:to")
    if a == b:
        st.info("From and to are the same setting: choose two different ones.", icon=":material/info:")
        return
    runs = (result.settings[a][0], result.settings[b][0])
    names = (result.text(a), result.text(b))
    _moved(view, runs, names)
    mixing, pairs = st.columns(2, gap="medium")
    with mixing:
        _mixing(view, runs, names)
    with pairs:
        _pairs(view, runs)


def _moved(view: library.DataView, runs: tuple[FinishedRun, FinishedRun], names: tuple[str, str]) -> None:
    """Both maps coloured by how many of a cell's neighbours change, and where those cells are."""
    st.subheader("Cells that moved")
    shown = compared_cells(view.n_cells)
    moved = _cells_moved(runs[0].run_id, runs[1].run_id)
    of = (
        "" if len(shown) == view.n_cells else f" Compared are {len(shown):,} of {view.n_cells:,} cells, an even sample."
    )
    st.markdown(
        f"**{moved.mean():.0%} of the neighbours of a cell change** on average; "
        f"{count(int((moved > 0.5).sum()), 'cell')} of {len(moved):,} have more than half of theirs replaced."
    )
    layouts = [library.run_view(run.run_id).umap[shown] for run in runs]
    colouring = shades([moved], "share of neighbours replaced")[0]
    panels = [charts.Panel(name, layout) for name, layout in zip(names, layouts, strict=True)]
    figure = charts.maps(panels, colouring)
    figure.update_layout(height=380)
    charts.show(
        figure, key=f"moved:{runs[0].run_id}:{runs[1].run_id}",
        alt=f"Maps at {names[0]} and {names[1]}, coloured by the share of each cell's neighbours that are replaced",
    )  # fmt: skip
    st.caption(f"A cell has moved as far as its {NEIGHBORS} nearest cells are others than before.{of}")
    st.dataframe(moved_table(view, shown, moved).style.format("{:.0%}"), width="stretch", placeholder="–")


@st.cache_resource(max_entries=32, show_spinner="Comparing two settings …")
def _cells_moved(a: str, b: str) -> FloatArray:
    return cells_moved(embedding_of(a), embedding_of(b))


def moved_table(view: library.DataView, shown: IntArray, moved: FloatArray) -> pd.DataFrame:
    """The mean share of neighbours replaced, types × batches, those that moved most first."""
    names = np.array([*view.label_names, NONE], dtype=object)
    types = names[view.labels[shown]] if view.labels is not None else np.full(len(shown), "all cells", dtype=object)
    batches = np.array(view.batch_names, dtype=object)[view.batch[shown]]
    table = pd.DataFrame({"type": types, "batch": batches, "moved": moved})
    wide = table.pivot_table(index="type", columns="batch", values="moved", aggfunc="mean")
    wide.insert(0, "all batches", table.groupby("type")["moved"].mean())
    wide = wide.sort_values("all batches", ascending=False, kind="stable")
    return wide.rename_axis(index=view.label_key, columns=view.batch_key)


# Mixing


def _mixing(view: library.DataView, runs: tuple[FinishedRun, FinishedRun], names: tuple[str, str]) -> None:
    """A score by type at both settings."""
    st.subheader("By cell type")
    if view.labels is None:
        st.caption("Without a label column there are no types to tell apart.")
        return
    found = [scores_of(run.score_id) for run in runs]
    offered = [
        name for name in METRICS if all(name in scores.results and by_type(view, scores, name) for scores in found)
    ]
    if not offered:
        st.caption("No score of these runs has a part by type.")
        return
    metric = st.selectbox("Score", offered, key=f"by-type:{view.id}", persist_state="session")
    before, after = (by_type(view, scores, metric) for scores in found)
    charts.show(
        dumbbells(before, after, names), key=f"dumbbells:{runs[0].run_id}:{runs[1].run_id}:{metric}",
        alt=f"{metric} of every cell type at {names[0]} and at {names[1]}",
    )  # fmt: skip
    st.caption(_PER_CELL.get(metric, METRICS[metric].meaning))


def by_type(view: library.DataView, scores: RowScores, metric: str) -> dict[str, float]:
    """A score by type: its own parts, else the means of its cells; types where it is undefined are left out."""
    found = scores.results[metric]
    parts = dict(found.per_label or {})
    if not parts and found.per_cell is not None and view.labels is not None:
        values = pd.Series(np.asarray(found.per_cell, dtype=np.float64)).groupby(view.labels).mean()
        parts = {view.label_names[int(code)]: float(value) for code, value in values.items() if int(code) >= 0}
    return {name: value for name, value in parts.items() if np.isfinite(value)}


def dumbbells(before: dict[str, float], after: dict[str, float], names: tuple[str, str]) -> go.Figure:
    """A line per type from its score at one setting to that at the other, the largest change on top."""
    types = sorted(before.keys() & after.keys(), key=lambda name: abs(after[name] - before[name]))
    rows = list(range(len(types)))
    figure = go.Figure()
    for row, name in zip(rows, types, strict=True):
        figure.add_shape(
            type="line", x0=before[name], x1=after[name], y0=row, y1=row, layer="below",
            line={"color": "rgba(128, 136, 144, 0.7)", "width": 4},
        )  # fmt: skip
    for values, name, colour in ((before, names[0], OKABE_ITO[7]), (after, names[1], OKABE_ITO[5])):
        figure.add_scatter(
            x=[values[t] for t in types], y=rows, mode="markers", name=in_chart(name), meta=f"types:{name}",
            marker={"size": 14, "color": colour}, text=[in_chart(t) for t in types],
            hovertemplate="%{text}: <b>%{x:.3f}</b><extra>" + in_chart(name) + "</extra>",
        )  # fmt: skip
    figure.update_yaxes(tickvals=rows, ticktext=[in_chart(t, 22) for t in types], zeroline=False, automargin=True,
                        tickfont={"size": 14}, title=None, range=[-0.6, len(types) - 0.4])  # fmt: skip
    figure.update_xaxes(title=None, zeroline=False, tickfont={"size": 13})
    figure.update_layout(
        height=110 + 30 * len(types), margin={"l": 8, "r": 8, "t": 40, "b": 8},
        paper_bgcolor=_CLEAR, plot_bgcolor=_CLEAR,
        legend={"orientation": "h", "y": 1.0, "yanchor": "bottom", "x": 0, "title": None, "font": {"size": 14}},
    )  # fmt: skip
    return figure


# Pairs


def _pairs(view: library.DataView, runs: Sequence[FinishedRun]) -> None:
    """How many pairs come and go, and between which types."""
    st.subheader("Pairs of cells")
    a, b = (library.run_view(run.run_id).result.pairs for run in runs)
    if a is None or b is None:
        st.caption("Not both of these runs relate pairs of cells.")
        return
    change = pairs_changed(a, b)
    st.markdown(f"**{count(len(change.gained), 'pair')} gained**, {len(change.lost):,} lost, {change.kept:,} kept.")
    table = pairs_table(view, a, b)
    if len(table):
        st.dataframe(table.head(_MOST_KINDS), width="stretch")
        if len(table) > _MOST_KINDS:
            st.caption(f"The {_MOST_KINDS} kinds of pairs that changed most, of {len(table)}.")


def pairs_table(view: library.DataView, a: Pairs, b: Pairs) -> pd.DataFrame:
    """Pairs gained and lost from `a` to `b` by the two types they join (batches without labels), the most first."""
    codes, names = (view.batch, view.batch_names) if view.labels is None else (view.labels, view.label_names)
    named = np.array([*names, NONE], dtype=object)
    change = pairs_changed(a, b)
    columns = {}
    for column, pairs in (("gained", change.gained), ("lost", change.lost)):
        ends = np.sort(codes[pairs], axis=1)  # a pair joins two types in no order
        kinds = [f"{named[i]} – {named[j]}" for i, j in ends]
        columns[column] = pd.Series(kinds, dtype=object).value_counts()
    table = pd.DataFrame(columns).fillna(0).astype(int).rename_axis("types" if view.labels is not None else "batches")
    return table.loc[table.sum(axis=1).sort_values(ascending=False, kind="stable").index]
