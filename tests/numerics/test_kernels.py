"""Kernel smoothing against sums over pairs of cells."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scint_core.contract import PairVectors
from scint_core.numerics import neighbors
from scint_core.numerics.kernels import smooth_pair_vectors


def smoothed_by_definition(cells, paired, vectors, sigma):
    """Every weight on its own, in plain numbers."""
    density = [sum(math.exp(-((cells[m] - cells[o]) ** 2).sum() / sigma) for o in paired) for m in paired]
    result = []
    for x in cells:
        weights = [math.exp(-((x - cells[m]) ** 2).sum() / sigma) / d for m, d in zip(paired, density, strict=True)]
        result.append(sum(w * v for w, v in zip(weights, vectors, strict=True)) / sum(weights))
    return np.array(result)


def case(seed=0, n=25, m=9, g=4, out=6):
    rng = np.random.default_rng(seed)
    return rng.normal(size=(n, g)), np.sort(rng.choice(n, m, replace=False)), rng.normal(size=(m, out))


@pytest.mark.parametrize("sigma", [0.3, 1.0, 20.0])
@pytest.mark.parametrize("entries", [1, neighbors.BLOCK_ENTRIES])
def test_equals_the_weighted_mean(monkeypatch, sigma, entries):
    monkeypatch.setattr(neighbors.row_blocks, "__defaults__", (entries,))
    cells, paired, vectors = case(n=40)
    found = smooth_pair_vectors(cells, PairVectors(paired, vectors), sigma).vectors
    np.testing.assert_allclose(found, smoothed_by_definition(cells, paired, vectors, sigma), rtol=1e-10, atol=1e-12)


@given(st.integers(0, 10**6), st.floats(1e-6, 1e6))
@settings(deadline=None, max_examples=50)
def test_vectors_stay_between_the_smallest_and_largest_pair_vector(seed, sigma):
    """Weights are positive and sum to 1, so every component lies in the range of the pair vectors'."""
    cells, paired, vectors = case(seed)
    found = smooth_pair_vectors(cells, PairVectors(paired, vectors), sigma).vectors
    assert (found >= vectors.min(axis=0) - 1e-9).all()
    assert (found <= vectors.max(axis=0) + 1e-9).all()
    ones = smooth_pair_vectors(cells, PairVectors(paired, np.ones((len(paired), 1))), sigma).vectors
    np.testing.assert_allclose(ones, 1, rtol=1e-12)


def test_a_wide_kernel_gives_one_mean_and_a_narrow_one_the_pair_vectors_themselves():
    cells, paired, vectors = case()
    wide = smooth_pair_vectors(cells, PairVectors(paired, vectors), 1e12).vectors
    np.testing.assert_allclose(wide, np.tile(vectors.mean(axis=0), (len(cells), 1)), atol=1e-9)
    narrow = smooth_pair_vectors(cells, PairVectors(paired, vectors), 1e-6).vectors
    np.testing.assert_allclose(narrow[paired], vectors, atol=1e-12)
    assert np.isfinite(narrow).all()


def test_no_cell_is_so_far_that_its_weights_vanish():
    cells, paired, vectors = case()
    cells[0] = 1e4
    found = smooth_pair_vectors(cells, PairVectors(paired, vectors), 1e-3).vectors
    assert np.isfinite(found).all()
