"""Labels that a method reads: which column, how many are held back, and how well those were found."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import streamlit as st

from pages.ui import charts, library, network_charts
from pages.ui.text import count, in_markdown, visible
from scint_core.contract import Method


@dataclass(frozen=True)
class LabelChoice:
    """The column whose labels a method is given, and the share of them that is held back."""

    key: str | None
    hide: float

    def arguments(self) -> dict[str, Any]:
        """What a job is told of it."""
        return {"label_key": self.key, "hide": self.hide}


def choose_labels(method: Method, view: library.DataView) -> LabelChoice | None:
    """Draw the choice for a method that reads labels; None for one that does not."""
    if method.labels == "ignored":
        return None
    columns = [column for column in view.columns if column != view.batch_key]
    default = columns.index(view.label_key) if view.label_key in columns else None
    key = st.selectbox(
        "Label column", columns, index=default, key=f"labels:{view.id}", persist_state="session",
        placeholder="Choose the column of known types", format_func=visible,
        help=f"The known cell types that {method.label} learns from. Cells without one are given one.",
    )  # fmt: skip
    share = st.slider(
        "Labels held back", 0, 90, 0, 10, format="%d %%", key="hide", persist_state="session", disabled=key is None,
        help="This share of every type's labels is kept from the method, which is then asked for them: the only "
        "fair test of what it learnt. The same cells at every run.",
    )  # fmt: skip
    return LabelChoice(key, share / 100)


def show_held_out(run: library.RunView, method: Method) -> None:
    """How the labels that were held back were predicted, and which scores the others flatter."""
    if run.result.predictions is None:
        return
    st.caption(
        f":material/info: {method.label} saw labels while it was trained: cLISI and the silhouette of the same labels "
        "are flattered by this. Labels held back tell how well it does on cells it knows nothing of."
    )
    if run.held_out is None:
        return
    found, cells = run.held_out, len(run.held_out.cells)
    right = round(found.accuracy * cells)
    st.markdown("##### Labels held back")
    number, table = st.columns([1, 2.6], vertical_alignment="top")
    number.metric(
        "Found again", f"{found.accuracy:.1%}", border=True,
        help=f"{right:,} of {count(cells, 'cell')} whose label was held back were given their true one.",
    )  # fmt: skip
    worst = _worst(found)
    number.caption(f"{right:,} of {count(cells, 'cell')}. {worst}")
    with table:
        charts.show(
            network_charts.confusion_map(found.confusion()),
            key="confusion",
            alt=f"True against predicted labels of {count(cells, 'cell')} whose label was held back",
        )


def _worst(found: library.HeldOut) -> str:
    """The most frequent mistake, in words."""
    table = found.confusion()
    mistakes = table.stack()
    mistakes = mistakes[[true != predicted for true, predicted in mistakes.index]]
    if not len(mistakes) or mistakes.max() == 0:
        return "No mistakes."
    true, predicted = mistakes.idxmax()
    return f"Most often mistaken: {in_markdown(true)} for {in_markdown(predicted)} ({mistakes.max():,})."
