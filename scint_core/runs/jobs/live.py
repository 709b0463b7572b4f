"""The task "live": a method's result as a picture, quickly; and the board of such jobs.

The Live panel asks for one whenever a slider is let go. It keeps no trace and no corrected values: what is left is a
map on which cells that did not move stay where they were.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import anndata as ad
import h5py
import numpy as np

from scint_core.contract import FloatArray, Problem, StepRecord
from scint_core.data.problem import problem_from
from scint_core.export import Integration
from scint_core.methods import find_method
from scint_core.numerics.threads import whole_pieces
from scint_core.numerics.umap import placed_layout
from scint_core.runs import codec
from scint_core.runs.cache import StepCache
from scint_core.runs.integrate import run_method
from scint_core.runs.jobs.board import JobBoard, JobSpec
from scint_core.runs.jobs.folder import JobFolder
from scint_core.runs.jobs.places import PREPARED, VIEW, result_of
from scint_core.runs.keys import Keys
from scint_core.runs.progress import Report, share
from scint_core.runs.trace import Axes, NoTrace

MOST_CELLS = 5000
"""Cells up to which a picture follows a slider."""

_HELD = 2  # data sets that the process holds at most from which engine processes are forked
_AT_ONCE = 4  # engine processes; more than one lasts only until an older one has ended


class LiveBoard(JobBoard):
    """Jobs of the Live panel, in a folder of their own: started at once, whatever else waits, and soon forgotten."""

    home = "live"
    kept = 12  # jobs

    def __init__(self, folder: Path | None = None) -> None:
        super().__init__(folder, ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="live"))

    def submit(self, spec: JobSpec) -> JobFolder:
        """Have the job done; all but the latest few are removed."""
        for older in self.jobs()[self.kept - 1 :]:
            self.remove(older)
        return super().submit(spec)


class _BesideCache(StepCache):
    """A step cache that stores in a thread of its own, while the run goes on; to be left before the process ends."""

    worth = 0.01  # storing keeps nobody waiting, so cheaper steps are worth it as well

    def __init__(self) -> None:
        super().__init__()
        self._pool = ThreadPoolExecutor(1)

    def store(self, key: str, value: Any, seconds: float = 0.0) -> None:
        self._pool.submit(super().store, key, value, seconds)

    def finish(self) -> None:
        """Wait until everything is stored."""
        self._pool.shutdown()


@dataclass(frozen=True)
class _Data:
    """A prepared data set as every picture of it needs it: `cells` are the names of the cells in the file's order."""

    problem: Problem
    cells: tuple[str, ...]
    batch_key: str
    keys: Keys


@lru_cache(_HELD)
def _data(result: Path) -> _Data:
    adata, before = opened(result / PREPARED, counts=True), codec.read(result / VIEW)
    problem = problem_from(adata, before["batch_key"], before["label_key"])
    return _Data(problem, tuple(adata.obs_names.astype(str)), before["batch_key"], Keys())


def hold(result: Path) -> None:
    """Read the result of a job that prepared data for all pictures to come, before their processes are forked."""
    data = _data(result)
    data.keys.of(data.problem.expression)


@whole_pieces()
def live(arguments: dict[str, Any], folder: Path, report: Report) -> None:
    """Run `method` with `params` and `seed` on a prepared data set (`data`: its job), and place it on a finished map.

    `start` is the job of a run, whose map this is, or that of the data for the map before. Leaves `VIEW`: "umap" and
    "pca" (each cells × 2 in the caller's order), "pairs", "notes", and "steps" with title, seconds, whether reused and
    the seconds this saved.
    """
    report(0.0, "Opening the data")
    data = _data(result_of(arguments["data"], folder))
    method = find_method(arguments["method"])
    cache = _BesideCache()
    result = run_method(
        method, method.Params.create(arguments["params"]), data.problem,
        cells=data.cells, batch_key=data.batch_key, seed=arguments["seed"],
        report=share(report, 0.0, 0.8), trace=NoTrace(), cache=cache, keys=data.keys,
    )  # fmt: skip
    report(0.8, "Drawing the map")
    coordinates = _coordinates(result, data)
    start = codec.read(result_of(arguments["start"], folder) / VIEW)["umap"]
    view = {
        "umap": placed_layout(coordinates, start),
        "pca": coordinates[:, :2].astype(np.float32),
        "pairs": result.pairs,
        "notes": result.notes,
        "steps": [_told(record) for record in result.steps],
    }
    codec.write(view, folder / VIEW)
    cache.finish()


def opened(path: Path, *, counts: bool) -> ad.AnnData:
    """A prepared data set; without its counts it is opened in half the time."""
    names = ("X", "obs", "var", "obsm", *(("layers",) if counts else ()))
    with h5py.File(path) as file:
        return ad.AnnData(**{name: ad.io.read_elem(file[name]) for name in names})


def _coordinates(result: Integration, data: _Data) -> FloatArray:
    """The embedding; where genes were corrected, their coordinates on axes that are the same for every run."""
    if result.embedding is not None or result.expression is None:
        return result.coordinates
    values, problem = result.expression, data.problem
    if len(result.genes) == len(problem.all_genes):
        values = values[:, problem.positions]
    if values.shape[1] != len(problem.genes):
        return result.coordinates
    placed = values @ Axes(problem, data.keys).rotation.astype(np.float32)
    return np.asarray(placed - placed.mean(axis=0))


def _told(record: StepRecord) -> dict[str, Any]:
    return {"title": record.title, "seconds": record.seconds, "reused": record.reused, "saved": record.saved}
