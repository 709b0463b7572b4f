"""Local structure against a slow oracle, and its ends."""

import numpy as np
import pytest
from scipy.spatial.distance import cdist

from scint_core.metrics import METRICS, MetricInput
from scint_core.metrics.groups import Groups

local_structure = METRICS["Local structure"]


def slow_overlap(before, after, k):
    nearest = [np.argsort(cdist(space, space), axis=1)[:, :k] for space in (before, after)]
    return [len(set(a) & set(b)) / k for a, b in zip(*nearest, strict=True)]


def make(sizes, after=None, seed=0):
    rng = np.random.default_rng(seed)
    batch = np.repeat(np.arange(len(sizes)), sizes)
    before = rng.normal(size=(len(batch), 6))
    after = before + rng.normal(size=before.shape) if after is None else after(before, batch)
    return MetricInput(after, Groups.of(batch, "batch"), pca=before)


def test_equals_the_definition():
    data = make([250, 60])
    result = local_structure(data)
    first, second = slice(0, 250), slice(250, 310)
    expected = slow_overlap(data.pca[first], data.embedding[first], 100) + slow_overlap(
        data.pca[second], data.embedding[second], 30
    )
    np.testing.assert_allclose(result.per_cell, expected)
    assert result.score == pytest.approx((np.mean(expected[:250]) + np.mean(expected[250:])) / 2)
    assert result.per_batch["1"] == pytest.approx(np.mean(expected[250:]))
    assert result.note.endswith(": 1")


def test_a_shift_of_each_batch_keeps_everything():
    result = local_structure(make([200, 200], after=lambda before, batch: before * 3 + 50 * batch[:, None]))
    assert result.score == 1
    assert result.note == ""


def test_noise_keeps_what_chance_does():
    noise = np.random.default_rng(9).normal(size=(400, 6))
    assert local_structure(make([400], after=lambda *_: noise)).score == pytest.approx(0.25, abs=0.03)


def test_a_batch_of_three_is_left_out():
    result = local_structure(make([50, 3]))
    assert np.isnan(result.per_cell[50:]).all()
    assert result.score == pytest.approx(result.per_cell[:50].mean())
    assert np.isnan(local_structure(make([3])).score)
