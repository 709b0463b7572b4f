"""The Pairs page: the pairs of cells that a run relied on, to look at and to question."""

from __future__ import annotations

from collections.abc import Collection, Mapping

import numpy as np
import streamlit as st

from pages.ui import charts, library, pair_data, state
from pages.ui.data_in_use import prepared_data
from pages.ui.pair_cell import draw_cell
from pages.ui.pair_colours import offered
from pages.ui.pair_data import PCA, UMAP, Asked, Related
from pages.ui.pair_maps import CLICK, LASSO, Look, draw_maps
from pages.ui.pair_numbers import draw_depth, draw_types, percent, show_numbers
from pages.ui.text import count, in_markdown, visible
from scint_core.contract import BoolArray
from scint_core.errors import IntegrationError
from scint_core.numerics.pair_table import EITHER, ENDS, pair_numbers, pairs_at

_MOST_LINES = (100, 2000)
_GREY = "grey"


def draw() -> None:
    """The choice of run and merge, the maps, the clicked cell, and the pairs in numbers."""
    st.title("Pairs")
    view = prepared_data()
    if view is None:
        return
    runs, with_pairs = pair_data.related_runs(view)
    if not runs:
        st.info("No run is finished yet: the pairs of a run are shown here.", icon=":material/info:")
        st.page_link("integrate_page.py", label="Go to Integrate", icon=":material/arrow_back:")
        return
    left, right = st.columns(2)
    titles = library.labels(runs.values(), library.run_title)
    with left:
        picked = state.pick("Run", "run", titles)
    found = pair_data.related(view.id, picked) if picked in with_pairs else None
    if found is None:
        _no_pairs(titles, picked, with_pairs)
    elif len(found.pairs) == 0:
        st.info("This run found no pairs of cells.", icon=":material/info:")
    else:
        with right:
            merge = _choose_merge(found)
        _inspect(found, merge)


def _no_pairs(titles: Mapping[str, str], picked: str, with_pairs: Collection[str]) -> None:
    """Say that the method relates none, and offer the runs that do."""
    st.info(
        f"{in_markdown(titles[picked])} relates no pairs of cells: there is nothing to draw.", icon=":material/info:"
    )
    others = [id_ for id_ in titles if id_ in with_pairs]
    if not others:
        st.page_link(
            "integrate_page.py", label="Run MNN, fastMNN, Seurat v3 or Scanorama", icon=":material/arrow_back:"
        )
        return
    st.markdown("These runs relate pairs:")
    for id_ in others[:6]:
        if st.button(visible(titles[id_]), key=f"pairs:other:{id_}", icon=":material/linear_scale:"):
            state.choose("run", id_)
            st.rerun()


def _choose_merge(found: Related) -> int:
    names = found.merge_names()
    merge: int = st.selectbox("Merge (reference ← corrected)", list(names), format_func=names.__getitem__,
                              key=f"pairs:merge:{found.run.id}", persist_state="session")  # fmt: skip
    return merge


def _inspect(found: Related, merge: int) -> None:
    """Maps, then what was clicked, then numbers and tables of the pairs in question."""
    question = pair_data.asked(found.run.id)
    marked = question.cells(found)
    where, pairs_by, cells_by = _choose_look(found)
    most, mouse, end, dropped = _choose_pairs(found, shape_drawn=marked is not None)
    rows = pair_data.in_question(found, marked, merge=merge, end=end)
    shown = rows & pair_data.in_block(found, question)
    kept = shown & found.pairs.kept
    look = Look(
        where, mouse, pairs_by, cells_by,
        drawn=charts.sample_of_rows(np.flatnonzero(kept), most),
        dropped=charts.sample_of_rows(np.flatnonzero(shown & ~kept), most if dropped else 0),
    )  # fmt: skip
    draw_maps(found, look, question, marked)
    _say_what_is_drawn(found, look, shown)
    _say_what_is_asked(found, question, marked)
    if question.cell is not None:
        draw_cell(found, question.cell)
    st.subheader("These pairs in numbers")
    show_numbers(found, shown)
    types, depth = st.columns([1.25, 1], gap="large")
    with types:
        _types(found, rows, question)
    with depth:
        st.subheader("Edge or middle")
        draw_depth(found, shown)


# What is drawn


def _choose_look(found: Related) -> tuple[str, str, str]:
    """The kind of map, what pairs are coloured by, what cells are."""
    view, id_ = found.view, found.run.id
    pairs, cells, maps = st.columns([1.5, 1.4, 1], vertical_alignment="bottom")
    colours = offered(found)
    pairs_by = pairs.segmented_control(
        "Pairs coloured by", colours, default=colours[0], key=f"pairs:by:{id_}", required=True, persist_state="session"
    )
    groups = [view.batch_key, *([view.label_key] if view.label_key else []), _GREY]
    cells_by = cells.segmented_control(
        "Cells coloured by", groups, default=view.batch_key, key=f"pairs:cells:{view.id}", required=True,
        persist_state="session", format_func=visible,
    )  # fmt: skip
    where = UMAP
    if found.movement is not None:
        where = maps.segmented_control(
            "Map", [UMAP, PCA], default=UMAP, key="pairs:map", required=True, persist_state="session",
            help=f"PCA: axes 1 and 2 of {found.movement.axes}, the same before and after.",
        )  # fmt: skip
    return where or UMAP, pairs_by or colours[0], cells_by or view.batch_key


def _choose_pairs(found: Related, *, shape_drawn: bool) -> tuple[int, str, str, bool]:
    """How many pairs are drawn at most, what the mouse does, which end counts for the lasso, whether dropped ones are
    drawn."""
    number, mouse, others = st.columns([1.1, 1.2, 1.6], vertical_alignment="bottom", gap="medium")
    most = number.slider("Pairs drawn at most", *_MOST_LINES, 500, 100, key="pairs:most", persist_state="session",
                         help="A random sample where there are more, always the same one.")  # fmt: skip
    does = mouse.segmented_control(
        "With the mouse", [CLICK, LASSO], default=CLICK, key="pairs:mouse", required=True, persist_state="session",
        help="Click a cell to see its partners and where it moved; draw a lasso around cells to see only their pairs.",
    )  # fmt: skip
    with others:
        end = _choose_end() if shape_drawn else EITHER
        dropped = _choose_dropped(int((~found.pairs.kept).sum()))
    return most, does or CLICK, end, dropped


def _choose_end() -> str:
    end = st.segmented_control(
        "In the lasso", ENDS, default=EITHER, key="pairs:end", required=True, persist_state="session",
        help="Left ends are cells of the reference side of a merge, right ends of the side that was corrected.",
    )  # fmt: skip
    return end or EITHER


def _choose_dropped(n_dropped: int) -> bool:
    return n_dropped > 0 and st.toggle(
        f"Show dropped pairs ({n_dropped:,})", key="pairs:dropped", persist_state="session",
        help="Pairs that the method found and did not use.",
    )  # fmt: skip


def _say_what_is_drawn(found: Related, look: Look, shown: BoolArray) -> None:
    kept = int((shown & found.pairs.kept).sum())
    parts = [f"{len(look.drawn):,} of {kept:,} pairs shown."]
    if len(look.dropped):
        parts.append(f"Dashed: {len(look.dropped):,} of {int((shown & ~found.pairs.kept).sum()):,} dropped ones.")
    if found.view.labels is None:
        parts.append("With a label column scint could tell right pairs from wrong ones: choose one on the Data page.")
    st.caption(" ".join(parts))


def _say_what_is_asked(found: Related, question: Asked, marked: BoolArray | None) -> None:
    """What narrows the pairs down, and the button that shows all again."""
    parts = []
    if marked is not None:
        parts.append(f"with an end among the **{count(int(marked.sum()), 'cell')}** in the lasso")
    if question.block is not None:
        ends = [in_markdown(found.names[code]) if code >= 0 else "(none)" for code in question.block]
        parts.append(f"from **{ends[0]}** to **{ends[1]}**")
    if not parts and question.cell is None:
        return
    said, button = st.columns([4, 1], vertical_alignment="center")
    said.markdown(f"Shown are the pairs {' and '.join(parts)}." if parts else "Bold: the pairs of the clicked cell.")
    if button.button("Show all pairs", icon=":material/close:", width="stretch"):
        pair_data.ask_nothing(found.run.id)


# What they join


def _types(found: Related, rows: BoolArray, question: Asked) -> None:
    """The table of types (batches without labels), with the share of pairs that join one type."""
    labelled = found.view.labels is not None
    st.subheader("Which types they join" if labelled else "Which batches they join")
    if labelled:
        share = pair_numbers(pairs_at(found.pairs, rows & found.pairs.kept), found.view.labels).share_right
        st.markdown(f"**{percent(share)} of these pairs join two cells of one type** (the diagonal).")
    draw_types(found, rows, question)
    st.caption("Click a field to see only its pairs on the maps.")


try:
    draw()
except IntegrationError as error:
    st.error(in_markdown(error), icon=":material/error:")
