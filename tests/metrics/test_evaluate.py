"""The table of scores: its columns, what is missing in it, and what it refuses."""

import numpy as np
import pandas as pd
import pytest

from scint_core.errors import DataError
from scint_core.metrics import METRICS, evaluate_embeddings, measure, with_aggregates

COLUMNS = [*METRICS, "Batch correction", "Bio conservation", "Total"]


@pytest.fixture
def cells():
    rng = np.random.default_rng(0)
    batch, label = np.where(np.arange(120) % 2, "x", "y"), np.repeat(["a", "b", "c"], 40)
    points = rng.normal(size=(120, 5)) + 8 * np.repeat(np.eye(5)[:3], 40, axis=0)
    return points, batch, label


def test_one_row_per_embedding_and_scib_names(cells):
    points, batch, label = cells
    moved = points + 30 * (batch == "x")[:, None]
    table = evaluate_embeddings({"X_good": points, "X_bad": moved.astype(np.float32)}, batch, label, points)
    assert table.index.tolist() == ["X_good", "X_bad"]
    assert table.columns.tolist() == COLUMNS
    assert not table.isna().any(axis=None)
    assert table.loc["X_good", "iLISI"] > 0.9 > 0.1 > table.loc["X_bad", "iLISI"]
    assert table.loc["X_bad", "Local structure"] == 1
    assert ((table >= 0) & (table <= 1)).all(axis=None)


def test_aggregates_are_means_of_their_group(cells):
    points, batch, label = cells
    row = evaluate_embeddings({"X": points}, batch, label).loc["X"]
    assert row["Batch correction"] == row["iLISI"]
    assert row["Bio conservation"] == pytest.approx((row["cLISI"] + row["Silhouette label"]) / 2)
    assert row["Total"] == pytest.approx(0.4 * row["Batch correction"] + 0.6 * row["Bio conservation"])
    assert np.isnan(row["Local structure"])


def test_nan_is_left_out_of_the_means():
    scores = pd.DataFrame({"iLISI": [0.5, np.nan], "cLISI": [0.2, 0.4], "Silhouette label": [np.nan, 0.6]})
    table = with_aggregates(scores)
    assert table["Bio conservation"].tolist() == pytest.approx([0.2, 0.5])
    assert table["Total"].tolist() == pytest.approx([0.32, np.nan], nan_ok=True)
    assert scores.columns.tolist() == ["iLISI", "cLISI", "Silhouette label"]


@pytest.mark.parametrize(
    ("batch", "label", "missing"),
    [
        (None, True, {"iLISI", "Silhouette batch", "Local structure"}),
        ("one", True, {"iLISI", "Silhouette batch"}),
        (True, None, {"cLISI", "Silhouette batch", "Silhouette label"}),
        (True, "one", {"cLISI", "Silhouette batch", "Silhouette label"}),
    ],
)
def test_what_the_data_lack_is_nan_with_a_note(cells, batch, label, missing):
    points, batches, labels = cells
    columns = {True: None, None: None, "one": ["same"] * 120}
    results = measure(
        points, batches if batch is True else columns[batch], labels if label is True else columns[label], points
    )
    assert {name for name, result in results.items() if np.isnan(result.score)} == missing
    assert all(results[name].note for name in missing)


def test_names_of_groups_do_not_matter(cells):
    points, batch, label = cells
    renamed = evaluate_embeddings({"X": points}, np.where(batch == "x", 7, 3), pd.Categorical(label), points)
    pd.testing.assert_frame_equal(renamed, evaluate_embeddings({"X": points}, batch, label, points))


@pytest.mark.parametrize("entry", METRICS.values(), ids=METRICS)
def test_every_entry_says_what_it_means(entry):
    assert entry.meaning.endswith(".")
    assert entry.low < entry.high
    assert entry.better in ("higher", "lower")


def test_refuses_with_a_sentence(cells):
    points, batch, label = cells
    broken = points.copy()
    broken[3, 1] = np.nan
    with pytest.raises(DataError, match="'X_new' holds 1 missing"):
        evaluate_embeddings({"X_new": broken}, batch, label)
    with pytest.raises(DataError, match=r"'X_flat' has the shape \(120,\)"):
        evaluate_embeddings({"X_flat": points[:, 0]}, batch, label)
    with pytest.raises(DataError, match="PCA before integration' has 20 cells"):
        evaluate_embeddings({"X": points}, batch, label, points[:20])
    with pytest.raises(DataError, match="batch is given for 20 cells"):
        evaluate_embeddings({"X": points}, batch[:20], label)
    with pytest.raises(DataError, match="label is given for 20 cells"):
        evaluate_embeddings({"X": points}, batch, label[:20])
    with pytest.raises(DataError, match=r"batch is missing \(NaN\) for 60 cells"):
        evaluate_embeddings({"X": points}, np.where(batch == "x", None, batch), label)


def test_cells_without_a_label_are_left_out_of_what_needs_labels():
    rng = np.random.default_rng(3)
    points, batch = rng.normal(size=(150, 4)), np.arange(150) % 2
    label = pd.Series(np.where(points[:, 0] > 0, "up", "down"), dtype=object)
    label[:30] = None
    some, rest = measure(points, batch, label), measure(points[30:], batch[30:], label[30:])
    for name in ("cLISI", "Silhouette label"):
        assert some[name].score == rest[name].score
        assert "30 cells without a label are left out" in some[name].note
    assert some["iLISI"].score == measure(points, batch)["iLISI"].score
    per_cell = some["cLISI"].per_cell
    assert np.isnan(per_cell[:30]).all()
    np.testing.assert_array_equal(per_cell[30:], rest["cLISI"].per_cell)
