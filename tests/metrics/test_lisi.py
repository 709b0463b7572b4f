"""LISI against scib-metrics' values and a slow oracle from its definition."""

from functools import partial

import numpy as np
import pytest
from scipy.optimize import brentq

from scint_core.contract import Neighbors
from scint_core.metrics import METRICS, MetricInput
from scint_core.metrics import lisi as lisi_module
from scint_core.metrics.groups import Groups
from scint_core.metrics.lisi import lisi
from scint_core.numerics.neighbors import row_blocks
from tests.metrics.goldens import EMBEDDINGS, golden

ilisi, clisi = METRICS["iLISI"], METRICS["cLISI"]


def random_input(cells=150, n_batches=3, seed=0):
    rng = np.random.default_rng(seed)
    batch = rng.integers(0, n_batches, cells)
    return MetricInput(rng.normal(size=(cells, 4)) + batch[:, None], Groups.of(batch, "batch"))


def slow_lisi(neighbors, codes, cell, perplexity):
    """One cell: β from a root finder, then Simpson's index by its definition."""
    others = neighbors.indices[cell] != cell
    distance = neighbors.distances[cell][others]
    distance = distance - distance.min()

    def weights(log_beta):
        w = np.exp(-np.exp(log_beta) * distance)
        return w / w.sum()

    def excess(log_beta):
        w = weights(log_beta)
        return -(w[w > 0] * np.log(w[w > 0])).sum() - np.log(perplexity)

    w = weights(brentq(excess, -20, 20, xtol=1e-12))
    of_neighbor = codes[neighbors.indices[cell][others]]
    return 1 / sum(w[of_neighbor == g].sum() ** 2 for g in np.unique(codes))


@pytest.mark.parametrize("name", EMBEDDINGS)
def test_equals_scib_metrics(name):
    expected = golden(name)
    data = expected.data
    for groups, column in ((data.batch, "batch"), (data.label, "label")):
        np.testing.assert_allclose(lisi(data.nearest(90), groups, perplexity=30), expected.lisi[column], atol=3e-5)
    assert ilisi(data).score == pytest.approx(expected.scores["ilisi_knn(k=90)"], abs=1e-6)
    assert clisi(data).score == pytest.approx(expected.scores["clisi_knn(k=90)"], abs=1e-6)


def test_equals_the_definition(monkeypatch):
    data = random_input()
    expected = [slow_lisi(data.nearest(90), data.batch.codes, cell, 30) for cell in range(150)]
    np.testing.assert_allclose(lisi(data.nearest(90), data.batch, perplexity=30), expected, atol=1e-4)
    monkeypatch.setattr("scint_core.metrics.lisi.row_blocks", partial(row_blocks, entries=1))
    np.testing.assert_allclose(lisi(data.nearest(90), data.batch, perplexity=30), expected, atol=1e-4)


def test_balanced_weights_count_every_batch():
    """Twelve neighbours at one distance, four of each batch."""
    indices = np.tile(np.arange(12), (12, 1))
    shell = Neighbors(indices + 12, np.ones((12, 12)))
    groups = Groups.of(np.tile([0, 1, 2], 8), "batch")
    np.testing.assert_allclose(lisi(shell, groups, perplexity=4), 3)


def test_one_batch_around_every_cell_gives_one_and_zero():
    rng = np.random.default_rng(0)
    batch = np.repeat([0, 1], 120)
    data = MetricInput(rng.normal(size=(240, 2)) + 1e3 * batch[:, None], Groups.of(batch, "batch"))
    result = ilisi(data)
    np.testing.assert_allclose(result.per_cell, 1)
    assert result.score == pytest.approx(0)
    assert clisi(MetricInput(data.embedding, label=data.batch)).score == pytest.approx(1)


@pytest.mark.parametrize("factor", [1.0, 1e-6, 1e6])
def test_turning_moving_scaling_and_order_change_nothing(factor):
    data = random_input()
    rng = np.random.default_rng(1)
    turn, order = np.linalg.qr(rng.normal(size=(4, 4)))[0], rng.permutation(150)
    moved = MetricInput((data.embedding @ turn * factor)[order] + 3, Groups.of(data.batch.codes[order], "batch"))
    np.testing.assert_allclose(ilisi(moved).per_cell, ilisi(data).per_cell[order], atol=2e-4)


def test_equal_cells_are_finite():
    data = MetricInput(np.zeros((200, 3)), Groups.of(np.arange(200) % 2, "batch"))
    assert np.isfinite(ilisi(data).per_cell).all()


def test_few_cells_lower_the_neighbours_and_say_so():
    result = ilisi(random_input(cells=20, n_batches=2))
    assert np.isfinite(result.score)
    assert "20 neighbours instead of 90" in result.note
    assert ilisi(random_input()).note == ""
    assert np.isnan(ilisi(MetricInput(np.eye(2), Groups.of([0, 1], "batch"))).score)


def test_the_weights_are_computed_once_for_batches_and_labels(monkeypatch):
    calls = []
    real = lisi_module.neighbor_weights
    monkeypatch.setattr(lisi_module, "neighbor_weights", lambda *a, **k: calls.append(1) or real(*a, **k))
    data = random_input()
    both = MetricInput(data.embedding, data.batch, data.batch)
    assert clisi(both).score == pytest.approx(1 - ilisi(both).score)
    assert len(calls) == 1


def test_unequal_batches_cap_it_and_the_note_says_where():
    """90/10 batches: LISI is 1 / (0.81 + 0.01) = 1.22 at best, and somewhat less as neighbours are few."""
    rng = np.random.default_rng(0)
    batch = rng.permutation(np.repeat(["large", "small"], [2700, 300]))
    result = ilisi(MetricInput(rng.normal(size=(3000, 5)), Groups.of(batch, "batch")))
    assert 0.12 < result.score < 0.22
    assert result.note == "batches of unequal size: perfect mixing scores at most 0.22, not 1"
    assert set(result.per_batch) == {"large", "small"}
