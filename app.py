"""The entry of `streamlit run app.py`: the pages, and the routes that stream files to and from the disk."""

import streamlit as st

from pages.ui.routes import ROUTES

app = st.App("pages/main.py", routes=ROUTES)
