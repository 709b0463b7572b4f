"""The task "score": every metric of one row of a data set's table, each shown as soon as it is ready."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import anndata as ad
import numpy as np

from scint_core.contract import FloatArray, Problem
from scint_core.data.problem import PCA_KEY, problem_from
from scint_core.export import Integration
from scint_core.metrics import (
    DEFAULT_METRICS,
    PERFECT_LABELS,
    MetricResult,
    controls,
    lost_variance_of,
    measure_each,
    over_correction,
)
from scint_core.metrics.measure import finite_coordinates
from scint_core.numerics.umap import umap_layout
from scint_core.runs import codec
from scint_core.runs.evaluate import columns_of, embedding_in, saw_labels
from scint_core.runs.jobs.folder import JobFolder
from scint_core.runs.jobs.places import PREPARED, VIEW, result_of
from scint_core.runs.progress import Report, share
from scint_core.runs.store import load_integration
from scint_core.runs.trace import show_in

BEFORE = "before"
OBSM = "obsm:"
CONTROL = "control:"
_SLOW = ("KBET", "KMeans NMI", "KMeans ARI", "Leiden NMI", "Leiden ARI")  # last: the others are not kept waiting
_NO_EMBEDDING = re.compile(rf"{PCA_KEY}|X_(umap|tsne|draw_graph).*|spatial|.*_expression", re.IGNORECASE)
_QUICK = tuple(name for name in DEFAULT_METRICS if name not in _SLOW)


@dataclass(frozen=True)
class Row:
    """What is scored: `coordinates` are cells × d in the caller's order; `lost_variance` by batch where it is known."""

    coordinates: FloatArray
    lost_variance: Mapping[str, float] | None = None
    saw_labels: bool = False

    @property
    def metrics(self) -> tuple[str, ...]:
        """What can be said of it, in the order to compute it in."""
        return (*_QUICK, *(("Lost variance",) if self.lost_variance else ()), *_SLOW)


def score(arguments: dict[str, Any], folder: Path, report: Report) -> None:
    """Compute the metrics of one row (`row`) of a prepared data set (`data`: its job).

    `row` is "before", the job of a run, "obsm:" with a key of the file, or "control:" with the name of a control; the
    last two also get their map, drawn from the map before. While it runs, the job's `live` folder holds the scores so
    far: {name: {"score", "note"}}.
    """
    report(0.0, "Opening the data")
    source, chosen = result_of(arguments["data"], folder), str(arguments["row"])
    view = codec.read(source / VIEW)
    adata = ad.read_h5ad(source / PREPARED, backed="r")
    problem = problem_from(adata, view["batch_key"], view["label_key"])
    row = _row(chosen, adata, problem, folder)
    batch, label = columns_of(problem)
    pca = problem.to_input_order(problem.pca)
    each = measure_each(row.coordinates, batch, label, pca, metrics=row.metrics, lost_variance=row.lost_variance)
    results = _one_by_one(each, row.metrics, share(report, 0.05, 0.85), JobFolder(folder.parent).live)
    report(0.85, "Looking for biology that was lost")
    value: dict[str, Any] = {
        "scores": {name: _stored(result) for name, result in results.items()},
        "over_correction": () if chosen == BEFORE else over_correction(pca, row.coordinates, batch, label),
        "saw_labels": row.saw_labels,
    }
    if chosen.startswith((OBSM, CONTROL)):
        report(0.9, "Drawing the map")
        value["umap"] = umap_layout(row.coordinates, start=view["umap"])
    codec.write(value, folder / VIEW)


def own_embeddings(adata: ad.AnnData) -> tuple[str, ...]:
    """Keys of `obsm` that can be rows: tables of numbers which are not the PCA before, a map, or expression."""
    return tuple(
        key
        for key, value in adata.obsm.items()
        if value.ndim == 2 and value.shape[1] > 1 and value.dtype.kind in "fiu" and not _NO_EMBEDDING.fullmatch(key)
    )


def _row(chosen: str, adata: ad.AnnData, problem: Problem, folder: Path) -> Row:
    """What `row` names. Raises `DataError` for an embedding that is absent, not finite or of another shape."""
    before = problem.to_input_order(problem.pca)
    if chosen == BEFORE:
        return Row(before)
    if chosen.startswith(CONTROL):
        name = chosen.removeprefix(CONTROL)
        return Row(controls(before, columns_of(problem)[1])[name], saw_labels=name == PERFECT_LABELS)
    if chosen.startswith(OBSM):
        key = chosen.removeprefix(OBSM)
        coordinates = finite_coordinates(embedding_in(adata, key), key, problem.n_cells)
        return Row(coordinates, saw_labels=saw_labels(adata, key, problem.label_key))
    run = load_integration(result_of(chosen, folder))
    return Row(run.coordinates, lost_variance_of(run.steps, run.batch_names), _run_saw_labels(run, problem.label_key))


def _run_saw_labels(run: Integration, label_key: str | None) -> bool:
    """Whether a run learnt from labels, or was told to keep what differs between them."""
    return run.predictions is not None or label_key in (run.params.get("covariates") or ())


def _one_by_one(
    each: Iterator[tuple[str, MetricResult]], names: tuple[str, ...], report: Report, live: Path
) -> dict[str, MetricResult]:
    """All results by name; `live` is written anew after each."""
    results: dict[str, MetricResult] = {}
    for done, name in enumerate(names):
        report(done / len(names), f"Measuring {name}")
        results[name] = next(each)[1]
        show_in(live, {known: {"score": found.score, "note": found.note} for known, found in results.items()})
    return results


def _stored(result: MetricResult) -> dict[str, Any]:
    """A result as its job keeps it: values of cells in single precision."""
    per_cell = None if result.per_cell is None else result.per_cell.astype(np.float32)
    return {**vars(result), "per_cell": per_cell}
