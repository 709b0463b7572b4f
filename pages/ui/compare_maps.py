"""The maps of a comparison: up to four rows in one common layout, one colouring, cells marked in all of them."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
import streamlit as st

from pages.ui import charts, library, state
from pages.ui.charts import Panel
from pages.ui.colouring import Colouring, shades
from pages.ui.compare_rows import BEFORE, Row
from pages.ui.scores import RowScores
from pages.ui.selection import Shape, drawn_shape
from pages.ui.text import count
from scint_core.contract import BoolArray, FloatArray
from scint_core.metrics import METRICS

MOVED = "distance moved"
GENE = "gene"
_PER_CELL = ("iLISI", "cLISI")  # offered by name; every other one by a click on its circle
_LINES = 400  # pairs drawn in each map


def layout_of(view: library.DataView, row: Row, scored: RowScores | None) -> FloatArray | None:
    """The map of a row (cells × 2), started from the map before and aligned to it; None where it is not there yet."""
    if row.id == BEFORE:
        return view.umap
    if row.is_run:
        return library.run_view(row.id).umap
    return None if scored is None else scored.umap


def colour_by(data_id: str, chosen: str) -> None:
    """Colour the maps by something from now on."""
    state.change_choice(_colour(data_id), chosen)


def _colour(data_id: str) -> str:
    """The name of the choice of colours."""
    return f"compare-colour:{data_id}"


def choose_colouring(view: library.DataView, painted: str | None) -> tuple[str, str | None]:
    """Draw the choice of colours; returns its name, and the gene where one is chosen. `painted` is a clicked metric."""
    offered = [view.batch_key, *([view.label_key] if view.label_key else []), GENE, MOVED]
    offered += list(dict.fromkeys([name for name in (*_PER_CELL, painted) if name]))
    key = state.key_of_choice(_colour(view.id))
    st.session_state.setdefault(key, view.batch_key)
    left, right = st.columns([2.4, 1], vertical_alignment="bottom")
    chosen = left.segmented_control("Colour by", offered, key=key, required=True, persist_state="session")
    gene = None
    if chosen == GENE:
        gene = right.selectbox("Gene", library.gene_names(view.id), key=f"compare-gene:{view.id}")
    return chosen or view.batch_key, gene


def colourings(
    view: library.DataView, chosen: str, gene: str | None, rows: list[Row], scored: Mapping[str, RowScores]
) -> tuple[list[Colouring], str]:
    """One colouring per map, and a sentence on what it shows."""
    if chosen == view.batch_key:
        return [library.batch_groups(view)] * len(rows), ""
    groups = library.label_groups(view)
    if chosen == view.label_key and groups is not None:
        return [groups] * len(rows), ""
    if chosen == GENE and gene is not None:
        values = [library.gene_values(view.id, gene)] * len(rows)
        return list(shades(values, gene)), "Log-normalised, before integration."
    if chosen == MOVED:
        moved = [_moved(view, layout_of(view, row, scored.get(row.id))) for row in rows]
        return list(shades(moved, "of the map's width")), "How far each cell lies from where it was on the map before."
    values = [_part_of(view, chosen, scored.get(row.id)) for row in rows]
    return list(shades(values, f"{chosen}, cell by cell")), METRICS[chosen].meaning


def _moved(view: library.DataView, layout: FloatArray | None) -> FloatArray:
    if layout is None:
        return np.full(view.n_cells, np.nan)
    width = float(np.ptp(view.umap, axis=0).max()) or 1.0
    return np.asarray(np.linalg.norm(layout - view.umap, axis=1) / width)


def _part_of(view: library.DataView, metric: str, scored: RowScores | None) -> FloatArray:
    """A metric's part of every cell: its own value, else that of its type or batch; NaN where it has none."""
    found = None if scored is None else scored.results.get(metric)
    if found is not None and found.per_cell is not None:
        return np.asarray(found.per_cell, dtype=np.float64)
    if found is not None and found.per_label and view.labels is not None:
        return _spread(found.per_label, view.label_names, view.labels)
    if found is not None and found.per_batch:
        return _spread(found.per_batch, view.batch_names, view.batch)
    return np.full(view.n_cells, np.nan)


def _spread(by_name: Mapping[str, float], names: tuple[str, ...], codes: np.ndarray) -> FloatArray:
    values = np.array([by_name.get(name, np.nan) for name in names] + [np.nan])
    return np.asarray(values[codes])  # −1 is the last


def has_parts(scored: Mapping[str, RowScores], metric: str) -> bool:
    """Whether a metric has anything to paint: most have a value per cell, some one per type or batch."""
    parts = [row.results[metric] for row in scored.values() if metric in row.results]
    return any(part.per_cell is not None or part.per_label or part.per_batch for part in parts)


def draw(
    view: library.DataView,
    rows: list[Row],
    scored: Mapping[str, RowScores],
    colouring: list[Colouring],
    *,
    lines: bool,
) -> BoolArray | None:
    """Draw the maps; returns which cells are marked (cells,), None where none are."""
    panels = [_panel(view, row, own, scored.get(row.id), lines=lines) for row, own in zip(rows, colouring, strict=True)]
    shape = _shape_in_use(view, [row.id for row in rows])
    marked = None if shape is None else shape.cells(panels)
    figure = charts.maps(panels, colouring[0], library.hover_texts(view.id), marked)
    figure.update_layout(dragmode="lasso")
    names = ", ".join(row.name for row in rows)
    event = st.plotly_chart(
        figure, key=f"compare:{view.id}", alt=f"Maps side by side: {names}, coloured by {colouring[0].title}",
        on_select="rerun", selection_mode=("lasso", "box"), config={"scrollZoom": True, "displaylogo": False},
    )  # fmt: skip
    drawn = drawn_shape(event, len(panels))
    if drawn is not None and drawn != shape and drawn != st.session_state.get(_dropped(view)):
        st.session_state[_shape_key(view)] = (drawn, [row.id for row in rows])
        st.rerun()
    return marked


def _panel(view: library.DataView, row: Row, own: Colouring, scored: RowScores | None, *, lines: bool) -> Panel:
    layout = layout_of(view, row, scored)
    title, pairs = row.name, None
    if lines:
        related = row.pairs()
        if related is not None:
            pairs = charts.sample_of_pairs(related, _LINES)
            title += f" · {len(pairs):,} of {int(np.count_nonzero(related.kept)):,} pairs"
        else:
            title += " · relates no pairs"
    assert layout is not None  # rows without a map are not drawn
    return Panel(title, layout, pairs, own)


# Marked cells


def _shape_key(view: library.DataView) -> str:
    return f"shape:{view.id}"


def _dropped(view: library.DataView) -> str:
    """Where the shape that was cleared last is kept: the chart goes on reporting it."""
    return f"dropped:{view.id}"


def _shape_in_use(view: library.DataView, ids: list[str]) -> Shape | None:
    """The shape drawn last, as long as the same maps are shown."""
    shape, drawn_on = st.session_state.get(_shape_key(view), (None, []))
    return shape if drawn_on == ids else None


def clear_marks(view: library.DataView) -> None:
    """Forget which cells are marked."""
    shape, _ = st.session_state.pop(_shape_key(view), (None, []))
    st.session_state[_dropped(view)] = shape


def marked_scores(marked: BoolArray, rows: list[Row], scored: Mapping[str, RowScores]) -> pd.DataFrame:
    """Mean over the marked cells of every metric that has a value per cell: metrics × rows."""
    table = {
        row.name: {
            name: float(np.nanmean(part.per_cell[marked]))
            for name, part in scored[row.id].results.items()
            if part.per_cell is not None and np.isfinite(part.per_cell[marked]).any()
        }
        for row in rows
        if row.id in scored
    }
    return pd.DataFrame(table)


def describe_marks(view: library.DataView, marked: BoolArray) -> str:
    """ "212 cells marked"."""
    n = int(marked.sum())
    return f"{count(n, 'cell')} marked of {view.n_cells:,}"
