"""The page of results on real data marks what is to be explained."""

import numpy as np
import pytest

from benchmarks.real_data import SETS, marked, page
from benchmarks.real_data_runs import mixing_and_purity


def test_cells_that_are_mixed_by_chance_have_mixing_one():
    rng = np.random.default_rng(0)
    label = np.repeat(["a", "b"], 2000)
    cells = rng.normal(size=(4000, 2)) + 50.0 * (label == "b")[:, None]
    mixing, purity = mixing_and_purity(cells, rng.choice(["x", "y"], 4000), label)
    assert mixing == pytest.approx(1, abs=0.02)
    assert purity == 1
    apart = cells + 500.0 * np.arange(4000)[:, None] % 1000
    assert mixing_and_purity(apart, np.arange(4000) % 2, label)[0] == 0


def test_a_method_that_mixes_less_or_loses_purity_has_a_star():
    methods = {"unintegrated": (0.5, 0.9), "good": (0.9, 0.86), "apart": (0.4, 0.9), "blurred": (0.9, 0.8)}
    table = marked(dict.fromkeys(SETS, methods))
    assert list(table.columns) == list(SETS)
    assert list(table[SETS[0]]) == ["0.50 / 0.900", "0.90 / 0.860", "0.40 / 0.900*", "0.90 / 0.800*"]
    assert "| `blurred` | 0.90 / 0.800* |" in page(table, "explained")
