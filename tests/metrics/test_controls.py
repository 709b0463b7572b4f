"""Controls bracket every metric: what mixes or separates perfectly scores best, and a batch effect worst."""

import numpy as np
import pytest

from scint_core.metrics import (
    DEFAULT_METRICS,
    METRICS,
    PERFECT_LABELS,
    SHUFFLED,
    controls,
    measure,
    perfect_labels,
    shuffled,
)
from tests.metrics.worlds import world

COMPUTED = [name for name in METRICS if name != "Lost variance"]


@pytest.fixture(scope="module")
def scores():
    """Scores of the controls and of a fair integration: batches 1.5 apart instead of 15, types a little closer."""
    w = world(n_cells=900, n_labels=4, apart=1.5, types_apart=6)
    rows = {"unintegrated": w.before, "integrated": w.embedding, **controls(w.before, w.label)}
    return {
        row: {name: r.score for name, r in measure(e, w.batch, w.label, w.before, metrics=COMPUTED).items()}
        for row, e in rows.items()
    }


MIXING = [
    "iLISI", "KBET", "KBET plain", "BRAS", "Silhouette batch", "PCR comparison", "Entropy of mixing", "Alignment score",
]  # fmt: skip
BIOLOGY = [
    "cLISI", "Silhouette label", "Isolated labels", "KMeans NMI", "KMeans ARI", "Leiden NMI", "Leiden ARI",
    "Graph connectivity directed", "Label transfer",
]  # fmt: skip
SLACK = 0.03


@pytest.mark.parametrize("name", MIXING)
def test_batches_are_mixed_best_by_the_controls_and_worst_before(scores, name):
    """Shuffled cells mix perfectly, except that a label then lies in pieces, which kBET's graph does not forgive."""
    best = max(scores[SHUFFLED][name], scores[PERFECT_LABELS][name])
    assert scores["unintegrated"][name] < scores["integrated"][name] <= best + SLACK


def test_the_mixing_metric_falls_where_others_rise(scores):
    rank = {row: values["Mixing metric"] for row, values in scores.items()}
    assert rank["unintegrated"] > rank["integrated"] > rank[SHUFFLED] - 1
    assert rank[SHUFFLED] == pytest.approx(10, abs=1)


@pytest.mark.parametrize("name", BIOLOGY)
def test_biology_is_kept_best_by_the_labels_and_worst_by_shuffling(scores, name):
    assert scores[SHUFFLED][name] < scores["integrated"][name] <= scores[PERFECT_LABELS][name] + SLACK


def test_types_hang_together_where_they_are_all_there_is(scores):
    """Weak links bind even shuffled cells of four types, so this metric has a floor high above 0."""
    name = "Graph connectivity"
    assert scores[PERFECT_LABELS][name] == 1
    assert scores[SHUFFLED][name] <= scores["integrated"][name] <= 1


def test_local_structure_is_lost_by_both(scores):
    name = "Local structure"
    assert scores["unintegrated"][name] >= scores["integrated"][name] > scores[PERFECT_LABELS][name]
    assert scores[SHUFFLED][name] == pytest.approx(100 / 450, abs=0.03)  # 100 neighbours of 450 cells, by chance


def test_over_correction_shows_on_the_other_axis(scores):
    """Shuffled cells: all batch metrics near their best, all bio metrics near their worst."""
    assert scores[SHUFFLED]["iLISI"] > 0.9
    assert scores[SHUFFLED]["BRAS"] > 0.9
    assert scores[SHUFFLED]["KMeans ARI"] == pytest.approx(0, abs=0.02)
    assert scores[SHUFFLED]["Silhouette label"] == pytest.approx(0.5, abs=0.02)


@pytest.mark.parametrize("name", DEFAULT_METRICS)
def test_scores_lie_within_the_bounds_that_are_declared(scores, name):
    for values in scores.values():
        assert METRICS[name].low <= values[name] <= METRICS[name].high


def test_what_the_controls_are():
    w = world(n_cells=50)
    mixed = shuffled(w.before, seed=1)
    np.testing.assert_array_equal(np.sort(mixed, axis=0), np.sort(w.before, axis=0))
    assert (mixed != w.before).any()
    np.testing.assert_array_equal(shuffled(w.before, seed=1), mixed)
    label = np.where(w.label == "a", None, w.label)
    perfect = perfect_labels(label)
    assert perfect.shape == (50, 2)
    np.testing.assert_allclose(perfect[w.label == "b"], [[1, 0]] * (w.label == "b").sum(), atol=0.06)
    np.testing.assert_allclose(perfect[w.label == "a"], 0.5, atol=0.06)
    assert list(controls(w.before, None)) == [SHUFFLED]
