"""Entropy of mixing, mixing metric and alignment score against their definitions and known worlds."""

import numpy as np
import pytest
from scipy.spatial.distance import cdist
from scipy.stats import entropy

from scint_core.metrics import METRICS, MetricInput
from scint_core.metrics.alignment import equal_draw
from scint_core.metrics.groups import Groups
from tests.metrics.worlds import world

entropy_of_mixing, mixing_metric = METRICS["Entropy of mixing"], METRICS["Mixing metric"]
alignment = METRICS["Alignment score"]


def input_of(cells, batch):
    return MetricInput(np.asarray(cells, dtype=float), Groups.of(batch, "batch"))


def nearest(cells, k):
    return np.argsort(cdist(cells, cells), axis=1, kind="stable")[:, :k]


def test_entropy_equals_the_definition():
    data = world(n_cells=300, n_batches=3, apart=2).data
    near = nearest(data.embedding, 100)
    shares = np.stack([(data.batch.codes[near] == b).mean(axis=1) for b in range(3)], axis=1)
    np.testing.assert_allclose(entropy_of_mixing(data).per_cell, entropy(shares, axis=1) / np.log(3), atol=1e-12)


def test_the_script_of_the_paper_ranks_alike():
    """It sums n ln n over counts: k (E − ln k) with the sign turned."""
    counts = np.array([[60, 40], [90, 10], [50, 50]])
    script = -(counts * np.log(counts)).sum(axis=1)
    shares = counts / 100
    e = -(shares * np.log(shares)).sum(axis=1)
    np.testing.assert_allclose(script, 100 * (e - np.log(100)))


def test_mixing_metric_equals_the_definition():
    data = world(n_cells=400, n_batches=3, apart=4).data
    near = nearest(data.embedding, 300)
    for cell, value in enumerate(mixing_metric(data).per_cell):
        ranks = []
        for b in range(3):
            places = np.flatnonzero(data.batch.codes[near[cell]] == b)
            ranks.append(places[4] + 1 if len(places) > 4 else 300)
        assert value == np.median(ranks)


@pytest.mark.parametrize(
    ("apart", "n_batches", "entropy_is", "mixing_is", "alignment_is"),
    [(0, 2, 1.0, 10, 11 / 12), (500, 2, 0.0, 152.5, 0.0), (500, 3, 0.0, 300, 0.0)],
)
def test_perfect_and_no_mixing(apart, n_batches, entropy_is, mixing_is, alignment_is):
    """Two mixed batches: the 5th cell of either is met at about 10. Two separate: (5 + 300) / 2; three: 300.

    Alignment looks at 12 neighbours, of which the cell itself is always of its own batch: 1 − 1/12 at best."""
    data = world(n_cells=1200, n_batches=n_batches, n_labels=1, apart=apart).data
    assert entropy_of_mixing(data).score == pytest.approx(entropy_is, abs=0.02)
    assert mixing_metric(data).score == pytest.approx(mixing_is, abs=1.5)
    assert alignment(data).score == pytest.approx(alignment_is, abs=0.06)


def test_unequal_batches_keep_entropy_from_one():
    data = world(n_cells=2000, n_labels=1, shares=(0.9, 0.1)).data
    assert entropy_of_mixing(data).score == pytest.approx(entropy([0.9, 0.1]) / np.log(2), abs=0.04)


def test_alignment_equals_the_definition_on_equal_batches():
    cells = np.random.default_rng(0).normal(size=(400, 3))
    batch = np.repeat([0, 1], 200)
    cells[batch == 1] += 0.7
    near = nearest(cells, 4)  # 1 % of 400
    own = (batch[near] == batch[:, None]).sum(axis=1).mean()
    result = alignment(input_of(cells, batch))
    assert result.score == pytest.approx(1 - (own - 2) / (4 - 2))
    assert result.note == "400 cells, 200 of every batch, and 4 neighbours"


def test_alignment_looks_at_as_many_cells_of_every_batch():
    data = world(n_cells=1000, n_labels=1, shares=(0.8, 0.2)).data
    drawn = equal_draw(data.embedding, data.batch)
    smallest = data.batch.sizes.min()
    assert np.bincount(data.batch.codes[drawn]).tolist() == [smallest, smallest]
    assert alignment(data).score == pytest.approx(1 - 1 / int(np.ceil(0.02 * smallest)), abs=0.1)
    assert np.isnan(alignment(data).per_cell).sum() == 1000 - 2 * smallest


def test_few_cells_lower_the_neighbours_and_say_so():
    data = world(n_cells=60).data
    assert "60 neighbours instead of 100" in entropy_of_mixing(data).note
    assert "60 neighbours instead of 300" in mixing_metric(data).note
    assert mixing_metric(data).score <= 60
