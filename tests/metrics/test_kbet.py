"""kBET against scib-metrics' values, a slow χ² test, and what it does with small or broken labels."""

import numpy as np
import pytest
from scipy.stats import chisquare

import scint_core as scint
from scint_core.metrics import METRICS, MetricInput, measure
from scint_core.metrics import kbet as kbet_module
from scint_core.metrics.groups import Groups
from scint_core.metrics.kbet import kbet_on_graph
from scint_core.numerics.diffusion import diffusion_map, diffusion_map_in_single
from scint_core.numerics.fuzzy_graph import fuzzy_graph
from scint_core.numerics.umap import umap_graph
from tests.golden_files import shared_data
from tests.metrics.goldens import EMBEDDINGS, golden
from tests.metrics.worlds import world
from tests.shared import needs_shared

kbet, plain = METRICS["KBET"], METRICS["KBET plain"]


@pytest.mark.parametrize("name", EMBEDDINGS)
def test_equals_scib_metrics(name):
    """On its own neighbours: some have a rounding error for the distance to themselves, which changes the graph."""
    expected = golden(name)
    data = expected.data
    found = kbet_on_graph(fuzzy_graph(expected.near), data.batch, data.label, diffusion_map)
    assert found.score == pytest.approx(expected.scores["kbet_per_label(k=50)"], abs=1e-6)
    single = kbet_on_graph(umap_graph(expected.near), data.batch, data.label, diffusion_map_in_single)
    assert single.score == pytest.approx(expected.scores["kbet_per_label(k=50)"], abs=1e-6)
    assert plain(data).score == pytest.approx(expected.scores["kbet(k=50)"], abs=1e-6)


def test_plain_equals_a_test_per_cell():
    data = world(n_cells=200, n_batches=3, apart=1.0).data
    near = data.nearest(50).indices
    expected = data.batch.sizes / 200 * 50
    for cell, accepted in enumerate(plain(data).per_cell):
        counts = np.bincount(data.batch.codes[near[cell]], minlength=3)
        assert accepted == (chisquare(counts, expected).pvalue >= 0.05)


def test_random_batches_are_accepted_as_often_as_the_test_promises():
    data = world(n_cells=3000).data
    assert plain(data).score == pytest.approx(0.95, abs=0.03)
    assert kbet(data).score == pytest.approx(0.95, abs=0.03)


def test_separate_batches_are_rejected():
    data = world(apart=60).data
    assert plain(data).score == 0
    assert kbet(data).score < 0.02


def test_a_label_in_many_small_pieces_scores_zero_and_says_so():
    """Eight islands of 12 cells, with 11 neighbours each: none has 3 × 12."""
    rng = np.random.default_rng(0)
    cells = rng.normal(size=(96, 3)) + 1000 * np.repeat(np.arange(8), 12)[:, None]
    data = MetricInput(cells, Groups.of(np.tile([0, 1], 48), "batch"), Groups.of(np.repeat(["a"], 96), "label"))
    result = kbet_on_graph(fuzzy_graph(data.nearest(11)), data.batch, data.label, diffusion_map)
    assert result.score == 0
    np.testing.assert_array_equal(result.per_cell, 0)
    assert result.note == "0, as the graph falls into small pieces: a"


def test_a_type_that_one_batch_has_is_rejected_by_the_plain_test_and_left_out_by_the_other():
    mixed = world(n_cells=900)
    batch = np.where(mixed.label == "a", 0, mixed.batch)
    data = MetricInput(mixed.embedding, Groups.of(batch, "batch"), Groups.of(mixed.label, "label"))
    by_label = kbet(data)
    assert np.isnan(by_label.per_label["a"])
    assert "left out, as they have fewer than 10 cells or one batch: a" in by_label.note
    assert by_label.score > 0.9
    assert plain(data).per_cell[mixed.label == "a"].mean() < 0.1


def test_parts_make_up_the_score():
    result = kbet(world(apart=1.5).data)
    assert result.score == pytest.approx(np.mean(list(result.per_label.values())))
    label = world(apart=1.5).label
    for name, score in result.per_label.items():
        assert score == pytest.approx(result.per_cell[label == name].mean())


def test_a_label_in_pieces_is_judged_by_the_large_ones():
    """150 mixed cells and 12 far away: the far piece is below 3 × 10 cells, and its cells have no value."""
    rng = np.random.default_rng(0)
    cells = rng.normal(size=(162, 4))
    cells[150:] += 1000
    data = MetricInput(cells, Groups.of(rng.integers(0, 2, 162), "batch"), Groups.of(np.repeat(["a"], 162), "label"))
    graph = fuzzy_graph(data.nearest(12))
    result = kbet_on_graph(graph, data.batch, data.label, diffusion_map)
    assert np.isnan(result.per_cell[150:]).all()
    assert result.score == pytest.approx(result.per_cell[:150].mean())
    assert result.score > 0.8


def test_a_small_label_narrows_the_maps_of_those_after_it(monkeypatch):
    """scib-metrics' quirk: label a has 30 cells, so 29 components are left for b."""
    used = []
    real = kbet_module.diffusion_map
    monkeypatch.setattr(kbet_module, "diffusion_map", lambda graph, n: used.append(n) or real(graph, n))
    rng = np.random.default_rng(0)
    label = np.repeat(["a", "b"], [30, 300])
    cells = rng.normal(size=(330, 4)) + 50 * (label == "b")[:, None]
    kbet(MetricInput(cells, Groups.of(rng.integers(0, 2, 330), "batch"), Groups.of(label, "label")))
    assert used == [29, 29]


def test_tiny_batches_make_it_uncertain_and_it_says_so():
    data = world(n_cells=900, shares=(0.95, 0.05)).data
    assert "of batch 1 only 2." in plain(data).note
    assert "uncertain, as fewer than 5 neighbours of a batch are expected: a, b, c" in kbet(data).note
    assert plain(world(n_cells=900).data).note == ""


def test_few_cells_lower_the_neighbours_and_say_so():
    result = plain(world(n_cells=30).data)
    assert "30 neighbours instead of 50" in result.note
    assert np.isnan(kbet(world(n_cells=15).data).score)


@needs_shared
@pytest.mark.filterwarnings("ignore::scint_core.data.notices.DataWarning")
def test_rounding_decides_scib_metrics_score_of_a_label():
    """B cells of two donor pools that lie apart: 4 % have both around them. scib-metrics 0.5.10 accepts 94 %.

    Its largest eigenvalue is 1 − 3.6e-8, which float32 rounds to 1 − 6e-8.
    """
    adata = scint.preprocess(scint.read(shared_data("kang_pbmc_labelled")), batch_key="batch")
    cells = np.asarray(adata.obsm["X_pca"], dtype=np.float32)
    scores = measure(cells, adata.obs["batch"], adata.obs["celltype"], metrics=["KBET", "KBET single precision"])
    assert scores["KBET"].per_label["B"] == pytest.approx(0.045, abs=0.005)
    assert scores["KBET single precision"].score == pytest.approx(0.21983674544588933, abs=1e-6)
