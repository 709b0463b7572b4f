"""The table of several embeddings: its columns, its means, and how it is scaled."""

import numpy as np
import pandas as pd
import pytest

from scint_core.errors import ParameterError
from scint_core.metrics import DEFAULT_METRICS, evaluate_embeddings, min_max_scaled, with_aggregates
from tests.metrics.worlds import world

AGGREGATES = ["Batch correction", "Bio conservation", "Total"]


@pytest.fixture(scope="module")
def rows():
    good, bad = world(n_cells=300), world(n_cells=300, apart=40, types_apart=1)
    return {"X_good": good.embedding, "X_bad": bad.embedding.astype(np.float32)}, good


def test_one_row_per_embedding_and_scib_names(rows):
    embeddings, w = rows
    table = evaluate_embeddings(embeddings, w.batch, w.label, w.before)
    assert table.index.tolist() == ["X_good", "X_bad"]
    assert table.columns.tolist() == [*DEFAULT_METRICS, *AGGREGATES]
    assert not table.isna().any(axis=None)
    assert ((table >= -0.5) & (table <= 1)).all(axis=None)
    for column in ("iLISI", "KBET", "BRAS", "Silhouette label", *AGGREGATES):
        assert table.loc["X_good", column] > table.loc["X_bad", column], column
    assert "chosen by the labels" in table.attrs["notes"]["X_good"]["Leiden NMI"]


def test_aggregates_are_means_of_their_metrics(rows):
    embeddings, w = rows
    row = evaluate_embeddings(embeddings, w.batch, w.label, w.before).loc["X_bad"]
    batch = row[["iLISI", "KBET", "BRAS", "Graph connectivity", "PCR comparison"]].mean()
    bio = row[["Isolated labels", "KMeans NMI", "KMeans ARI", "Silhouette label", "cLISI"]].mean()
    assert row["Batch correction"] == pytest.approx(batch)
    assert row["Bio conservation"] == pytest.approx(bio)
    assert row["Total"] == pytest.approx(0.4 * batch + 0.6 * bio)


def test_further_metrics_are_added_when_asked_for_and_count_in_no_mean(rows):
    embeddings, w = rows
    plain = evaluate_embeddings(embeddings, w.batch, w.label, w.before)
    more = evaluate_embeddings(embeddings, w.batch, w.label, w.before, extra=["Mixing metric", "Entropy of mixing"])
    assert more.columns.tolist() == [*DEFAULT_METRICS, "Mixing metric", "Entropy of mixing", *AGGREGATES]
    pd.testing.assert_frame_equal(more[plain.columns], plain)


def test_nan_is_left_out_of_the_means():
    scores = pd.DataFrame({"iLISI": [0.5, np.nan], "cLISI": [0.2, 0.4], "Silhouette label": [np.nan, 0.6]})
    table = with_aggregates(scores)
    assert table["Bio conservation"].tolist() == pytest.approx([0.2, 0.5])
    assert table["Total"].tolist() == pytest.approx([0.32, np.nan], nan_ok=True)
    assert scores.columns.tolist() == ["iLISI", "cLISI", "Silhouette label"]


def test_weights_can_be_set_and_are_checked():
    scores = pd.DataFrame({"iLISI": [0.5], "cLISI": [1.0]})
    assert with_aggregates(scores, batch_weight=1)["Total"].item() == 0.5
    assert with_aggregates(scores, batch_weight=0.2)["Total"].item() == pytest.approx(0.9)
    with pytest.raises(ParameterError, match=r"batch_weight is 1\.5: it can be from 0 to 1"):
        with_aggregates(scores, batch_weight=1.5)
    with pytest.raises(ParameterError, match="batch_weight is nan"):
        with_aggregates(scores, batch_weight=float("nan"))


def test_min_max_takes_every_metric_from_its_worst_row_to_its_best():
    scores = pd.DataFrame(
        {
            "iLISI": [0.2, 0.4, 0.3],
            "cLISI": [1.0, 1.0, 1.0],
            "Mixing metric": [10.0, 300, 155],
            "KBET": [0.1, np.nan, 0.2],
        },
        index=["x", "y", "z"],
    )
    table = min_max_scaled(scores)
    assert table["iLISI"].tolist() == pytest.approx([0, 1, 0.5])
    assert table["Mixing metric"].tolist() == pytest.approx([1, 0, 0.5])
    assert table["cLISI"].isna().all()
    assert table["KBET"].tolist() == pytest.approx([0, np.nan, 1], nan_ok=True)
    assert table.attrs["scaled over"] == ["x", "y", "z"]
    assert table.attrs["left out as constant"] == ["cLISI"]


@pytest.mark.parametrize(("factor", "offset"), [(2.0, 0.0), (0.1, 3.0)])
def test_min_max_does_not_change_when_a_metric_is_stretched_or_moved(factor, offset):
    scores = pd.DataFrame(np.random.default_rng(0).random((5, 3)), columns=["iLISI", "cLISI", "KMeans NMI"])
    stretched = scores.assign(cLISI=scores["cLISI"] * factor + offset)
    pd.testing.assert_frame_equal(with_aggregates(min_max_scaled(scores)), with_aggregates(min_max_scaled(stretched)))


def test_a_scaled_table_says_so(rows):
    embeddings, w = rows
    raw = evaluate_embeddings(embeddings, w.batch, w.label, w.before)
    table = evaluate_embeddings(embeddings, w.batch, w.label, w.before, scale="min-max")
    assert set(np.unique(table["iLISI"])) == {0.0, 1.0}
    assert table.attrs["scaled over"] == ["X_good", "X_bad"]
    constant = [name for name in DEFAULT_METRICS if raw[name].nunique() == 1]
    assert table.attrs["left out as constant"] == constant
    assert table.attrs["notes"].keys() == {"X_good", "X_bad"}
    with pytest.raises(ParameterError, match="scale is 'z': it can be 'raw' or 'min-max'"):
        evaluate_embeddings(embeddings, w.batch, w.label, w.before, scale="z")
