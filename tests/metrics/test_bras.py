"""BRAS against scib-metrics' values and a slow oracle from its definition."""

import numpy as np
import pytest
from scipy.spatial.distance import cdist

from scint_core.metrics import METRICS, MetricInput
from scint_core.metrics.bras import cosine_widths
from scint_core.metrics.groups import Groups
from tests.metrics.goldens import EMBEDDINGS, golden

bras = METRICS["BRAS"]


@pytest.mark.parametrize("name", EMBEDDINGS)
def test_equals_scib_metrics(name):
    expected = golden(name)
    assert bras(expected.data).score == pytest.approx(expected.scores["bras"], abs=1e-6)


def test_widths_equal_the_definition():
    rng = np.random.default_rng(0)
    cells, codes = rng.normal(size=(40, 4)) + 1, rng.integers(0, 3, 40)
    codes[0] = 3  # alone in its batch
    distance = cdist(cells, cells, "cosine")
    for cell, width in enumerate(cosine_widths(cells, Groups.of(codes, "batch"))):
        own = (codes == codes[cell]) & (np.arange(40) != cell)
        if not own.any():
            assert width == 0
            continue
        a, b = distance[cell, own].mean(), distance[cell, codes != codes[cell]].mean()
        assert width == pytest.approx((b - a) / max(a, b), abs=1e-12)


def test_only_directions_count():
    rng = np.random.default_rng(0)
    cells, batch = rng.normal(size=(200, 3)), Groups.of(rng.integers(0, 2, 200), "batch")
    longer = cells * rng.uniform(1, 9, (200, 1))
    np.testing.assert_allclose(cosine_widths(longer, batch), cosine_widths(cells, batch), atol=1e-12)


def test_a_batch_that_lies_elsewhere_is_seen_although_two_others_agree():
    """What the nearest batch would hide: the batch silhouette of the two that agree is about 0."""
    rng = np.random.default_rng(0)
    batch = np.repeat([0, 1, 2], 100)
    cells = rng.normal(scale=0.1, size=(300, 3)) + np.where(batch[:, None] == 2, [0, 1, 0], [1, 0, 0])
    data = MetricInput(cells, Groups.of(batch, "batch"), Groups.of(np.zeros(300, dtype=int), "label"))
    assert bras.compute(data).score < METRICS["Silhouette batch"].compute(data).score - 0.2


def test_a_cell_at_the_origin_is_at_distance_one():
    cells = np.array([[0.0, 0], [1, 0], [1, 0], [1, 0]])
    widths = cosine_widths(cells, Groups.of([0, 0, 1, 1], "batch"))
    np.testing.assert_allclose(widths, [0, -1, 1, 1])  # cell 1: own at 1, others at 0; cells 2, 3: own at 0, others 0.5
