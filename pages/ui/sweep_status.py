"""How far a sweep is: a bar while it runs, and what can be done once it has stopped."""

from __future__ import annotations

import streamlit as st

from pages.ui.sweep_form import sweep_board
from pages.ui.text import count, in_markdown
from scint_core.runs.sweeps import SweepFolder, SweepRun, SweepStatus
from scint_core.runs.sweeps.estimate import spoken

_EVERY = 1.0  # seconds between looks at a running sweep
_MANY = 200  # runs from which it is looked less often, and drawn anew only when several more are finished
_MOST_REASONS = 3


def follow_sweep(sweep: SweepFolder) -> None:
    """Draw where a sweep stands; the page is drawn anew whenever more is finished."""
    status = sweep.status()
    if status.state == "running":
        st.fragment(_progress, run_every=_EVERY * max(1.0, status.of / _MANY))(sweep.id, status.done + status.failed)
        return
    reasons = [error for run in sweep.runs() if (error := why_failed(run))]
    left, right = st.columns([3.2, 1], vertical_alignment="center")
    with left:
        _ended(status, reasons)
    with right:
        _what_next(sweep, resumable=len(reasons) < status.of - status.done, complete=status.done == status.of)


def _what_next(sweep: SweepFolder, *, resumable: bool, complete: bool) -> None:
    """Buttons to go on with what is missing, and to take the sweep off the list."""
    if not complete and st.button(
        "Resume" if resumable else "Try again", icon=":material/play_arrow:", width="stretch", key=f"resume:{sweep.id}"
    ):
        sweep_board().resume(sweep)
        st.rerun()
    if st.button(
        "Forget", icon=":material/delete:", width="stretch", key=f"forget:{sweep.id}",
        help="Takes the sweep off the list. Its runs stay.",
    ):  # fmt: skip
        sweep_board().remove(sweep)
        st.rerun()


def _progress(sweep_id: str, ended_before: int) -> None:
    """The bar, the time that is left, and a button to cancel."""
    sweep = sweep_board().sweep(sweep_id)
    status = sweep.status()
    news = status.done + status.failed - ended_before
    if status.state != "running" or news > status.of // _MANY:
        st.rerun()
    bar, button = st.columns([5, 1], vertical_alignment="center")
    bar.progress(min(status.fraction, 1.0), text=in_markdown(running_text(status)))
    if button.button("Cancel", key=f"cancel:{sweep_id}", width="stretch", disabled=sweep.stop.exists()):
        sweep_board().cancel(sweep)
        st.rerun(scope="fragment")


def running_text(status: SweepStatus) -> str:
    """ "3 of 12 runs, about 40 s left · theta 4: Drawing the map"."""
    left = f", about {spoken(status.seconds_left)} left" if status.seconds_left is not None else ""
    doing = f" · {status.doing}" if status.doing else ""
    return f"{status.done + status.failed} of {count(status.of, 'run')}{left}{doing}"


def _ended(status: SweepStatus, reasons: list[str]) -> None:
    """That it is finished, or was stopped, and why runs failed."""
    if status.done == status.of:
        st.caption(f":material/check: All {count(status.of, 'run')} are finished.")
    elif len(reasons) < status.of - status.done:
        st.info(f"Stopped: {status.done} of {count(status.of, 'run')} are finished and kept.", icon=":material/pause:")
    if reasons:
        said = " ".join(list(dict.fromkeys(reasons))[:_MOST_REASONS])
        st.warning(
            f"{count(len(reasons), 'run')} of {status.of} failed. {in_markdown(said)}", icon=":material/warning:"
        )


def why_failed(run: SweepRun) -> str:
    """The sentence that ended a run without a result; nothing for one that was only stopped."""
    for status in (run.run.status(), run.score.status()):
        if status.state in ("failed", "killed"):
            return status.error
    return ""
