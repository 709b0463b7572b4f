"""Sweeps beside a board of jobs: driven, cancelled, resumed and found again."""

import threading
import time

import pytest

from scint_core.errors import JobError
from scint_core.runs.jobs import child
from scint_core.runs.jobs.board import JobBoard
from scint_core.runs.sweeps import Grid, SweepBoard, estimate

GRID = Grid.create("harmony", {"theta": [0, 1, 2, 4]})


@pytest.fixture
def work(monkeypatch):
    """Tasks that do nothing, and what they were asked: (task, theta or row) in order; the gate holds runs up."""
    asked, gate = [], threading.Event()
    gate.set()

    def integrate(arguments, folder, report):
        asked.append(("run", arguments["params"].get("theta", 2.0)))
        if arguments["params"].get("theta") == 0.0:
            raise ValueError("this one fails")
        gate.wait(10)
        (folder / "run").touch()

    def score(arguments, folder, report):
        asked.append(("score", arguments["row"]))
        (folder / "score").touch()

    monkeypatch.setattr(child, "TASKS", {"integrate": integrate, "score": score})
    return asked, gate


@pytest.fixture
def board(tmp_path, jobs_here):
    return JobBoard(tmp_path)


def ended(sweep, state):
    for _ in range(200):
        if sweep.status().state == state:
            return sweep.status()
        time.sleep(0.05)
    raise AssertionError(sweep.status())


def test_every_run_is_done_and_scored_and_failures_are_counted(board, work):
    sweep = SweepBoard(board).start("data", GRID)
    status = ended(sweep, "done")
    assert (status.done, status.failed, status.of, status.fraction) == (3, 1, 4, 1.0)
    scored = {row for kind, row in work[0] if kind == "score"}
    assert scored == {run.run.id for run in sweep.runs() if not run.failed}


def test_the_first_run_goes_alone_and_has_the_largest_value(board, work):
    asked, gate = work
    gate.clear()
    sweep = SweepBoard(board).start("data", GRID)
    time.sleep(0.5)
    assert asked == [("run", 4.0)]
    gate.set()
    ended(sweep, "done")


def test_cancel_keeps_what_is_finished_and_resuming_goes_on(board, work):
    asked, _ = work
    sweeps = SweepBoard(board)
    sweep = sweeps.start("data", GRID)
    while not any(run.score.status().state == "done" for run in sweep.runs()):
        time.sleep(0.02)
    sweeps.cancel(sweep)
    status = ended(sweep, "stopped")
    assert 1 <= status.done < 4
    sweeps.resume(sweep)
    ended(sweep, "done")
    runs = [theta for kind, theta in asked if kind == "run"]
    assert runs.count(0.0) == 1


def test_a_run_that_was_cancelled_leaves_the_sweep_to_be_gone_on_with(board, work):
    sweep = SweepBoard(board).start("data", GRID)
    ended(sweep, "done")
    last = sweep.runs()[2]
    last.score.set_state("cancelled", "You cancelled this run.")
    status = sweep.status()
    assert (status.state, status.done, status.failed) == ("stopped", 2, 1)


def test_the_same_sweep_is_one_and_found_again(board, work):
    sweeps = SweepBoard(board)
    first = sweeps.start("data", GRID)
    ended(first, "done")
    assert sweeps.start("data", GRID).id == first.id
    ended(first, "done")
    (found,) = SweepBoard(JobBoard(board.folder.parent)).sweeps("data")
    assert (found.id, found.grid, found.title) == (first.id, GRID, "Harmony over theta, 4 runs")
    assert sweeps.sweeps("other") == []
    sweeps.remove(found)
    assert sweeps.sweeps("data") == []


def test_two_drivers_of_one_sweep_are_refused(board, work):
    work[1].clear()
    sweeps = SweepBoard(board)
    sweep = sweeps.start("data", GRID)
    with pytest.raises(JobError, match="being run by another process"):
        sweeps.see_through(sweep, lambda: None)
    work[1].set()
    ended(sweep, "done")


def test_estimates_rest_on_runs_that_are_done(board, work):
    assert estimate(board, "data", GRID).seconds is None
    assert "no run has been done yet" in str(estimate(board, "data", GRID))
    ended(SweepBoard(board).start("data", GRID), "done")
    found = estimate(board, "data", Grid.create("harmony", {"theta": range(40)}))
    assert found.seconds > 0
    assert "3 of its runs" in found.basis
    assert "other runs" in estimate(board, "data", Grid.create("mnn", {"k": [1, 2]})).basis
