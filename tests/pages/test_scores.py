"""Scores on the pages: jobs submitted once, numbers as they arrive, results read back."""

import math
from concurrent.futures import Future

import numpy as np
import pytest
import scipy.sparse as sp

from pages.ui import jobs, library, metric_cards, scores
from pages.ui.metric_cards import ABSENT, Standing, standing_of
from pages.ui.scores import known_scores, live_scores, score_another, score_job, scores_of
from scint_core.metrics import DEFAULT_METRICS
from scint_core.runs import codec
from scint_core.runs.jobs.board import JobBoard, JobSpec
from scint_core.runs.jobs.places import GENES, VIEW
from scint_core.runs.trace import show_in


class NoExecutor:
    """Takes jobs and does none."""

    def __init__(self):
        self.taken = []

    def submit(self, _, path):
        self.taken.append(path)
        return Future()


@pytest.fixture
def board(tmp_path, monkeypatch):
    """A board whose jobs wait for ever."""
    found = JobBoard(tmp_path, NoExecutor())
    for module in (jobs, library, metric_cards, scores):
        monkeypatch.setattr(module, "board", lambda: found)
    for cached in (scores_of, library._genes, library.gene_values):
        cached.clear()
    return found


def finish(job, per_cell=None, note="", score=0.5, over_correction=()):
    """Give a score job its result."""
    part = {"score": score, "per_cell": per_cell, "per_label": None, "per_batch": {"A": 1.0}, "note": note}
    view = {"scores": dict.fromkeys(DEFAULT_METRICS, part), "over_correction": over_correction, "saw_labels": True}
    codec.write(view, job.result / VIEW)
    job.set_state("done")


def a_run(board, seed=0, state="done"):
    job = board.submit(JobSpec("integrate", {"data": "d", "method": "harmony", "params": {"theta": 4.0}, "seed": seed}))
    job.set_state(state)
    return job


def scoring(board):
    return [job.spec()["arguments"]["row"] for job in board.jobs("score")]


def test_a_row_is_submitted_once(board):
    assert score_job("d", "before").id == score_job("d", "before").id != score_job("d", "other").id
    assert score_job("d", "before").spec()["arguments"] == {"data": "d", "row": "before"}
    assert len(board._executor.taken) == 2


@pytest.mark.parametrize(("state", "again"), [("failed", 1), ("killed", 1), ("cancelled", 1), ("interrupted", 2)])
def test_a_row_that_failed_is_not_tried_on_and_on(board, state, again):
    job = score_job("d", "before")
    job.set_state(state)
    (job.path / "claim.json").unlink()
    for _ in range(2):
        score_job("d", "before")
    assert len(board._executor.taken) == again


def test_finished_runs_are_scored_one_after_the_other(board):
    runs = [a_run(board, 0), a_run(board, 1), a_run(board, 2, "running")]
    for _ in range(2):
        score_another("d", runs)
    assert scoring(board) == [runs[0].id]
    finish(score_job("d", runs[0].id))
    for _ in range(2):
        score_another("d", runs)
    assert sorted(scoring(board)) == sorted(run.id for run in runs[:2])
    finish(score_job("d", runs[1].id))
    score_another("d", runs)
    assert len(scoring(board)) == 2


def test_scores_are_known_while_they_arrive_and_after(board):
    job = score_job("d", "before")
    assert live_scores(job) == known_scores(job) == {}
    for count in (1, 2):
        show_in(job.live, {name: {"score": 0.25, "note": "few"} for name in DEFAULT_METRICS[:count]})
        assert live_scores(job) == known_scores(job)
        assert len(live_scores(job)) == count
    assert known_scores(job)["iLISI"] == {"score": 0.25, "note": "few"}
    finish(job, np.ones(3, dtype=np.float32), note="all")
    assert known_scores(job) == {name: {"score": 0.5, "note": "all"} for name in DEFAULT_METRICS}


def test_a_result_is_read_back(board):
    job = score_job("d", "before")
    finish(job, np.arange(3, dtype=np.float32), over_correction=("Lost.",))
    found = scores_of(job.id)
    np.testing.assert_array_equal(found.results["KBET"].per_cell, [0, 1, 2])
    assert found.results["KBET"].per_batch == {"A": 1.0}
    assert (found.over_correction, found.saw_labels, found.umap) == (("Lost.",), True, None)


def test_means_wait_for_all_of_their_metrics(board):
    after, before = score_job("d", "run"), score_job("d", "before")
    show_in(after.live, {name: {"score": 0.75, "note": ""} for name in DEFAULT_METRICS[:-1]})
    finish(before)
    early = standing_of(after, before)
    assert (early.value("iLISI"), early.change("iLISI"), early.verdict("iLISI")) == ("0.750", "+0.250", "green")
    assert (early.value("Total"), early.change("Total"), early.verdict("Total")) == (ABSENT, ABSENT, "gray")
    finish(after, score=0.25)
    late = standing_of(after, before)
    assert (late.value("Total"), late.change("Total"), late.verdict("Total")) == ("0.250", "-0.250", "red")


def test_what_is_undefined_says_why_and_lower_may_be_better():
    standing = Standing(
        {"cLISI": math.nan, "Lost variance": 0.1, "iLISI": 0.2}, {"Lost variance": 0.3, "iLISI": 0.2003},
        {"cLISI": "cLISI needs two labels", "iLISI": "a cap", "Lost variance": "a cap"},
    )  # fmt: skip
    assert standing.value("cLISI") == ABSENT
    assert "needs two labels" in standing.help("cLISI")
    assert standing.verdict("Lost variance") == "green"
    assert (standing.change("iLISI"), standing.verdict("iLISI")) == ("±0", "gray")
    assert standing.remarks(["cLISI", "iLISI", "KBET", "Lost variance"]) == ["iLISI, Lost variance: a cap"]


def test_the_sidebar_says_what_is_scored(board):
    run = a_run(board)
    titles = [
        library.job_title(score_job("d", row)) for row in ("before", run.id, "obsm:X_mine", "control:perfect labels")
    ]
    assert titles == [
        "Scoring the data before", "Scoring Harmony, theta 4", "Scoring X_mine", "Scoring Perfect labels (control)"
    ]  # fmt: skip


def test_one_gene_is_read_as_a_row(board):
    values = np.array([[0, 1, 2], [3, 0, 0]], dtype=np.float32)  # genes × cells
    genes = {"names": np.array(["CD3D", "MS4A1"]), "values": sp.csr_matrix(values)}
    codec.write(genes, board.job("d").result / GENES)
    assert library.gene_names("d") == ("CD3D", "MS4A1")
    np.testing.assert_array_equal(library.gene_values("d", "MS4A1"), values[1])
    assert library.gene_values("d", "CD3D").dtype == np.float32
    assert library.gene_names("older") == ()


def test_views_of_older_versions_open(board):
    job = board.job("older")
    codec.write({"umap": np.zeros((2, 2)), "scores": {"iLISI": 0.5}}, job.result / VIEW)
    assert set(library._stored_view(job)) == {"umap"}
