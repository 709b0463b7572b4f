"""Tricube averages of pair vectors against the formula written out cell by cell."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scint_core.contract import Neighbors, PairVectors
from scint_core.numerics.tricube import local_mean, nearest_paired, tricube_weights


def shifts(cells, vectors, k, ndist):
    near = nearest_paired(cells, vectors, k)
    return local_mean(tricube_weights(near, k, ndist), vectors).vectors


def oracle(cells, vectors, k, ndist):
    found = []
    for x in cells:
        d = np.linalg.norm(cells[vectors.cells] - x, axis=1)
        near = np.argsort(d, kind="stable")[:k]
        h = max(1e-8, ndist * d[near][int(np.ceil(len(near) / 2)) - 1])
        w = (1 - np.minimum(1, d[near] / h) ** 3) ** 3
        found.append(w @ vectors.vectors[near] / w.sum())
    return np.array(found)


def example(n=25, paired=9, seed=0):
    rng = np.random.default_rng(seed)
    members = np.sort(rng.choice(n, paired, replace=False))
    return rng.normal(size=(n, 4)), PairVectors(members, rng.normal(size=(paired, 4)))


@pytest.mark.parametrize("k", [3, 4, 5, 8, 9, 20])
@pytest.mark.parametrize("ndist", [1.2, 3.0, 50.0])
def test_equals_the_formula_written_out(k, ndist):
    cells, vectors = example()
    np.testing.assert_allclose(shifts(cells, vectors, k, ndist), oracle(cells, vectors, k, ndist), atol=1e-10)


@given(st.integers(0, 10**6), st.integers(1, 12), st.floats(0.05, 10))
@settings(deadline=None, max_examples=40)
def test_weights_sum_to_1_and_never_rise_with_distance(seed, k, ndist):
    cells, vectors = example(seed=seed)
    near = tricube_weights(nearest_paired(cells, vectors, k), k, ndist)
    np.testing.assert_allclose(near.weights.sum(axis=1), 1)
    assert (near.weights >= 0).all()
    assert (np.diff(near.weights, axis=1) <= 1e-15).all()


def test_the_bandwidth_is_a_multiple_of_the_lower_middle_distance():
    distances = np.array([[1.0, 2, 3, 4], [0, 0, 5, 6], [0, 0, 0, 0]])
    near = tricube_weights(Neighbors(np.tile(np.arange(4), (3, 1)), distances), 4, 3.0)
    np.testing.assert_allclose(near.bandwidth, [6, 1e-8, 1e-8])
    np.testing.assert_allclose(near.weights[1], [0.5, 0.5, 0, 0])
    np.testing.assert_allclose(near.weights[2], 0.25)


def test_a_smaller_k_is_a_cut_of_a_larger_search():
    cells, vectors = example()
    large = tricube_weights(nearest_paired(cells, vectors, 9), 4, 3.0)
    small = tricube_weights(nearest_paired(cells, vectors, 4), 4, 3.0)
    np.testing.assert_array_equal(large.paired, small.paired)
    np.testing.assert_array_equal(large.weights, small.weights)


def test_a_single_vector_is_everyones_and_a_tiny_reach_leaves_the_nearest():
    cells, vectors = example(paired=1)
    np.testing.assert_allclose(shifts(cells, vectors, 20, 3.0), np.tile(vectors.vectors, (25, 1)))
    np.testing.assert_allclose(shifts(cells, vectors, 20, 0.5), np.tile(vectors.vectors, (25, 1)))
    cells, vectors = example()
    nearest = nearest_paired(cells, vectors, 1).indices[:, 0]
    np.testing.assert_allclose(shifts(cells, vectors, 1, 0.5), vectors.vectors[nearest])


def test_a_paired_cell_finds_itself_first():
    cells, vectors = example()
    near = nearest_paired(cells, vectors, 3)
    np.testing.assert_array_equal(near.indices[vectors.cells, 0], np.arange(9))
    np.testing.assert_allclose(near.distances[vectors.cells, 0], 0)
