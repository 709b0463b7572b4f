"""The benchmark of sweeps compares what is alike, and its page tells results that differ."""

from benchmarks.dataset import simulated
from benchmarks.ours import as_anndata
from benchmarks.sweep import page
from benchmarks.sweep_runs import measure


def test_a_sweep_and_separate_runs_agree(tmp_path, monkeypatch):
    monkeypatch.setattr("scint_core.runs.cache.StepCache.worth", -1.0)
    monkeypatch.setenv("SCINT_CACHE", str(tmp_path))
    figures = measure(as_anndata(simulated(240, 60)), {"k_filter": [50, 100], "k_weight": [10, 20]})
    assert figures["identical"]
    assert figures["runs"] == 4
    assert 0 < figures["reused"] < figures["steps"]
    assert figures["sweep_s"] > 0
    assert figures["separate_s"] > 0


def test_the_page_tells_results_that_differ():
    report = {
        "machines": [{"system": "Linux", "machine": "x86_64", "cores": 2}], "cells": 5000, "genes": 2000, "runs": 20,
        "sweep_s": 20.0, "separate_s": 100.0, "identical": False, "steps": 240, "reused": 180,
    }  # fmt: skip
    assert "| 20.0 | 100.0 | 0.20 | 0.25 | **differ** |" in page(report)
    assert "byte for byte the same" in page(report | {"identical": True})
