"""The pairs in question as numbers, merge by merge, and as a table of the types that they join."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import plotly.graph_objects as go
import streamlit as st

from pages.ui import charts
from pages.ui.colouring import NONE
from pages.ui.pair_data import ALL_MERGES, Asked, Related, ask, depths
from pages.ui.palette import MISSING, OKABE_ITO
from pages.ui.selection import clicked
from pages.ui.text import in_chart
from scint_core.contract import BoolArray, FloatArray, IntArray
from scint_core.numerics.pair_table import PairNumbers, pair_counts, pair_numbers, pairs_at

TABLE = "Table of pairs by type"
_CLEAR = "rgba(0,0,0,0)"
_BINS = 10
_MOST_TEXTS = 15  # groups up to which the counts are written into the table
_BLUES = [[0, "#E3EEF6"], [1, "#0072B2"]]  # opaque: Plotly picks the colour of the counts to suit them


def show_numbers(found: Related, rows: BoolArray) -> None:
    """Cards for the pairs in question (a mask), and a line per merge where there are several."""
    kept = pair_numbers(pairs_at(found.pairs, rows & found.pairs.kept), found.view.labels)
    dropped = pair_numbers(pairs_at(found.pairs, rows & ~found.pairs.kept), found.view.labels)
    cards = st.columns(3 + found.scored + bool(dropped.count))
    cards[0].metric("Pairs", f"{kept.count:,}", border=True)
    cards[1].metric(
        "Join the same type", percent(kept.share_right), border=True,
        help="Share of the pairs whose two cells bear the same label, of those where both bear one.",
    )  # fmt: skip
    paired = len(np.unique(np.concatenate(_ends(found, rows))))
    cards[2].metric("Cells in a pair", f"{paired:,}", border=True)
    if found.scored:
        cards[3].metric("Median score", _score(kept.median_score), border=True)
    if dropped.count:
        cards[-1].metric(
            "Dropped by the filter", f"{dropped.count:,}", border=True, delta_color="off", delta_arrow="off",
            delta=None if math.isnan(dropped.share_right) else f"{percent(dropped.share_right)} join the same type",
        )  # fmt: skip
    if len(found.merge_names()) > 2:
        st.dataframe(by_merge(found, rows), width="stretch")


def by_merge(found: Related, rows: BoolArray) -> pd.DataFrame:
    """Merges × how many of the pairs in question were kept, the share that joins one type, the median score."""
    lines = {}
    for number, name in found.merge_names().items():
        if number != ALL_MERGES:
            mask = rows & found.pairs.kept & (found.pairs.merge == number)
            lines[name] = _line(pair_numbers(pairs_at(found.pairs, mask), found.view.labels))
    table = pd.DataFrame.from_dict(lines, orient="index").rename_axis("merge (reference ← corrected)")
    return table if found.scored else table.drop(columns="median score")


def _line(numbers: PairNumbers) -> dict[str, str]:
    return {
        "pairs": f"{numbers.count:,}", "join the same type": percent(numbers.share_right),
        "median score": _score(numbers.median_score),
    }  # fmt: skip


def percent(share: float) -> str:
    """ "93%"; a dash where it is not defined."""
    return "–" if math.isnan(share) else f"{share:.0%}" if share < 0.995 or share == 1 else f"{share:.1%}"


def _score(score: float) -> str:
    return "–" if math.isnan(score) else f"{score:.2f}"


def _ends(found: Related, rows: BoolArray) -> tuple[IntArray, IntArray]:
    used = np.flatnonzero(rows & found.pairs.kept)
    return found.pairs.left[used], found.pairs.right[used]


# Which types they join


def draw_types(found: Related, rows: BoolArray, question: Asked) -> None:
    """Pairs in question by the groups that they join; a click on a field shows only these on the maps."""
    counts = counts_of(found, rows)
    key = f"pairs:types:{found.run.id}:{question.times}"
    event = st.plotly_chart(
        types_figure(counts, question.block), key=key, on_select="rerun", selection_mode="points",
        config={"displayModeBar": False},
        alt=f"{TABLE}: rows are left ends, columns right ends, {int(counts.to_numpy().sum()):,} pairs",
    )  # fmt: skip
    field = clicked(event, list)
    if field is not None and tuple(field[:2]) != st.session_state.get(f"{key}:told"):
        st.session_state[f"{key}:told"] = tuple(field[:2])
        ask(found.run.id, block=tuple(field[:2]))


def counts_of(found: Related, rows: BoolArray) -> pd.DataFrame:
    """Kept pairs in question: groups of the left end × groups of the right end, "(none)" only where it is needed."""
    names = [*found.names, NONE]
    counts = pair_counts(pairs_at(found.pairs, rows & found.pairs.kept), found.codes, len(found.names))
    present = range(len(names) if counts[-1].any() or counts[:, -1].any() else len(names) - 1)
    codes = pd.Index([*range(len(found.names)), -1])[list(present)]
    table = pd.DataFrame(counts, index=[*range(len(found.names)), -1], columns=[*range(len(found.names)), -1])
    table = table.loc[codes, codes]
    table.attrs["names"] = [names[code] for code in codes]
    return table


def types_figure(counts: pd.DataFrame, block: tuple[int, int] | None = None) -> go.Figure:
    """The table as a heat map on a scale of roots, so that few wrong pairs show beside many right ones.

    A field's `customdata` holds both groups (positions) and the count; the clicked one (`block`) is framed.
    """
    names = [in_chart(name, 18) for name in counts.attrs["names"]]
    values = counts.to_numpy()
    places = list(range(len(names)))
    few = len(names) <= _MOST_TEXTS
    figure = go.Figure(
        go.Heatmap(
            z=np.where(values > 0, np.sqrt(values), np.nan), meta="counts", colorscale=_BLUES, showscale=False, zmin=0,
            text=[[f"{n:,}" if n else "" for n in row] for row in values], texttemplate="%{text}" if few else None,
            textfont={"size": 14}, xgap=2, ygap=2, hoverinfo="skip",
        )
    )  # fmt: skip
    figure.add_trace(_targets(counts, names))
    if block is not None and set(block) <= set(counts.index):
        y, x = counts.index.get_loc(block[0]), counts.columns.get_loc(block[1])
        figure.add_shape(
            type="rect", x0=x - 0.47, x1=x + 0.47, y0=y - 0.47, y1=y + 0.47, line={"color": OKABE_ITO[5], "width": 4}
        )
    axis = {"tickvals": places, "ticktext": names, "showgrid": False, "zeroline": False, "tickfont": {"size": 14}}
    figure.update_xaxes(**axis, title="right end (corrected)", side="top", range=[-0.5, len(names) - 0.5],
                        automargin=True, tickangle=0 if len(names) <= 4 else -40, title_font={"size": 15})  # fmt: skip
    figure.update_yaxes(**axis, title="left end (reference)", range=[len(names) - 0.5, -0.5], automargin=True,
                        title_font={"size": 15})  # fmt: skip
    beyond = 8 if len(names) <= 4 else 70  # for the last name, which is slanted
    figure.update_layout(
        height=170 + 34 * max(4, len(names)), margin={"l": 8, "r": beyond, "t": 8, "b": 8}, dragmode=False,
        hovermode="closest", hoverdistance=-1, showlegend=False, paper_bgcolor=_CLEAR, plot_bgcolor=_CLEAR,
    )  # fmt: skip
    return figure


def _targets(counts: pd.DataFrame, names: list[str]) -> go.Scatter:
    """A point that is not seen on every field with pairs: a heat map itself cannot be clicked."""
    y, x = np.nonzero(counts.to_numpy())
    fields = [[int(counts.index[i]), int(counts.columns[j]), int(counts.iloc[i, j])] for i, j in zip(y, x, strict=True)]
    return go.Scatter(
        x=x, y=y, mode="markers", meta="fields", marker={"size": 30, "symbol": "square", "opacity": 0},
        customdata=fields, text=[f"{names[i]} – {names[j]}" for i, j in zip(y, x, strict=True)],
        selected={"marker": {"opacity": 0}}, unselected={"marker": {"opacity": 0}},
        hovertemplate="%{text}: <b>%{customdata[2]:,}</b> pairs<extra></extra>",
    )  # fmt: skip


# How deep they lie


def draw_depth(found: Related, rows: BoolArray) -> None:
    """Whether paired cells lie at the edge or in the middle, against all cells."""
    depth = depths(found.view.id)
    paired = depth[np.unique(np.concatenate(_ends(found, rows)))]
    paired = paired[np.isfinite(paired)]
    if len(paired) == 0:
        st.caption("None of these pairs was kept.")
        return
    among = "batch and type" if found.view.labels is not None else "batch"
    st.markdown(f"**Half of the paired cells lie deeper than {np.median(paired):.2f}**; of all cells, 0.50.")
    charts.show(
        depth_figure(paired, depth[np.isfinite(depth)]), key=f"pairs:depth:{found.run.id}",
        alt=f"Depth of paired cells in their {among}, beside that of all cells",
    )  # fmt: skip
    st.caption(
        f"Depth: the share of the cells of the same {among} that lie further from their mean than the cell does, by "
        "the principal components before integration. So all cells together are spread evenly. Pairs at the edges "
        "only tell that two clouds touch there, and a correction from them can be too short."
    )


def depth_figure(paired: FloatArray, everything: FloatArray) -> go.Figure:
    """Shares of cells by depth: bars for the paired ones, a stepped line for all."""
    edges = np.linspace(0, 1, _BINS + 1)
    shares = [np.histogram(values, edges)[0] / len(values) for values in (paired, everything)]
    figure = go.Figure()
    figure.add_bar(
        x=(edges[1:] + edges[:-1]) / 2, y=shares[0], width=0.094, name="cells in these pairs", meta="paired",
        marker={"color": OKABE_ITO[4]}, hovertemplate="%{y:.0%} of the paired cells<extra></extra>",
    )  # fmt: skip
    figure.add_scatter(
        x=edges, y=[*shares[1], shares[1][-1]], mode="lines", name="all cells", meta="all", hoverinfo="skip",
        line={"shape": "hv", "width": 3, "color": MISSING},
    )  # fmt: skip
    figure.update_xaxes(title={"text": "depth (0: edge, 1: middle)", "font": {"size": 15}}, range=[0, 1], nticks=6,
                        tickfont={"size": 14}, showgrid=False)  # fmt: skip
    figure.update_yaxes(title=None, tickformat=".0%", rangemode="tozero", nticks=5, tickfont={"size": 14})
    figure.update_layout(
        height=300, margin={"l": 8, "r": 8, "t": 36, "b": 8}, paper_bgcolor=_CLEAR, plot_bgcolor=_CLEAR,
        legend={"orientation": "h", "y": 1.0, "yanchor": "bottom", "x": 0, "title": None, "font": {"size": 14}},
    )  # fmt: skip
    return figure
