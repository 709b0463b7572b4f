"""A clicked cell: its partners, and where the run moved it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
import plotly.graph_objects as go
import streamlit as st

from pages.ui import charts, library
from pages.ui.colouring import NONE
from pages.ui.pair_data import Related, principal_components
from pages.ui.pair_numbers import percent
from pages.ui.palette import OKABE_ITO
from pages.ui.text import count, in_markdown, visible
from scint_core.contract import FloatArray, IntArray
from scint_core.numerics.pair_table import RIGHT, UNKNOWN, partners_of, verdicts
from scint_core.runs.movement import agreement, relative_lengths

_OTHERS = 40  # cells of the same batch whose movement is drawn too
_HEIGHT = 420


def draw_cell(found: Related, cell: int) -> None:
    """Everything about one cell: who its partners are, how far it went, and in which direction."""
    view = found.view
    type_ = f", {in_markdown(_type_names(view)[view.labels[cell]])}" if view.labels is not None else ""
    st.subheader("The clicked cell")
    st.markdown(f"**{in_markdown(view.cells[cell])}** · {in_markdown(view.batch_names[view.batch[cell]])}{type_}")
    partners, moved = st.columns([1.15, 1], gap="large")
    with partners:
        _partners(found, cell)
    with moved:
        _moved(found, cell)


def _type_names(view: library.DataView) -> np.ndarray:
    return np.array([*view.label_names, NONE], dtype=object)  # −1 is the last


# Partners


def _partners(found: Related, cell: int) -> None:
    """A sentence and a table of the cells at the other ends of its pairs."""
    rows, _ = partners_of(found.pairs, cell)
    if len(rows) == 0:
        st.info("This cell is in no pair. What moves it are the pairs of the cells around it.", icon=":material/info:")
        return
    told = verdicts(found.pairs, found.view.labels)[rows]
    kept = found.pairs.kept[rows]
    right = "" if (told == UNKNOWN).all() else f", {int((told == RIGHT).sum()):,} of its own type"
    dropped = "" if kept.all() else f"; {int((~kept).sum()):,} of these pairs were dropped by the filter"
    st.markdown(f"**{count(len(rows), 'partner')}**{right}{dropped}.")
    st.dataframe(partner_table(found, cell), hide_index=True, width="stretch", height=_HEIGHT - 90)
    st.caption("Distance: between the two cells before integration, in principal components.")


def partner_table(found: Related, cell: int) -> pd.DataFrame:
    """A row per pair of `cell`, the nearest partner first; a score or a mark only where the method gives them."""
    view = found.view
    rows, others = partners_of(found.pairs, cell)
    places = principal_components(view.id)
    table = pd.DataFrame(
        {
            "partner": [visible(name) for name in view.cells[others]],
            "batch": [visible(view.batch_names[b]) for b in view.batch[others]],
            "score": found.pairs.score[rows].round(3),
            "kept": found.pairs.kept[rows],
            "distance": np.linalg.norm(places[others] - places[cell], axis=1).round(2),
        }
    )
    if view.labels is not None:
        table.insert(2, "type", [visible(name) for name in _type_names(view)[view.labels[others]]])
    table = table.sort_values("distance", kind="stable", ignore_index=True)
    unused = {"score": not found.scored, "kept": bool(found.pairs.kept.all())}
    return table.drop(columns=[name for name, drop in unused.items() if drop])


# Net correction


def _moved(found: Related, cell: int) -> None:
    """How far the cell went, as numbers and as an arrow."""
    if found.movement is None:
        _moved_on_the_map(found, cell)
        return
    st.markdown(movement_sentence(found, cell))
    charts.show(
        movement_figure(found, cell), key=f"pairs:moved:{found.run.id}",
        alt=f"Cells before {found.label} on two axes, with an arrow from where the clicked cell was to where it is",
    )  # fmt: skip
    st.caption(
        f"Axes 1 and 2 of {found.movement.axes}, the same before and after (values: {found.movement.scale}). Bold: the "
        f"clicked cell. Thin: up to {_OTHERS} other cells of its batch."
    )


def movement_sentence(found: Related, cell: int) -> str:
    """How far the cell moved beside its batch, and whether in the same direction."""
    assert found.movement is not None
    length = found.movement.lengths[cell]
    ratio = relative_lengths(found.movement.lengths, found.view.batch)[cell]
    if length == 0:
        return "**It stays where it is**: nothing was added to it."
    if np.isnan(ratio):
        return "**It moves, while most of its batch stays.**"
    along = agreement(found.movement, found.view.batch)[cell]
    step = (found.movement.after - found.movement.before)[cell]
    seen = float((step[:2] ** 2).sum() / (step**2).sum())
    return (
        f"**Moved {ratio:.2f} times as far as the median cell of its batch**, its direction against the mean of the "
        f"batch: cosine {along:.2f}. The picture shows {percent(seen)} of its movement (of the squared length)."
    )


def movement_figure(found: Related, cell: int) -> go.Figure:
    """Cells before integration on the first two axes, and arrows to where they are after it."""
    movement, view = found.movement, found.view
    assert movement is not None
    before, after = movement.before[:, :2], movement.after[:, :2]
    mates = np.flatnonzero((view.batch == view.batch[cell]) & (np.arange(view.n_cells) != cell))
    others = charts.sample_of_rows(mates, _OTHERS)
    panel = charts.Panel("Before, with arrows to after", before)
    figure = charts.maps(
        [panel], library.batch_groups(view), library.hover_texts(view.id), frame=after[[*others, cell]]
    )
    figure.for_each_trace(lambda trace: trace.marker.update(opacity=0.3), lambda t: str(t.meta).startswith("points"))
    figure.update_annotations(font_size=16)
    for annotation in arrows(before, after, others, "rgba(128, 136, 144, 0.7)", 1.5):
        figure.add_annotation(annotation)
    for annotation in arrows(before, after, [cell], OKABE_ITO[5], 5):
        figure.add_annotation(annotation)
    figure.update_layout(height=_HEIGHT, legend={"font": {"size": 14}})
    return figure


def arrows(before: FloatArray, after: FloatArray, cells: Sequence[int] | IntArray, colour: str, width: float) -> list[
    dict[str, object]
]:  # fmt: skip
    """An arrow per cell from where it was to where it is (both cells × 2), as annotations; none where it stays."""
    return [
        {
            "ax": float(before[c, 0]), "ay": float(before[c, 1]), "x": float(after[c, 0]), "y": float(after[c, 1]),
            "axref": "x", "ayref": "y", "xref": "x", "yref": "y", "showarrow": True, "arrowhead": 2, "text": "",
            "arrowwidth": width, "arrowcolor": colour, "arrowsize": 1 if width < 3 else 0.7,
        }
        for c in cells
        if np.any(before[c] != after[c])
    ]  # fmt: skip


def _moved_on_the_map(found: Related, cell: int) -> None:
    """For an embedding whose start is not known only the two maps can be compared."""
    width = float(np.ptp(found.view.umap, axis=0).max()) or 1.0
    far = np.linalg.norm(found.run.umap - found.view.umap, axis=1) / width
    ratio = relative_lengths(far, found.view.batch)[cell]
    st.markdown(
        f"**Moved {percent(float(far[cell]))} of the map's width**, {ratio:.2f} times as far as the median cell of its "
        "batch."
    )
    st.caption(
        f"{found.label} returns an embedding with axes of its own, so places before and after can only be compared on "
        "the two UMAPs. Far distances in a UMAP mean little."
    )
