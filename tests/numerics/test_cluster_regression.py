"""Batch offsets in closed form against the ridge regression they solve."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scint_core.contract import SoftClusters
from scint_core.numerics.cluster_regression import correct_clusters


def case(seed=0, sizes=(12, 9, 15), k=4, d=3):
    rng = np.random.default_rng(seed)
    bounds = np.concatenate([[0], np.cumsum(sizes)])
    membership = rng.dirichlet(np.full(k, 0.4), size=bounds[-1])
    shares = np.array(sizes) / bounds[-1]
    observed = np.stack([membership[a:b].sum(axis=0) for a, b in pairwise(bounds)], axis=1)
    clusters = SoftClusters(membership, np.zeros((k, d)), observed, np.outer(membership.sum(axis=0), shares))
    cells = rng.normal(size=(bounds[-1], d)) + np.repeat(rng.normal(size=(len(sizes), d)) * 3, sizes, axis=0)
    return cells, clusters, bounds


def by_regression(cells, clusters, bounds, lamb):
    """For every cluster: weighted ridge on an intercept and one indicator per batch, intercept free and kept."""
    n_batches = len(bounds) - 1
    design = np.zeros((len(cells), n_batches + 1))
    design[:, 0] = 1
    for b in range(n_batches):
        design[bounds[b] : bounds[b + 1], b + 1] = 1
    corrected = cells.copy()
    for k, weight in enumerate(clusters.membership.T):
        penalty = 0.2 * clusters.expected[k] if lamb is None else np.full(n_batches, lamb)
        normal = design.T @ (weight[:, None] * design) + np.diag([0, *penalty])
        effects = np.linalg.solve(normal, design.T @ (weight[:, None] * cells))
        effects[0] = 0
        corrected -= weight[:, None] * (design @ effects)
    return corrected


@pytest.mark.parametrize("lamb", [1e-3, 1.0, 50.0, None])
@pytest.mark.parametrize("seed", range(5))
def test_equals_the_regression(lamb, seed):
    cells, clusters, bounds = case(seed)
    found = correct_clusters(cells, clusters, bounds, lamb).coordinates
    np.testing.assert_allclose(found, by_regression(cells, clusters, bounds, lamb), atol=1e-9)


def test_an_infinite_penalty_corrects_nothing_and_none_with_one_cluster_makes_batch_means_equal():
    cells, clusters, bounds = case(k=1)
    np.testing.assert_allclose(correct_clusters(cells, clusters, bounds, 1e12).coordinates, cells, atol=1e-9)
    corrected = correct_clusters(cells, clusters, bounds, 1e-12).coordinates
    means = [corrected[a:b].mean(axis=0) for a, b in pairwise(bounds)]
    np.testing.assert_allclose(means, np.tile(means[0], (3, 1)), atol=1e-9)


def test_one_batch_is_left_as_it_is():
    cells, clusters, bounds = case(sizes=(20,))
    np.testing.assert_allclose(correct_clusters(cells, clusters, bounds, 1.0).coordinates, cells, atol=1e-12)


@given(st.floats(0.01, 100), st.integers(0, 10**6))
@settings(deadline=None, max_examples=30)
def test_scaling_and_rotating_the_components_scales_and_rotates_the_result(factor, seed):
    cells, clusters, bounds = case(seed)
    rotation = np.linalg.qr(np.random.default_rng(seed).normal(size=(3, 3)))[0]
    plain = correct_clusters(cells, clusters, bounds, 1.0).coordinates
    changed = correct_clusters(factor * cells @ rotation, clusters, bounds, 1.0).coordinates
    np.testing.assert_allclose(changed, factor * plain @ rotation, atol=1e-9 * factor)


@pytest.mark.parametrize("lamb", [1.0, None])
def test_empty_clusters_and_absent_batches_have_no_offset(lamb):
    cells, clusters, bounds = case()
    membership = clusters.membership.copy()
    membership[:12, 0] = 0  # the first batch is absent from the first cluster
    membership[:, 3] = 0  # the last cluster is empty
    membership /= membership.sum(axis=1, keepdims=True)
    changed = SoftClusters(
        membership, clusters.centres, clusters.observed, np.outer(membership.sum(axis=0), np.diff(bounds) / 36)
    )
    found = correct_clusters(cells, changed, bounds, lamb).coordinates
    assert np.isfinite(found).all()
    kept = SoftClusters(membership[:, :3], clusters.centres[:3], clusters.observed[:3], changed.expected[:3])
    np.testing.assert_allclose(found, correct_clusters(cells, kept, bounds, lamb).coordinates, atol=1e-12)


def test_a_cell_at_the_origin_stays():
    cells, clusters, bounds = case()
    cells[5] = 0
    found = correct_clusters(cells, clusters, bounds, 1.0).coordinates
    assert not found[5].any()
    assert found[6].any()
