"""A sweep on disk: its grid, the jobs that do it, and how far they are.

<id>.json         the data, the grid and the jobs; written once
<id>.claim.json   the process that drives it, while one does
<id>.stop         a file: whoever creates it wants the sweep stopped
"""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from statistics import median
from typing import Any, Literal

from scint_core.methods import find_method
from scint_core.runs.jobs import claim
from scint_core.runs.jobs.board import JobBoard, JobSpec
from scint_core.runs.jobs.folder import JobFolder, write_json
from scint_core.runs.keys import canonical, digest, job_digest
from scint_core.runs.sweeps.grid import Grid, Point, spoken_value

_FINAL = ("failed", "killed")  # of a job that was done and left no result
SweepState = Literal["running", "done", "stopped"]


@dataclass(frozen=True)
class SweepRun:
    """One run of a sweep: the job that integrates, and the job that scores it."""

    point: Point
    run: JobFolder
    score: JobFolder

    @property
    def ended(self) -> bool:
        """Whether nothing more will come: scored, or failed on the way. What was cancelled or interrupted may go on."""
        return any(job.status().state in _FINAL for job in (self.run, self.score)) or self._scored

    @property
    def failed(self) -> bool:
        """Whether it ended without scores."""
        return self.ended and not self._scored

    @property
    def _scored(self) -> bool:
        return self.score.status().state == "done"

    @property
    def fraction(self) -> float:
        """How far it is, 0 to 1; running and scoring count alike."""
        return 1.0 if self.ended else 0.5 * (self.run.status().fraction + self.score.status().fraction)


@dataclass(frozen=True)
class SweepStatus:
    """Where a sweep stands. `stopped` can be resumed; `seconds_left` is None as long as nothing tells."""

    state: SweepState
    done: int
    failed: int
    of: int
    fraction: float
    seconds_left: float | None
    doing: str


@dataclass(frozen=True)
class SweepFolder:
    """A sweep that was started once, by its file."""

    path: Path
    board: JobBoard

    @property
    def id(self) -> str:
        return self.path.stem

    @cached_property
    def _record(self) -> dict[str, Any]:
        record: dict[str, Any] = json.loads(self.path.read_text())
        return record

    @property
    def data_id(self) -> str:
        return str(self._record["data"])

    @property
    def label_key(self) -> str | None:
        """The column of labels that methods which read labels are given."""
        key: str | None = self._record["label_key"]
        return key

    @property
    def hide(self) -> float:
        """The share of those labels that is held back."""
        return float(self._record["hide"])

    @property
    def created(self) -> float:
        """When it was started first (epoch seconds)."""
        return float(self._record["created"])

    @cached_property
    def grid(self) -> Grid:
        return Grid.from_plain(self._record["grid"])

    @property
    def title(self) -> str:
        """ "MNN over k × sigma, 12 runs"."""
        names = [find_method(method).label for method in self.grid.methods]
        axes = " × ".join(self.grid.values)
        return f"{', '.join(names)}{f' over {axes}' if axes else ''}, {len(self.grid)} runs"

    def runs(self) -> list[SweepRun]:
        """Every run with its jobs, whether they exist yet or not."""
        jobs = [(self.board.job(run), self.board.job(score)) for run, score in self._record["jobs"]]
        return [SweepRun(point, *pair) for point, pair in zip(self.grid.points, jobs, strict=True)]

    def status(self) -> SweepStatus:
        """Where it stands, from the files of its jobs."""
        runs = self.runs()
        ended = [run for run in runs if run.ended]
        failed = [run for run in ended if run.failed]
        driven = claim.held(self.claim)
        state: SweepState = "running" if driven else "done" if len(ended) == len(runs) else "stopped"
        under_way = [run for run in runs if not run.ended and run.run.spec()]
        doing = ", ".join(_doing(run) for run in under_way[:2]) if driven else ""
        left = _seconds_left(runs, ended, self.board.slots) if driven else None
        fraction = sum(run.fraction for run in runs) / len(runs)
        return SweepStatus(state, len(ended) - len(failed), len(failed), len(runs), fraction, left, doing)

    @property
    def claim(self) -> Path:
        return self.path.with_suffix(".claim.json")

    @property
    def stop(self) -> Path:
        return self.path.with_suffix(".stop")


def create(folder: Path, board: JobBoard, data_id: str, grid: Grid, label_key: str | None, hide: float) -> SweepFolder:
    """Write down what a sweep is; the same sweep is the same file."""
    about = {"data": data_id, "grid": grid.to_plain(), "label_key": label_key, "hide": hide}
    path = folder / f"{digest('sweep', canonical(about), job_digest())[:20]}.json"
    if not path.exists():
        jobs = [[spec.id, score_spec(data_id, spec.id).id] for spec in specs(data_id, grid, label_key, hide)]
        folder.mkdir(parents=True, exist_ok=True)
        write_json(path, {**about, "created": time.time(), "jobs": jobs})
    return SweepFolder(path, board)


def specs(data_id: str, grid: Grid, label_key: str | None, hide: float) -> list[JobSpec]:
    """The jobs of a grid's runs: the same that a person starts one by one."""
    found = []
    for point in grid.points:
        reads_labels = find_method(point.method).labels != "ignored"
        labels = {"label_key": label_key, "hide": hide} if reads_labels else {}
        found.append(
            JobSpec(
                "integrate",
                {"data": data_id, "method": point.method, "params": dict(point.params), "seed": point.seed, **labels},
            )
        )
    return found


def score_spec(data_id: str, run_id: str) -> JobSpec:
    """The job that scores a run."""
    return JobSpec("score", {"data": data_id, "row": run_id})


def _doing(run: SweepRun) -> str:
    place = ", ".join(f"{axis} {spoken_value(value)}" for axis, value in run.point.place.items())
    job = run.score if run.run.status().state == "done" else run.run
    return f"{place}: {job.status().status}"


def _seconds_left(runs: Sequence[SweepRun], ended: Sequence[SweepRun], slots: int) -> float | None:
    """What the runs that remain take at the pace of those that ended; the first is left out, which had it hardest."""
    paces = [_took(run.run) + _took(run.score) for run in ended if not run.failed]
    if not paces:
        return None
    pace = median(sorted(paces)[: max(1, len(paces) - 1)])
    return pace * sum(1 - run.fraction for run in runs) / slots


def _took(job: JobFolder) -> float:
    status = job.status()
    return max(0.0, status.until - status.since)
