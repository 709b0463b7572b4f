"""`supervise`: see one job through in a process of its own. Runs on any `concurrent.futures.Executor`.

An executor may begin a job more than once: a cluster does when it loses a worker, or believes so. The latest attempt
counts; an earlier one that still runs ends its process and writes nothing more.
"""

from __future__ import annotations

import threading
from concurrent.futures import Future
from pathlib import Path

from scint_core.errors import IntegrationError
from scint_core.runs.jobs import claim
from scint_core.runs.jobs.folder import CANCELLED, KILLED, KILLED_ON_CLUSTER, LOST, JobFolder, State
from scint_core.runs.jobs.launch import Child, start

_CANCEL = "cancel"  # a file: whoever creates it wants the job ended
_CHECK_EVERY = 0.2  # seconds
_NOT_STARTED = (
    "This could not be started ({kind}: {message}): see that the folder of the runs can be written to and that every "
    "worker of a cluster has the same version of scint, then run it again."
)


def request_cancel(folder: JobFolder) -> None:
    """Ask for the end of a job, from whichever process."""
    (folder.path / _CANCEL).touch()


def forget_cancel(folder: JobFolder) -> None:
    """Forget a cancel that came when the job had ended."""
    (folder.path / _CANCEL).unlink(missing_ok=True)


def supervise(path: str) -> State:
    """Start the job in `path`, wait for its end, and write down how it ended.

    The engine process is ended within a fraction of a second when a cancel is asked for, or when the job is begun
    elsewhere. Whatever happens to that process, the job ends in a state with a sentence, and its claim is given back.
    """
    folder = JobFolder(Path(path))
    attempt = folder.take_up()
    try:
        state, error = _see_through(folder, attempt)
        if folder.in_hands_of(attempt):
            folder.set_state(state, error)
    finally:
        if folder.in_hands_of(attempt):
            forget_cancel(folder)
            claim.release(folder.path / "claim.json")
    return state


def settle(folder: JobFolder, supervised: Future[State]) -> None:
    """Write down the end of a job that its supervisor could not: it was never begun, or its worker is gone."""
    if not supervised.cancelled() and supervised.exception() is None:
        return
    if not folder.status().ended:
        folder.set_state(*_why_not(folder, supervised))
        claim.release(folder.path / "claim.json")


def _why_not(folder: JobFolder, supervised: Future[State]) -> tuple[State, str]:
    if _cancel_wanted(folder):
        return "cancelled", CANCELLED
    if supervised.cancelled():  # a client does so with all that it asked for when it loses its scheduler
        return "interrupted", LOST
    error = supervised.exception()
    kind = type(error).__name__
    if kind == "KilledWorker":
        return "killed", KILLED_ON_CLUSTER
    if isinstance(error, IntegrationError):
        return "failed", str(error)
    return "failed", _NOT_STARTED.format(kind=kind, message=error)


def _see_through(folder: JobFolder, attempt: str) -> tuple[State, str]:
    if folder.result.exists():  # an earlier attempt came that far
        return "done", ""
    if _cancel_wanted(folder):
        return "cancelled", CANCELLED
    folder.begin()
    folder.set_state("running")
    child = start(folder.path)
    watcher = _watch(folder, attempt, child)
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


def _watch(folder: JobFolder, attempt: str, child: Child) -> threading.Event:
    """End the child as soon as a cancel is asked for or a later attempt begins; setting the event ends the watch."""
    over = threading.Event()

    def watch() -> None:
        """Look until it is over."""
        while not over.wait(_CHECK_EVERY):
            if _cancel_wanted(folder) or not folder.in_hands_of(attempt):
                child.kill()
                return

    threading.Thread(target=watch, daemon=True).start()
    return over
