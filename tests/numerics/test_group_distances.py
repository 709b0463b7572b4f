"""Summed distances to groups against the table of all distances."""

import numpy as np
import pytest
from scipy.spatial.distance import cdist

from scint_core.numerics import group_distances
from scint_core.numerics.group_distances import summed_distances


@pytest.mark.parametrize("entries", [1, 2**18])
def test_equals_the_sums_of_the_table(monkeypatch, entries):
    monkeypatch.setattr(group_distances, "BLOCK_ENTRIES", entries)
    rng = np.random.default_rng(0)
    cells, groups = rng.normal(size=(90, 4)) + 1e3, rng.permutation(np.arange(90) % 7)
    expected = cdist(cells, cells) @ np.eye(7)[groups]
    seen = []
    for block, sums in summed_distances(cells, groups):
        np.testing.assert_allclose(sums, expected[block], rtol=1e-7)
        seen.extend(block.tolist())
    assert sorted(seen) == list(range(90))


def test_copies_of_a_cell_are_at_distance_zero_of_themselves():
    ((_, sums),) = summed_distances(np.full((6, 3), 0.1), np.repeat([0, 1], 3))
    np.testing.assert_allclose(sums, 0, atol=1e-6)
