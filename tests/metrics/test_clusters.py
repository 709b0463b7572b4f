"""NMI and ARI of clusters against scib-metrics' values, and what they must hold."""

import random

import igraph
import numpy as np
import pytest

from scint_core.metrics import METRICS, MetricInput
from scint_core.metrics import clusters as clusters_module
from scint_core.metrics.clusters import ari, kmeans_clusters, leiden, leiden_clusters, nmi, purity
from scint_core.metrics.groups import Groups
from scint_core.numerics.fuzzy_graph import fuzzy_graph
from scint_core.numerics.neighbors import cut
from tests.metrics.goldens import EMBEDDINGS, golden
from tests.metrics.worlds import world


@pytest.mark.parametrize("name", EMBEDDINGS)
def test_equal_scib_metrics(name):
    expected = golden(name)
    data, scores = expected.data, expected.scores
    assert METRICS["KMeans NMI"](data).score == pytest.approx(scores["nmi_ari_kmeans.nmi"], abs=0.03)
    assert METRICS["KMeans ARI"](data).score == pytest.approx(scores["nmi_ari_kmeans.ari"], abs=0.03)
    assert METRICS["Leiden NMI"](data).score == pytest.approx(scores["nmi_ari_leiden_opt(k=15).nmi"], abs=0.03)
    assert METRICS["Leiden ARI"](data).score == pytest.approx(scores["nmi_ari_leiden_opt(k=15).ari"], abs=0.03)


@pytest.mark.parametrize("name", EMBEDDINGS)
def test_leiden_is_theirs_on_the_same_graph(name):
    expected = golden(name)
    (codes,) = leiden(fuzzy_graph(cut(expected.near, 15)), (1.0,))
    label = expected.data.label.codes
    assert nmi(label, codes) == pytest.approx(expected.scores["nmi_ari_leiden_res1(k=15).nmi"], abs=1e-6)
    assert ari(label, codes) == pytest.approx(expected.scores["nmi_ari_leiden_res1(k=15).ari"], abs=1e-6)


def test_separate_types_are_found():
    data = world().data
    for name in ("KMeans NMI", "KMeans ARI", "Leiden NMI", "Leiden ARI"):
        assert METRICS[name](data).score == pytest.approx(1)
        np.testing.assert_array_equal(METRICS[name](data).per_cell, 1)


def test_labels_by_chance_agree_by_chance():
    rng = np.random.default_rng(0)
    data = MetricInput(rng.normal(size=(500, 5)), label=Groups.of(rng.integers(0, 4, 500), "label"))
    assert METRICS["KMeans ARI"](data).score == pytest.approx(0, abs=0.02)
    assert METRICS["KMeans NMI"](data).score < 0.05


def test_agreement_is_symmetric_and_knows_no_names():
    rng = np.random.default_rng(0)
    first, second = rng.integers(0, 4, 300), rng.integers(0, 3, 300)
    for score in (nmi, ari):
        assert score(first, first) == pytest.approx(1)
        assert score(first, second) == pytest.approx(score(second, first))
        assert score((first + 1) % 4, second) == pytest.approx(score(first, second))


def test_purity_is_the_share_of_the_own_label():
    label = Groups.of(["x", "x", "y", "y", "y"], "label")
    np.testing.assert_allclose(purity(label, np.array([0, 1, 1, 1, 0])), [1 / 2, 1 / 3, 2 / 3, 2 / 3, 1 / 2])


def test_each_clustering_is_made_once(monkeypatch):
    calls = []
    real = clusters_module.leiden
    monkeypatch.setattr(clusters_module, "leiden", lambda *args: calls.append(1) or real(*args))
    data = world(n_cells=100).data
    METRICS["Leiden NMI"](data), METRICS["Leiden ARI"](data)
    assert len(calls) == 1


def test_the_best_resolution_is_chosen_and_said():
    data = world(n_cells=400, n_labels=2, types_apart=3).data
    found = data.shared(leiden_clusters)
    graph = fuzzy_graph(data.nearest(15))
    every = [nmi(data.label.codes, codes) for codes in leiden(graph, tuple(np.arange(1, 11) * 0.2))]
    assert nmi(data.label.codes, found.codes) == pytest.approx(max(every))
    assert "chosen by the labels: the best case" in found.note


def test_the_same_call_gives_the_same_clusters_and_leaves_igraph_as_it_was():
    data = world(types_apart=2).data
    random.seed(7)
    igraph.set_random_number_generator(random)
    expected = random.random()
    random.seed(7)
    first = leiden_clusters(data).codes
    assert random.random() == expected  # the user's generator was not drawn from
    np.testing.assert_array_equal(leiden_clusters(data).codes, first)
    np.testing.assert_array_equal(kmeans_clusters(data).codes, kmeans_clusters(data).codes)


@pytest.mark.parametrize("name", ["KMeans NMI", "KMeans ARI", "Leiden NMI", "Leiden ARI"])
def test_equal_cells_and_labels_of_their_own_are_defined(name):
    assert np.isfinite(METRICS[name](MetricInput(np.zeros((40, 3)), label=Groups.of(np.arange(40) % 2, "l"))).score)
    rng = np.random.default_rng(0)
    own = METRICS[name](MetricInput(rng.normal(size=(20, 3)), label=Groups.of(range(20), "l")))
    assert np.isfinite(own.score) or own.note == "20 labels for 20 cells are too many clusters for k-means"


def test_very_many_labels_have_one_start(monkeypatch):
    monkeypatch.setattr(clusters_module, "_MANY", 100)
    data = world(n_cells=100).data
    assert kmeans_clusters(data).codes.max() == 2
