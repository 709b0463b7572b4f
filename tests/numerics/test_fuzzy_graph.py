"""The graph of neighbours against umap-learn's."""

import numpy as np
import pytest
import scipy.sparse as sp

from scint_core.contract import Neighbors
from scint_core.numerics import fuzzy_graph as module
from scint_core.numerics.fuzzy_graph import fuzzy_graph
from scint_core.numerics.neighbors import nearest_neighbors


def umap_graph(near):
    from umap.umap_ import fuzzy_simplicial_set

    n_cells, k = near.indices.shape
    return fuzzy_simplicial_set(
        sp.coo_matrix((n_cells, 1)), n_neighbors=k, random_state=None, metric=None,
        knn_indices=near.indices, knn_dists=near.distances,
    )[0].toarray()  # fmt: skip


def near_of(cells, k):
    return nearest_neighbors(cells, cells, k)


def with_duplicates(rng):
    cells = rng.normal(size=(120, 4))
    cells[:30] = cells[0]  # more copies than neighbours
    return cells


@pytest.mark.parametrize("k", [2, 15, 50])
@pytest.mark.parametrize(
    "make", [lambda rng: rng.normal(size=(120, 4)), lambda rng: 1e-3 * rng.gamma(0.3, size=(120, 2)), with_duplicates]
)
def test_equals_umap_learn(make, k):
    near = near_of(make(np.random.default_rng(0)), k)
    np.testing.assert_allclose(fuzzy_graph(near).toarray(), umap_graph(near), atol=2e-5)


def test_weights_sum_to_log2_of_k_and_both_directions_join():
    near = near_of(np.random.default_rng(0).normal(size=(200, 5)), 16)
    graph = fuzzy_graph(near)
    assert abs(graph - graph.T).max() == 0
    assert graph.diagonal().max() == 0
    assert 0 < graph.data.min() <= graph.data.max() <= 1
    weights = module._weights(near.distances, 1.0)[:, 1:]
    np.testing.assert_allclose(weights.sum(axis=1), 4, atol=1e-4)


def test_blocks_do_not_change_the_graph(monkeypatch):
    near = near_of(np.random.default_rng(0).normal(size=(100, 5)), 10)
    whole = fuzzy_graph(near)
    monkeypatch.setattr(module, "row_blocks", lambda n, _: (slice(i, i + 1) for i in range(n)))
    assert abs(fuzzy_graph(near) - whole).max() < 1e-6


def test_cells_that_all_coincide_have_full_weight():
    graph = fuzzy_graph(Neighbors(np.tile(np.arange(5), (5, 1)), np.zeros((5, 5))))
    np.testing.assert_array_equal(graph.toarray(), 1 - np.eye(5))
