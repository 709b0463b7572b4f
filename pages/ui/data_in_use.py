"""The data set that a page works on, or the way to one."""

from __future__ import annotations

import streamlit as st

from pages.ui import library, state
from pages.ui.jobs import board


def prepared_data() -> library.DataView | None:
    """The prepared data set in use; None, with the way to one on the page, where there is none."""
    data = state.chosen("data")
    if data and board().job(data).status().state == "done":
        return library.data_view(data)
    st.info("Open and preprocess a data set first.", icon=":material/table_chart:")
    st.page_link("data_page.py", label="Go to Data", icon=":material/arrow_back:")
    return None
