"""Translation vectors against one kernel entry per match, and the bookkeeping of stacks."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scint_core.contract import MutualPairs
from scint_core.numerics.translation import (
    divided_by_batch,
    matches_between,
    rejoined,
    translate,
    translation_vectors,
)


@given(st.integers(0, 10**6), st.floats(0.01, 50))
@settings(deadline=None, max_examples=25)
def test_taking_the_matches_of_a_cell_together_changes_nothing(seed, sigma):
    rng = np.random.default_rng(seed)
    moving = tuple(rng.normal(size=(n, 3)) for n in (9, 6))
    fixed = tuple(rng.normal(size=(n, 3)) for n in (7, 5))
    matches = MutualPairs(rng.integers(12, size=20), rng.integers(15, size=20))  # cells match several times
    cells, reference = np.concatenate(moving), np.concatenate(fixed)
    weight = np.exp(-sigma / 2 * ((cells[:, None] - cells[matches.right]) ** 2).sum(axis=2))  # cells × matches
    bias = reference[matches.left] - cells[matches.right]
    found = translation_vectors(moving, fixed, matches, sigma)
    np.testing.assert_allclose(found.mass, weight.sum(axis=1), rtol=1e-9)
    reached = weight.sum(axis=1) > 1e-290
    expected = weight[reached] @ bias / weight[reached].sum(axis=1, keepdims=True)
    np.testing.assert_allclose(found.vectors[reached], expected, atol=1e-9)
    moved = translate(moving, found)
    assert [len(part) for part in moved] == [9, 6]
    np.testing.assert_allclose(np.concatenate(moved), cells + found.vectors)


def test_shifting_the_reference_shifts_the_vectors_and_not_the_weights():
    """What the slide's kernel, which measures to the other batch, would not give."""
    rng = np.random.default_rng(0)
    moving, fixed = (rng.normal(size=(10, 2)),), (rng.normal(size=(8, 2)),)
    matches = MutualPairs(rng.integers(8, size=12), rng.integers(10, size=12))
    near = translation_vectors(moving, fixed, matches, 5.0)
    far = translation_vectors(moving, (fixed[0] + 100,), matches, 5.0)
    np.testing.assert_allclose(far.vectors, near.vectors + 100)
    np.testing.assert_array_equal(far.mass, near.mass)


@pytest.mark.parametrize("matched", [((2, 0), (2, 1)), ((2, 1),), ((0, 2),)])
def test_matches_are_rows_of_the_stacks_whichever_batch_moves(matched):
    bounds = np.array([0, 4, 9, 15])
    matches = MutualPairs(np.array([0, 3, 5, 2, 8]), np.array([10, 4, 14, 9, 12]))
    batch = np.repeat([0, 1, 2], [4, 5, 6])
    moved, onto = ((2,), (1, 0)) if matched[0][0] == 2 else ((1, 0), (2,))
    found = matches_between(matches, bounds, moved, onto, matched)
    stacks = [np.concatenate([np.arange(bounds[b], bounds[b + 1]) for b in side]) for side in (onto, moved)]
    pairs = {(int(stacks[1][r]), int(stacks[0][left])) for left, r in zip(found.left, found.right, strict=True)}
    both = [*zip(matches.left, matches.right, strict=True), *zip(matches.right, matches.left, strict=True)]
    assert pairs == {(int(a), int(b)) for a, b in both if (batch[a], batch[b]) in matched}


def test_batches_are_divided_and_put_back():
    cells = np.random.default_rng(0).normal(size=(12, 3))
    parts = divided_by_batch(cells, np.array([0, 5, 7, 12]))
    assert [len(part) for part in parts] == [5, 2, 5]
    np.testing.assert_array_equal(rejoined(*parts), cells)
