"""Harmony 2's clustering and correction against transcriptions in plain loops and a full regression."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scint_core.contract import SoftClusters
from scint_core.numerics.anchored_clusters import (
    assignment_by_distance,
    correct_and_recentre,
    mix_batches,
    mix_in_orders,
)
from scint_core.numerics.cluster_regression import correct_clusters
from scint_core.numerics.normalize import unit_rows

SIZES = (20, 8, 13)
BATCH = np.repeat([0, 1, 2], SIZES)
BOUNDS = np.concatenate([[0], np.cumsum(SIZES)])
SHARES = tuple((np.array(SIZES) / len(BATCH)).tolist())
N, K = len(BATCH), 4


def case(seed=0):
    rng = np.random.default_rng(seed)
    return unit_rows(rng.normal(size=(N, 5))), unit_rows(rng.normal(size=(K, 5)))


def counts(r):
    observed = np.array([[r[b == BATCH, k].sum() for b in range(3)] for k in range(K)])
    return observed, np.outer(r.sum(axis=0), SHARES)


def objective(r, cells, centres, theta, sigma):
    observed, expected = counts(r)
    distance = sum(r[i, k] * 2 * (1 - centres[k] @ cells[i]) for i in range(N) for k in range(K))
    entropy = sigma * sum(v * math.log(v) for v in r.ravel() if v > 0)
    ratio = np.log((observed + expected + 1) / (2 * expected + 1))
    diversity = sigma * sum(r[i, k] * theta[BATCH[i]] * ratio[k, BATCH[i]] for i in range(N) for k in range(K))
    return [2000 / N * part for part in (distance, entropy, diversity)]


def round_by_definition(r, cells, centres, order, theta, sigma, block_size):
    """Every block: taken out of the counts, shared out again by distance and penalty, put back."""
    r = r.copy()
    n_blocks, size = math.ceil(1 / block_size), int(N * block_size)
    for number in range(n_blocks):
        block = order[number * size :] if number == n_blocks - 1 else order[number * size : (number + 1) * size]
        r[block] = 0
        observed, expected = counts(r)
        for i in block:
            b = BATCH[i]
            weight = [
                math.exp(-2 * (1 - centres[k] @ cells[i]) / sigma)
                * ((2 * expected[k, b] + 1) / (observed[k, b] + expected[k, b] + 1)) ** theta[b]
                for k in range(K)
            ]
            r[i] = np.array(weight) / sum(weight)
    return r


def values_of(curve, number):
    return [curve.parts[name][number] for name in ("distance", "entropy", "diversity")]


@pytest.mark.parametrize(("theta", "block_size"), [((2.0,) * 3, 0.05), ((1.0, 4.0, 0.0), 0.3), ((2.0,) * 3, 1.0)])
def test_rounds_and_objective_follow_the_definition(theta, block_size):
    cells, centres = case()
    clusters, start = assignment_by_distance(cells, centres, BATCH, SHARES, theta, 0.3)
    r = np.exp(-2 * (1 - cells @ centres.T) / 0.3)
    r /= r.sum(axis=1, keepdims=True)
    np.testing.assert_allclose(clusters.membership, r, rtol=1e-12)
    np.testing.assert_allclose(values_of(start, 0), objective(r, cells, centres, theta, 0.3), rtol=1e-10)
    orders = [np.random.default_rng(number).permutation(N) for number in range(3)]
    found, curve = mix_in_orders(cells, clusters, BATCH, SHARES, theta, 0.3, block_size, 1e-9, orders, 3)
    for number, order in enumerate(orders):
        r = round_by_definition(r, cells, centres, order, theta, 0.3, block_size)
        np.testing.assert_allclose(values_of(curve, number), objective(r, cells, centres, theta, 0.3), rtol=1e-9)
    np.testing.assert_allclose(found.membership, r, rtol=1e-9)
    np.testing.assert_array_equal(found.centres, centres)
    for mine, expected in zip((found.observed, found.expected), counts(r), strict=True):
        np.testing.assert_allclose(mine, expected, rtol=1e-9)


def test_without_theta_nothing_moves_and_rounds_end_early():
    cells, centres = case()
    clusters, _ = assignment_by_distance(cells, centres, BATCH, SHARES, (0.0,) * 3, 0.2)
    mixed, curve = mix_batches(cells, clusters, BATCH, SHARES, (0.0,) * 3, 0.2, 0.05, 20, 1e-3, 0)
    np.testing.assert_allclose(mixed.membership, clusters.membership, rtol=1e-12)
    assert len(curve.values) == 5  # the test of the fifth round is the first
    _, short = mix_batches(cells, clusters, BATCH, SHARES, (0.0,) * 3, 0.2, 0.05, 4, 1e9, 0)
    assert len(short.values) == 4


@pytest.mark.parametrize(("sigma", "theta"), [(1e-5, 2.0), (1e-3, 300.0), (0.1, 5000.0), (50.0, 2.0)])
def test_shares_stay_finite_and_sum_to_one_however_extreme(sigma, theta):
    """Where all products of weight and penalty vanish in double precision, logarithms decide."""
    cells, centres = case()
    clusters, _ = assignment_by_distance(cells, centres, BATCH, SHARES, (theta,) * 3, sigma)
    mixed, curve = mix_batches(cells, clusters, BATCH, SHARES, (theta,) * 3, sigma, 0.1, 4, 1e-3, 0)
    np.testing.assert_allclose(mixed.membership.sum(axis=1), 1)
    assert np.isfinite(curve.values).all()
    expected = objective(mixed.membership, cells, centres, (theta,) * 3, sigma)
    np.testing.assert_allclose(values_of(curve, -1), expected, rtol=1e-7, atol=1e-9)


def clusters_with(membership, centres):
    observed, expected = counts(membership)
    return SoftClusters(membership, centres, observed, expected)


@given(st.integers(0, 10**6), st.one_of(st.none(), st.floats(0.01, 100)))
@settings(deadline=None, max_examples=20)
def test_the_correction_is_a_ridge_regression_per_cluster(seed, lamb):
    rng = np.random.default_rng(seed)
    z, centres = rng.normal(size=(N, 5)), case()[1]
    r = rng.dirichlet(np.ones(K), N)
    clusters = clusters_with(r, centres)
    corrected, new_centres = correct_and_recentre(z, clusters, BOUNDS, lamb)
    expected, design = z.copy(), np.column_stack([np.ones(N), np.eye(3)[BATCH]])
    for k in range(K):
        penalty = np.diag([0, *(0.2 * clusters.expected[k] if lamb is None else [lamb] * 3)])
        beta = np.linalg.solve(design.T @ (r[:, k, None] * design) + penalty, design.T @ (r[:, k, None] * z))
        expected -= r[:, k, None] * (design[:, 1:] @ beta[1:])
        np.testing.assert_allclose(new_centres[k], beta[0] / np.linalg.norm(beta[0]), atol=1e-8)
    np.testing.assert_allclose(corrected.coordinates, expected, atol=1e-8)


def test_batches_that_a_cluster_hardly_holds_play_no_part_in_it():
    rng = np.random.default_rng(0)
    z, centres = rng.normal(size=(N, 5)), case()[1]
    r = rng.dirichlet(np.ones(K), N)
    r[BATCH == 2, 0] = 1e-7  # cluster 0 hardly holds batch 2
    r[BATCH != 0, 1] = 1e-7  # cluster 1 holds batch 0 alone
    r /= r.sum(axis=1, keepdims=True)
    clusters = clusters_with(r, centres)
    corrected, new_centres = correct_and_recentre(z, clusters, BOUNDS, 1.0)
    np.testing.assert_allclose(new_centres[1], centres[1], atol=1e-12)
    means = np.array([np.average(z[b == BATCH], axis=0, weights=r[b == BATCH, 0]) for b in (0, 1)])
    sizes = np.array([r[b == BATCH, 0].sum() for b in (0, 1)])
    centre = (sizes / (sizes + 1)) @ means / (sizes / (sizes + 1)).sum()
    np.testing.assert_allclose(new_centres[0], centre / np.linalg.norm(centre), atol=1e-6)
    assert np.isfinite(corrected.coordinates).all()


def test_with_all_batches_present_it_corrects_as_harmony_does():
    rng = np.random.default_rng(1)
    z, r = rng.normal(size=(N, 5)), rng.dirichlet(np.ones(K), N)
    z[3] = 0
    clusters = clusters_with(r, case()[1])
    found, _ = correct_and_recentre(z, clusters, BOUNDS, 2.0)
    np.testing.assert_allclose(found.coordinates, correct_clusters(z, clusters, BOUNDS, 2.0).coordinates, atol=1e-12)
    assert not found.coordinates[3].any()
