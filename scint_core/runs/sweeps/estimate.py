"""How long a sweep will take, judged by runs that are done."""

from __future__ import annotations

from dataclasses import dataclass
from statistics import median

from scint_core.runs.jobs.board import JobBoard
from scint_core.runs.jobs.folder import JobFolder
from scint_core.runs.sweeps.grid import Grid

MANY = 200
"""Runs above which a sweep is only started after a question, with the estimate."""


@dataclass(frozen=True)
class Estimate:
    """`seconds` until all runs and scores are there, None where nothing is known; `basis` says what it rests on."""

    seconds: float | None
    basis: str

    def __str__(self) -> str:
        return f"about {spoken(self.seconds)}, {self.basis}" if self.seconds is not None else self.basis


def estimate(board: JobBoard, data_id: str, grid: Grid) -> Estimate:
    """Seconds for a sweep on a data set, from runs of the same methods on it; from other data, where there are none.

    Steps that runs share make it faster than this; so it is an upper bound as long as the machine is free.
    """
    runs = [job for job in board.jobs("integrate") if job.status().state == "done"]
    scores = [job for job in board.jobs("score") if job.status().state == "done"]
    on_data = [job for job in runs if job.spec()["arguments"]["data"] == data_id]
    each, known, others = 0.0, 0, 0
    for method in grid.methods:
        own = _seconds([job for job in on_data if _method(job) == method])
        if own is None:
            own, others = _seconds(on_data) or _seconds(runs), others + 1
        if own is None:
            return Estimate(None, "no run has been done yet that tells how long one takes")
        known += sum(_method(job) == method for job in on_data)
        each += own
    score = _seconds([job for job in scores if job.spec()["arguments"]["data"] == data_id]) or _seconds(scores) or 0.0
    per_run = each / len(grid.methods) + score
    basis = f"judged by {known} of its runs" if not others else "judged by other runs, since it has not been run here"
    return Estimate(per_run * len(grid) / board.slots, basis)


def _method(job: JobFolder) -> str:
    return str(job.spec()["arguments"]["method"])


def _seconds(jobs: list[JobFolder]) -> float | None:
    """What such a job usually takes."""
    found = [job.status() for job in jobs]
    return median(status.until - status.since for status in found) if found else None


def spoken(seconds: float) -> str:
    """A time as people say it: "40 s", "3 min", "2 h 10 min"."""
    if seconds < 90:
        return f"{max(1, round(seconds))} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 90 else f"{minutes // 60} h {minutes % 60} min"
