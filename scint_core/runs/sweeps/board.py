"""`SweepBoard`: starts sweeps, drives them run by run, finds them again."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path

from scint_core.errors import IntegrationError, JobError
from scint_core.runs.jobs import claim
from scint_core.runs.jobs.board import JobBoard
from scint_core.runs.sweeps.driver import Driver
from scint_core.runs.sweeps.folder import SweepFolder, create
from scint_core.runs.sweeps.grid import Grid


class SweepBoard:
    """The sweeps beside a board of jobs. Each is driven by a thread that hands the board a few jobs at a time, so that
    a person's own run does not wait behind a hundred others."""

    def __init__(self, board: JobBoard) -> None:
        self._board = board
        self._folder = board.folder.parent / "sweeps"

    def start(self, data_id: str, grid: Grid, *, label_key: str | None = None, hide: float = 0.0) -> SweepFolder:
        """Run a grid on a prepared data set (its job). The same sweep again goes on where it was stopped.

        `label_key` and `hide` are as for the task "integrate", for the methods that read labels.
        """
        sweep = self.create(data_id, grid, label_key=label_key, hide=hide)
        self.resume(sweep)
        return sweep

    def create(self, data_id: str, grid: Grid, *, label_key: str | None = None, hide: float = 0.0) -> SweepFolder:
        """Write a sweep down without starting it."""
        return create(self._folder, self._board, data_id, grid, label_key, hide)

    def resume(self, sweep: SweepFolder) -> None:
        """Go on with what is not done; nothing happens where it is being driven already."""
        if claim.take(sweep.claim):
            sweep.stop.unlink(missing_ok=True)
            driver = Driver(self._board, sweep)
            threading.Thread(target=driver.drive, name=f"sweep {sweep.id}", daemon=True).start()

    def see_through(self, sweep: SweepFolder, look: Callable[[], None]) -> None:
        """Drive a sweep in this thread, calling `look` now and then; an exception raised in it stops the sweep.

        Raises `JobError` where another process drives it.
        """
        if not claim.take(sweep.claim):
            raise JobError(f"the sweep '{sweep.title}' is being run by another process: wait for it to end")
        sweep.stop.unlink(missing_ok=True)
        Driver(self._board, sweep).drive(look)

    def cancel(self, sweep: SweepFolder) -> None:
        """End what is under way; what is finished stays."""
        if claim.held(sweep.claim):
            sweep.stop.touch()

    def remove(self, sweep: SweepFolder) -> None:
        """Forget a sweep that is not being driven; its runs stay."""
        if not claim.held(sweep.claim):
            sweep.stop.unlink(missing_ok=True)
            sweep.path.unlink(missing_ok=True)

    def sweep(self, sweep_id: str) -> SweepFolder:
        """The sweep of that name."""
        return SweepFolder(self._folder / f"{sweep_id}.json", self._board)

    def sweeps(self, data_id: str) -> list[SweepFolder]:
        """The sweeps on a data set, the latest first."""
        files = [path for path in self._folder.glob("*.json") if not path.name.endswith(".claim.json")]
        found = [sweep for sweep in map(self._readable, files) if sweep is not None and sweep.data_id == data_id]
        return sorted(found, key=lambda sweep: sweep.created, reverse=True)

    def _readable(self, path: Path) -> SweepFolder | None:
        """The sweep in a file; None where this version of scint no longer has its methods or parameters."""
        sweep = SweepFolder(path, self._board)
        try:
            _ = sweep.grid
        except (OSError, ValueError, KeyError, IntegrationError):
            return None
        return sweep
