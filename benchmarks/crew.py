"""Who measures: this machine, or the workers of a cluster.

What must be compared with each other is one task, and is measured by one machine, one process after the other. A
machine measures one task at a time, however many workers it runs.
"""

from __future__ import annotations

import argparse
import getpass
import math
import os
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import CancelledError, Executor, as_completed
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from benchmarks.machine import Machine, description
from scint_core.contract.folders import state_folder
from scint_core.errors import ClusterError
from scint_core.runs.jobs.cluster import SCHEDULER, Cluster
from scint_core.runs.lock import locked

Task = TypeVar("Task")
Result = TypeVar("Result")
Work = Callable[[Machine, Task], Result]


@dataclass
class Crew:
    """Machines that measure. All of them see `folder`; `machines` describes those that have measured so far."""

    folder: Path
    executor: Executor | None = None  # None: this machine
    machines: list[dict[str, Any]] = field(default_factory=list)

    def each(self, work: Work[Task, Result], tasks: Sequence[Task]) -> Iterator[tuple[Task, Result]]:
        """What comes of every task, as it comes: on this machine in their order.

        On a cluster `work` is a function of a module. Raises the first error; the other tasks are then taken back.
        """
        found = self._here(work, tasks) if self.executor is None else self._there(self.executor, work, tasks)
        for task, (machine, result) in found:
            if machine not in self.machines:
                self.machines.append(machine)
            yield task, result

    def _here(self, work: Work[Task, Result], tasks: Sequence[Task]) -> Iterator[tuple[Task, Any]]:
        for task in tasks:
            yield task, (description(), work(Machine(self.folder), task))

    def _there(self, executor: Executor, work: Work[Task, Result], tasks: Sequence[Task]) -> Iterator[tuple[Task, Any]]:
        futures = {executor.submit(_alone, work, self.folder, task): task for task in tasks}
        try:
            for future in as_completed(futures):
                yield futures[future], future.result()
        except CancelledError:  # all at once, when a client loses its scheduler
            sys.exit("error: the scheduler no longer answers: what has been measured so far is written")
        finally:
            for future in futures:
                future.cancel()


def add_scheduler(parser: argparse.ArgumentParser) -> None:
    """The option `--scheduler`, as of the command line of scint."""
    parser.add_argument(
        "--scheduler", metavar="ADDRESS", default=os.environ.get(SCHEDULER) or None,
        help=f"address of a dask scheduler whose workers measure (default: {SCHEDULER}, else this machine measures)",
    )  # fmt: skip


@contextmanager
def crew(scheduler: str | None) -> Iterator[Crew]:
    """This machine, or the workers of the scheduler at that address; what is under way at the end is given up.

    Ends the process with a sentence where they cannot be used.
    """
    if scheduler is None:
        with tempfile.TemporaryDirectory() as folder:
            yield Crew(Path(folder))
        return
    try:
        cluster = Cluster.connect(scheduler)
    except ClusterError as error:
        sys.exit(f"error: {error}")
    try:
        _see_that_they_find_us(cluster)
        shared = state_folder() / "benchmarks"
        shared.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=shared) as folder:
            yield Crew(Path(folder), cluster.executor)
    finally:
        cluster.close()


def _see_that_they_find_us(cluster: Cluster) -> None:
    try:
        cluster.executor.submit(description).result()
    except Exception as error:  # the scheduler's is another one than a worker's
        sys.exit(
            f"error: the scheduler {cluster.address} or its workers find no benchmarks ({type(error).__name__}): start "
            "both in the project's folder with PYTHONPATH=."
        )


def _alone(work: Work[Task, Result], folder: Path, task: Task) -> tuple[dict[str, Any], Result]:
    """On a worker: do a task while no other worker of this machine does one."""
    lock = Path(tempfile.gettempdir()) / f"scint-benchmarks-{getpass.getuser()}.lock"
    with locked(lock, patience=math.inf):
        return description(), work(Machine(folder), task)
