"""PCR comparison against scib-metrics' values and a regression on principal components."""

import numpy as np
import pytest
from sklearn.decomposition import PCA
from sklearn.linear_model import LinearRegression

from scint_core.metrics import METRICS, MetricInput
from scint_core.metrics.groups import Groups
from scint_core.metrics.pcr import variance_between
from tests.metrics.goldens import EMBEDDINGS, golden

pcr = METRICS["PCR comparison"]


@pytest.mark.parametrize("name", EMBEDDINGS)
def test_equals_scib_metrics(name):
    expected = golden(name)
    assert pcr(expected.data).score == pytest.approx(expected.scores["pcr_comparison"], abs=1e-5)


def test_the_share_equals_a_regression_on_all_components():
    rng = np.random.default_rng(0)
    codes = rng.integers(0, 3, 80)
    cells = rng.normal(size=(80, 5)) * [5, 4, 3, 2, 1] + codes[:, None]
    model = PCA().fit(cells)
    one_hot = np.eye(3)[codes]
    r2 = [LinearRegression().fit(one_hot, pc).score(one_hot, pc) for pc in model.transform(cells).T]
    expected = (np.array(r2) * model.explained_variance_ratio_).sum()
    parts = variance_between(cells, Groups.of(codes, "batch"))
    assert sum(parts.values()) == pytest.approx(expected)
    assert list(parts) == ["0", "1", "2"]


def shifted(by, seed=0):
    rng = np.random.default_rng(seed)
    codes = np.arange(200) % 2
    return MetricInput(
        rng.normal(size=(200, 4)) + by * codes[:, None],
        Groups.of(codes, "batch"),
        pca=rng.normal(size=(200, 4)) + 4 * codes[:, None],
    )


def test_nothing_left_is_one_and_nothing_gained_is_zero():
    data = shifted(0)
    assert pcr(data).score > 0.97
    assert pcr(MetricInput(data.pca, data.batch, pca=data.pca)).score == pytest.approx(0)
    worse = pcr(shifted(50))
    assert worse.score == 0
    assert "more variance lies between the batches than before" in worse.note
    assert sum(worse.per_batch.values()) > 0.99


def test_no_batch_effect_before_is_undefined():
    """Two batches that hold the same cells: no variance lies between them."""
    half = np.random.default_rng(0).normal(size=(50, 3))
    cells, batch = np.concatenate([half, half]), Groups.of(np.repeat([0, 1], 50), "batch")
    assert sum(variance_between(cells, batch).values()) == pytest.approx(0)
    result = pcr(MetricInput(cells + 1.0 * batch.codes[:, None], batch, pca=cells))
    assert np.isnan(result.score)
    assert "before integration no variance" in result.note
    collapsed = pcr(MetricInput(np.zeros((100, 3)), batch, pca=cells + 1.0 * batch.codes[:, None]))
    assert np.isnan(collapsed.score)
    assert "one place" in collapsed.note
