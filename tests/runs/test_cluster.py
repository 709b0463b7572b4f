"""A real scheduler and real workers on loopback: every job ends, whatever happens to them."""

import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from scint_core.errors import ClusterError
from scint_core.runs.jobs import launch
from scint_core.runs.jobs.board import JobBoard, JobSpec
from scint_core.runs.jobs.cluster import Cluster, Terms, well_formed
from tests.conftest import new_cache
from tests.runs.test_jobs import ended, running, wait_for

ROOT = Path(__file__).resolve().parents[2]
pytestmark = [
    pytest.mark.skipif(not launch.CAN_FORK, reason="its engine processes are forked"),
    pytest.mark.timeout(120),
]


class Farm:
    """A scheduler and its workers, each a process of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.state = folder / "state"
        self.cache = new_cache(folder / "cache-of-workers")
        self.workers: list[subprocess.Popen] = []
        self.scheduler = self._run("scheduler", "--port", "0", "--scheduler-file", str(folder / "scheduler.json"))
        wait_for((folder / "scheduler.json").exists)
        wait_for(lambda: (folder / "scheduler.json").read_text().endswith("}"))
        self.address = json.loads((folder / "scheduler.json").read_text())["address"]

    def _run(self, what: str, *arguments: str, **variables: str) -> subprocess.Popen:
        command = [sys.executable, "-m", "dask", what, *arguments, "--host", "127.0.0.1", "--no-dashboard"]
        environment = {
            **os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1",
            "SCINT_STATE": str(self.folder / "not-shared"), "SCINT_CACHE": str(self.cache), **variables,
        }  # fmt: skip
        with open(self.folder / "log.txt", "ab") as log:
            return subprocess.Popen(command, cwd=self.folder, env=environment, stdout=log, stderr=log)

    def have(self, n: int, **variables: str) -> None:
        """See that `n` workers are there, each of one thread and without a nanny that would start it again."""
        from distributed import Client

        preload = str(Path(__file__).with_name("stub_worker.py"))
        arguments = (self.address, "--nthreads", "1", "--no-nanny", "--preload", preload)
        self.workers = [worker for worker in self.workers if worker.poll() is None]
        while len(self.workers) < n:
            self.workers.append(self._run("worker", *arguments, **variables))
        while len(self.workers) > n:
            end(self.workers.pop())
        with Client(self.address, set_as_default=False) as client:
            wait_for(lambda: len(client.scheduler_info()["workers"]) == n)

    def start(self, n: int) -> None:
        """Start `n` workers that are as a user's, and wait until the scheduler knows them."""
        arguments = (self.address, "--nthreads", "1", "--no-nanny")
        self.workers += [self._run("worker", *arguments) for _ in range(n)]
        wait_for(lambda: (self.folder / "log.txt").read_text().count("Registered to") >= n, seconds=60)

    def close(self) -> None:
        for process in (*self.workers, self.scheduler):
            end(process)


def end(process: subprocess.Popen) -> None:
    process.kill()
    process.wait()


@pytest.fixture(scope="module")
def farm(tmp_path_factory):
    farm = Farm(tmp_path_factory.mktemp("farm"))
    yield farm
    farm.close()


@pytest.fixture
def connected(farm):
    """A board whose jobs go to two workers, and the cluster."""
    farm.have(2)
    cluster = Cluster.connect(farm.address, farm.state)
    board = JobBoard(farm.state)
    board.use(cluster.executor, cluster.slots)
    yield board, cluster
    cluster.close()


def nap(n: int, seconds: float, test: str) -> JobSpec:
    return JobSpec("nap", {"seconds": seconds, "n": n, "test": test})


def processes(job) -> tuple[int, int]:
    """The engine process of a job that has begun, and the worker it works for."""
    wait_for(lambda: "works for" in job.status().status)
    engine, worker = re.findall(r"\d+", job.status().status)
    return int(engine), int(worker)


def alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def test_jobs_are_spread_over_the_workers_and_read_the_shared_folder(connected, farm):
    board, cluster = connected
    jobs = [board.submit(nap(n, 1.0, "spread")) for n in range(2)]
    assert {processes(job)[1] for job in jobs} == {worker.pid for worker in farm.workers}
    assert board.slots == 2
    assert "2 workers, 2 at a time" in cluster.describe()
    for job in jobs:
        status = ended(job)
        assert (status.state, status.error) == ("done", "")
        assert (job.result / "answer.txt").read_text() == str(board.folder / "another" / "result")
        wait_for(lambda job=job: not (job.path / "claim.json").exists())


def test_a_job_that_fails_there_says_why(connected):
    board, _ = connected
    status = ended(board.submit(JobSpec("refuse", {})))
    assert status.state == "failed"
    assert "column 'batch' holds one value" in status.error


def test_cancel_reaches_running_and_waiting_jobs(connected):
    board, _ = connected
    jobs = [board.submit(nap(n, 60, "cancel")) for n in range(3)]
    engines = [processes(job)[0] for job in jobs[:2]]
    started = time.monotonic()
    for job in jobs:
        board.cancel(job)
    assert {ended(job).state for job in jobs} == {"cancelled"}
    assert time.monotonic() - started < 3.0
    assert not any(alive(engine) for engine in engines)


def test_every_result_is_there_though_a_worker_is_killed_in_the_middle(connected, farm):
    board, _ = connected
    jobs = [board.submit(nap(n, 1.0, "kill")) for n in range(6)]
    engine, worker = processes(jobs[0])
    os.kill(worker, signal.SIGKILL)
    wait_for(lambda: not alive(engine), seconds=5.0)  # nobody is left to say what became of it
    assert {ended(job).state for job in jobs} == {"done"}
    assert all((job.result / "answer.txt").exists() for job in jobs)
    assert worker in {process.pid for process in farm.workers}


def test_jobs_wait_while_there_are_no_workers(connected, farm):
    board, cluster = connected
    farm.have(0)
    assert "no workers" in cluster.describe()
    first, second = (board.submit(nap(n, 0.1, "wait")) for n in range(2))
    board.cancel(first)
    assert ended(first).state == "cancelled"
    assert second.status().state == "queued"
    farm.have(1)
    assert ended(second).state == "done"


@pytest.fixture
def stranger(farm):
    """Starts a worker that differs; the only one, and only for one test."""
    farm.have(0)
    yield lambda difference: farm.have(1, STUB_WORKER=difference)
    farm.have(0)


def test_a_worker_with_other_sources_is_refused_also_when_it_joins_later(connected, farm, stranger):
    board, _ = connected
    stranger("other sources")
    status = ended(board.submit(nap(0, 0.1, "late")))
    assert status.state == "failed"
    assert "runs other sources" in status.error
    with pytest.raises(ClusterError, match="runs other sources"):
        Cluster.connect(farm.address, farm.state)


def test_a_worker_without_the_package_is_refused(farm, stranger):
    stranger("without scint")
    with pytest.raises(ClusterError, match=r"cannot run scint .*No module named 'scint_core"):
        Cluster.connect(farm.address, farm.state)


def test_a_cluster_without_workers_is_refused(farm, monkeypatch):
    monkeypatch.setattr("scint_core.runs.jobs.cluster._ANSWERS_WITHIN", 0.5)
    farm.have(0)
    with pytest.raises(ClusterError, match=r"has no workers: start some with `dask worker tcp://127\.0\.0\.1"):
        Cluster.connect(farm.address, farm.state)


def test_a_lost_scheduler_interrupts_what_runs_and_what_is_asked_later(tmp_path):
    farm = Farm(tmp_path)
    farm.have(1)
    cluster = Cluster.connect(farm.address, farm.state)
    board = JobBoard(farm.state)
    board.use(cluster.executor, cluster.slots)
    job = running(board.submit(nap(0, 60, "lost")))
    end(farm.scheduler)
    status = ended(job)
    assert status.state == "interrupted"
    assert "The cluster was lost" in status.error
    wait_for(lambda: not cluster.alive)
    assert "no longer answers" in cluster.describe()
    assert ended(board.submit(nap(1, 60, "lost"))).state == "interrupted"
    board.use()
    assert board.slots >= 2
    cluster.close()
    farm.close()


def test_a_scheduler_that_does_not_answer_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr("scint_core.runs.jobs.cluster._ANSWERS_WITHIN", 0.5)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        with pytest.raises(ClusterError, match=f"no scheduler answers at 'tcp://127.0.0.1:{port}'"):
            Cluster.connect(f"127.0.0.1:{port}", tmp_path)


@pytest.mark.parametrize("address", ["", "here", "tcp://host", "http://host:8786", "host:0", "host:99999", "a b:1"])
def test_what_is_no_address_is_refused(address):
    with pytest.raises(ClusterError, match="is not of the form tcp://host:8786"):
        well_formed(address)


@pytest.mark.parametrize("address", ["tcp://10.0.0.1:8786", "tls://node-1.local:80", "tcp://[::1]:8786"])
def test_an_address_is_taken_as_it_is(address):
    assert well_formed(f" {address} ") == address


def test_a_folder_of_the_same_path_that_is_another_is_noticed(tmp_path):
    terms = Terms.of(tmp_path / "state")
    assert terms == Terms.of(tmp_path / "state")
    assert terms.breach() == ""
    (tmp_path / "state").rename(tmp_path / "elsewhere")
    assert f"does not see the folder '{tmp_path / 'state'}'" in terms.breach()
    Terms.of(tmp_path / "state")
    assert "SCINT_STATE" in terms.breach()
