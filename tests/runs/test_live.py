"""The task "live" and its board: the result of the run, as a picture, without a folder that grows."""

import functools
import time

import numpy as np
import pytest

from scint_core.runs import codec
from scint_core.runs.jobs import launch, supervise
from scint_core.runs.jobs.board import JobBoard, JobSpec
from scint_core.runs.jobs.folder import JobFolder
from scint_core.runs.jobs.live import LiveBoard
from scint_core.runs.jobs.places import PREPARED, VIEW
from scint_core.runs.store import load_integration
from tests.runs.test_jobs import ended


@pytest.fixture
def live(done, data):
    """Do a live job and return its view."""

    def do(method, start=data, **params):
        arguments = {"data": data, "method": method, "params": params, "seed": 0, "start": start}
        return codec.read(done("live", f"live-{method}-{params}", **arguments) / VIEW)

    return do


@pytest.mark.parametrize(("method", "params"), [("mnn", {"k": 7}), ("fastmnn", {"k": 7}), ("scanorama", {"k": 7})])
def test_a_picture_holds_the_pairs_of_the_run(live, done, data, method, params):
    run = load_integration(done("integrate", "run", data=data, method=method, params=params, seed=0))
    view = live(method, start="run", **params)
    n_cells = len(run.cells)
    assert view["umap"].shape == view["pca"].shape == (n_cells, 2)
    for name in ("left", "right", "score"):
        np.testing.assert_array_equal(getattr(view["pairs"], name), getattr(run.pairs, name))
    assert view["notes"] == run.notes
    assert [step["title"] for step in view["steps"]] == [record.title for record in run.steps]


def test_corrected_genes_are_seen_on_the_same_axes_for_every_value(live):
    """Where nothing is corrected, the axes are those of the PCA before."""
    first, second = live("mnn", sigma=1.0), live("mnn", sigma=0.5)
    agree = [abs(np.corrcoef(a, b)[0, 1]) for a, b in zip(first["pca"].T, second["pca"].T, strict=True)]
    assert min(agree) > 0.8


def test_a_picture_leaves_no_corrected_values_behind(live, tmp_path):
    live("mnn", k=9)
    files = [file for file in (tmp_path / "runs").glob("live-*/result/**/*") if file.is_file()]
    assert sum(file.stat().st_size for file in files) < 60_000


@pytest.fixture
def board(tmp_path, monkeypatch):
    start = functools.partial(launch.start_plainly, module="tests.runs.stub_child")
    monkeypatch.setattr(supervise, "start", start)
    return LiveBoard(tmp_path / "state")


def quick(x):
    return JobSpec("quick", {"x": x, "count": "/dev/null"})


def test_only_the_latest_are_kept_and_none_is_listed_among_the_runs(board, tmp_path, monkeypatch):
    monkeypatch.setattr(LiveBoard, "kept", 2)
    jobs = [board.submit(quick(x)) for x in range(2) if ended(board.submit(quick(x)))]
    ended(board.submit(quick(2)))
    assert [job.id for job in board.jobs()] == [quick(2).id, quick(1).id]
    assert not jobs[0].path.exists()
    assert JobBoard(tmp_path / "state").jobs() == []


def test_a_picture_does_not_wait_for_jobs_that_are_queued(board, tmp_path):
    others = JobBoard(tmp_path / "state")
    busy = [others.submit(JobSpec("sleep", {"n": n})) for n in range(4)]
    try:
        assert ended(board.submit(quick(5))).state == "done"
        assert not any(job.status().ended for job in busy)
    finally:
        for job in busy:
            others.cancel(job)
        for job in busy:
            ended(job)


@pytest.mark.skipif(not launch.CAN_FORK, reason="jobs are not forked on this system")
@pytest.mark.usefixtures("data")
def test_data_that_the_warm_server_holds_are_read_once(tmp_path):
    prepared = tmp_path / "runs" / "data" / "result"
    server = launch.WarmServer()
    server.hold(prepared)  # too early: nothing happens
    server.warm_up()
    while not server.ready:
        time.sleep(0.05)
    server.hold(tmp_path / "nowhere")  # no harm done
    server.hold(prepared)

    def picture(sigma):
        folder = JobFolder(tmp_path / "live" / f"sigma-{sigma}")
        arguments = {"data": "data", "method": "mnn", "params": {"sigma": sigma}, "seed": 0, "start": "data"}
        folder.create({"kind": "live", "arguments": arguments})
        assert server.start(folder.path).wait() == 0, folder.error()
        return codec.read(folder.result / VIEW)["umap"]

    before = picture(1.0)
    (prepared / PREPARED).unlink()
    assert not np.array_equal(picture(0.5), before)
    server._process.stdin.close()
