"""The Steps page: a finished run, step by step."""

from __future__ import annotations

import streamlit as st

from pages.ui import library, state
from pages.ui.colouring import Groups
from pages.ui.data_in_use import prepared_data
from pages.ui.jobs import follow
from pages.ui.player.screen import play
from pages.ui.text import in_markdown, visible
from scint_core.errors import IntegrationError


def draw() -> None:
    """The choice of a run and of colours, and the player."""
    title, choice, colour = st.columns([1, 2.4, 1.4], vertical_alignment="bottom")
    title.title("Steps")
    view = prepared_data()
    if view is None:
        return
    jobs = {job.id: job for job in library.runs_on(view.id)}
    if not jobs:
        st.info("Run a method on the Integrate page first: here its steps are played.", icon=":material/play_arrow:")
        st.page_link("integrate_page.py", label="Go to Integrate", icon=":material/arrow_forward:")
        return
    with choice:
        picked = state.pick("Run", "run", library.labels(jobs.values(), library.run_title))
    with colour:
        groups = _colours(view)
    if follow(jobs[picked]):
        play(view, library.run_view(picked), groups)


def _colours(view: library.DataView) -> Groups:
    """Colours by batch or by type."""
    groupings = (library.batch_groups(view), library.label_groups(view))
    offered = {groups.title: groups for groups in groupings if groups is not None}
    by = st.segmented_control(
        "Colour by", list(offered), default=view.batch_key, key=f"steps:colour:{view.id}", persist_state="session",
        required=True, format_func=visible,
    )  # fmt: skip
    return offered[by or view.batch_key]


try:
    draw()
except IntegrationError as error:
    st.error(in_markdown(error), icon=":material/error:")
