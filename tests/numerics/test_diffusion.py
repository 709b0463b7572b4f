"""Diffusion maps against the eigenvectors of the whole matrix, and distances that are known."""

import numpy as np
import pytest
import scipy.sparse as sp
from scipy.spatial.distance import pdist

from scint_core.numerics import diffusion
from scint_core.numerics.diffusion import diffusion_map, diffusion_map_in_single, transitions
from scint_core.numerics.fuzzy_graph import fuzzy_graph
from scint_core.numerics.neighbors import nearest_neighbors


def graph_of(n=150, seed=0):
    cells = np.random.default_rng(seed).normal(size=(n, 3))
    return fuzzy_graph(nearest_neighbors(cells, cells, 15)).astype(np.float64)


def test_transitions_follow_the_definition():
    w = graph_of().toarray().astype(float)
    d = w.sum(axis=1)
    k = w / np.outer(d, d)
    z = k.sum(axis=1)
    np.testing.assert_allclose(transitions(graph_of()).toarray(), k / np.sqrt(np.outer(z, z)), rtol=1e-6)


@pytest.mark.parametrize("dense_up_to", [0, 1000])
def test_distances_sum_over_all_times(monkeypatch, dense_up_to):
    """Σ_t T^t is a geometric series: λ / (1 − λ) for every eigenvalue but the first, which counts as 1."""
    monkeypatch.setattr(diffusion, "_DENSE_UP_TO", dense_up_to)
    values, vectors = np.linalg.eigh(transitions(graph_of()).toarray())
    chosen = np.argsort(-np.abs(values))[:40]
    leading = values[chosen]
    leading[0] = 0.5  # which 1 then counts as: 0.5 / (1 − 0.5)
    factor = leading / (1 - leading)
    np.testing.assert_allclose(
        pdist(diffusion_map(graph_of(), 40)), pdist(vectors[:, chosen] * factor), rtol=2e-4, atol=1e-5
    )


def test_pieces_lie_apart_and_are_told_by_one_coordinate_each():
    two = sp.block_diag([graph_of(60, 1), graph_of(50, 2)]).tocsr()
    coordinates = diffusion_map(sp.csr_array(two), 20)
    assert np.isfinite(coordinates).all()
    np.testing.assert_array_less(np.abs(coordinates), 1e6)  # an eigenvalue of 1 counts 1, not ∞


def test_in_single_precision_the_first_eigenvalue_is_one_only_nearly():
    """The two agree where it rounds to 1, and the map is blown up where it does not."""
    for seed in range(6):
        both = diffusion_map(graph_of(150, seed), 40), diffusion_map_in_single(graph_of(150, seed), 40)
        if np.abs(both[1]).max() < 1e3:
            np.testing.assert_allclose(pdist(both[1]), pdist(both[0]), rtol=1e-3, atol=1e-4)
        else:
            assert np.abs(both[1]).max() > 1e5


def test_the_same_graph_gives_the_same_map(monkeypatch):
    monkeypatch.setattr(diffusion, "_DENSE_UP_TO", 0)
    np.testing.assert_array_equal(diffusion_map(graph_of(), 30), diffusion_map(graph_of(), 30))
