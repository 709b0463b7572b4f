"""A sweep as jobs in a folder: side by side, found again after an interruption, on a cluster where one is given."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from anndata import AnnData

from scint_core.runs import codec
from scint_core.runs.jobs.board import JobBoard
from scint_core.runs.jobs.cluster import Cluster
from scint_core.runs.jobs.places import VIEW
from scint_core.runs.jobs.prepared import adopt
from scint_core.runs.progress import Report
from scint_core.runs.store import load_integration
from scint_core.runs.sweeps.board import SweepBoard
from scint_core.runs.sweeps.estimate import Estimate, estimate
from scint_core.runs.sweeps.folder import SweepFolder, SweepRun
from scint_core.runs.sweeps.grid import Grid
from scint_core.runs.sweeps.result import Found, of_steps

_TITLE = "swept data"


def runs_in_folder(
    folder: Path,
    adata: AnnData,
    grid: Grid,
    *,
    batch_key: str,
    label_key: str | None,
    report: Report,
    scheduler: str | None = None,
) -> list[Found]:
    """Do every run of a grid as jobs in `folder`, which keeps them; a cancel in `report` keeps what is done.

    `scheduler` is the address of a cluster that does them. Raises `ClusterError`.
    """
    with _board(folder, scheduler) as board:
        data = adopt(board, adata, _TITLE, batch_key, label_key)
        sweeps = SweepBoard(board)
        sweep = sweeps.create(data.id, grid, label_key=label_key)
        sweeps.see_through(sweep, lambda: _tell(sweep, report))
        return [_found(run) for run in sweep.runs()]


@contextmanager
def _board(folder: Path, scheduler: str | None) -> Iterator[JobBoard]:
    """The jobs of a folder, done on this machine or by a cluster."""
    board = JobBoard(folder)
    if scheduler is None:
        yield board
        return
    cluster = Cluster.connect(scheduler, board.folder.parent)
    board.use(cluster.executor, cluster.slots)
    try:
        yield board
    finally:
        cluster.close(wait=True)  # so that what was cancelled is said to be


def estimated(folder: Path, adata: AnnData, grid: Grid, *, batch_key: str, label_key: str | None) -> Estimate:
    """How long that will take, by what the folder holds of earlier runs."""
    board = JobBoard(folder)
    return estimate(board, adopt(board, adata, _TITLE, batch_key, label_key).id, grid)


def _tell(sweep: SweepFolder, report: Report) -> None:
    status = sweep.status()
    report(min(status.fraction, 0.99), f"{status.done + status.failed} of {status.of} runs; {status.doing}")


def _found(run: SweepRun) -> Found:
    """What the jobs of a run left."""
    status = run.run.status()
    if status.state != "done":
        return Found({"seconds": status.until - status.since, "error": status.error})
    result = load_integration(run.run.result)
    row = {"seconds": status.until - status.since, **of_steps(result.steps)}
    if run.score.status().state != "done":
        return Found({**row, "error": run.score.status().error}, result.coordinates)
    scores = codec.read(run.score.result / VIEW)["scores"]
    return Found(row, result.coordinates, {name: part["score"] for name, part in scores.items()})
