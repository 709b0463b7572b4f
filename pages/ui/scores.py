"""Scores of the rows of a data set's table: the job that measures a row, and what it has found."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import streamlit as st

from pages.ui.jobs import board, live
from scint_core.contract import FloatArray
from scint_core.runs import codec
from scint_core.runs.jobs.board import JobSpec
from scint_core.runs.jobs.folder import JobFolder
from scint_core.runs.jobs.places import VIEW


@dataclass(frozen=True)
class ScoredMetric:
    """A score with its parts: NaN where it is undefined; `note` says what a reader of it should know."""

    score: float
    per_cell: FloatArray | None  # (cells,), NaN where undefined
    per_label: dict[str, float] | None
    per_batch: dict[str, float] | None
    note: str


@dataclass(frozen=True)
class RowScores:
    """Everything known of one row: `results` by metric, and sentences on biology that it lost."""

    results: dict[str, ScoredMetric]
    over_correction: tuple[str, ...]
    saw_labels: bool
    umap: FloatArray | None  # cells × 2, of embeddings of the file and of controls only


def score_job(data_id: str, row: str) -> JobFolder:
    """The job that scores a row, submitted unless it is done, under way or has failed (`jobs.say_why` tries again).

    `row` is as for the task "score" (`runs.jobs.scoring`). The same job is never done twice.
    """
    spec = _spec(data_id, row)
    job = board().job(spec.id)
    return job if job.status().state in ("failed", "cancelled", "killed") else board().submit(spec)


def _spec(data_id: str, row: str) -> JobSpec:
    return JobSpec("score", {"data": data_id, "row": row})


def score_another(data_id: str, runs: Iterable[JobFolder]) -> None:
    """Have the next finished run scored, unless one is being: a backlog of scores keeps no new run waiting."""
    done = [run.id for run in runs if run.status().state == "done"]
    jobs = {row: board().job(_spec(data_id, row).id) for row in done}
    asked = {row for row, job in jobs.items() if job.spec()}
    if all(jobs[row].status().ended for row in asked):
        for row in [row for row in done if row not in asked][:1]:
            score_job(data_id, row)


@st.cache_resource(max_entries=16, show_spinner=False)
def scores_of(job_id: str) -> RowScores:
    """What a finished score job found."""
    view = codec.read(board().job(job_id).result / VIEW)
    results = {name: ScoredMetric(**found) for name, found in view["scores"].items()}
    return RowScores(results, view["over_correction"], view["saw_labels"], view.get("umap"))


def live_scores(job: JobFolder) -> dict[str, dict[str, Any]]:
    """What a running score job has so far, {name: {"score", "note"}}; empty when there is nothing."""
    return live(job) or {}


def known_scores(job: JobFolder) -> dict[str, dict[str, Any]]:
    """{name: {"score", "note"}} of a score job that is done, or so far of one that runs."""
    if job.status().state != "done":
        return live_scores(job)
    return {name: {"score": found.score, "note": found.note} for name, found in scores_of(job.id).results.items()}
