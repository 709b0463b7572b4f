"""The board: all jobs of a state folder. Submits, lists, cancels and finds them again."""

from __future__ import annotations

import shutil
import threading
import time
from collections.abc import Callable
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from dataclasses import dataclass
from functools import cached_property, partial
from pathlib import Path
from typing import Any

from scint_core.contract.folders import state_folder
from scint_core.runs.jobs import claim
from scint_core.runs.jobs.folder import INTERRUPTED, JobFolder, State
from scint_core.runs.jobs.launch import bearable
from scint_core.runs.jobs.supervise import forget_cancel, request_cancel, settle, supervise
from scint_core.runs.keys import canonical, digest, job_digest

_PATIENCE = 10.0  # seconds that a running job has to end itself after a cancel; then nobody runs it any more


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
    """The jobs under `folder/runs`, done by an executor: threads that each watch one process, or a cluster."""

    home = "runs"

    def __init__(self, folder: Path | None = None, executor: Executor | None = None) -> None:
        self.folder = (folder or state_folder()).absolute() / self.home
        self.folder.mkdir(parents=True, exist_ok=True)
        self._own = executor or ThreadPoolExecutor(bearable(), thread_name_prefix="job")
        self._executor, self._slots = self._own, bearable
        self._futures: dict[str, Future[State]] = {}
        self._lock = threading.Lock()
        self._keeper: threading.Thread | None = None

    @property
    def slots(self) -> int:
        """How many jobs run at once where new ones go; more may be submitted, and wait."""
        return self._slots()

    def use(self, executor: Executor | None = None, slots: Callable[[], int] = bearable) -> None:
        """Send new jobs to an executor that does `slots()` at once; by default back to the one of the start.

        Jobs under way end where they are.
        """
        with self._lock:
            self._executor, self._slots = executor or self._own, slots

    def submit(self, spec: JobSpec) -> JobFolder:
        """Have the job done, unless it is done or under way already, here or in another session or server."""
        folder = self.job(spec.id)
        with self._lock:
            folder.create({"kind": spec.kind, "arguments": spec.arguments})
            if not folder.result.exists() and claim.take(folder.path / "claim.json"):
                forget_cancel(folder)
                folder.set_state("queued")
                self._hand_over(folder)
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
        """End a job that is queued or running; nothing happens to one that has ended.

        Whoever runs it ends it. One that nobody has begun, or whose worker is lost, is taken back from the executor.
        """
        status = folder.status()
        if status.ended:
            return
        request_cancel(folder)
        future = self._futures.get(folder.id)
        if future is not None:
            timer = threading.Timer(0.0 if status.state == "queued" else _PATIENCE, future.cancel)
            timer.daemon = True
            timer.start()

    def remove(self, folder: JobFolder) -> None:
        """Forget an ended job and its result."""
        if folder.status().ended:
            shutil.rmtree(folder.path, ignore_errors=True)

    def _hand_over(self, folder: JobFolder) -> None:
        """Have the executor supervise a job. One that no longer takes any, a lost cluster's, interrupts it."""
        try:
            future: Future[State] = self._executor.submit(supervise, str(folder.path))
        except Exception:
            future = Future()
            future.cancel()
        self._futures[folder.id] = future
        if self._keeper is None or not self._keeper.is_alive():
            self._keeper = threading.Thread(target=self._keep_claims, daemon=True)
            self._keeper.start()
        future.add_done_callback(partial(self._let_go, folder))

    def _keep_claims(self) -> None:
        """Keep the claims of all jobs under way, as long as there are any."""
        while self._futures:
            for job_id in list(self._futures):
                claim.keep(self.job(job_id).path / "claim.json")
            time.sleep(claim.KEEP_EVERY)

    def _let_go(self, folder: JobFolder, future: Future[State]) -> None:
        if self._futures.get(folder.id) is future:  # else it was submitted again meanwhile
            settle(folder, future)
            del self._futures[folder.id]

    def _settle(self, folder: JobFolder) -> None:
        """A job that is neither ended nor looked after was left behind by a server that died."""
        if folder.status().ended or claim.held(folder.path / "claim.json"):
            return
        if folder.result.exists():
            folder.set_state("done")
        else:
            folder.set_state("interrupted", INTERRUPTED)
