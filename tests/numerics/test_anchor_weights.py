"""Weights of anchors and the correction against loops over cells."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scint_core.contract import Anchors, AnchorWeights, Embedding
from scint_core.numerics.anchor_weights import (
    anchor_weights,
    nearest_anchor_cells,
    subtract_anchor_vectors,
    weighting_space,
)

N_REFERENCE, N_QUERY = 12, 15


def anchors(seed=0, n=24):
    rng = np.random.default_rng(seed)
    shared, score = rng.integers(30, size=n), rng.random(n)
    return Anchors(rng.integers(N_REFERENCE, size=n), rng.integers(N_QUERY, size=n), np.ones(n, bool), shared, score)


def space(seed=0):
    return Embedding(np.random.default_rng(seed).normal(size=(N_REFERENCE + N_QUERY, 3)))


def weigh(pcs, found, k, sd=1.0):
    size = len(np.unique(found.right))
    near = nearest_anchor_cells(pcs, found, n_reference=N_REFERENCE, k=size)
    return anchor_weights(near, found, k=k, sd=sd).weights


def slow_weights(query, found, k, sd):
    """Step 10 of the specification for every query cell: outwards, anchor by anchor, at most k of them."""
    cells = sorted(set(found.right.tolist()))
    table = np.zeros((len(query), len(found.right)))
    for c, cell in enumerate(query):
        near = sorted(cells, key=lambda a: (np.linalg.norm(cell - query[a]), a))[:k]
        distances = [np.linalg.norm(cell - query[a]) for a in near]
        used = 0
        for a, distance in zip(near, distances, strict=True):
            closeness = 1 - distance / distances[-1]
            for anchor in np.flatnonzero(found.right == a):
                if used < k:
                    table[c, anchor] = 1 - np.exp(-closeness * found.score[anchor] / (2 / sd) ** 2)
                    used += 1
    return table / table.sum(axis=1, keepdims=True)


@pytest.mark.parametrize("sd", [0.3, 1.0, 4.0])
@pytest.mark.parametrize("k", [3, 6, 11])
def test_weights_equal_the_specification(k, sd):
    pcs, found = space(), anchors()
    expected = slow_weights(pcs.coordinates[N_REFERENCE:], found, k, sd)
    np.testing.assert_allclose(weigh(pcs, found, k, sd).toarray(), expected, atol=1e-13)


@given(st.integers(0, 10**6), st.integers(1, 8))
@settings(deadline=None, max_examples=25)
def test_weights_of_a_cell_sum_to_1_over_at_most_k_anchors(seed, k):
    weights = weigh(space(seed), anchors(seed), k)
    np.testing.assert_allclose(weights.sum(axis=1), 1, atol=1e-12)
    assert (np.diff(weights.indptr) == k).all()
    assert (weights.data >= 0).all()


@pytest.mark.parametrize("coincide", [False, True])
def test_a_single_anchor_cell_shares_its_weight_evenly(coincide):
    """Its own distance is the furthest, so D is 0 (or 0/0): all weights would be 0."""
    pcs = Embedding(np.ones((N_REFERENCE + N_QUERY, 3))) if coincide else space()
    found = Anchors(np.arange(2), np.array([4, 4]), np.ones(2, bool), np.ones(2, int), np.array([1.0, 1.0]))
    weights = weigh(pcs, found, 1)
    np.testing.assert_array_equal(weights.data, np.ones(N_QUERY))


def test_without_scores_the_distance_decides():
    pcs, found = space(), anchors()
    unscored = Anchors(found.left, found.right, found.kept, found.shared, np.zeros(len(found.left)))
    weights = weigh(pcs, unscored, 5).toarray()
    near = nearest_anchor_cells(pcs, found, n_reference=N_REFERENCE, k=5)
    d = near.distances[0]
    cells = np.unique(found.right)[near.indices[0]]
    nearest = np.flatnonzero(found.right == cells[0])
    assert np.isfinite(weights).all()
    assert weights[0, nearest[0]] == weights[0].max()
    assert weights[0, nearest[0]] > 0
    assert d[0] < d[-1]


def test_a_larger_sd_makes_weights_more_alike():
    pcs, found = space(), anchors()
    spread = [weigh(pcs, found, 6, sd).toarray().max(axis=1).mean() for sd in (0.5, 2.0, 8.0)]
    assert spread[0] > spread[1] > spread[2]


def test_the_correction_equals_a_loop_over_cells():
    rng = np.random.default_rng(0)
    reference, query = rng.normal(size=(N_REFERENCE, 300)), rng.normal(size=(N_QUERY, 300))  # more than one block
    found = anchors()
    weights = weigh(space(), found, 6)
    table, expected = weights.toarray(), query.copy()
    for c in range(N_QUERY):
        for a, (left, right) in enumerate(zip(found.left, found.right, strict=True)):
            expected[c] -= table[c, a] * (query[right] - reference[left])
    corrected = subtract_anchor_vectors(reference, query, found, AnchorWeights(weights))
    np.testing.assert_allclose(corrected, expected, atol=1e-12)


def test_without_differences_nothing_moves_and_a_constant_difference_is_removed():
    rng = np.random.default_rng(0)
    query, shift = rng.normal(size=(N_QUERY, 9)), rng.normal(size=9)
    found = anchors()
    reference = np.zeros((N_REFERENCE, 9))
    twins = Anchors(np.arange(9), np.arange(9), np.ones(9, bool), found.shared[:9], found.score[:9])
    reference[:9] = query[:9]
    weights = AnchorWeights(weigh(space(), twins, 5))
    np.testing.assert_allclose(subtract_anchor_vectors(reference, query, twins, weights), query, atol=1e-13)
    moved = subtract_anchor_vectors(reference, query + shift, twins, weights)
    np.testing.assert_allclose(moved, query, atol=1e-12)


def test_the_space_is_that_of_both_sides_scaled_together():
    rng = np.random.default_rng(0)
    reference, query = rng.gamma(1, 1, size=(20, 6)), rng.gamma(1, 2, size=(15, 6))
    stacked = np.vstack([reference, query])
    scaled = np.minimum((stacked - stacked.mean(axis=0)) / stacked.std(axis=0, ddof=1), 10)
    u, s, _ = np.linalg.svd(scaled, full_matrices=False)
    found = weighting_space(reference, query, 4).coordinates
    np.testing.assert_allclose(np.abs(found), np.abs(u[:, :4] * s[:4]), atol=1e-10)
