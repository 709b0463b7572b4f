"""Real engine processes: plain ones anywhere, forked ones where fork is safe."""

import os
import signal
import subprocess
import time
from pathlib import Path

import pytest

from scint_core.runs.jobs import launch
from scint_core.runs.jobs.folder import JobFolder

fork = pytest.mark.skipif(not launch.CAN_FORK, reason="jobs are not forked on this system")


def job(tmp_path, name, **arguments):
    folder = JobFolder(tmp_path / name)
    folder.create({"kind": "load", "arguments": arguments})
    return folder


@pytest.fixture(scope="module")
def server():
    made = launch.WarmServer()
    made.warm_up()
    yield made
    made._process.stdin.close()
    made._process.wait(timeout=20)


@pytest.fixture(params=["plain", pytest.param("forked", marks=fork)])
def start(request):
    return launch.start_plainly if request.param == "plain" else request.getfixturevalue("server").start


def test_a_job_is_done_by_a_process_of_its_own(tmp_path, start):
    folder = job(tmp_path, "good", sample="two_donors")
    child = start(folder.path)
    assert child.pid != os.getpid()
    assert child.wait() == 0
    assert (folder.result / "loaded.h5ad").exists()


def test_a_sentence_is_left_where_a_job_cannot_be_done(tmp_path, start):
    path = tmp_path / "x.h5ad"
    path.write_text("<html>")
    folder = job(tmp_path, "bad", files=[{"path": str(path), "name": "x.h5ad", "choice": None}])
    assert start(folder.path).wait() == 1
    assert "x.h5ad" in folder.error()["message"]
    assert not folder.result.exists()


@fork
def test_forked_jobs_run_side_by_side_and_a_kill_is_seen(tmp_path, server):
    folders = [job(tmp_path, f"job{i}", sample="two_donors") for i in range(3)]
    children = [server.start(folder.path) for folder in folders]
    os.kill(children[1].pid, signal.SIGKILL)
    assert [child.wait() for child in children] == [0, -signal.SIGKILL, 0]


@fork
def test_a_dead_server_takes_its_jobs_along_and_is_started_again(tmp_path):
    server = launch.WarmServer()
    child = server.start(job(tmp_path, "lost", sample="five_labs").path)
    server._process.kill()
    assert child.wait() != 0
    folder = job(tmp_path, "next", sample="two_donors")
    assert server.start(folder.path).wait() == 0
    server._process.stdin.close()


@fork
def test_a_job_waits_for_a_server_that_is_loading_the_engine(tmp_path, monkeypatch):
    server = launch.WarmServer()
    monkeypatch.setattr(launch, "_warm", server)
    monkeypatch.setattr(launch, "start_plainly", None)  # which would load it a second time
    assert launch.start(job(tmp_path, "first", sample="two_donors").path).wait() == 0
    server._process.stdin.close()


@fork
def test_a_job_is_done_plainly_where_no_server_comes_up(tmp_path, monkeypatch):
    monkeypatch.setattr(launch, "_warm", launch.WarmServer("tests.runs.no_such_module"))
    assert launch.start(job(tmp_path, "first", sample="two_donors").path).wait() == 0


@fork
def test_when_the_app_ends_its_warm_server_and_jobs_end(tmp_path):
    server = launch.WarmServer()
    server.warm_up()
    while not server.ready:
        time.sleep(0.05)
    children = subprocess.run(["pgrep", "-P", str(server._process.pid)], capture_output=True, text=True).stdout.split()
    assert children  # the one that compiles ahead
    server._process.stdin.close()
    server._process.wait(timeout=30)
    end = time.monotonic() + 10
    while any(_runs(pid) for pid in children):
        assert time.monotonic() < end, "left behind"
        time.sleep(0.05)


def _runs(pid):
    try:
        return ") Z" not in Path(f"/proc/{pid}/stat").read_text()
    except FileNotFoundError:
        return False
