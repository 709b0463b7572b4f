"""NMI and ARI: whether clusters of the cells are the cell types.

Sources: Luecken et al., Nature Methods 19 (2022); Traag, Waltman & van Eck, Scientific Reports 9 (2019), for Leiden.
The clusterings are those of scib-metrics: k-means with as many clusters as labels, and Leiden on UMAP's graph.
"""

from __future__ import annotations

import random
import warnings
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp

from scint_core.contract import FloatArray, IntArray
from scint_core.metrics.base import MetricInput, MetricResult, undefined
from scint_core.metrics.groups import Groups
from scint_core.numerics.fuzzy_graph import fuzzy_graph
from scint_core.numerics.threads import whole_pieces

NEIGHBORS = 15
"""Neighbours that make the graph that Leiden divides, the cell itself included."""

_RESOLUTIONS = tuple(round(0.2 * step, 1) for step in range(1, 11))
_STARTS = 10  # of k-means
_MANY = 2 * 10**7  # cells × labels from which there is one start
_SEED = 42


@dataclass(frozen=True)
class Clustering:
    """Clusters of the cells: `codes` (cells,), and what should be known of how they were found."""

    codes: IntArray
    note: str = ""


def kmeans_nmi(data: MetricInput) -> MetricResult:
    """Normalised mutual information of the labels and the clusters of k-means. Per cell as `purity`."""
    return _kmeans_agreement(data, nmi)


def kmeans_ari(data: MetricInput) -> MetricResult:
    """Adjusted Rand index of the labels and the clusters of k-means. Per cell as `purity`."""
    return _kmeans_agreement(data, ari)


def leiden_nmi(data: MetricInput) -> MetricResult:
    """Normalised mutual information of the labels and the Leiden clusters that have most of it."""
    return _agreement(data, leiden_clusters, nmi)


def leiden_ari(data: MetricInput) -> MetricResult:
    """Adjusted Rand index of the labels and the Leiden clusters whose mutual information is largest."""
    return _agreement(data, leiden_clusters, ari)


def nmi(first: IntArray, second: IntArray) -> float:
    """2 I / (H + H') of two divisions of the cells: 0 if one says nothing of the other, 1 if they are the same."""
    from sklearn.metrics.cluster import normalized_mutual_info_score

    return float(normalized_mutual_info_score(first, second, average_method="arithmetic"))


def ari(first: IntArray, second: IntArray) -> float:
    """Share of pairs of cells that two divisions treat alike, less what chance gives: about 0 by chance, at most 1."""
    from sklearn.metrics.cluster import adjusted_rand_score

    return float(adjusted_rand_score(first, second))


def purity(label: Groups, clusters: IntArray) -> FloatArray:
    """The share of every cell's cluster that has its label (cells,)."""
    n_clusters = int(clusters.max()) + 1
    pair = label.codes * n_clusters + clusters
    together = np.bincount(pair, minlength=len(label.names) * n_clusters)
    return np.asarray(together[pair] / np.bincount(clusters)[clusters])


def _agreement(
    data: MetricInput, clustering: Callable[[MetricInput], Clustering], score: Callable[[IntArray, IntArray], float]
) -> MetricResult:
    assert data.label is not None
    found = data.shared(clustering)
    per_cell = purity(data.label, found.codes)
    return MetricResult(score(data.label.codes, found.codes), per_cell, data.label.means(per_cell), note=found.note)


def _kmeans_agreement(data: MetricInput, score: Callable[[IntArray, IntArray], float]) -> MetricResult:
    """Undefined for labels of fewer than two cells on average, whose clusters say nothing and take for ever."""
    assert data.label is not None
    if 2 * len(data.label.names) > data.n_cells:
        return undefined(f"{len(data.label.names)} labels for {data.n_cells} cells are too many clusters for k-means")
    return _agreement(data, kmeans_clusters, score)


def kmeans_clusters(data: MetricInput) -> Clustering:
    """The best of ten k-means clusterings (by squared distance) with as many clusters as there are labels.

    One clustering where there are very many of both, each of which would take minutes.
    """
    from sklearn.cluster import KMeans
    from sklearn.exceptions import ConvergenceWarning

    assert data.label is not None
    n_clusters = len(data.label.names)
    starts = _STARTS if n_clusters * data.n_cells < _MANY else 1
    model = KMeans(n_clusters, n_init=starts, random_state=_SEED)
    with warnings.catch_warnings(), whole_pieces():  # again, as scikit-learn has only now brought its own threads
        warnings.simplefilter("ignore", ConvergenceWarning)  # fewer distinct cells than labels: fewer clusters
        return Clustering(model.fit_predict(data.embedding))


def leiden_clusters(data: MetricInput) -> Clustering:
    """The Leiden clustering, of ten resolutions from 0.2 to 2, that has most mutual information with the labels."""
    assert data.label is not None
    graph = fuzzy_graph(data.nearest(NEIGHBORS))
    divisions = leiden(graph, _RESOLUTIONS)
    best = int(np.argmax([nmi(data.label.codes, codes) for codes in divisions]))
    return Clustering(divisions[best], f"resolution {_RESOLUTIONS[best]}, chosen by the labels: the best case")


def leiden(graph: sp.csr_array, resolutions: tuple[float, ...]) -> list[IntArray]:
    """Leiden clusters (cells,) of a symmetric weighted graph by modularity, one division per resolution.

    Every edge counts in both directions and the seed is the reference's, so that equal graphs are divided equally.
    """
    import igraph

    edges = graph.tocoo()
    network = igraph.Graph(graph.shape[0], np.column_stack([edges.row, edges.col]))
    found = []
    try:
        for resolution in resolutions:
            igraph.set_random_number_generator(random.Random(_SEED))
            division = network.community_leiden("modularity", weights=edges.data.tolist(), resolution=resolution)
            found.append(np.asarray(division.membership))
    finally:
        igraph.set_random_number_generator(random)
    return found
