"""Silhouettes against scib-metrics' values and scikit-learn's."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import silhouette_samples

from scint_core.metrics import METRICS, MetricInput
from scint_core.metrics.groups import Groups
from scint_core.metrics.silhouette import silhouette_widths
from scint_core.numerics import group_distances
from tests.metrics.goldens import EMBEDDINGS, golden

silhouette_label, silhouette_batch = METRICS["Silhouette label"], METRICS["Silhouette batch"]
isolated_labels = METRICS["Isolated labels"]


@pytest.mark.parametrize("name", EMBEDDINGS)
def test_equals_scib_metrics(name):
    expected = golden(name)
    data, scores = expected.data, expected.scores
    assert silhouette_label(data).score == pytest.approx(scores["silhouette_label"], abs=1e-6)
    assert silhouette_batch(data).score == pytest.approx(scores["silhouette_batch"], abs=1e-6)
    assert isolated_labels(data).score == pytest.approx(scores["isolated_labels"], abs=1e-6)


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 10_000), cells=st.integers(4, 40), n_groups=st.integers(2, 4), far=st.sampled_from([0, 1e4]))
def test_equals_scikit_learn(seed, cells, n_groups, far):
    rng = np.random.default_rng(seed)
    codes = np.concatenate([np.arange(n_groups - 1), rng.integers(0, n_groups - 1, cells), [n_groups - 1]])
    codes[-2] = codes[0]
    points = rng.normal(size=(len(codes), 3)) + far
    np.testing.assert_allclose(
        silhouette_widths(points, Groups.of(codes, "label")), silhouette_samples(points, codes), atol=1e-6
    )


def test_blocks_add_up(monkeypatch):
    rng = np.random.default_rng(0)
    points, groups = rng.normal(size=(100, 3)), Groups.of(rng.integers(0, 3, 100), "label")
    whole = silhouette_widths(points, groups)
    monkeypatch.setattr(group_distances, "BLOCK_ENTRIES", 1)
    np.testing.assert_allclose(silhouette_widths(points, groups), whole, rtol=1e-12)


def test_equal_cells_get_zero():
    groups = Groups.of([0, 0, 1, 1], "label")
    np.testing.assert_array_equal(silhouette_widths(np.ones((4, 2)), groups), 0)


def test_parts_make_up_the_score():
    rng = np.random.default_rng(0)
    batch, label = rng.integers(0, 2, 90), np.repeat(["a", "b", "c"], 30)
    batch[label == "c"] = 1  # in one batch only
    data = MetricInput(rng.normal(size=(90, 3)), Groups.of(batch, "batch"), Groups.of(label, "label"))
    of_label, of_batch = silhouette_label(data), silhouette_batch(data)
    assert of_label.score == pytest.approx(of_label.per_cell.mean())
    assert of_label.per_label["b"] == pytest.approx(of_label.per_cell[30:60].mean())
    assert np.isnan(of_batch.per_label["c"])
    assert np.isnan(of_batch.per_cell[60:]).all()
    assert of_batch.score == pytest.approx((of_batch.per_label["a"] + of_batch.per_label["b"]) / 2)
    assert of_batch.note.endswith(": c")


def test_undefined_is_nan_with_a_reason():
    rng = np.random.default_rng(0)
    points, each = rng.normal(size=(6, 2)), Groups.of(range(6), "label")
    halves = Groups.of([0, 0, 0, 1, 1, 1], "batch")
    for result in (
        silhouette_label(MetricInput(points, label=each)),
        silhouette_batch(MetricInput(points, halves, halves)),
    ):
        assert np.isnan(result.score)
        assert result.note


def test_mixed_batches_score_near_one_and_separate_ones_low():
    rng = np.random.default_rng(0)
    batch, label = Groups.of(np.arange(400) % 2, "batch"), Groups.of(np.arange(400) // 200, "label")
    points = rng.normal(size=(400, 3)) + 20 * label.codes[:, None]
    assert silhouette_batch(MetricInput(points, batch, label)).score > 0.9
    apart = points + np.array([0, 0, 100]) * batch.codes[:, None]
    assert silhouette_batch(MetricInput(apart, batch, label)).score < 0.1


def test_labels_that_the_fewest_batches_have_are_isolated():
    """By the definition: the mean over isolated labels of the mean of (width + 1) / 2."""
    rng = np.random.default_rng(0)
    label, batch = np.repeat(["a", "b", "c", "d"], 30), rng.integers(0, 3, 120)
    batch[label == "b"], batch[label == "d"] = 0, 2
    points = rng.normal(size=(120, 3)) + 2 * (label == "b")[:, None]
    result = isolated_labels(MetricInput(points, Groups.of(batch, "batch"), Groups.of(label, "label")))
    widths = (silhouette_samples(points, label) + 1) / 2
    assert result.score == pytest.approx((widths[label == "b"].mean() + widths[label == "d"].mean()) / 2)
    assert result.note == "isolated, found in 1 of 3 batches: b, d"
    assert np.isnan(result.per_cell[label == "a"]).all()
    assert np.isnan(result.per_label["a"])


def test_where_every_label_is_in_every_batch_all_are_scored():
    rng = np.random.default_rng(0)
    label, batch = np.repeat(["a", "b"], 30), np.tile([0, 1], 30)
    data = MetricInput(rng.normal(size=(60, 3)), Groups.of(batch, "batch"), Groups.of(label, "label"))
    assert isolated_labels(data).score == pytest.approx(silhouette_label(data).score)  # labels of equal size
    assert isolated_labels(data).note == "every label is in every batch, so all are scored"
