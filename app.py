"""The entry of `streamlit run app.py`: the pages, and the routes that stream files to and from the disk."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import streamlit as st

from pages.ui.routes import ROUTES
from scint_core.runs.jobs.launch import warm_up


@asynccontextmanager
async def _with_engine(_app: st.App) -> AsyncIterator[None]:
    """Load the engine while the first page is being opened, so that nobody's first run waits for it."""
    warm_up()
    yield


app = st.App("pages/main.py", routes=ROUTES, lifespan=_with_engine)
