"""A cluster: the workers of a `dask.distributed` scheduler do the jobs, known by the scheduler's address alone.

Nothing of a job travels through the scheduler but the name of its folder: every worker sees the state folder under the
path it has here. Workers come and go, so each is asked before every job whether it could do the same as this machine.
"""

from __future__ import annotations

import asyncio
import os
import re
import threading
import uuid
from collections.abc import Callable
from concurrent.futures import Executor, Future
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from scint_core.contract.folders import state_folder
from scint_core.errors import ClusterError
from scint_core.runs.jobs.launch import bearable
from scint_core.runs.keys import job_digest

if TYPE_CHECKING:
    from distributed import Client

SCHEDULER = "SCINT_SCHEDULER"
"""The environment variable that holds the address of a scheduler."""

_ADDRESS = re.compile(r"(?P<scheme>tcp|tls|ws|wss)://(?P<host>[^\s:/]+|\[[0-9a-fA-F:.]+\]):(?P<port>\d{1,5})")
_ANSWERS_WITHIN = 5.0  # seconds that a scheduler has to answer, or its first worker to appear
_AGREES_WITHIN = 60.0  # seconds that all workers have to load scint and look around
_MARK = ".mark"  # a file in the state folder that tells it from another folder of the same path
_room = threading.BoundedSemaphore(bearable())  # a worker with many threads does not take more than its machine bears


@dataclass(frozen=True)
class Terms:
    """What a worker must share with this machine: sources (a digest), and the state folder with its mark."""

    sources: str
    folder: str
    mark: str

    @classmethod
    def of(cls, folder: Path) -> Terms:
        """The terms for jobs of the state folder `folder`, which is marked when it is not yet."""
        folder.mkdir(parents=True, exist_ok=True)
        if not (folder / _MARK).exists():
            (folder / _MARK).write_text(uuid.uuid4().hex)
        return cls(job_digest(), str(folder), (folder / _MARK).read_text())

    def breach(self) -> str:
        """What stands in the way on the machine that asks: the end of a sentence; empty where nothing does."""
        if job_digest() != self.sources:
            return (
                "runs other sources of scint, or another numpy, scipy or torch, than this machine: install the same "
                "there, or end that worker"
            )
        try:
            shared = (Path(self.folder) / _MARK).read_text() == self.mark and os.access(self.folder, os.W_OK)
        except OSError:
            shared = False
        if shared:
            return ""
        return (
            f"does not see the folder {self.folder!r} of this machine, or may not write to it: set SCINT_STATE to a "
            "folder on a file system that all machines see under the same path"
        )


class Cluster:
    """Workers that do jobs; `executor` and `slots` are for `JobBoard.use`."""

    def __init__(self, address: str, client: Client, terms: Terms, bears: int) -> None:
        self.address = address
        self.executor: Executor = _Careful(client.get_executor(pure=False, retries=0), terms)
        self._client = client
        self._bears = bears

    @classmethod
    def connect(cls, address: str, folder: Path | None = None) -> Cluster:
        """The cluster whose scheduler listens at `address`, for jobs of the state folder `folder` (default: the usual).

        Raises `ClusterError` for an address that is none or where nothing answers within some seconds, a cluster
        without workers, and a worker without scint, with other sources, or without this state folder.
        """
        address = well_formed(address)
        terms = Terms.of((folder or state_folder()).absolute())
        client = _client(address)
        try:
            return cls(address, client, terms, _agree(client, address, terms))
        except BaseException:
            client.close()
            raise

    @property
    def alive(self) -> bool:
        """Whether the scheduler still answers; a lost one must be connected to again."""
        return bool(self._client.status == "running")

    def slots(self) -> int:
        """How many jobs the workers do at once at this moment, one at least: one per thread of theirs."""
        return max(1, sum(min(threads, self._bears) for threads in self._threads()))

    def describe(self) -> str:
        """Where the jobs go, in a few words."""
        if not self.alive:
            return f"{self.address}, which no longer answers"
        workers = len(self._threads())
        if not workers:
            return f"{self.address}, which has no workers: runs wait until one starts"
        return f"{self.address}, {workers} {'worker' if workers == 1 else 'workers'}, {self.slots()} at a time"

    def close(self, wait: bool = False) -> None:
        """Let go of the cluster: at once, and jobs that wait there are interrupted; or (`wait`) when all have ended."""
        if self.alive:
            self.executor.shutdown(wait)
        self._client.close()

    def _threads(self) -> list[int]:
        """Threads of each worker."""
        if not self.alive:
            return []
        return [int(worker["nthreads"]) for worker in self._client.scheduler_info()["workers"].values()]


class _Careful(Executor):
    """An executor whose workers look at the terms before they do anything."""

    def __init__(self, executor: Executor, terms: Terms) -> None:
        self._executor = executor
        self._terms = terms

    def submit(self, work: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        return self._executor.submit(_do_there, self._terms, work, *args, **kwargs)

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        self._executor.shutdown(wait=wait and not cancel_futures)


def well_formed(address: str) -> str:
    """An address with its scheme, tcp where none is given. Raises `ClusterError` for what is no address."""
    address = address.strip()
    full = address if "://" in address else f"tcp://{address}"
    found = _ADDRESS.fullmatch(full)
    if found is None or not 0 < int(found["port"]) < 65536:
        raise ClusterError(
            f"scheduler address {address!r} is not of the form tcp://host:8786: give the address that `dask scheduler` "
            "prints when it starts"
        )
    return full


def _client(address: str) -> Client:
    try:
        from distributed import Client

        asyncio.run(_greet(address))
        return Client(address, timeout=_ANSWERS_WITHIN, set_as_default=False)
    except OSError as error:
        raise ClusterError(
            f"no scheduler answers at {address!r} within {_ANSWERS_WITHIN:.0f} s: see that `dask scheduler` runs there "
            "and that this machine may reach it"
        ) from error
    except Exception as error:  # whatever comes of taking a stranger's answer for a scheduler's
        raise ClusterError(
            f"what answers at {address!r} cannot be used as a scheduler ({type(error).__name__}: {error}): give the "
            "address of a `dask scheduler`, with the same dask and distributed on both machines"
        ) from error


async def _greet(address: str) -> None:
    """Raise `TimeoutError` where something listens and says nothing, for which a client would wait for ever."""
    from distributed.comm import connect
    from distributed.security import Security

    secrets = Security().get_connection_args("client")
    comm = await asyncio.wait_for(connect(address, timeout=_ANSWERS_WITHIN, **secrets), _ANSWERS_WITHIN)
    await comm.close()


def _agree(client: Client, address: str, terms: Terms) -> int:
    """Ask every worker for its agreement; returns how many jobs the least of their machines bears."""
    try:
        client.wait_for_workers(1, timeout=_ANSWERS_WITHIN)
    except TimeoutError:
        raise ClusterError(
            f"the cluster at {address!r} has no workers: start some with `dask worker {address} --nthreads 1`, then "
            "connect again"
        ) from None
    try:
        answers = client.run(_look_around, terms, on_error="return", callback_timeout=_AGREES_WITHIN)
    except TimeoutError:
        raise ClusterError(
            f"the workers of {address!r} did not all answer within {_AGREES_WITHIN:.0f} s: end those that hang"
        ) from None
    bears = []
    for worker, answer in answers.items():
        if isinstance(answer, Exception):
            raise ClusterError(_cannot_run(worker, answer)) from answer
        breach, bearable_there = answer
        if breach:
            raise ClusterError(f"worker {worker} {breach}, then connect again")
        bears.append(bearable_there)
    return min(bears, default=1)


def _cannot_run(worker: str, error: Exception) -> str:
    return (
        f"worker {worker} cannot run scint ({type(error).__name__}: {error}): install the same version there, in the "
        "Python that `dask worker` runs in, or end that worker, then connect again"
    )


def _look_around(terms: Terms) -> tuple[str, int]:
    """On a worker: what stands in the way there, and how many jobs its machine bears."""
    return terms.breach(), bearable()


def _do_there(terms: Terms, work: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
    """On a worker: do the work, unless it could turn out otherwise there."""
    breach = terms.breach()
    if breach:
        raise ClusterError(f"the worker on {_this_machine()} {breach}, then run it again")
    with _room:
        return work(*args, **kwargs)


def _this_machine() -> str:
    import platform

    return platform.node() or "a machine without a name"
