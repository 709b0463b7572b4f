"""`supervise`: see one job through in a process of its own. Runs on any `concurrent.futures.Executor`."""

from __future__ import annotations

import threading
from pathlib import Path

from scint_core.runs.jobs import claim
from scint_core.runs.jobs.folder import CANCELLED, KILLED, JobFolder, State
from scint_core.runs.jobs.launch import Child, start

_CANCEL = "cancel"  # a file: whoever creates it wants the job ended
_CHECK_EVERY = 0.2  # seconds


def request_cancel(folder: JobFolder) -> None:
    """Ask for the end of a job, from whichever process."""
    (folder.path / _CANCEL).touch()


def forget_cancel(folder: JobFolder) -> None:
    """Forget a cancel that came when the job had ended."""
    (folder.path / _CANCEL).unlink(missing_ok=True)


def supervise(path: str) -> State:
    """Start the job in `path`, wait for its end, and write down how it ended.

    The engine process is ended within a fraction of a second when a cancel is asked for. Whatever happens to that
    process, the job ends in a state with a sentence, and its claim is given back.
    """
    folder = JobFolder(Path(path))
    try:
        state, error = _see_through(folder)
        folder.set_state(state, error)
    finally:
        forget_cancel(folder)
        claim.release(folder.path / "claim.json")
    return state


def _see_through(folder: JobFolder) -> tuple[State, str]:
    if _cancel_wanted(folder):
        return "cancelled", CANCELLED
    folder.begin()
    folder.set_state("running")
    child = start(folder.path)
    watcher = _watch_for_cancel(folder, child)
    child.wait()
    watcher.set()
    return _how_it_ended(folder)


def _how_it_ended(folder: JobFolder) -> tuple[State, str]:
    if folder.result.exists():
        return "done", ""
    if _cancel_wanted(folder):
        return "cancelled", CANCELLED
    error = folder.error()
    if error is not None:
        return "failed", error["message"]
    return "killed", KILLED


def _cancel_wanted(folder: JobFolder) -> bool:
    return (folder.path / _CANCEL).exists()


def _watch_for_cancel(folder: JobFolder, child: Child) -> threading.Event:
    """End the child as soon as a cancel is asked for; the returned event ends the watching."""
    over = threading.Event()

    def watch() -> None:
        while not over.wait(_CHECK_EVERY):
            if _cancel_wanted(folder):
                child.kill()
                return

    threading.Thread(target=watch, daemon=True).start()
    return over
