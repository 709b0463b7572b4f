"""What has been made: data sets and runs, as the pages see them."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol, TypeVar

import anndata as ad
import numpy as np
import pandas as pd
import scipy.sparse as sp
import streamlit as st

from pages.ui.charts import Groups
from pages.ui.jobs import board
from pages.ui.text import in_chart, visible
from scint_core.contract import BoolArray, Finding, FloatArray, IntArray, Problem, Sparse, TrainingCurves
from scint_core.data.problem import problem_from
from scint_core.export import Integration
from scint_core.methods import find_method
from scint_core.runs import codec
from scint_core.runs.jobs.folder import JobFolder
from scint_core.runs.jobs.live import opened
from scint_core.runs.jobs.places import GENES, PREPARED, SUMMARY, VIEW
from scint_core.runs.jobs.scoring import BEFORE, CONTROL, OBSM
from scint_core.runs.store import load_integration


@dataclass(frozen=True)
class DataView:
    """A prepared data set, as far as pages draw it. Positions are the caller's."""

    id: str
    title: str
    batch_key: str
    label_key: str | None
    batch: IntArray  # (cells,)
    batch_names: tuple[str, ...]
    labels: IntArray | None  # (cells,), −1 where a cell has none
    label_names: tuple[str, ...]
    cells: np.ndarray  # (cells,) names
    columns: tuple[str, ...]  # of the cell table
    umap: FloatArray  # cells × 2, before integration
    n_genes: int
    n_variable: int
    notes: tuple[str, ...]
    findings: tuple[Finding, ...]
    obsm_keys: tuple[str, ...] = ()  # embeddings that the file brought along

    @property
    def n_cells(self) -> int:
        return len(self.batch)

    def composition(self, cells: BoolArray | slice = slice(None)) -> pd.DataFrame:
        """Batches × types of some cells, in cells; one column "cells" where no label column was chosen."""
        batch = pd.Categorical.from_codes(self.batch[cells], list(self.batch_names))
        if self.labels is None:
            return pd.DataFrame({"cells": batch.value_counts()}).rename_axis(index=self.batch_key)
        names = np.array([*self.label_names, "(none)"], dtype=object)
        table = pd.crosstab(batch, names[self.labels[cells]], dropna=False)
        present = [name for name in names if name in table.columns]
        return table[present].rename_axis(index=self.batch_key, columns=self.label_key)


@dataclass(frozen=True)
class RunView:
    """A finished run: its result and its map."""

    id: str
    result: Integration
    umap: FloatArray  # cells × 2, aligned to the map before
    held_out: HeldOut | None = None


@dataclass(frozen=True)
class HeldOut:
    """Cells whose labels a run was not given: their positions, their true and their predicted label, each (cells,)."""

    cells: IntArray
    truth: np.ndarray
    predicted: np.ndarray

    @property
    def accuracy(self) -> float:
        """Share of the cells that were given their true label."""
        return float((self.truth == self.predicted).mean())

    def confusion(self) -> pd.DataFrame:
        """Cells by true label (rows) and predicted label (columns); one set of labels for both."""
        names = sorted({*self.truth, *self.predicted})
        table = pd.crosstab(self.truth, self.predicted).reindex(index=names, columns=names, fill_value=0)
        return table.rename_axis(index="true", columns="predicted")


@st.cache_resource(max_entries=4, show_spinner=False)
def data_view(job_id: str) -> DataView:
    """The prepared data set of a finished job."""
    value = _stored_view(board().job(job_id))
    value["findings"] = tuple(Finding(**finding) for finding in value["findings"])
    value["notes"] = tuple(value["notes"])
    return DataView(id=job_id, **value)


@st.cache_resource(max_entries=8, show_spinner=False)
def run_view(job_id: str) -> RunView:
    """The result of a finished run."""
    folder = board().job(job_id).result
    view = _stored_view(board().job(job_id))
    if view.get("held_out") is not None:
        view["held_out"] = HeldOut(**view["held_out"])
    return RunView(id=job_id, result=load_integration(folder), **view)


def _stored_view(job: JobFolder) -> dict[str, Any]:
    """What a job stored for the pages; older ones hold scores too, which are a job of their own now."""
    view: dict[str, Any] = codec.read(job.result / VIEW)
    view.pop("scores", None)
    return view


@st.cache_resource(max_entries=16, show_spinner=False)
def training_curves(job_id: str, title: str) -> TrainingCurves:
    """The curves of the network that a run trained in the step `title`."""
    curves: TrainingCurves = next(step for step in run_view(job_id).result.steps if step.title == title).result.curves
    return curves


@st.cache_resource(max_entries=4, show_spinner=False)
def problem(job_id: str, label_key: str | None) -> Problem:
    """The problem that a prepared data set poses with these labels; its values stay on the disk and cannot be read."""
    adata = ad.read_h5ad(board().job(job_id).result / PREPARED, backed="r")
    return problem_from(adata, data_view(job_id).batch_key, label_key)


def problem_with_values(job_id: str, label_key: str | None) -> Problem:
    """The same with its values in memory, read anew each time, for as long as somebody computes with them."""
    adata = opened(board().job(job_id).result / PREPARED, counts=False)
    return problem_from(adata, data_view(job_id).batch_key, label_key)


@st.cache_resource(max_entries=8, show_spinner=False)
def loaded_summary(job_id: str) -> dict[str, Any]:
    """What a finished load job found: title, shape, files, columns, findings."""
    summary: dict[str, Any] = json.loads((board().job(job_id).result / SUMMARY).read_text())
    return summary


@st.cache_resource(max_entries=2, show_spinner=False)
def _genes(data_id: str) -> tuple[tuple[str, ...], Sparse]:
    """Names and values (genes × cells, on the disk) of all genes; no genes for data prepared by older versions."""
    try:
        stored = codec.read(board().job(data_id).result / GENES)
    except FileNotFoundError:
        return (), sp.csr_matrix((0, 0), dtype=np.float32)
    return tuple(stored["names"].tolist()), stored["values"]


def gene_names(data_id: str) -> tuple[str, ...]:
    """All genes of a prepared data set, in its order."""
    return _genes(data_id)[0]


@st.cache_resource(max_entries=32, show_spinner=False)
def gene_values(data_id: str, gene: str) -> FloatArray:
    """The log-normalised values of one gene (cells,), float32."""
    names, values = _genes(data_id)
    return values[names.index(gene)].toarray().ravel()


def data_sets() -> list[JobFolder]:
    """Prepared data sets, the latest first."""
    return [job for job in board().jobs("prepare") if job.status().state == "done"]


def runs_on(data_id: str) -> list[JobFolder]:
    """Runs on a data set in whatever state, the latest first."""
    return [job for job in board().jobs("integrate") if job.spec()["arguments"]["data"] == data_id]


def run_title(job: JobFolder) -> str:
    """ "Harmony, theta 4": the method and what differs from its defaults."""
    arguments = job.spec()["arguments"]
    method = find_method(arguments["method"])
    changed = method.Params.create(arguments["params"]).changed()
    parts = [f"{name.replace('_', ' ')} {short(value)}" for name, value in changed.items()]
    if arguments.get("hide"):
        parts.append(f"{arguments['hide']:.0%} of labels hidden")
    if arguments["seed"]:
        parts.append(f"seed {arguments['seed']}")
    return ", ".join([method.label, *parts])


class Listed(Protocol):
    """What can be offered in a list: a job, a sweep."""

    @property
    def id(self) -> str: ...

    @property
    def created(self) -> float: ...


L = TypeVar("L", bound=Listed)


def labels(jobs: Collection[L], title: Callable[[L], str]) -> dict[str, str]:
    """A label per id, all different: Streamlit's select box takes equal labels for the same option.

    Jobs of the same title (run by another version of scint, from another reading of a file) bear their time.
    """
    titles = {job.id: visible(title(job)) for job in jobs}
    taken = Counter(titles.values())
    for job in jobs:
        if taken[titles[job.id]] > 1:
            titles[job.id] += f" · {datetime.fromtimestamp(job.created):%d %b %H:%M:%S}"
    return titles


_VERBS = {
    "load": "Opening", "prepare": "Preprocessing", "integrate": "Running", "score": "Scoring", "export": "Writing"
}  # fmt: skip


def job_title(job: JobFolder) -> str:
    """What a job does, of whatever kind: "Preprocessing two donors", "Running Harmony, theta 4"."""
    spec = job.spec()
    kind, arguments = spec["kind"], spec["arguments"]
    names = {"integrate": lambda: run_title(job), "score": lambda: row_title(arguments["row"])}
    name = names[kind]() if kind in names else arguments.get("title", "data")
    return f"{_VERBS[kind]} {name}"


def row_title(row: str) -> str:
    """What a row of the table of scores is called: "the data before", "Harmony, theta 4", "Shuffled (control)"."""
    if row == BEFORE:
        return "the data before"
    if row.startswith(CONTROL):
        return f"{row.removeprefix(CONTROL).capitalize()} (control)"
    return row.removeprefix(OBSM) if row.startswith(OBSM) else run_title(board().job(row))


def data_title(job: JobFolder) -> str:
    """What a prepared data set is called."""
    return str(job.spec()["arguments"]["title"])


def short(value: Any) -> str:
    """A parameter's value in a few letters: "on", "auto", "0.5", "A → B"."""
    if isinstance(value, bool) or value is None:
        return {True: "on", False: "off", None: "auto"}[value]
    if isinstance(value, list | tuple):
        return " → ".join(short(item) for item in value)
    return f"{value:g}" if isinstance(value, float) else str(value)


def batch_groups(view: DataView) -> Groups:
    """Colouring by batch."""
    return Groups(view.batch, view.batch_names, view.batch_key)


def predicted_groups(view: DataView, run: RunView) -> Groups | None:
    """Colouring by the labels that a method predicted, where it did; known types keep their colours."""
    if run.result.predictions is None:
        return None
    predicted = run.result.predictions["label"].astype(str)
    names = [*view.label_names, *sorted({*predicted} - {*view.label_names})]
    codes = pd.Categorical(predicted, categories=names).codes
    return Groups(codes.astype(np.int64), tuple(names), "predicted label")


def label_groups(view: DataView) -> Groups | None:
    """Colouring by type, where labels were chosen."""
    if view.labels is None or view.label_key is None:
        return None
    return Groups(view.labels, view.label_names, view.label_key)


@st.cache_resource(max_entries=4, show_spinner=False)
def hover_texts(data_id: str) -> list[str] | None:
    """What the box at each point says; None for data so large that the texts would weigh more than the points."""
    view = data_view(data_id)
    if view.n_cells > 20_000:
        return None
    batches = [in_chart(name) for name in view.batch_names]
    labels = [in_chart(name) for name in (*view.label_names, "(none)")]
    texts = [f"<b>{in_chart(cell)}</b><br>{batches[b]}" for cell, b in zip(view.cells, view.batch, strict=True)]
    if view.labels is None:
        return texts
    return [f"{text}<br>{labels[label]}" for text, label in zip(texts, view.labels, strict=True)]
