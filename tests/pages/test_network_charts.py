"""Charts of trained networks show what the result types hold."""

import numpy as np
import pandas as pd

from pages.ui.library import HeldOut
from pages.ui.network_charts import confusion_map, training_curves
from scint_core.contract import LossCurve, TrainingCurves


def curves(n=3, *, labelled=True, validation=True):
    def curve(k):
        parts = {"reconstruction": np.full(k, 5.0), "KL": np.full(k, 1.0)}
        return LossCurve(np.full(k, 6.0), {**parts, **({"classification": np.ones(k)} if labelled else {})}, "epoch")

    k = n if validation else 0
    accuracy = {"train": np.full(n, 0.5), "validation": np.full(k, 0.25)} if labelled else {}
    return TrainingCurves(curve(n), curve(k), np.linspace(0, 0.05, n), accuracy)


def metas(figure):
    return [trace.meta for trace in figure.data]


def test_every_quantity_has_a_line_for_both_sets():
    figure = training_curves(curves())
    quantities = ("ELBO", "reconstruction", "KL", "classification", "accuracy")
    assert metas(figure) == [f"{name}:{of_set}" for name in quantities for of_set in ("train", "validation")]
    accuracy = figure.data[-1]
    assert list(accuracy.x) == [1, 2, 3]
    assert list(accuracy.y) == [0.25] * 3
    assert sum(bool(trace.showlegend) for trace in figure.data) == 2
    assert "KL (weight 0 to 0.05)" in [annotation.text for annotation in figure.layout.annotations]


def test_what_is_not_there_is_not_drawn():
    assert metas(training_curves(curves(labelled=False, validation=False))) == [
        "ELBO:train", "reconstruction:train", "KL:train"
    ]  # fmt: skip


def test_a_single_epoch_is_a_point():
    assert {trace.mode for trace in training_curves(curves(1)).data} == {"markers"}


def test_confusion_counts_cells_and_shades_shares():
    held_out = HeldOut(np.arange(5), np.array(["T", "T", "T", "B", "B"]), np.array(["T", "T", "B", "B", "NK <x>"]))
    table = held_out.confusion()
    assert held_out.accuracy == 0.6
    assert table.loc["T", "B"] == 1
    assert list(table.index) == list(table.columns) == ["B", "NK <x>", "T"]
    heat = confusion_map(table).data[0]
    np.testing.assert_allclose(np.array(heat.z).sum(axis=1), [1, 0, 1])
    assert heat.x[1] == "NK &lt;x&gt;"
    np.testing.assert_array_equal(heat.customdata, table)


def test_many_labels_leave_out_the_figures():
    names = [f"type {i}" for i in range(20)]
    assert confusion_map(pd.DataFrame(np.eye(20), index=names, columns=names)).data[0].texttemplate is None
