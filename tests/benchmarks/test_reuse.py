"""The benchmark of reruns counts what it says, and its page tells a bound that is missed."""

import pytest

from benchmarks.dataset import simulated
from benchmarks.ours import as_anndata
from benchmarks.reuse import SETTINGS, Setting, summary, table
from benchmarks.reuse_runs import measure

SETTING = Setting("mnn", {"var_adj": False}, (("sigma", 1.0, 0.5, 0.5),))
MACHINE = {"system": "Linux", "machine": "x86_64", "cores": 2, "python": "3"}


def test_a_round_runs_without_the_cache_with_it_and_again(tmp_path, monkeypatch):
    monkeypatch.setenv("SCINT_CACHE", str(tmp_path))
    monkeypatch.setenv("SCINT_CACHE_BYTES", "1000000")
    monkeypatch.setattr("scint_core.runs.cache.StepCache.worth", -1.0)
    runs = measure(as_anndata(simulated(120, 60)), "mnn", {"var_adj": False}, [{"sigma": 0.5}], 2)
    assert [len(runs[kind]) for kind in ("without", "first")] == [4, 4]
    assert all(run["keeping_s"] > 0 for run in runs["first"])
    (rerun,) = runs["reruns"]
    assert len(rerun["runs"]) == 2
    assert rerun["identical"]
    assert list(rerun["computed"]) == [
        "Smooth the differences with a Gaussian kernel",
        "Move every cell by its vector",
        "Append the corrected cells to the reference",
    ]


def times(*seconds):
    return [{"wall_s": second, "cpu_s": second / 2, "keeping_s": second / 20} for second in seconds]


def test_the_page_shows_medians_and_marks_what_misses_its_bound():
    rerun = {"change": {"sigma": 0.5}, "runs": times(2, 3, 1), "computed": {"Smooth": 0.5}, "identical": True}
    first, without = times(4, 4, 4.4, 4.4, 4.2, 4.2), times(4, 4, 4, 4, 3, 3)
    runs = {"without": without, "first": first, "reruns": [rerun]}
    row = summary(SETTING, runs)
    assert row["reruns"][0]["wall"] == pytest.approx(0.5)
    text = table({"machines": [MACHINE], "cells": 5000, "genes": 2000, "rounds": 3, "results": [row]})
    assert "| mnn, `var_adj` False | `sigma` 1 → 0.5 | 4.20 | 2.00 | 0.50 | 0.50 | 0.5 | byte for byte |" in text
    assert "| mnn, `var_adj` False | **10.0%** | 5% | 4.00 | 4.20 | +10.0% | +10.0% |" in text
    assert "- mnn, `var_adj` False, `sigma` 1 → 0.5: Smooth 0.50." in text


def test_every_setting_names_parameters_of_its_method():
    import scint_core as scint

    for setting in SETTINGS:
        values = setting.params | {name: value for name, _, value, _ in setting.changes}
        scint.methods()[setting.method].Params.create(values)
