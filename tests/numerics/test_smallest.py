"""The smallest values of every row against a sort."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from scint_core.numerics.smallest import smallest_of_rows


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 10_000), st.integers(1, 60), st.integers(1, 60), st.booleans())
def test_equals_a_sort(seed, columns, count, ties):
    count = min(count, columns)
    rng = np.random.default_rng(seed)
    table = rng.integers(0, 5, (7, columns)).astype(float) if ties else rng.normal(size=(7, columns))
    found, values = smallest_of_rows(table, count)
    np.testing.assert_array_equal(np.sort(values, axis=1), np.sort(table, axis=1)[:, :count])
    np.testing.assert_array_equal(np.take_along_axis(table, found, axis=1), values)
    assert all(len(set(row)) == count for row in found.tolist())


def test_falling_and_rising_rows():
    rising = np.arange(500.0)
    found, _ = smallest_of_rows(np.stack([rising, rising[::-1]]), 40)
    assert set(found[0]) == set(range(40))
    assert set(found[1]) == set(range(460, 500))
