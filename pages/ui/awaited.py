"""Waiting for a picture: a moment within the page, and with a line that says how far it is after that."""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable
from typing import Any

import streamlit as st

from pages.ui.text import in_markdown
from scint_core.runs.jobs.board import JobBoard
from scint_core.runs.jobs.folder import JobFolder

_AT_ONCE = 1.5  # seconds that a picture is waited for before the page shows how far it is
_SILENT = 0.5  # seconds of this without a word: every word is drawn, on a processor that the job could use
_LOOK = 0.02  # seconds between looks
_TELL = 5  # looks between two words
_EVERY = 0.3  # seconds between looks at a picture that takes longer


def arrives(job: JobFolder, line: Any) -> bool:
    """Wait a moment for a job's result; whether it is there. `line` is told how far it is."""
    started = time.monotonic()
    for looks in itertools.count(1):
        waited = time.monotonic() - started
        if job.result.exists() or waited > _AT_ONCE:
            break
        if looks % _TELL == 0:
            status = job.status()
            if status.ended:
                break
            if waited > _SILENT:
                line.caption(f"{in_markdown(status.status)} …")
        _give_way()
        time.sleep(_LOOK)
    return job.result.exists()


def _give_way() -> None:
    """Where a newer value of a slider ends this run: Streamlit asks for one whenever a value of the session is."""
    st.session_state.get("awaited")


@st.fragment(run_every=_EVERY)
def follow_line(board: Callable[[], JobBoard], job_id: str) -> None:
    """How far a picture is that takes longer; the page is drawn again once it is there."""
    job = board().job(job_id)
    status = job.status()
    if status.ended:
        st.rerun()
    st.progress(status.fraction, text=f"{in_markdown(status.status)} · {time.time() - status.since:.0f} s")
