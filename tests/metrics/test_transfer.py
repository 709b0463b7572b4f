"""Label transfer against its definition, scikit-learn's discriminant, and worlds where the answer is known."""

import numpy as np
import pytest
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.metrics import balanced_accuracy_score

from scint_core.metrics import METRICS, MetricInput, measure
from scint_core.metrics.groups import Groups
from scint_core.metrics.transfer import classified
from tests.metrics.worlds import world

transfer = METRICS["Label transfer"]


def input_of(cells, batch, label):
    return MetricInput(np.asarray(cells, dtype=float), Groups.of(batch, "batch"), Groups.of(label, "label"))


def called_by_definition(source, label, target):
    """Cell by cell: the label whose mean is nearest in the metric of the shrunk covariance within labels."""
    names = sorted(set(label))
    means = {name: source[label == name].mean(axis=0) for name in names}
    within = np.mean([np.cov(source[label == name].T, bias=True) for name in names], axis=0)
    total = ((source - source.mean(axis=0)) ** 2).sum() / len(source)
    inverse = np.linalg.inv(within + 1e-3 * total / source.shape[1] * np.eye(source.shape[1]))
    distances = [[(x - means[name]) @ inverse @ (x - means[name]) for name in names] for x in target]
    return np.array(names)[np.argmin(distances, axis=1)]


def test_it_equals_the_definition():
    w = world(n_cells=400, n_batches=3, apart=2.5, types_apart=3.0)
    shares, per_cell = [], np.empty(400)
    for b in range(3):
        inside = w.batch == b
        called = called_by_definition(w.embedding[~inside], w.label[~inside], w.embedding[inside])
        per_cell[inside] = called == w.label[inside]
        shares.append(balanced_accuracy_score(w.label[inside], called))
    result = transfer(w.data)
    assert 0.6 < result.score < 0.99
    assert result.score == pytest.approx(np.mean(shares))
    np.testing.assert_array_equal(result.per_cell, per_cell)
    assert list(result.per_batch.values()) == pytest.approx(shares)
    of_label = [np.mean([per_cell[(w.batch == b) & (w.label == name)].mean() for b in range(3)]) for name in "abc"]
    assert list(result.per_label.values()) == pytest.approx(of_label)


def test_labels_of_one_size_give_nearly_what_scikit_learn_calls():
    rng = np.random.default_rng(0)
    label = np.repeat(np.arange(3), 200)
    cells = rng.normal(size=(600, 5)) * [1, 3, 1, 1, 1] + 3 * np.eye(5)[label]
    target = rng.normal(size=(500, 5)) * 2 + 1
    peer = LinearDiscriminantAnalysis(priors=[1 / 3] * 3).fit(cells, label)
    assert (classified(cells, label, target) == peer.predict(target)).mean() > 0.99


def test_the_middle_of_three_types_on_a_line_is_not_masked():
    rng = np.random.default_rng(1)
    label, batch = rng.integers(0, 3, 300), rng.integers(0, 2, 300)
    cells = np.column_stack([6.0 * label, np.zeros(300)]) + rng.normal(size=(300, 2)) * 0.5
    assert transfer(input_of(cells, batch, label)).score == 1


def test_a_batch_effect_across_biology_costs_nothing_and_one_along_it_all():
    """Types at 0 and 10 on the first axis. Moving a batch by 10 along it calls its first type by the other's name."""
    rng = np.random.default_rng(2)
    batch, label = np.repeat([0, 1], 200), np.tile([0, 1], 200)
    cells = rng.normal(size=(400, 2)) * 0.3 + np.column_stack([10.0 * label, np.zeros(400)])
    across, along = cells.copy(), cells.copy()
    across[batch == 1, 1] += 10
    along[batch == 1, 0] += 10
    assert transfer(input_of(across, batch, label)).score > 0.99
    assert transfer(input_of(along, batch, label)).score == pytest.approx(0.5)


def test_rare_types_count_as_much_as_common_ones():
    """All cells lie in one cloud but the ten of type b in batch 1, which batch 0 has elsewhere: they are all missed."""
    rng = np.random.default_rng(3)
    batch, label = np.repeat([0, 1], 200), np.where(np.arange(400) % 200 < 10, "b", "a")
    cells = rng.normal(size=(400, 2)) * 0.1
    cells[(label == "b") & (batch == 0)] += 5
    found = transfer(input_of(cells, batch, label)).per_batch
    assert found["1"] == pytest.approx(0.5, abs=0.02)


def test_types_that_one_side_lacks_take_no_part():
    w = world(n_cells=300, n_batches=2, n_labels=3)
    lacking = (w.batch == 1) & (w.label == "c")
    label = np.where(lacking, "a", w.label)
    result = transfer(input_of(w.embedding, w.batch, label))
    assert np.isnan(result.per_cell[label == "c"]).all()
    assert np.isnan(result.per_label["c"])
    assert not np.isnan(result.per_cell[label != "c"]).any()


def test_a_batch_that_shares_fewer_than_two_types_is_left_out_and_named():
    batch, label = np.repeat([0, 1, 2], 40), np.concatenate([np.tile(["a", "b"], 40), ["a"] * 40])
    cells = np.random.default_rng(0).normal(size=(120, 3)) + 9 * (label == "b")[:, None]
    result = transfer(input_of(cells, batch, label))
    assert result.score == 1
    assert result.note.endswith("with the others: 2")
    assert np.isnan(result.per_batch["2"])
    alone = transfer(input_of(cells, batch, batch))
    assert np.isnan(alone.score)
    assert alone.note == "no batch shares two labels with the others"


@pytest.mark.filterwarnings("error")
def test_it_is_finite_or_says_why_not():
    label, batch = np.tile([0, 1], 20), np.repeat([0, 1], 20)
    flat = transfer(input_of(np.ones((40, 3)), batch, label))
    assert flat.note == "all cells lie in one place"
    half = np.ones((40, 3))
    half[30:] = 2
    assert 0 <= transfer(input_of(half, batch, label)).score <= 1
    wide = np.random.default_rng(0).normal(size=(40, 200))
    assert 0 <= transfer(input_of(wide, batch, label)).score <= 1


def test_it_is_computed_when_asked_for_only():
    w = world(n_cells=200)
    assert "Label transfer" not in measure(w.embedding, w.batch, w.label, w.before)
    assert measure(w.embedding, w.batch, w.label, metrics=["Label transfer"])["Label transfer"].score > 0.95
