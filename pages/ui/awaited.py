"""Waiting for a picture: a moment within the page, and with a line that says how far it is after that."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import streamlit as st

from pages.ui.text import in_markdown
from scint_core.runs.jobs.board import JobBoard
from scint_core.runs.jobs.folder import JobFolder

_AT_ONCE = 1.5  # seconds that a picture is waited for before the page shows how far it is
_LOOK = 0.02  # seconds between looks
_YIELD = 5  # looks between two moments at which a newer value may take over
_EVERY = 0.3  # seconds between looks at a picture that takes longer


def arrives(job: JobFolder, line: Any) -> bool:
    """Wait a moment for a job's result; whether it is there. `line` is told how far it is."""
    end = time.monotonic() + _AT_ONCE
    looks = 0
    while not job.result.exists() and time.monotonic() < end:
        looks += 1
        if looks % _YIELD == 0:
            status = job.status()
            if status.ended:
                break
            line.caption(f"{in_markdown(status.status)} …")  # here a newer value of a slider ends this run
        time.sleep(_LOOK)
    return job.result.exists()


@st.fragment(run_every=_EVERY)
def follow_line(board: Callable[[], JobBoard], job_id: str) -> None:
    """How far a picture is that takes longer; the page is drawn again once it is there."""
    job = board().job(job_id)
    status = job.status()
    if status.ended:
        st.rerun()
    st.progress(status.fraction, text=f"{in_markdown(status.status)} · {time.time() - status.since:.0f} s")
