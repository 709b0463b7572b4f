"""Questions to pairs, each against a loop over the pairs."""

import itertools

import numpy as np
import pytest

from scint_core.contract import MergeTree, Pairs
from scint_core.numerics.pair_table import (
    EITHER,
    ENDS,
    LEFT,
    RIGHT,
    RIGHT_END,
    UNKNOWN,
    WRONG,
    depth_in_group,
    joining,
    oriented,
    pair_counts,
    pair_numbers,
    pairs_at,
    partners_of,
    touching,
    verdicts,
)

N_CELLS, N_PAIRS, N_TYPES = 40, 200, 3


@pytest.fixture
def some():
    """Pairs and types at random; some cells have no type, some pairs were dropped."""
    rng = np.random.default_rng(0)
    left, right = rng.integers(0, N_CELLS, (2, N_PAIRS))
    pairs = Pairs(left, right, rng.integers(-1, 2, N_PAIRS), rng.random(N_PAIRS), rng.random(N_PAIRS) > 0.3)
    return pairs, rng.integers(-1, N_TYPES, N_CELLS)


def each(pairs):
    return zip(pairs.left.tolist(), pairs.right.tolist(), strict=True)


def test_some_of_the_pairs_keep_all_that_is_known_of_them(some):
    pairs, _ = some
    part = pairs_at(pairs, np.array([5, 2]))
    assert len(part) == 2
    for name in ("left", "right", "merge", "score", "kept"):
        assert getattr(part, name).tolist() == [getattr(pairs, name)[5], getattr(pairs, name)[2]]


def test_left_ends_come_to_lie_on_the_reference_side():
    batch = np.array([0, 1, 2])
    merges = MergeTree(((2,), (2, 0)), ((0,), (1,)))  # 2 <- 0, then 2 + 0 <- 1
    pairs = Pairs(np.array([0, 2, 1, 1]), np.array([2, 0, 0, 2]), np.array([0, 0, 1, -1]), np.ones(4), np.ones(4) > 0)
    turned = oriented(pairs, batch, merges)
    assert turned.left.tolist() == [2, 2, 0, 1]  # the last belongs to no merge and stays
    assert turned.right.tolist() == [0, 0, 1, 2]
    assert pairs.left.tolist() == [0, 2, 1, 1]
    assert oriented(pairs, batch, None).left.tolist() == pairs.left.tolist()


def test_a_pair_is_right_where_both_types_are_known_and_alike(some):
    pairs, labels = some
    slow = [
        UNKNOWN if -1 in (labels[a], labels[b]) else RIGHT if labels[a] == labels[b] else WRONG for a, b in each(pairs)
    ]
    assert set(slow) == {RIGHT, WRONG, UNKNOWN}
    assert verdicts(pairs, labels).tolist() == slow
    assert set(verdicts(pairs, None)) == {UNKNOWN}


def test_pairs_touch_cells_with_the_end_that_is_asked_for(some):
    pairs, _ = some
    cells = np.random.default_rng(1).random(N_CELLS) > 0.6
    slow = {
        EITHER: [cells[a] or cells[b] for a, b in each(pairs)],
        LEFT: [cells[a] for a, _ in each(pairs)],
        RIGHT_END: [cells[b] for _, b in each(pairs)],
    }
    assert len({tuple(found) for found in slow.values()}) == len(ENDS)
    for end in ENDS:
        assert touching(pairs, cells, end).tolist() == slow[end]


def test_the_table_counts_every_pair_once(some):
    pairs, labels = some
    slow = np.zeros((N_TYPES + 1, N_TYPES + 1), dtype=int)
    for a, b in each(pairs):
        slow[labels[a], labels[b]] += 1  # −1 is the last
    counts = pair_counts(pairs, labels, N_TYPES)
    np.testing.assert_array_equal(counts, slow)
    assert counts.sum() == N_PAIRS
    for i, j in itertools.product([*range(N_TYPES), -1], repeat=2):
        assert joining(pairs, labels, i, j).sum() == slow[i, j]


def test_partners_are_at_the_other_end(some):
    pairs, _ = some
    cell = int(pairs.left[0])
    rows, others = partners_of(pairs, cell)
    slow = [(i, b if a == cell else a) for i, (a, b) in enumerate(each(pairs)) if cell in (a, b)]
    assert list(zip(rows.tolist(), others.tolist(), strict=True)) == slow
    assert len(partners_of(pairs, N_CELLS)[0]) == 0


def test_numbers_leave_out_what_has_no_meaning(some):
    pairs, labels = some
    told = [labels[a] == labels[b] for a, b in each(pairs) if -1 not in (labels[a], labels[b])]
    found = pair_numbers(pairs, labels)
    assert found.count == N_PAIRS
    assert found.share_right == pytest.approx(np.mean(told))
    assert found.median_score == pytest.approx(
        np.median([s for s, k in zip(pairs.score, pairs.kept, strict=True) if k])
    )
    nothing = pair_numbers(pairs_at(pairs, np.zeros(0, dtype=int)), None)
    assert nothing.count == 0
    assert np.isnan([nothing.share_right, nothing.median_score]).all()


def test_depth_is_the_share_of_the_group_that_lies_further_out():
    rng = np.random.default_rng(0)
    places, groups = rng.normal(size=(60, 4)), rng.integers(-1, 3, 60)
    groups[7] = 9  # alone in its group
    found = depth_in_group(places, groups)
    for cell in range(60):
        mates = [i for i in range(60) if groups[i] == groups[cell]]
        if groups[cell] < 0 or len(mates) == 1:
            assert np.isnan(found[cell])
            continue
        far = {i: np.linalg.norm(places[i] - places[mates].mean(axis=0)) for i in mates}
        further = sum(far[i] > far[cell] for i in mates)
        assert found[cell] == pytest.approx(further / (len(mates) - 1))


def test_equally_far_cells_share_their_depth():
    corners = np.array([[1.0, 0], [-1, 0], [0, 1], [0, -1]])
    np.testing.assert_allclose(depth_in_group(corners, np.zeros(4, dtype=int)), 0.5)


def test_depth_does_not_change_when_the_groups_are_moved_apart():
    rng = np.random.default_rng(0)
    places, groups = rng.normal(size=(40, 3)), np.repeat([0, 1], 20)
    np.testing.assert_allclose(depth_in_group(places, groups), depth_in_group(places + 50 * groups[:, None], groups))
