"""The driver of a sweep: hands a board of jobs a few at a time until all runs are done and scored."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

from scint_core.runs.jobs import claim
from scint_core.runs.jobs.board import JobBoard, JobSpec
from scint_core.runs.jobs.folder import JobFolder
from scint_core.runs.sweeps.folder import SweepFolder, SweepRun, score_spec, specs

_LOOK_EVERY = 0.1  # seconds
_ENDS_WITHIN = 15.0  # seconds that a cancelled job is waited for


@dataclass(frozen=True)
class _Waiting:
    """A run that is to be done, and its method's first run, whose steps it will find done."""

    spec: JobSpec
    run: SweepRun
    first: SweepRun

    @property
    def ready(self) -> bool:
        """The first run of a method goes alone; after it the steps that all share are in the cache."""
        return self.run is self.first or self.first.run.status().ended


class Driver:
    """Sees one sweep through. The claim on the sweep must be held, and is given back."""

    def __init__(self, board: JobBoard, sweep: SweepFolder) -> None:
        self._board = board
        self._sweep = sweep
        self._waiting: deque[_Waiting] = deque()
        self._to_score: deque[JobSpec] = deque()
        self._under_way: list[tuple[JobFolder, JobSpec | None]] = []  # with the score that follows, for a run

    def drive(self, look: Callable[[], None] = lambda: None) -> None:
        """Hand out jobs until all have ended or a stop is asked for, calling `look` between."""
        try:
            self._sort()
            while (self._waiting or self._to_score or self._under_way) and not self._sweep.stop.exists():
                self._collect()
                self._hand_out()
                look()
                time.sleep(_LOOK_EVERY)
        finally:
            self._end()
            claim.release(self._sweep.claim)

    def _end(self) -> None:
        """Cancel what is under way, and see it end: a job asked for again before that would end with this cancel."""
        for job, _ in self._under_way:
            self._board.cancel(job)
        until = time.monotonic() + _ENDS_WITHIN
        while not all(job.status().ended for job, _ in self._under_way) and time.monotonic() < until:
            time.sleep(_LOOK_EVERY)

    def _sort(self) -> None:
        """What is still to be done: runs, and the scores of runs that are done."""
        sweep = self._sweep
        first: dict[str, SweepRun] = {}
        every = specs(sweep.data_id, sweep.grid, sweep.label_key, sweep.hide)
        runs = sweep.runs()
        for spec, run in ((every[i], runs[i]) for i in sweep.grid.working_order):
            first.setdefault(run.point.method, run)
            if run.run.status().state != "done":
                self._waiting.append(_Waiting(spec, run, first[run.point.method]))
            elif run.score.status().state != "done":
                self._to_score.append(score_spec(sweep.data_id, run.run.id))

    def _collect(self) -> None:
        """Let go of the jobs that have ended; a run that is done is to be scored."""
        ended = [pair for pair in self._under_way if pair[0].status().ended]
        self._under_way = [pair for pair in self._under_way if pair not in ended]
        for job, score in ended:
            if score is not None and job.status().state == "done":
                self._to_score.append(score)

    def _hand_out(self) -> None:
        """Start as many jobs as there is room for: scores first, so that the curves grow while runs go on."""
        while len(self._under_way) < self._board.slots:
            ready = next((waiting for waiting in self._waiting if waiting.ready), None)
            if self._to_score:
                self._under_way.append((self._board.submit(self._to_score.popleft()), None))
            elif ready is not None:
                self._waiting.remove(ready)
                score = score_spec(self._sweep.data_id, ready.spec.id)
                self._under_way.append((self._board.submit(ready.spec), score))
            else:
                return
