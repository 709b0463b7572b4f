"""The benchmark of scANVI trains both tools alike, and its page shows medians and ratios."""

import numpy as np
import pytest

from benchmarks import scanvi
from benchmarks.dataset import simulated
from benchmarks.machine import Machine, MeasurementError
from benchmarks.scanvi_runs import UNKNOWN, hidden, seconds_per_epoch, with_labels


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    path = tmp_path_factory.mktemp("data") / "small.npz"
    simulated(120, 60).save(path)
    return path


def test_half_of_the_labels_are_hidden_the_same_for_both():
    adata = with_labels(simulated(120, 60), seed=3)
    assert ((adata.obs["label"] == UNKNOWN).to_numpy() == hidden(120, 3)).all()
    assert 40 < hidden(120, 3).sum() < 80


def test_seconds_are_those_of_the_epochs_beyond_the_first():
    asked = []
    seconds_per_epoch(lambda *epochs: asked.append(epochs), 5000)
    assert asked == [(1, 1), (1, 1), (5, 1), (1, 1), (1, 5)]


def test_a_run_leaves_its_result(data, tmp_path):
    out = tmp_path / "out.npz"
    arguments = ("result", "ours", data, "--out", out, "--epochs", 2, 2)
    assert Machine(tmp_path).measured("scanvi_runs", *arguments)["cpu_s"] > 0
    with np.load(out) as found:
        assert found["scanvi"].shape == found["scvi"].shape == (120, 10)
        assert len(found["label"]) == 120


def test_what_fails_is_said(data):
    with pytest.raises(MeasurementError, match="error: argument tool: invalid choice: 'nobody'"):
        Machine(data.parent).measured("scanvi_runs", "seconds", "nobody", data)


def test_the_page_shows_ratios_and_means():
    def entry(tool, wall):
        figures = {f"{model}_{kind}": wall for model in ("scvi", "scanvi") for kind in ("wall_s", "cpu_s")}
        return {"cells": 5000, "threads": 1, "tool": tool, "median": figures, "runs": []}

    def result(tool, seed, hidden):
        scores = {f"{model} {column}": 0.5 for model in ("scvi", "scanvi") for column in scanvi._SHOWN}
        return {"set": "sim", "seed": seed, "tool": tool, "hidden": hidden, "cpu_s": 3.0, "scores": scores}

    text = scanvi.page(
        {
            "machines": [{"system": "Linux", "machine": "x", "cores": 2}], "peer": "1.4.2", "seeds": [0, 1],
            "seconds": [entry("ours", 0.5), entry("peer", 2.0)],
            "results": [result(tool, seed, 0.9 + 0.02 * seed) for seed in (0, 1) for tool in ("ours", "peer")],
        }
    )  # fmt: skip
    assert "| 5,000 | 1 | 0.50 / 0.50 | 2.00 / 2.00 | 0.25 | 0.50 / 0.50 | 2.00 / 2.00 | 0.25 |" in text
    assert "| scint | 0.910 ± 0.010 |" in text
