"""Jobs on the screen: the board they are on, and a panel that follows one."""

from __future__ import annotations

import time
from typing import Any

import streamlit as st

from pages.ui import charts, network_charts
from scint_core.contract import TrainingCurves
from scint_core.runs import codec
from scint_core.runs.jobs.board import JobBoard, JobSpec
from scint_core.runs.jobs.folder import JobFolder

_EVERY = 0.4  # seconds between looks at a running job


@st.cache_resource(show_spinner=False)
def board() -> JobBoard:
    """The one board of this server."""
    return JobBoard()


def submit(kind: str, **arguments: object) -> JobFolder:
    """Have a job done; the same job is never done twice."""
    return board().submit(JobSpec(kind, arguments))


def follow(job: JobFolder) -> bool:
    """Draw what there is to say of a job; True once it is done.

    While it runs: a bar that names the step, the time so far, and a button to cancel. After a failure: the sentence
    that ended it, and a button to try again.
    """
    status = job.status()
    if status.state == "done":
        return True
    if status.ended:
        say_why(job)
    else:
        _progress(job.id)
    return False


@st.fragment(run_every=_EVERY)
def _progress(job_id: str) -> None:
    job = board().job(job_id)
    status = job.status()
    if status.ended:
        st.rerun()
    bar, button = st.columns([5, 1], vertical_alignment="center")
    elapsed = f" · {time.time() - status.since:.0f} s" if status.state == "running" else ""
    bar.progress(status.fraction, text=f"{status.status}{elapsed}")
    unfinished = live(job)
    if isinstance(unfinished, TrainingCurves):
        charts.show(network_charts.training_curves(unfinished), key=f"live:{job_id}", alt="Training so far")
    if button.button("Cancel", key=f"cancel:{job_id}", width="stretch"):
        board().cancel(job)


def live(job: JobFolder) -> Any:
    """What a running job has so far; None where there is nothing, or it is being written anew."""
    try:
        return codec.read(job.live)
    except (OSError, ValueError, KeyError, StopIteration, codec.Damaged):
        return None


def say_why(job: JobFolder) -> None:
    """The sentence that ended a job without a result, and a button to try again."""
    status = job.status()
    if status.state == "cancelled":
        st.info(status.error, icon=":material/cancel:")
    else:
        st.error(status.error, icon=":material/error:")
    if st.button("Try again", key=f"again:{job.id}"):
        spec = job.spec()
        submit(spec["kind"], **spec["arguments"])
        st.rerun()
