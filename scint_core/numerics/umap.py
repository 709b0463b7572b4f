"""UMAP layouts that can be compared: started from a common layout, deterministic, and aligned to it."""

from __future__ import annotations

import warnings
from functools import cache
from typing import Any

import numpy as np
import scipy.sparse as sp

from scint_core.contract import FloatArray, Neighbors
from scint_core.numerics.compiled import keep_all_on_disk
from scint_core.numerics.fuzzy_graph import fuzzy_graph
from scint_core.numerics.neighbors import nearest_neighbors
from scint_core.numerics.procrustes import align

N_NEIGHBORS = 15
MIN_DIST = 0.5
EXACT_UP_TO = 20_000
"""Cells up to which a map that has a start is drawn on exact neighbours; more are left to umap-learn's own search."""

_SPREAD = 5.0  # half the width of the layouts that UMAP starts from
_EPOCHS, _RATE = 200, 1.0  # for a map whose cells may stand anywhere
_FEW_EPOCHS, _LOW_RATE = 20, 0.25  # for cells that stand near their neighbours already; a high rate would stir them up


def umap_layout(
    embedding: FloatArray, *, seed: int = 0, start: FloatArray | None = None, n_neighbors: int = N_NEIGHBORS
) -> FloatArray:
    """A two-dimensional UMAP of an embedding (cells × d), as float32 (cells × 2).

    `start` (cells × 2) is the layout to begin from and to align to by rotation and reflection, so that two maps
    differ by what the cells did and not by how the plot fell; without it the first two dimensions of the
    embedding are the start. A larger `n_neighbors` shows coarser structure; it is lowered for fewer cells. The same
    seed gives the same map. Source: umap-learn (McInnes 2018).
    """
    n_cells = len(embedding)
    if n_cells < 4:  # umap-learn needs a graph to lay out
        return _first_two(embedding)
    n_neighbors = min(n_neighbors, n_cells - 1)
    if start is not None and n_cells <= EXACT_UP_TO:
        layout = _settled(_graph(embedding, n_neighbors), _scaled(start, seed), _EPOCHS, _RATE, seed)
        return align(layout, start)
    beginning = _scaled(start if start is not None else _first_two(embedding), seed)
    model = load_umap().UMAP(n_neighbors=n_neighbors, min_dist=MIN_DIST, init=beginning, random_state=seed, n_jobs=1)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # "n_jobs overridden by random_state", said at every call
        layout = model.fit_transform(np.ascontiguousarray(embedding, dtype=np.float32))
    return np.asarray(layout, dtype=np.float32) if start is None else align(layout, start)


def placed_layout(
    embedding: FloatArray, start: FloatArray, *, seed: int = 0, n_neighbors: int = N_NEIGHBORS
) -> FloatArray:
    """The UMAP of an embedding (cells × d) placed into `start` (cells × 2), a finished map of the same cells.

    Every cell goes to the weighted mean of its neighbours' places, and a few epochs settle what this leaves. So it
    takes a small part of the time of `umap_layout`, which a whole map of other cells needs. The neighbours are exact.
    Aligned to `start` by rotation and reflection; float32, cells × 2; the same arguments give the same map.
    """
    n_cells = len(embedding)
    if n_cells < 4:
        return align(_first_two(embedding), start)
    graph = _graph(embedding, min(n_neighbors, n_cells - 1))
    total = np.maximum(np.asarray(graph.sum(axis=1)).reshape(-1, 1), np.finfo(np.float32).tiny)
    placed = _noisy(graph @ start / total, seed)
    return align(_settled(graph, placed, _FEW_EPOCHS, _LOW_RATE, seed), start)


def _graph(embedding: FloatArray, n_neighbors: int) -> sp.csr_array:
    """The weighted graph of the exact neighbours; a cell counts among its own."""
    return fuzzy_graph(nearest_neighbors(embedding, embedding, n_neighbors))


def _settled(graph: sp.csr_array, places: FloatArray, epochs: int, rate: float, seed: int) -> FloatArray:
    """`places` (cells × 2, float32) after some epochs of UMAP's own optimisation on `graph` (cells × cells)."""
    umap = load_umap().umap_
    edges = graph.tocoo()
    strong = edges.data >= edges.data.max() / epochs  # the others would not be drawn once
    row, column, weight = (part[strong] for part in (edges.row, edges.col, edges.data))
    state = np.random.default_rng(seed).integers(-(2**31), 2**31, 3)
    settled = umap.optimize_layout_euclidean(
        places, places, row.astype(np.int32), column.astype(np.int32), epochs, len(places),
        umap.make_epochs_per_sample(weight, epochs), *_curve(), state, initial_alpha=rate, move_other=True,
    )  # fmt: skip
    return np.asarray(settled)


@cache
def _curve() -> tuple[float, float]:
    """The two numbers of UMAP's attraction over distance."""
    a, b = load_umap().umap_.find_ab_params(1.0, MIN_DIST)
    return float(a), float(b)


def umap_graph(neighbors: Neighbors) -> sp.csr_array:
    """The graph of `fuzzy_graph` as umap-learn computes it, to the last bit of its float32: cells × cells, sparse."""
    n_cells, k = neighbors.indices.shape
    graph = load_umap().umap_.fuzzy_simplicial_set(
        sp.coo_matrix((n_cells, 1)), n_neighbors=k, random_state=None, metric=None,
        knn_indices=neighbors.indices, knn_dists=neighbors.distances,
    )[0]  # fmt: skip
    return sp.csr_array(graph)


@cache
def load_umap() -> Any:
    """umap-learn, whose kernels take seconds to compile in every process unless they are kept."""
    import umap
    from umap import layouts, umap_, utils

    keep_all_on_disk(layouts, umap_, utils)
    return umap


def _first_two(embedding: FloatArray) -> FloatArray:
    """The first two dimensions, or one and a zero."""
    two = np.zeros((len(embedding), 2), dtype=np.float32)
    width = min(2, embedding.shape[1])
    two[:, :width] = embedding[:, :width]
    return two


def _scaled(layout: FloatArray, seed: int) -> FloatArray:
    """Centred, of UMAP's usual width, with a little noise."""
    centred = layout - layout.mean(axis=0)
    widest = float(np.abs(centred).max()) or 1.0
    return _noisy(centred * (_SPREAD / widest), seed)


def _noisy(layout: FloatArray, seed: int) -> FloatArray:
    """With a little noise: equal points would never part."""
    noise = np.random.default_rng(seed).normal(scale=1e-3, size=layout.shape)
    return np.asarray(layout + noise, dtype=np.float32)
