"""What an engine process can be asked to do. Every task fills a folder, which then becomes the job's result.

load        files or a sample → loaded.h5ad, and what was found in them
prepare     a loaded data set → prepared.h5ad, its map before integration, and its values gene by gene
integrate   a prepared data set and a method → the integration and its map
score       a prepared data set and a row of its table → every metric of that row
live        a prepared data set and a method → its picture, quickly
lesson      a lesson and the state of its sliders → what it shows there
export      an integration → integrated.h5ad
"""

from __future__ import annotations

import json
import warnings
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

import anndata as ad
import numpy as np

from scint_core.contract import IntArray, Problem
from scint_core.data.held_out import hide_labels
from scint_core.data.notices import DataWarning
from scint_core.data.prepare import preprocess
from scint_core.data.problem import problem_from
from scint_core.data.read import load
from scint_core.data.read_choices import FileChoice
from scint_core.data.read_summary import summarise
from scint_core.data.samples import samples
from scint_core.export import Integration
from scint_core.export.h5ad import write_h5ad
from scint_core.methods import find_method
from scint_core.numerics.umap import umap_layout
from scint_core.runs import codec
from scint_core.runs.integrate import run_method
from scint_core.runs.jobs.folder import JobFolder
from scint_core.runs.jobs.lesson import lesson
from scint_core.runs.jobs.live import live
from scint_core.runs.jobs.places import INTEGRATED, LOADED, PREPARED, SUMMARY, VIEW, result_of
from scint_core.runs.jobs.prepared import store_prepared
from scint_core.runs.jobs.scoring import score
from scint_core.runs.keys import Keys
from scint_core.runs.progress import Report, share
from scint_core.runs.store import TRACE, load_integration, save_integration
from scint_core.runs.trace import Axes, FolderTrace

Task = Callable[[dict[str, Any], Path, Report], None]


def load_data(arguments: dict[str, Any], folder: Path, report: Report) -> None:
    """Read a sample (`sample`: its name) or files (`files`: path, name and choice of each) into one data set."""
    report(0.0, "Reading the data")
    if "sample" in arguments:
        sample = samples()[arguments["sample"]]
        adata, findings, files = sample.load(), [], []
        title, batch_key, label_key = sample.title, sample.batch_key, sample.label_key
    else:
        files = arguments["files"]
        paths, names = [Path(f["path"]) for f in files], [f["name"] for f in files]
        chosen = all(f["choice"] for f in files)
        loaded = load(paths, names, [FileChoice(**f["choice"]) for f in files] if chosen else None)
        adata, findings = loaded.adata, loaded.findings
        report(0.6, "Looking at the files")
        files = [asdict(summarise(path, name)) for path, name in zip(paths, names, strict=True)]
        title, batch_key, label_key = " + ".join(names), None, None
    report(0.8, "Storing the data")
    write_h5ad(adata, folder / LOADED)
    summary = {
        "title": title, "batch_key": batch_key, "label_key": label_key, "files": files,
        "n_cells": adata.n_obs, "n_genes": adata.n_vars, "columns": _columns(adata),
        "findings": [asdict(finding) for finding in findings],
    }  # fmt: skip
    (folder / SUMMARY).write_text(json.dumps(summary))


def _columns(adata: ad.AnnData) -> dict[str, int]:
    """Columns of the cell table with the number of distinct values: the choice for batch and label."""
    return {str(name): int(adata.obs[name].nunique()) for name in adata.obs.columns}


def prepare(arguments: dict[str, Any], folder: Path, report: Report) -> None:
    """Preprocess a loaded data set (`loaded`: its job) with the given columns and parameters."""
    report(0.0, "Opening the data")
    adata = ad.read_h5ad(result_of(arguments["loaded"], folder) / LOADED)
    batch_key, label_key = arguments["batch_key"], arguments["label_key"]
    report(0.1, "Normalising, choosing genes, computing principal components")
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", DataWarning)
        prepared = preprocess(adata, batch_key=batch_key, **arguments["params"])
    del adata  # a copy of every matrix
    notes = [str(warning.message) for warning in caught if issubclass(warning.category, DataWarning)]
    about = {"title": arguments["title"], "batch_key": batch_key, "label_key": label_key, "notes": notes}
    store_prepared(prepared, about, folder, share(report, 0.5, 1.0))


def integrate(arguments: dict[str, Any], folder: Path, report: Report) -> None:
    """Run a method on a prepared data set (`data`: its job), and draw its map from the map before.

    A method that reads labels gets those of `label_key`, without the share `hide` of them, and is then asked for these.
    """
    source = result_of(arguments["data"], folder)
    report(0.0, "Opening the data")
    adata = ad.read_h5ad(source / PREPARED)
    before = codec.read(source / VIEW)
    method = find_method(arguments["method"])
    params = method.Params.create(arguments["params"])
    truth = problem_from(adata, before["batch_key"], arguments.get("label_key", before["label_key"]))
    given, hidden = hide_labels(truth, arguments.get("hide", 0.0), unknown=getattr(params, "unlabeled_category", None))
    keys = Keys()
    trace = FolderTrace(Axes(truth, keys), folder / TRACE, JobFolder(folder.parent).live)
    result = run_method(
        method, params, given, cells=tuple(adata.obs_names.astype(str)), batch_key=before["batch_key"],
        seed=arguments["seed"], report=share(report, 0.0, 0.8), trace=trace, keys=keys,
    )  # fmt: skip
    report(0.8, "Drawing the map")
    layout = umap_layout(result.coordinates, start=before["umap"])
    save_integration(result, folder)
    codec.write({"umap": layout, "held_out": _held_out(truth, hidden, result)}, folder / VIEW)


def _held_out(truth: Problem, hidden: IntArray, result: Integration) -> dict[str, Any] | None:
    """The cells whose labels were held back (positions of the caller), with the true and the predicted label."""
    if result.predictions is None or not len(hidden) or truth.labels is None:
        return None
    cells = truth.order[hidden]
    names = np.array(truth.label_names, dtype=np.str_)
    predicted = result.predictions["label"].to_numpy().astype(np.str_)
    return {"cells": cells, "truth": names[truth.labels[hidden]], "predicted": predicted[cells]}


def export(arguments: dict[str, Any], folder: Path, report: Report) -> None:
    """Write a prepared data set with the result of a run (`run`: its job) added, as h5ad."""
    run = result_of(arguments["run"], folder)
    report(0.0, "Opening the data")
    adata = ad.read_h5ad(result_of(arguments["data"], folder) / PREPARED)
    integration = load_integration(run)
    report(0.3, "Adding the result")
    integration.write(adata, umap=False)
    adata.obsm[f"X_umap_{integration.method}"] = codec.read(run / VIEW)["umap"]
    report(0.6, "Writing the file")
    write_h5ad(adata, folder / INTEGRATED)


TASKS: dict[str, Task] = {
    "load": load_data, "prepare": prepare, "integrate": integrate, "score": score, "live": live,
    "lesson": lesson, "export": export,
}  # fmt: skip
