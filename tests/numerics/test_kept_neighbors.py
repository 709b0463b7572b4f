"""The share of neighbours kept, against sets."""

import numpy as np

from scint_core.numerics.kept_neighbors import kept_neighbors, shared_share


def test_share_is_that_of_the_sets():
    random = np.random.default_rng(0)
    a, b = (np.stack([random.permutation(20)[:7] for _ in range(30)]) for _ in range(2))
    expected = [len(set(x) & set(y)) / 7 for x, y in zip(a, b, strict=True)]
    np.testing.assert_allclose(shared_share(a, b), expected)


def test_turning_and_scaling_keeps_all_and_shuffling_few():
    space = np.random.default_rng(0).normal(size=(200, 2))
    turned = 3 * space @ np.array([[0, 1], [-1, 0]])
    np.testing.assert_array_equal(kept_neighbors(space, turned, 10), 1)
    shuffled = space[np.random.default_rng(1).permutation(200)]
    assert kept_neighbors(space, shuffled, 10).mean() < 0.25  # the cell itself is one of ten
