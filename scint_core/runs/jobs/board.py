"""The board: all jobs of a state folder. Submits, lists, cancels and finds them again."""

from __future__ import annotations

import os
import shutil
import threading
from concurrent.futures import Executor, ThreadPoolExecutor
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from scint_core.contract.folders import state_folder
from scint_core.runs.jobs import claim
from scint_core.runs.jobs.folder import INTERRUPTED, JobFolder
from scint_core.runs.jobs.supervise import forget_cancel, request_cancel, supervise
from scint_core.runs.keys import canonical, digest, job_digest


def slots() -> int:
    """How many engine processes this machine bears at once: one per two cores, and two at least, so that a quick
    job does not wait for a long one."""
    return max(2, (os.cpu_count() or 2) // 2)


@dataclass(frozen=True)
class JobSpec:
    """What is to be done: the task's name and its plain arguments.

    Two jobs with equal arguments, run by the same version of the sources, are one job.
    """

    kind: str
    arguments: dict[str, Any]

    @cached_property
    def id(self) -> str:
        return digest(self.kind, canonical(self.arguments), job_digest())[:20]


class JobBoard:
    """The jobs under `folder/runs`, done by an executor: a pool of threads that each watch one process."""

    home = "runs"

    def __init__(self, folder: Path | None = None, executor: Executor | None = None) -> None:
        self.folder = (folder or state_folder()) / self.home
        self.folder.mkdir(parents=True, exist_ok=True)
        self.slots = slots()
        self._executor = executor or ThreadPoolExecutor(self.slots, thread_name_prefix="job")
        self._lock = threading.Lock()

    def submit(self, spec: JobSpec) -> JobFolder:
        """Have the job done, unless it is done or under way already, here or in another session or server."""
        folder = self.job(spec.id)
        with self._lock:
            folder.create({"kind": spec.kind, "arguments": spec.arguments})
            if not folder.result.exists() and claim.take(folder.path / "claim.json"):
                forget_cancel(folder)
                folder.set_state("queued")
                self._executor.submit(supervise, str(folder.path))
        return folder

    def job(self, job_id: str) -> JobFolder:
        """The job of that name, whether it exists or not."""
        return JobFolder(self.folder / job_id)

    def jobs(self, kind: str | None = None) -> list[JobFolder]:
        """All jobs (of one kind), the latest first. Those whose server died are marked as interrupted."""
        found = [JobFolder(path) for path in self.folder.iterdir() if (path / "spec.json").exists()]
        for folder in found:
            self._settle(folder)
        chosen = [folder for folder in found if kind in (None, folder.spec().get("kind"))]
        return sorted(chosen, key=lambda folder: folder.created, reverse=True)

    def cancel(self, folder: JobFolder) -> None:
        """End a job that is queued or running; nothing happens to one that has ended."""
        if not folder.status().ended:
            request_cancel(folder)

    def remove(self, folder: JobFolder) -> None:
        """Forget an ended job and its result."""
        if folder.status().ended:
            shutil.rmtree(folder.path, ignore_errors=True)

    def _settle(self, folder: JobFolder) -> None:
        """A job that is neither ended nor looked after was left behind by a server that died."""
        if folder.status().ended or claim.held(folder.path / "claim.json"):
            return
        if folder.result.exists():
            folder.set_state("done")
        else:
            folder.set_state("interrupted", INTERRUPTED)
