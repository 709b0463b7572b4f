"""The task "live": a method's result as a picture, quickly; and the board of such jobs.

The Live panel asks for one whenever a slider is let go. It keeps no trace and no corrected values: what is left is a
map on which cells that did not move stay where they were.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
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
from scint_core.runs.progress import Report, share
from scint_core.runs.trace import Axes, NoTrace

MOST_CELLS = 5000
"""Cells up to which a picture follows a slider."""

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

    def __init__(self) -> None:
        super().__init__()
        self._pool = ThreadPoolExecutor(1)

    def store(self, key: str, value: Any, seconds: float = 0.0) -> None:
        self._pool.submit(super().store, key, value, seconds)

    def finish(self) -> None:
        """Wait until everything is stored."""
        self._pool.shutdown()


@whole_pieces()
def live(arguments: dict[str, Any], folder: Path, report: Report) -> None:
    """Run `method` with `params` and `seed` on a prepared data set (`data`: its job), and place it on a finished map.

    `start` is the job of a run, whose map this is, or that of the data for the map before. Leaves `VIEW`: "umap" and
    "pca" (each cells × 2 in the caller's order), "pairs", "notes", and "steps" with title, seconds, whether reused and
    the seconds this saved.
    """
    source = result_of(arguments["data"], folder)
    report(0.0, "Opening the data")
    method = find_method(arguments["method"])
    adata = opened(source / PREPARED, counts=method.counts != "ignored")
    before = codec.read(source / VIEW)
    problem = problem_from(adata, before["batch_key"], before["label_key"])
    cache = _BesideCache()
    result = run_method(
        method, method.Params.create(arguments["params"]), problem,
        cells=tuple(adata.obs_names.astype(str)), batch_key=before["batch_key"], seed=arguments["seed"],
        report=share(report, 0.0, 0.8), trace=NoTrace(), cache=cache,
    )  # fmt: skip
    report(0.8, "Drawing the map")
    coordinates = _coordinates(result, problem)
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


def _coordinates(result: Integration, problem: Problem) -> FloatArray:
    """The embedding; where genes were corrected, their coordinates on axes that are the same for every run."""
    if result.embedding is not None or result.expression is None:
        return result.coordinates
    values = result.expression
    if len(result.genes) == len(problem.all_genes):
        values = values[:, problem.positions]
    if values.shape[1] != len(problem.genes):
        return result.coordinates
    placed = values @ Axes(problem).rotation.astype(np.float32)
    return np.asarray(placed - placed.mean(axis=0))


def _told(record: StepRecord) -> dict[str, Any]:
    return {"title": record.title, "seconds": record.seconds, "reused": record.reused, "saved": record.saved}
