"""The Steps page: a finished run, step by step."""

from __future__ import annotations

import streamlit as st

from pages.ui import library, state
from pages.ui.data_in_use import prepared_data
from pages.ui.jobs import follow
from pages.ui.player.screen import play
from pages.ui.text import in_markdown
from scint_core.errors import IntegrationError


def draw() -> None:
    """The choice of a run, and its player."""
    st.title("Steps")
    view = prepared_data()
    if view is None:
        return
    jobs = {job.id: job for job in library.runs_on(view.id)}
    if not jobs:
        st.info("Run a method on the Integrate page first: here its steps are played.", icon=":material/play_arrow:")
        st.page_link("integrate_page.py", label="Go to Integrate", icon=":material/arrow_forward:")
        return
    picked = state.pick("Run", "run", library.labels(jobs.values(), library.run_title))
    if follow(jobs[picked]):
        play(view, library.run_view(picked))


try:
    draw()
except IntegrationError as error:
    st.error(in_markdown(error), icon=":material/error:")
