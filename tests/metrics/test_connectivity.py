"""Graph connectivity against scib-metrics' values and graphs that are known."""

import numpy as np
import pytest
from scipy.sparse.csgraph import connected_components
from scipy.spatial.distance import cdist

from scint_core.metrics import METRICS, MetricInput
from scint_core.metrics.groups import Groups
from tests.metrics.goldens import EMBEDDINGS, golden

weak, strong = METRICS["Graph connectivity"], METRICS["Graph connectivity directed"]


@pytest.mark.parametrize("name", EMBEDDINGS)
def test_the_directed_one_equals_scib_metrics(name):
    expected = golden(name)
    assert strong(expected.data).score == pytest.approx(expected.scores["graph_connectivity(k=15)"], abs=1e-9)


def slow(cells, label, connection):
    """Label by label, from the table of all distances."""
    near = np.argsort(cdist(cells, cells), axis=1)[:, :15]
    links = np.zeros((len(cells), len(cells)), dtype=bool)
    links[np.arange(len(cells))[:, None], near] = True
    shares = []
    for name in np.unique(label):
        part = links[np.ix_(label == name, label == name)]
        piece = connected_components(part, connection=connection)[1]
        shares.append(np.bincount(piece).max() / len(piece))
    return shares


@pytest.mark.parametrize(("metric", "connection"), [(weak, "weak"), (strong, "strong")])
def test_equals_the_definition(metric, connection):
    rng = np.random.default_rng(0)
    cells, label = rng.normal(size=(150, 2)), rng.choice(["a", "b", "c", "d"], 150)
    cells[:40] += 8
    result = metric(MetricInput(cells, label=Groups.of(label, "label")))
    expected = slow(cells, label, connection)
    assert list(result.per_label.values()) == pytest.approx(expected)
    assert result.score == pytest.approx(np.mean(expected))
    assert [result.per_cell[label == name].mean() for name in "abcd"] == pytest.approx(expected)


def test_a_torn_type_counts_its_larger_half():
    rng = np.random.default_rng(0)
    label = np.repeat(["torn", "whole"], [100, 60])
    cells = rng.normal(size=(160, 3))
    cells[:30] += 500
    cells[100:] -= 500
    result = weak(MetricInput(cells, label=Groups.of(label, "label")))
    assert result.per_label == {"torn": pytest.approx(0.7), "whole": 1.0}
    np.testing.assert_array_equal(result.per_cell[:100], np.repeat([0.0, 1.0], [30, 70]))


def test_few_cells_are_all_linked():
    result = weak(MetricInput(np.arange(8.0)[:, None], label=Groups.of(np.tile([0, 1], 4), "label")))
    assert result.score == 1
    assert "no more than 15 cells" in result.note
