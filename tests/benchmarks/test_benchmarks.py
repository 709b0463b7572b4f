"""The benchmark measures what it says, and a run that fails is recorded and not lost."""

import sys

import numpy as np
import pytest

from benchmarks.clock import measured
from benchmarks.dataset import load, simulated
from benchmarks.machine import Machine, description
from benchmarks.methods import Round, entry, measure, table


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    path = tmp_path_factory.mktemp("data") / "small.npz"
    simulated(120, 60).save(path)
    return path


def test_data_survive_the_disk_and_are_cut_evenly(data):
    stored, made = load(data), simulated(120, 60)
    assert (stored.counts != made.counts).nnz == 0
    assert (stored.expression != made.expression).nnz == 0
    np.testing.assert_array_equal(stored.pca, made.pca)
    assert stored.counts.shape[0] == len(stored.batch) == len(stored.cell_type) == 120
    part = stored.part(40)
    assert part.counts.shape[0] == len(part.batch) == 40
    assert [len(rows) for rows in part.batches()] == [np.sum(part.batch == b) for b in np.unique(stored.batch)]


def test_time_and_memory_are_those_of_the_work():
    def work():
        return np.ones(30_000_000).sum()

    figures = measured(work)
    assert figures["cpu_s"] > 0
    assert figures["wall_s"] > 0
    assert figures["peak_mb"] > 200  # 30 million float64


def test_a_round_measures_every_tool_and_says_what_fails(data, monkeypatch):
    tools = {"ours:unintegrated": sys.executable, "peer:nobody": sys.executable}
    monkeypatch.setattr("benchmarks.methods.tools", lambda *_: tools.items())
    found = measure(Machine(data.parent), Round(data, None, threads=1, timeout=120, peers_python=""))
    assert set(found["ours:unintegrated"]) == {"process_s", "wall_s", "cpu_s", "peak_mb", "before_mb", "version"}
    assert found["peer:nobody"] == {"error": "KeyError: 'nobody'"}


def test_the_table_shows_medians_and_failures():
    runs = [{"wall_s": w, "cpu_s": 2 * w, "peak_mb": 100 * w, "version": "1.0"} for w in (3.0, 1.0, 2.0)]
    good, bad = entry("peer:scranpy", 2000, 500, runs), entry("ours:mnn", 2000, 500, [{"error": "ran out"}])
    assert good["median"] == {"wall_s": 2.0, "cpu_s": 4.0, "peak_mb": 200.0}
    text = table({"machines": [description()], "threads": 1, "results": [good, bad]})
    assert "| 2,000 × 500 | *scranpy* | 1.0 | fastmnn | 2.00 | 4.00 | 200 |" in text
    assert "| 2,000 × 500 | mnn | – | – | ran out | – | – |" in text
