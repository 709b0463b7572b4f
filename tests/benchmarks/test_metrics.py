"""The benchmark of the metrics: its data, what it records, and its page."""

import numpy as np

from benchmarks.metrics import differences, page, summary
from benchmarks.metrics_data import load, simulated
from benchmarks.metrics_run import as_anndata, ours


def test_data_survive_the_disk_and_are_scored(tmp_path):
    made = simulated(150)
    made.save(tmp_path / "a.npz")
    stored = load(tmp_path / "a.npz")
    np.testing.assert_array_equal(stored.embedding, made.embedding)
    np.testing.assert_array_equal(stored.label, made.label)
    assert as_anndata(stored).obsm["X_new"].shape == (150, 50)
    scores = ours(stored)
    assert 0 < scores["Total"] < 1


def test_medians_are_of_the_runs_and_memory_is_above_the_input():
    runs = [{"process_s": s, "cpu_s": 1.0, "peak_mb": 100 + s, "before_mb": 90.0} for s in (3.0, 1.0, 2.0)]
    assert summary(runs) == {"seconds": 2.0, "cpu_s": 1.0, "above_input_mb": 12.0, "runs": runs}


def test_differences_name_the_data_they_are_largest_on():
    ours_on_both = {"iLISI": 0.5, "KBET": 0.0, "KBET single precision": 0.9}
    results = [
        {"data": "x", "ours": ours_on_both, "peer": {"iLISI": 0.5, "KBET": 0.9, "Total": 1}},
        {"data": "y", "ours": ours_on_both, "peer": {"iLISI": 0.4, "KBET": 0.9, "Total": 1}},
    ]
    (lisi, kbet) = differences(results)
    assert lisi[0] == "iLISI"
    assert lisi[2:] == (0.5 - 0.4, "y")
    assert kbet[:3] == ("KBET single precision", 0.0, 0.0)


def test_the_page_shows_both_tables():
    report = {
        "machines": [{"system": "Linux", "machine": "x", "cores": 2}],
        "threads": 2,
        "speed": [{"tool": "peer", "cells": 5000, "seconds": 50.0, "cpu_s": 60.0, "above_input_mb": 900.0}],
        "agreement": [{"data": "x", "ours": {"iLISI": 0.5}, "peer": {"iLISI": 0.499}}],
    }
    text = page(report)
    assert "| 5,000 | *scib-metrics* | 50.0 | 60.0 | 900 |" in text
    assert "| iLISI | 1e-03 | 1.0e-03 | x |" in text
