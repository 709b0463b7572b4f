"""Charts of a sweep whose points are runs: the one that was clicked, and the way to it."""

from __future__ import annotations

import plotly.graph_objects as go
import streamlit as st

from pages.ui import state
from pages.ui.selection import clicked
from pages.ui.sweep_results import SweepResult
from pages.ui.text import in_markdown


def clicked_run(figure: go.Figure, *, key: str, alt: str) -> str | None:
    """Draw a figure; returns the run of the point that was just clicked, the first of its `customdata`.

    None where nothing was clicked since the last drawing.
    """
    event = st.plotly_chart(
        figure, key=key, alt=alt, on_select="rerun", selection_mode="points", config={"displayModeBar": False}
    )
    point = clicked(event, list)
    run = None if point is None else str(point[0])
    if run == st.session_state.get(f"clicked:{key}"):
        return None
    st.session_state[f"clicked:{key}"] = run
    return run


def offer_run(sweep_id: str, found: SweepResult, run_id: str | None) -> None:
    """Name the run that was picked, and a button that opens it in Integrate."""
    key = f"sweep:picked:{sweep_id}"
    if run_id:
        st.session_state[key] = run_id
    picked = next((run for run in found.runs if run.run_id == st.session_state.get(key)), None)
    if picked is None:
        return
    with st.container(border=True, horizontal=True, vertical_alignment="center"):
        seed = f", seed {picked.seed}" if found.several_seeds else ""
        st.markdown(f"Picked: **{in_markdown(found.text(picked.place) + seed)}**")
        if st.button("Open in Integrate", icon=":material/open_in_new:", type="primary"):
            state.choose("run", picked.run_id)
            st.switch_page("integrate_page.py")
