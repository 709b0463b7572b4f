"""Metrics one by one: their declarations, what is missing, and what is refused."""

import numpy as np
import pandas as pd
import pytest

from scint_core.errors import DataError, ParameterError
from scint_core.metrics import DEFAULT_METRICS, METRICS, measure, measure_each
from scint_core.numerics import neighbors
from tests.metrics.worlds import world

DEFAULT = [
    "iLISI", "cLISI", "KBET", "KBET plain", "BRAS", "Silhouette batch", "Silhouette label", "Isolated labels",
    "Graph connectivity", "PCR comparison", "KMeans NMI", "KMeans ARI", "Leiden NMI", "Leiden ARI", "Local structure",
]  # fmt: skip
NEED_BATCHES = {"iLISI", "KBET", "KBET plain", "BRAS", "Silhouette batch", "PCR comparison"}
NEED_LABELS = {
    "cLISI", "KBET", "BRAS", "Silhouette batch", "Silhouette label", "Isolated labels", "Graph connectivity",
    "KMeans NMI", "KMeans ARI", "Leiden NMI", "Leiden ARI",
}  # fmt: skip


def test_the_default_columns_and_what_the_means_are_made_of():
    assert list(DEFAULT_METRICS) == DEFAULT
    aggregated = {
        group: {m.name for m in METRICS.values() if m.aggregated and m.group == group} for group in ("batch", "bio")
    }
    assert aggregated == {
        "batch": {"iLISI", "KBET", "BRAS", "Graph connectivity", "PCR comparison"},
        "bio": {"Isolated labels", "KMeans NMI", "KMeans ARI", "Silhouette label", "cLISI"},
    }


@pytest.mark.parametrize("entry", METRICS.values(), ids=METRICS)
def test_every_entry_says_what_it_means(entry):
    assert entry.meaning.endswith(".")
    assert "\n" not in entry.meaning
    assert entry.low < entry.high
    assert entry.better in ("higher", "lower")
    assert entry.compute.__doc__


def test_results_come_one_by_one(monkeypatch):
    searches = []
    real = neighbors.nearest_neighbors
    monkeypatch.setattr("scint_core.metrics.base.nearest_neighbors", lambda *a: searches.append(a[2]) or real(*a))
    w = world(n_cells=200)
    stream = measure_each(w.embedding, w.batch, w.label, w.before, metrics=["PCR comparison", "iLISI", "Mixing metric"])
    name, result = next(stream)
    assert name == "PCR comparison"
    assert 0 <= result.score <= 1
    assert searches == []
    assert [name for name, _ in stream] == ["iLISI", "Mixing metric"]
    assert searches == [300]  # one search, as large as the largest that is asked for


def test_every_metric_has_parts():
    w = world()
    for name, result in measure(w.embedding, w.batch, w.label, w.before, metrics=list(METRICS)).items():
        if name == "Lost variance":
            assert result.note == "Lost variance needs a run that measures it"
            continue
        assert np.isfinite(result.score), name
        parts = [result.per_cell, result.per_label, result.per_batch]
        assert any(part is not None for part in parts), name
        if result.per_cell is not None:
            assert result.per_cell.shape == (600,)
        if result.per_label is not None:
            assert set(result.per_label) == {"a", "b", "c"}
        if result.per_batch is not None:
            assert set(result.per_batch) == {"0", "1"}


@pytest.mark.parametrize(
    ("batch", "label", "pca", "missing"),
    [
        (None, "all", "all", NEED_BATCHES | {"Isolated labels", "Local structure"}),
        ("one", "all", "all", NEED_BATCHES),
        ("all", None, "all", NEED_LABELS),
        ("all", "one", "all", NEED_LABELS),
        ("all", "none", "all", NEED_LABELS),
        ("all", "all", None, {"PCR comparison", "Local structure"}),
    ],
)
def test_what_the_data_lack_is_nan_with_a_note(batch, label, pca, missing):
    w = world(n_cells=120)
    other = {None: None, "one": ["same"] * 120, "none": [None] * 120}
    results = measure(
        w.embedding, w.batch if batch == "all" else other[batch], w.label if label == "all" else other[label],
        w.before if pca else None,
    )  # fmt: skip
    assert {name for name, result in results.items() if np.isnan(result.score)} == missing
    assert all(results[name].note for name in missing)


@pytest.mark.parametrize("unlabelled", [None, "codes"])
def test_cells_without_a_label_are_left_out_of_what_needs_labels(unlabelled):
    """Also where labels are codes of categories, with −1 for none."""
    w = world(n_cells=250)
    label = pd.Series(w.label, dtype=object)
    label[:30] = None
    given = label if unlabelled is None else pd.Categorical(label).codes
    some = measure(w.embedding, w.batch, given, w.before)
    rest = measure(w.embedding[30:], w.batch[30:], w.label[30:], w.before[30:])
    everyone = measure(w.embedding, w.batch, None, w.before)
    for name, result in some.items():
        if METRICS[name].needs_labels:
            assert result.score == rest[name].score, name
            assert "30 cells without a label are left out" in result.note
            assert np.isnan(result.per_cell[:30]).all()
            np.testing.assert_array_equal(result.per_cell[30:], rest[name].per_cell)
        else:
            assert result.score == everyone[name].score


def test_refuses_with_a_sentence_before_the_first_result():
    w = world(n_cells=120)
    points, batch, label = w.embedding, w.batch, w.label
    broken = points.copy()
    broken[3, 1] = np.nan
    for embedding, sentence in [
        (broken, "'X_new' holds 1 missing"),
        (points[:, 0], r"'X_new' has the shape \(120,\)"),
        (points[:, :0], r"'X_new' has the shape \(120, 0\)"),
        ([["a", "b"]], "'X_new' is a list that is not a table of numbers"),
    ]:
        with pytest.raises(DataError, match=sentence):
            measure_each(embedding, batch, label, name="X_new")
    with pytest.raises(DataError, match="PCA before integration' has 20 cells"):
        measure_each(points, batch, label, points[:20])
    with pytest.raises(DataError, match="batch is given for 20 cells"):
        measure_each(points, batch[:20], label)
    with pytest.raises(DataError, match="label is given for 20 cells"):
        measure_each(points, batch, label[:20])
    with pytest.raises(DataError, match=r"batch is missing \(NaN\) for"):
        measure_each(points, np.where(batch == 0, None, batch), label)
    with pytest.raises(ParameterError, match="metric 'LISI' does not exist: there are iLISI, "):
        measure_each(points, batch, label, metrics=["LISI"])
