"""A job's folder: everything about one job, on disk, so that any process can find it again.

spec.json       what to do; written before anything else, never changed
claim.json      the server process that looks after it, while one does
attempt.json    the latest of the supervisors that took it up
state.json      queued, running, done, failed, cancelled, killed or interrupted; written by the supervisor only
progress.json   fraction and status; written by the engine process only
error.json      the sentence that ended it, written by the engine process
result/         appears whole, by rename
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import tempfile
import time
import uuid
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

State = Literal["queued", "running", "done", "failed", "cancelled", "killed", "interrupted"]

ENDED: frozenset[State] = frozenset({"done", "failed", "cancelled", "killed", "interrupted"})

KILLED = (
    "The engine process was killed, most likely out of memory: try fewer cells or genes, or close other programs, "
    "then run it again."
)
KILLED_ON_CLUSTER = (
    "Every worker of the cluster that took this up ended before it was done, most likely out of memory: try fewer "
    "cells or genes, or workers with more memory, then run it again."
)
INTERRUPTED = "The app was stopped while this was running: run it again; steps already done are reused."
LOST = (
    "The cluster was lost while this was waiting or running: connect to it again, or go back to this machine, and run "
    "it again; steps already done are reused."
)
CANCELLED = "You cancelled this run."


@dataclass(frozen=True)
class JobStatus:
    """Where a job stands: `fraction` in 0..1, `status` and `error` sentences, `since` and `until` seconds (epoch)."""

    state: State
    fraction: float
    status: str
    error: str = ""
    since: float = 0.0
    until: float = 0.0

    @property
    def ended(self) -> bool:
        return self.state in ENDED


class JobFolder:
    """Reads and writes the files of one job."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._spec: dict[str, Any] = {}

    @property
    def id(self) -> str:
        return self.path.name

    @property
    def result(self) -> Path:
        return self.path / "result"

    @property
    def live(self) -> Path:
        """What the running step has so far; may be absent, and may vanish while it is read."""
        return self.path / "live"

    @property
    def created(self) -> float:
        """When the job was asked for (epoch seconds)."""
        return float(self.spec().get("created", 0.0))

    def spec(self) -> dict[str, Any]:
        """What is to be done; empty where there is no such job. Never changes, so it is read once."""
        if not self._spec:
            self._spec = _read(self.path / "spec.json") or {}
        return self._spec

    def create(self, spec: dict[str, Any]) -> None:
        """Write what is to be done. The folder exists from here on, whole."""
        self.path.mkdir(parents=True, exist_ok=True)
        if not (self.path / "spec.json").exists():
            write_json(self.path / "spec.json", {**spec, "created": time.time()})

    def set_state(self, state: State, error: str = "") -> None:
        started = (_read(self.path / "state.json") or {}).get("since", time.time())
        since = time.time() if state in ("queued", "running") else started
        write_json(self.path / "state.json", {"state": state, "error": error, "since": since, "until": time.time()})

    def set_progress(self, fraction: float, status: str) -> None:
        write_json(self.path / "progress.json", {"fraction": fraction, "status": status})

    def set_error(self, kind: str, message: str) -> None:
        write_json(self.path / "error.json", {"kind": kind, "message": message})

    def error(self) -> dict[str, str] | None:
        record: dict[str, str] | None = _read(self.path / "error.json")
        return record

    def take_up(self) -> str:
        """Begin an attempt at the job, which ends every earlier one; returns its name."""
        attempt = uuid.uuid4().hex
        write_json(self.path / "attempt.json", attempt)
        return attempt

    def in_hands_of(self, attempt: str) -> bool:
        """Whether no later attempt has begun: a cluster gives a job to another worker when it believes one lost."""
        return _read(self.path / "attempt.json") in (attempt, None)

    def begin(self) -> None:
        """Forget an earlier attempt that left no result."""
        for name in ("progress.json", "error.json"):
            (self.path / name).unlink(missing_ok=True)
        shutil.rmtree(self.live, ignore_errors=True)
        for leftover in self.path.glob(".publishing-*"):
            shutil.rmtree(leftover, ignore_errors=True)

    def status(self) -> JobStatus:
        """Where the job stands, as far as its files tell."""
        record = _read(self.path / "state.json")
        progress = _read(self.path / "progress.json") or {}
        if record is None:
            return JobStatus("queued", 0.0, "Waiting for its turn")
        state: State = record["state"]
        if state == "queued":
            return JobStatus("queued", 0.0, "Waiting for its turn", since=record["since"])
        fraction = 1.0 if state == "done" else float(progress.get("fraction", 0.0))
        return JobStatus(
            state, fraction, str(progress.get("status", "Starting")), record["error"], record["since"], record["until"]
        )

    def publishing(self) -> Path:
        """An empty folder beside the result, to be filled and handed to `publish`."""
        return Path(tempfile.mkdtemp(prefix=".publishing-", dir=self.path))

    def publish(self, filled: Path) -> None:
        """Make `filled` the result, once the disk holds it."""
        for file in filled.rglob("*"):
            if file.is_file():
                with open(file, "rb+") as handle:
                    os.fsync(handle.fileno())
        os.rename(filled, self.result)


def write_json(path: Path, value: Any) -> None:
    """Write a file so that a reader finds the old or the new content, never half of one."""
    handle, temporary = tempfile.mkstemp(prefix=".", suffix=".json", dir=path.parent)
    try:
        with os.fdopen(handle, "w") as file:
            json.dump(value, file)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
    except BaseException:
        with contextlib.suppress(OSError):
            os.unlink(temporary)
        raise


def _read(path: Path) -> Any:
    """The content of a file, or None where it is absent or damaged."""
    try:
        return json.loads(path.read_text())
    except (OSError, ValueError):
        return None
