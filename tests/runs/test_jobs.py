"""Every job ends in a state with a sentence, whatever happens to its process, and no job is done twice."""

import functools
import json
import os
import signal
import subprocess
import sys
import threading
import time
from concurrent.futures import Future

import pytest

from scint_core.errors import ClusterError
from scint_core.runs.jobs import claim, launch, supervise
from scint_core.runs.jobs.board import JobBoard, JobSpec
from scint_core.runs.jobs.folder import JobFolder, write_json

POSIX = pytest.mark.skipif(os.name == "nt", reason="needs POSIX signals")


@pytest.fixture
def board(tmp_path, monkeypatch):
    start = functools.partial(launch.start_plainly, module="tests.runs.stub_child")
    monkeypatch.setattr(supervise, "start", start)
    return JobBoard(tmp_path / "state")


def wait_for(condition, seconds=30.0):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "waited too long"
        time.sleep(0.02)


def ended(job):
    wait_for(lambda: job.status().ended)
    return job.status()


def running(job):
    wait_for(lambda: job.status().state == "running" and job.status().fraction > 0)
    return job


def quick(tmp_path, x=21):
    return JobSpec("quick", {"x": x, "count": str(tmp_path / "count")})


def test_a_job_leaves_its_result(board, tmp_path):
    job = board.submit(quick(tmp_path))
    status = ended(job)
    assert (status.state, status.fraction, status.error) == ("done", 1.0, "")
    assert (job.result / "answer.txt").read_text() == "42"


def test_the_same_job_is_done_once(board, tmp_path):
    for _ in range(3):
        ended(board.submit(quick(tmp_path)))
    assert (tmp_path / "count").read_text() == "x"
    assert board.submit(quick(tmp_path, x=1)).id != board.submit(quick(tmp_path)).id


def test_sessions_that_ask_at_once_share_one_run(board, tmp_path):
    others = [JobBoard(tmp_path / "state") for _ in range(4)]  # other sessions, or other servers
    threads = [threading.Thread(target=b.submit, args=(quick(tmp_path),)) for b in (board, *others)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    ended(board.job(quick(tmp_path).id))
    time.sleep(0.5)
    assert (tmp_path / "count").read_text() == "x"


@pytest.mark.parametrize(
    ("kind", "state", "sentence"),
    [
        ("refuse", "failed", "column 'batch' holds one value"),
        ("break_down", "failed", "Something unexpected went wrong inside scint (KeyError: 'boom')"),
        pytest.param("die", "killed", "most likely out of memory", marks=POSIX),
    ],
)
def test_a_job_that_fails_says_why_and_leaves_no_half_result(board, kind, state, sentence):
    job = board.submit(JobSpec(kind, {}))
    status = ended(job)
    assert status.state == state
    assert sentence in status.error
    assert not job.result.exists()


def test_details_of_a_defect_stay_in_the_folder(board):
    job = board.submit(JobSpec("break_down", {}))
    assert "Traceback" not in ended(job).error
    assert 'raise KeyError("boom")' in (job.path / "traceback.txt").read_text()


@POSIX
def test_a_process_killed_from_outside_is_noticed_and_the_next_job_runs(board, tmp_path):
    job = running(board.submit(JobSpec("sleep", {})))
    subprocess.run(["pkill", "-9", "-f", str(job.path)], check=True)
    assert ended(job).state == "killed"
    assert ended(board.submit(quick(tmp_path))).state == "done"


@pytest.mark.parametrize("kind", ["sleep", "spin"])
def test_cancel_frees_the_processor_within_two_seconds(board, kind):
    job = running(board.submit(JobSpec(kind, {})))
    started = time.monotonic()
    board.cancel(job)
    assert ended(job).state == "cancelled"
    assert time.monotonic() - started < 2.0
    assert subprocess.run(["pgrep", "-f", str(job.path)], capture_output=True).stdout == b""
    assert not job.result.exists()


def test_a_cancelled_job_can_be_run_again(board):
    job = running(board.submit(JobSpec("sleep", {})))
    board.cancel(job)
    board.cancel(job)  # twice does no harm
    ended(job)
    running(board.submit(JobSpec("sleep", {})))
    board.cancel(job)
    assert ended(job).state == "cancelled"


def test_a_job_can_be_cancelled_while_it_waits(board):
    busy = [board.submit(JobSpec("sleep", {"n": n})) for n in range(8)]
    waiting = busy[-1]
    board.cancel(waiting)
    for job in busy[:-1]:
        board.cancel(job)
    assert ended(waiting).state == "cancelled"
    for job in busy:
        ended(job)


def test_cancelling_a_job_that_is_done_changes_nothing(board, tmp_path):
    job = board.submit(quick(tmp_path))
    ended(job)
    board.cancel(job)
    assert job.status().state == "done"
    assert ended(board.submit(quick(tmp_path))).state == "done"


def test_much_output_does_not_block_a_job(board):
    job = board.submit(JobSpec("shout", {}))
    assert ended(job).state == "done"
    assert (job.path / "log.txt").stat().st_size > 400_000


def test_jobs_are_found_again_the_latest_first(board, tmp_path):
    first, second = (board.submit(quick(tmp_path, x=x)) for x in (1, 2))
    ended(first), ended(second)
    found = JobBoard(tmp_path / "state").jobs("quick")
    assert [job.id for job in found] == [second.id, first.id]
    assert all(job.status().state == "done" for job in found)
    assert JobBoard(tmp_path / "state").jobs("other") == []


@POSIX
def test_a_job_whose_server_died_is_interrupted_and_can_be_run_again(board, tmp_path):
    code = (
        "import sys, time; from pathlib import Path\n"
        "from scint_core.runs.jobs.board import JobBoard, JobSpec\n"
        "from scint_core.runs.jobs import launch, supervise; import functools\n"
        "supervise.start = functools.partial(launch.start_plainly, module='tests.runs.stub_child')\n"
        "print(JobBoard(Path(sys.argv[1])).submit(JobSpec('sleep', {})).path, flush=True)\n"
        "time.sleep(60)\n"
    )
    server = subprocess.Popen([sys.executable, "-c", code, str(tmp_path / "state")], stdout=subprocess.PIPE, text=True)
    path = server.stdout.readline().strip()
    job = running(board.job(os.path.basename(path)))
    server.send_signal(signal.SIGKILL)
    server.wait()
    wait_for(lambda: subprocess.run(["pgrep", "-f", path], capture_output=True).stdout == b"")
    assert [j.status().state for j in board.jobs()] == ["interrupted"]
    assert "run it again" in job.status().error
    running(board.submit(JobSpec("sleep", {})))
    board.cancel(job)
    assert ended(job).state == "cancelled"


def test_a_job_of_a_living_server_is_left_alone(board, tmp_path):
    job = running(board.submit(JobSpec("sleep", {})))
    assert JobBoard(tmp_path / "state").jobs()[0].status().state == "running"
    board.cancel(job)
    ended(job)


def test_remove_forgets_an_ended_job_only(board, tmp_path):
    job = running(board.submit(JobSpec("sleep", {})))
    board.remove(job)
    assert job.path.exists()
    board.cancel(job)
    ended(job)
    board.remove(job)
    assert not job.path.exists()


# Executors


def test_a_later_attempt_ends_an_earlier_one(board, tmp_path):
    """As when a cluster gives a job to a second worker while the first, believed lost, still has it."""
    job = running(board.submit(JobSpec("sleep", {})))
    spec = json.loads((job.path / "spec.json").read_text())
    write_json(job.path / "spec.json", {**spec, "kind": "quick", "arguments": quick(tmp_path).arguments})
    assert supervise.supervise(str(job.path)) == "done"
    wait_for(lambda: subprocess.run(["pgrep", "-f", str(job.path)], capture_output=True).stdout == b"")
    time.sleep(0.3)  # for the first supervisor to write what it should not
    assert job.status().state == "done"


def test_an_attempt_that_finds_a_result_does_nothing(board, tmp_path):
    job = board.submit(quick(tmp_path))
    ended(job)
    assert supervise.supervise(str(job.path)) == "done"
    assert (tmp_path / "count").read_text() == "x"


class KilledWorker(Exception):
    """Named as what a cluster raises."""


class Lost:
    """An executor whose jobs are never begun."""

    def __init__(self, outcome):
        self.outcome = outcome

    def submit(self, *_):
        if self.outcome == "closed":
            raise RuntimeError("cannot schedule new futures after shutdown")
        future = Future()
        if isinstance(self.outcome, Exception):
            future.set_exception(self.outcome)
        elif self.outcome == "cancelled":
            future.cancel()
        return future


@pytest.mark.parametrize(
    ("outcome", "state", "sentence"),
    [
        ("closed", "interrupted", "The cluster was lost"),
        ("cancelled", "interrupted", "The cluster was lost"),
        (KilledWorker(), "killed", "Every worker of the cluster that took this up ended"),
        (ClusterError("the worker differs"), "failed", "the worker differs"),
        (OSError("no space left"), "failed", "could not be started (OSError: no space left)"),
    ],
)
def test_a_job_that_no_supervisor_saw_through_says_why(tmp_path, outcome, state, sentence):
    board = JobBoard(tmp_path / "state", Lost(outcome))
    status = board.submit(JobSpec("sleep", {})).status()
    assert status.state == state
    assert sentence in status.error
    assert board.submit(JobSpec("sleep", {})).status().state == state  # it can be asked for again


def test_a_waiting_job_is_taken_back_at_once(tmp_path):
    board = JobBoard(tmp_path / "state", Lost("nothing"))
    job = board.submit(JobSpec("sleep", {}))
    board.cancel(job)
    assert ended(job).state == "cancelled"


def test_a_board_sends_new_jobs_where_it_is_told(board, tmp_path):
    board.use(Lost("closed"), lambda: 7)
    assert board.slots == 7
    assert board.submit(quick(tmp_path)).status().state == "interrupted"
    board.use()
    assert board.slots >= 2
    assert ended(board.submit(quick(tmp_path))).state == "done"


# Claims


def test_a_claim_is_held_by_one(tmp_path):
    assert claim.take(tmp_path / "claim")
    assert not claim.take(tmp_path / "claim")
    claim.release(tmp_path / "claim")
    assert claim.take(tmp_path / "claim")


@pytest.mark.parametrize(
    "owner",
    [
        {"pid": 2**22 + 1, "boot": claim.boot_id()},
        {"pid": os.getpid(), "boot": "another start of the machine"},
        {"pid": os.getpid(), "boot": claim.boot_id(), "start": "another process with this number"},
    ],
)
def test_a_dead_owner_loses_the_claim(tmp_path, owner):
    (tmp_path / "claim").write_text(json.dumps(owner))
    assert claim.take(tmp_path / "claim")


def test_a_claim_of_another_machine_is_held_while_it_is_kept(tmp_path):
    (tmp_path / "claim").write_text(json.dumps({"pid": 1, "boot": "another", "machine": "another"}))
    assert not claim.take(tmp_path / "claim")
    os.utime(tmp_path / "claim", (1, 1))
    assert not claim.held(tmp_path / "claim")
    claim.keep(tmp_path / "claim")
    assert claim.held(tmp_path / "claim")
    claim.keep(tmp_path / "absent")
    assert not (tmp_path / "absent").exists()


def test_a_board_keeps_the_claims_of_its_jobs(tmp_path, monkeypatch):
    monkeypatch.setattr(claim, "KEEP_EVERY", 0.01)
    board = JobBoard(tmp_path / "state", Lost("nothing"))
    job = board.submit(JobSpec("sleep", {}))
    os.utime(job.path / "claim.json", (1, 1))
    wait_for(lambda: (job.path / "claim.json").stat().st_mtime > 1)
    board.cancel(job)
    ended(job)


def test_a_claim_damaged_by_a_crash_is_taken_over(tmp_path):
    (tmp_path / "claim").write_text("{")
    assert claim.held(tmp_path / "claim")  # perhaps being written just now
    os.utime(tmp_path / "claim", (1, 1))
    assert claim.take(tmp_path / "claim")


# Folders


def test_damaged_files_of_a_job_read_as_absent(tmp_path):
    folder = JobFolder(tmp_path / "job")
    folder.create({"kind": "quick", "arguments": {}})
    folder.set_state("running")
    (tmp_path / "job" / "progress.json").write_text('{"fraction": 0.')
    assert folder.status().state == "running"
    assert folder.status().fraction == 0.0


def test_json_is_written_whole_or_not_at_all(tmp_path):
    write_json(tmp_path / "f.json", {"a": 1})
    with pytest.raises(TypeError):
        write_json(tmp_path / "f.json", {"a": object()})
    assert json.loads((tmp_path / "f.json").read_text()) == {"a": 1}
    assert [p.name for p in tmp_path.iterdir()] == ["f.json"]
