"""Labels are hidden in their share, the same ones every time, and never the last of its kind."""

import numpy as np
import pytest

from scint_core.data.held_out import hide_labels
from scint_core.data.problem import problem_from
from tests.datasets import prepared


def problem(labels=None):
    adata = prepared()
    if labels is not None:
        adata.obs["celltype"] = labels
    return problem_from(adata, "batch", "celltype")


@pytest.mark.parametrize("share", [0.1, 0.5, 0.9])
def test_the_share_of_every_label_is_hidden(share):
    whole = problem()
    part, hidden = hide_labels(whole, share)
    for code in range(3):
        of_label = whole.labels == code
        assert (part.labels[of_label] < 0).sum() == round(share * of_label.sum())
    assert (part.labels[hidden] == -1).all()
    shown = np.setdiff1d(np.arange(whole.n_cells), hidden)
    np.testing.assert_array_equal(part.labels[shown], whole.labels[shown])


def test_nothing_is_hidden_at_zero_or_without_labels():
    whole = problem()
    assert hide_labels(whole, 0)[0] is whole
    bare = problem_from(prepared(), "batch")
    assert len(hide_labels(bare, 0.5)[1]) == 0


def test_the_same_cells_every_time():
    np.testing.assert_array_equal(hide_labels(problem(), 0.5)[1], hide_labels(problem(), 0.5)[1])


def test_one_cell_of_every_label_stays():
    labels = ["rare", *["common"] * 119]
    part, hidden = hide_labels(problem(labels), 1.0)
    assert len(hidden) == 118
    assert sorted(np.unique(part.labels).tolist()) == [-1, 0, 1]


def test_cells_without_a_truth_are_not_drawn():
    labels = np.array(["Unknown"] * 40 + ["T cell"] * 40 + [None] * 40, dtype=object)
    whole = problem(labels)
    _, hidden = hide_labels(whole, 0.5, unknown="Unknown")
    assert {whole.label_names[code] for code in whole.labels[hidden]} == {"T cell"}
    assert len(hidden) == 20
