"""Warnings of over-correction: worlds where biology is lost, and worlds where only the batch effect is."""

import re
from importlib import import_module

import numpy as np
import pandas as pd
import pytest

from scint_core.metrics import METRICS, MetricInput, over_correction
from scint_core.metrics.groups import Groups

SEEDS = range(5)
module = import_module("scint_core.metrics.over_correction")


def cells_of(seed=0, types_apart=10.0, own=80, sizes=(300, 200)):
    """Before, without its batch effect, batch and label: types "x" and "y" in both batches, and "own" in A only."""
    rng = np.random.default_rng(seed)
    label = np.concatenate([["own"] * own, *(np.resize(["x", "y"], size) for size in sizes)])
    batch = np.repeat(["A", *"AB"], (own, *sizes))
    axes = types_apart * np.eye(8)
    true = rng.normal(size=(len(label), 8)) + axes[pd.Series(label).map({"x": 0, "y": 1, "own": 2})]
    return true + 15 * np.eye(8)[5] * (batch == "B")[:, None], true, batch, label


def absorbed(true, label, seed=0):
    """The cells with "own" among those of "x"."""
    rng = np.random.default_rng(seed + 100)
    target = true[label == "x"]
    return np.where(label[:, None] == "own", target[rng.integers(len(target), size=len(true))] + 0.1, true)


def slow_foreign(space, label, name, k=30):
    """Share of the `k` nearest other cells, of the cells of a type, that are of other types."""
    shares = []
    for cell in np.flatnonzero(label == name):
        nearest = np.argsort(((space - space[cell]) ** 2).sum(axis=1))
        shares.append((label[nearest[nearest != cell][:k]] != name).mean())
    return np.mean(shares)


@pytest.mark.parametrize("seed", SEEDS)
def test_a_type_among_others_is_told_with_its_numbers(seed):
    before, true, batch, label = cells_of(seed)
    after = absorbed(true, label, seed)
    (said,) = over_correction(before, after, batch, label)
    was, now = (slow_foreign(space, label, "own") for space in (before, after))
    assert said.startswith("Type 'own', which only batch 'A' has")
    assert f"{was:.0%} of its cells' neighbours" in said
    assert f", {now:.0%} are now" in said
    assert now > 0.5


def test_some_cells_of_a_type_among_others_are_not_enough():
    before, true, batch, label = cells_of()
    for moved, told in ((0.2, False), (0.7, True)):
        stays = np.random.default_rng(0).random(len(label)) > moved
        after = np.where(stays[:, None], true, absorbed(true, label))
        assert bool(over_correction(before, after, batch, label)) == told
        assert slow_foreign(after, label, "own") > 0.05


def test_the_worst_comes_first():
    before, true, batch, label = cells_of(own=160)
    label[:80] = "odd"
    for space in (before, true):
        space[:80, 3] += 20
    after = absorbed(true, label)
    after[:50] = absorbed(true, np.where(label == "odd", "own", label))[:50]
    said = over_correction(before, after, batch, label)
    assert [sentence.split(",")[0] for sentence in said] == ["Type 'own'", "Type 'odd'"]


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("sizes", [(300, 200), (150, 1500), (600, 60)])
def test_what_only_takes_the_batch_effect_away_is_left_in_peace(seed, sizes):
    before, true, batch, label = cells_of(seed, sizes=sizes)
    assert over_correction(before, true, batch, label) == ()
    assert over_correction(before, before, batch, label) == ()


@pytest.mark.parametrize("seed", SEEDS)
def test_types_that_overlap_are_joined_by_more_cells_without_a_warning(seed, monkeypatch):
    before, true, batch, label = cells_of(seed, types_apart=2.2, own=100, sizes=(150, 1500))
    assert over_correction(before, true, batch, label) == ()
    monkeypatch.setattr(module, "_expected", lambda was, *_: was)
    (said,) = over_correction(before, true, batch, label)  # the share alone rises by more than is allowed
    assert "'own'" in said


@pytest.mark.parametrize(("strays", "told"), [(0, True), (3, True), (9, False)])
def test_a_few_wrong_labels_in_another_batch_do_not_hide_a_type(strays, told):
    before, true, batch, label = cells_of()
    label[np.flatnonzero(batch == "B")[:strays]] = "own"
    said = over_correction(before, absorbed(true, label), batch, label)
    assert bool(said) == told


def test_a_type_of_few_cells_says_nothing():
    for own, told in ((19, False), (20, True)):
        before, true, batch, label = cells_of(own=own)
        assert bool(over_correction(before, absorbed(true, label), batch, label)) == told


@pytest.mark.parametrize("seed", SEEDS)
def test_a_batch_whose_cells_change_places_is_told_with_its_numbers(seed):
    before, _, batch, _ = cells_of(seed)
    cells = np.flatnonzero(batch == "B")
    after = before.copy()
    after[cells] = before[np.random.default_rng(seed).permutation(cells)]
    (said,) = over_correction(before, after, batch)
    now, was = (
        METRICS["Local structure"](MetricInput(space, Groups.of(batch, "batch"), pca=before)).per_batch["B"]
        for space in (after, before)
    )
    assert said.startswith(f"Batch 'B': {now:.0%} of its cells' neighbours")
    assert f"{was:.0%} would be had nothing happened and 50% by chance" in said


@pytest.mark.parametrize("seed", SEEDS)
def test_moving_turning_and_stretching_a_batch_loses_nothing(seed):
    before, _, batch, _ = cells_of(seed)
    turn = np.linalg.qr(np.random.default_rng(seed).normal(size=(8, 8)))[0]
    after = np.where((batch == "B")[:, None], 3 * before @ turn + 50, before)
    assert over_correction(before, after, batch) == ()


def test_a_batch_without_structure_has_none_to_lose(monkeypatch):
    before, after = np.random.default_rng(0).normal(size=(2, 500, 5000))
    assert over_correction(before, after, np.full(500, "A")) == ()
    monkeypatch.setattr(module, "STRUCTURE", 0.0)
    assert len(over_correction(before, after, np.full(500, "A"))) == 1


def test_batches_of_few_cells_say_nothing():
    for size, told in ((19, False), (40, True)):
        before, _, batch, _ = cells_of(sizes=(300, size))
        after = np.where((batch == "B")[:, None], np.random.default_rng(0).normal(size=before.shape), before)
        assert bool(over_correction(before, after, batch)) == told


def test_a_little_noise_is_not_enough_and_much_is():
    before, true, batch, label = cells_of()
    noise = np.random.default_rng(0).normal(size=true.shape)
    assert over_correction(before, true + 0.3 * noise, batch, label) == ()
    assert len(over_correction(before, true + 30 * noise, batch, label)) == 3


def test_without_labels_types_are_not_looked_at():
    before, true, batch, label = cells_of()
    assert over_correction(before, absorbed(true, label), batch) == ()


def test_cells_without_a_label_are_not_looked_at():
    before, true, batch, label = cells_of()
    after = absorbed(true, label)
    codes = pd.Categorical(label, ["own", "x", "y"]).codes.astype(int)
    partly = np.where(np.arange(len(label)) % 4, codes, -1)
    (said,) = over_correction(before, after, batch, partly)
    kept = partly >= 0
    (alone,) = over_correction(before[kept], after[kept], batch[kept], codes[kept])
    assert said == alone
    assert over_correction(before, after, batch, np.where(codes == 0, -1, codes)) == ()
    assert over_correction(before, after, batch, np.full(len(codes), -1)) == ()


def test_one_batch_a_batch_of_three_and_cells_at_one_point():
    before, true, batch, label = cells_of()
    (said,) = over_correction(before, absorbed(true, label), np.full(len(batch), "A"), label)
    assert said.startswith("Batch 'A'")  # no type is one batch's own where there is but one
    few = batch.copy()
    few[:3] = "C"
    assert over_correction(before, true, few, label) == ()
    said = over_correction(before, np.zeros_like(before), batch, label)
    assert all(int(number) <= 100 for sentence in said for number in re.findall(r"(\d+)%", sentence))


def test_the_order_of_cells_does_not_matter():
    before, true, batch, label = cells_of()
    after = absorbed(true, label)
    after[batch == "B"] = np.random.default_rng(1).permutation(after[batch == "B"])
    order = np.random.default_rng(2).permutation(len(batch))
    said = over_correction(before, after, batch, label)
    assert len(said) == 2
    assert over_correction(before[order], after[order], batch[order], label[order]) == said
