"""How far a run is, as a fraction that never falls and a sentence."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence

Report = Callable[[float, str], None]
"""Called as `report(fraction, status)`. An exception raised in it ends the run and reaches the caller."""

_CAP = 0.99  # until the end
_UNKNOWN = 3  # steps assumed to remain where a method has not said


class Progress:
    """Counts steps and ticks, and tells `report`."""

    def __init__(self, report: Report | None) -> None:
        self._report = report
        self._fraction = 0.0
        self._done = 0.0  # work of the finished steps
        self._work: deque[float] = deque()  # of the steps that remain, as far as the method has said
        self._status = ""

    def expect(self, n: int, work: Sequence[float] = ()) -> None:
        """`n` steps remain after those done; `work` is how long each takes, alike where not given."""
        scale = n / sum(work) if work else 1.0
        self._work = deque(scale * part for part in work or [1.0] * n)

    def begin(self, status: str) -> None:
        """A step begins."""
        self._status = status
        self._tell(0.0)

    def tick(self, done: int, total: int) -> None:
        """`done` of `total` pieces of the running step are finished."""
        self._tell(min(done / total, 1.0) if total else 0.0)

    def end(self) -> None:
        """The running step is finished."""
        self._done += self._work.popleft() if self._work else 1.0

    def finish(self) -> None:
        """The run is finished."""
        self._fraction = 1.0
        if self._report is not None:
            self._report(1.0, "Done")

    def _tell(self, part: float) -> None:
        running = self._work[0] if self._work else 1.0
        total = self._done + (sum(self._work) or _UNKNOWN)
        reached = (self._done + part * running) / total
        self._fraction = max(self._fraction, min(reached, _CAP))
        if self._report is not None:
            self._report(self._fraction, self._status)


def share(report: Report, start: float, end: float) -> Report:
    """A report for a part of the work that takes the overall fraction from `start` to `end`."""
    return lambda fraction, status: report(start + (end - start) * fraction, status)
