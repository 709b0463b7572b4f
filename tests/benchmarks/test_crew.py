"""Benchmarks measure here, or on the workers of a real scheduler, whatever happens to these."""

import signal
import subprocess
import sys

import pytest

from benchmarks.crew import crew
from benchmarks.dataset import simulated
from benchmarks.machine import ROOT, description
from benchmarks.methods import Round, measure
from scint_core.runs.jobs import launch
from tests.benchmarks.crew_work import double, overlap, refuse
from tests.runs.test_cluster import Farm, end, wait_for

needs_dask = pytest.mark.skipif(not launch.CAN_FORK, reason="as the tests of the cluster")


def test_this_machine_does_the_tasks_in_their_order():
    with crew(None) as measuring:
        found = list(measuring.each(double, [3, 1, 2]))
        folder = measuring.folder
    assert found == [(3, (6, True)), (1, (2, True)), (2, (4, True))]
    assert measuring.machines == [description()]
    assert not folder.exists()


def test_an_address_where_nobody_answers_ends_with_a_sentence():
    with pytest.raises(SystemExit, match=r"no scheduler answers at 'tcp://127\.0\.0\.1:9'"), crew("tcp://127.0.0.1:9"):
        pass


@needs_dask
@pytest.mark.timeout(120)
def test_workers_that_do_not_find_the_benchmarks_end_it_with_a_sentence(tmp_path, monkeypatch):
    monkeypatch.setenv("SCINT_STATE", str(tmp_path / "state"))
    (tmp_path / "scint_core").symlink_to(ROOT / "scint_core")
    monkeypatch.setattr("tests.runs.test_cluster.ROOT", tmp_path)
    farm = Farm(tmp_path)
    try:
        farm.start(1)
        refusal = r"find no benchmarks \(.*\): start both in the project's folder"
        with pytest.raises(SystemExit, match=refusal), crew(farm.address):
            pass
    finally:
        farm.close()


@pytest.fixture(scope="module")
def farm(tmp_path_factory):
    """A scheduler with two workers of this machine, which share its state folder."""
    farm = Farm(tmp_path_factory.mktemp("farm"))
    try:
        farm.start(2)
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("SCINT_STATE", str(farm.folder / "state"))
            yield farm
    finally:
        farm.close()


@needs_dask
@pytest.mark.timeout(120)
def test_workers_do_every_task_one_at_a_time_on_a_machine(farm):
    with crew(farm.address) as measuring:
        found = dict(measuring.each(overlap, list(range(6))))
    assert found == {number: [] for number in range(6)}
    assert measuring.machines == [description()]
    assert list((farm.folder / "state" / "benchmarks").iterdir()) == []


@needs_dask
@pytest.mark.timeout(120)
def test_an_error_of_a_task_is_raised_here(farm):
    with crew(farm.address) as measuring, pytest.raises(ValueError, match="not 1"):
        list(measuring.each(refuse, [1]))


@needs_dask
@pytest.mark.timeout(120)
def test_what_is_under_way_is_ended_when_nobody_waits_for_it(farm, tmp_path):
    log = tmp_path / "log.txt"
    command = [sys.executable, "-m", "tests.benchmarks.crew_work", farm.address, str(log)]
    with subprocess.Popen(command, cwd=ROOT, stderr=subprocess.DEVNULL) as process:
        wait_for(log.exists, seconds=60)
        process.send_signal(signal.SIGINT)
        assert process.wait(30) != 0
    wait_for(lambda: log.read_text() == "nobody waits for it any more", seconds=30)


@needs_dask
@pytest.mark.timeout(120)
def test_a_method_is_measured_there(farm):
    with crew(farm.address) as measuring:
        data = measuring.folder / "60.npz"
        simulated(60, 60).save(data)
        rounds = [Round(data, ["unintegrated"], threads=1, timeout=60, peers_python="no-such-python")] * 2
        for _, found in measuring.each(measure, rounds):
            assert found["ours:unintegrated"]["wall_s"] > 0


@needs_dask
@pytest.mark.timeout(120)
def test_every_result_comes_though_a_worker_is_killed(farm):
    with crew(farm.address) as measuring:
        found = set()
        for number, _ in measuring.each(overlap, list(range(6))):
            if not found:
                end(farm.workers[0])
            found.add(number)
    assert found == set(range(6))


@needs_dask
@pytest.mark.timeout(120)
def test_a_lost_scheduler_ends_it_with_a_sentence(tmp_path, monkeypatch):
    monkeypatch.setenv("SCINT_STATE", str(tmp_path / "state"))
    farm = Farm(tmp_path)
    try:
        farm.start(1)
        with crew(farm.address) as measuring:
            found = measuring.each(overlap, list(range(20)))
            next(found)
            end(farm.scheduler)
            with pytest.raises(SystemExit, match="the scheduler no longer answers"):
                list(found)
    finally:
        farm.close()
