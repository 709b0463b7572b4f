"""Keeping the standstill short that follows every run of a page."""

from __future__ import annotations

import gc

import streamlit as st


@st.cache_resource(show_spinner=False)
def spare_what_is_loaded(page: str) -> None:  # noqa: ARG001 (done once per page)
    """Leave everything that is alive, now that `page` has its modules, out of the searches for garbage.

    Streamlit has all objects searched at the end of every run, while nothing else goes on in the process: 0.1 s, nearly
    all of it for modules, which never become garbage. What a run makes is still searched.
    """
    gc.collect()
    gc.freeze()
