"""Soft clustering for diversity against a transcription that updates one block after the other in plain loops."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scint_core.contract import LossCurve
from scint_core.numerics.normalize import unit_rows
from scint_core.numerics.soft_clusters import (
    cluster_for_diversity,
    cluster_in_orders,
    objective_by_iteration,
    soft_assignment,
)

BATCH = np.repeat([0, 1, 2], [20, 8, 13])
SHARES = tuple((np.bincount(BATCH) / len(BATCH)).tolist())
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
    ratio = np.log((observed + expected) / expected)
    diversity = sigma * sum(r[i, k] * theta[BATCH[i]] * ratio[k, BATCH[i]] for i in range(N) for k in range(K))
    return [2000 / N * part for part in (distance, entropy, diversity)]


def round_by_definition(r, cells, order, theta, sigma, block_size):
    """New centres, then every block: taken out of the counts (unless it is all cells), shared out again, put back."""
    r = r.copy()
    centres = unit_rows(r.T @ cells)
    n_blocks, size = math.ceil(1 / block_size), int(N * block_size)
    for number in range(n_blocks):
        block = order[number * size :] if number == n_blocks - 1 else order[number * size : (number + 1) * size]
        if len(block) < N:
            r[block] = 0
        observed, expected = counts(r)
        for i in block:
            weight = [
                math.exp(-2 * (1 - centres[k] @ cells[i]) / sigma)
                * (expected[k, BATCH[i]] / (observed[k, BATCH[i]] + expected[k, BATCH[i]])) ** theta[BATCH[i]]
                for k in range(K)
            ]
            r[i] = np.array(weight) / sum(weight)  # the counts stay as they are until the block is done
    return r, centres


@pytest.mark.parametrize(("theta", "block_size"), [((2.0,) * 3, 0.05), ((1.0, 4.0, 0.0), 0.3), ((2.0,) * 3, 1.0)])
def test_rounds_and_objective_follow_the_definition(theta, block_size):
    cells, first = case()
    clusters, start = soft_assignment(cells, first, BATCH, SHARES, theta, 0.3)
    expected = np.exp(-2 * (1 - cells @ first.T) / 0.3)
    expected /= expected.sum(axis=1, keepdims=True)
    np.testing.assert_allclose(clusters.membership, expected, rtol=1e-12)
    np.testing.assert_allclose(
        [start.parts[name][0] for name in ("distance", "entropy", "diversity")],
        objective(expected, cells, first, theta, 0.3),
        rtol=1e-10,
    )
    orders = [np.random.default_rng(r).permutation(N) for r in range(3)]
    found, curve = cluster_in_orders(cells, clusters, BATCH, SHARES, theta, 0.3, block_size, 1e-9, orders, 3)
    r = expected
    for number, order in enumerate(orders):
        r, centres = round_by_definition(r, cells, order, theta, 0.3, block_size)
        parts = objective(r, cells, centres, theta, 0.3)
        np.testing.assert_allclose([part[number] for part in curve.parts.values()], parts, rtol=1e-9)
        assert curve.values[number] == pytest.approx(sum(parts))
    np.testing.assert_allclose(found.membership, r, atol=1e-12)
    np.testing.assert_allclose(found.centres, centres, atol=1e-12)
    observed, expected = counts(r)
    np.testing.assert_allclose(found.observed, observed, atol=1e-12)
    np.testing.assert_allclose(found.expected, expected, atol=1e-12)


@given(st.integers(0, 10**6), st.floats(0, 20), st.sampled_from([1e-4, 0.05, 0.1, 5.0]), st.floats(0.03, 1))
@settings(deadline=None, max_examples=60)
def test_memberships_are_shares_and_counts_add_up(seed, theta, sigma, block_size):
    cells, centres = case(seed)
    clusters, _ = soft_assignment(cells, centres, BATCH, SHARES, (theta,) * 3, sigma)
    found, curve = cluster_for_diversity(
        cells, clusters, BATCH, SHARES, (theta,) * 3, sigma, block_size, max_rounds=6, epsilon=1e-3, seed=seed
    )
    assert np.isfinite(curve.values).all()
    assert (found.membership >= 0).all()
    np.testing.assert_allclose(found.membership.sum(axis=1), 1, rtol=1e-12)
    np.testing.assert_allclose(found.observed.sum(axis=1), found.expected.sum(axis=1), atol=1e-9)
    assert found.observed.sum() == pytest.approx(N)
    np.testing.assert_allclose(found.observed.sum(axis=0), np.bincount(BATCH), rtol=1e-9)


def test_without_theta_batches_blocks_and_orders_play_no_part():
    cells, centres = case()
    clusters, _ = soft_assignment(cells, centres, BATCH, SHARES, (0.0,) * 3, 0.1)
    results = [
        cluster_for_diversity(cells, clusters, BATCH, SHARES, (0.0,) * 3, 0.1, block, 4, 0.0, seed)[0]
        for block, seed in ((0.05, 1), (1.0, 2), (0.3, 3))
    ]
    for other in results[1:]:
        np.testing.assert_allclose(other.membership, results[0].membership, atol=1e-12)


def test_theta_spreads_a_batch_over_the_clusters():
    """Each batch lies in a corner of its own: the larger theta, the less of a cluster one batch holds."""
    rng = np.random.default_rng(0)
    cells = unit_rows(np.eye(3)[BATCH] + 0.2 + 0.2 * rng.normal(size=(N, 3)))

    def purity(theta):
        clusters, _ = soft_assignment(cells, np.eye(3), BATCH, SHARES, (theta,) * 3, 0.1)
        found, _ = cluster_for_diversity(cells, clusters, BATCH, SHARES, (theta,) * 3, 0.1, 0.05, 20, 1e-4, 0)
        return (found.observed.max(axis=1) / found.observed.sum(axis=1)).mean()

    assert purity(0.0) > purity(2.0) > purity(8.0)


def test_a_round_stops_the_phase_when_the_window_settles_but_never_before_the_fifth():
    cells, centres = case()
    clusters, _ = soft_assignment(cells, centres, BATCH, SHARES, (2.0,) * 3, 0.1)

    def rounds(epsilon):
        args = (cells, clusters, BATCH, SHARES, (2.0,) * 3, 0.1, 0.05)
        return cluster_for_diversity(*args, max_rounds=20, epsilon=epsilon, seed=0)[1].values

    assert len(rounds(1e9)) == 5
    values = rounds(1e-3)
    for end in range(5, len(values) + 1):
        before, now = values[end - 4 : end - 1].sum(), values[end - 3 : end].sum()
        assert ((before - now) / abs(before) < 1e-3) == (end == len(values) and end < 20)


def test_clusters_handed_in_are_not_changed():
    cells, centres = case()
    clusters, _ = soft_assignment(cells, centres, BATCH, SHARES, (2.0,) * 3, 0.1)
    before = clusters.membership.copy()
    clusters.membership.setflags(write=False)
    cluster_for_diversity(cells, clusters, BATCH, SHARES, (2.0,) * 3, 0.1, 0.05, 5, 1e-3, 0)
    np.testing.assert_array_equal(clusters.membership, before)


def test_the_curve_of_a_run_takes_the_end_of_every_phase():
    def phase(*values):
        return LossCurve(np.array(values), {"distance": 2 * np.array(values)}, axis="round")

    curve = objective_by_iteration(phase(9.0), phase(8.0, 7.0), phase(6.0, 5.0, 4.0))
    assert curve.values.tolist() == [9, 7, 4]
    assert curve.parts["distance"].tolist() == [18, 14, 8]
    assert curve.axis == "iteration"
