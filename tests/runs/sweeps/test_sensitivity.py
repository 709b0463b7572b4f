"""What a sweep shows, on embeddings whose truth is known."""

import numpy as np
import pytest

from scint_core.contract import Pairs
from scint_core.runs.sweeps.sensitivity import (
    BATCH,
    BIO,
    Setting,
    cells_moved,
    merged_types,
    neighbors_within,
    pairs_changed,
    stability,
    type_mixing,
)

NAMES = ("T", "NK", "B")
LABELS = np.repeat([0, 1, 2], 60)


def world(distance, seed=0):
    """Three types, T and NK so far apart."""
    centres = np.array([[0.0, 0.0], [distance, 0.0], [0.0, 50.0]])
    return centres[LABELS] + np.random.default_rng(seed).normal(size=(len(LABELS), 2))


def setting(value, embedding=None, batch=0.5, bio=0.5, **spread):
    embedding = world(20) if embedding is None else embedding
    seeds = [{BATCH: batch + d, BIO: bio} for d in (spread.get("by", 0), -spread.get("by", 0))]
    return Setting(value, embedding, seeds)


def test_cells_that_stay_among_the_same_others_have_not_moved():
    np.testing.assert_array_equal(cells_moved(world(20), -2 * world(20)), 0)
    moved = cells_moved(world(20), world(20, seed=1), k=10)
    assert 0.5 < moved.mean() < 1


def test_the_share_moved_is_that_of_the_sets():
    a, b = world(20), world(20, seed=1)
    near = [neighbors_within(x, 5) for x in (a, b)]
    expected = [1 - len(set(x) & set(y)) / 5 for x, y in zip(*near, strict=True)]
    np.testing.assert_allclose(cells_moved(a, b, k=5), expected)


def test_pairs_gained_lost_and_kept():
    def pairs(*ends, kept=None):
        left, right = np.array(ends).T
        n = len(left)
        return Pairs(left, right, np.zeros(n, int), np.ones(n), np.ones(n, bool) if kept is None else np.array(kept))

    change = pairs_changed(pairs((0, 9), (1, 8), (2, 7)), pairs((9, 0), (3, 6), (1, 8), kept=[True, True, False]))
    assert change.gained.tolist() == [[3, 6]]
    assert change.lost.tolist() == [[1, 8], [2, 7]]
    assert change.kept == 1


def test_type_mixing_counts_neighbours_by_type():
    near = np.array([[1, 2], [0, 3], [3, 4], [2, 0], [0, 1]])
    table = type_mixing(near, np.array([0, 0, 1, 1, -1]), 3)
    np.testing.assert_allclose(table, [[0.5, 0.5, 0], [1 / 3, 2 / 3, 0], [0, 0, 0]])


def test_types_that_come_to_lie_on_each_other_merge():
    tables = [type_mixing(neighbors_within(world(d)), LABELS, 3) for d in (20, 0)]
    assert merged_types(*tables) == [(0, 1)]
    assert merged_types(tables[1], tables[0]) == []


def test_nothing_changes_where_scores_stay():
    found = stability("k", [setting(40), setting(10), setting(20)], default=20)
    assert found.values == (10, 20, 40)
    assert found.sentence == "Between k = 10 and 40 nothing you would notice changes."
    assert found.moved == (0, 0)
    assert (found.per_unit, found.per_doubling) == (0, 0)


def test_the_sentence_says_where_types_merge_and_how_scores_move():
    settings = [setting(5, batch=0.4), setting(10), setting(40), setting(60, world(0), bio=0.45)]
    sentence = stability("k", settings, labels=LABELS, label_names=NAMES, default=10).sentence
    assert sentence == (
        "Between k = 10 and 40 nothing you would notice changes; at 5 batches mix less (0.50 → 0.40); "
        "at 60 cell types blur (0.50 → 0.45) and T and NK merge."
    )


def test_a_change_that_seeds_make_alone_is_not_noticed():
    sentence = stability("k", [setting(10, by=0.05), setting(20, batch=0.58, by=0.05)], default=10).sentence
    assert "nothing you would notice" in sentence


def test_rates_are_per_unit_and_per_doubling():
    embeddings = [world(20, seed=s) for s in range(3)]
    found = stability("k", [setting(v, e) for v, e in zip((10, 20, 40), embeddings, strict=True)])
    assert found.per_unit == pytest.approx(sum(found.moved) / 30)
    assert found.per_doubling == pytest.approx(sum(found.moved) / 2)


def test_off_stands_last_and_has_no_place_on_the_scale():
    found = stability("k_filter", [setting(None), setting(50), setting(200)], default=200)
    assert found.values == (50, 200, None)
    assert found.per_unit == 0
    assert found.sentence == "Between k_filter = 50 and off nothing you would notice changes."


def test_choices_are_told_apart_from_the_default_one():
    found = stability("reduction", [setting("pca", batch=0.3), setting("cca")], default="cca")
    assert (found.per_unit, found.per_doubling) == (None, None)
    assert found.sentence == "Against reduction = cca, with pca batches mix less (0.50 → 0.30)."


def test_scores_that_are_not_known_say_nothing():
    settings = [Setting(1, world(20), [{BATCH: float("nan")}]), Setting(2, world(20))]
    assert "nothing you would notice" in stability("k", settings).sentence
