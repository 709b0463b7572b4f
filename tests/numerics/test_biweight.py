"""Biweight midcorrelation against its definition, gene by gene."""

import numpy as np

from scint_core.numerics.biweight import biweight_columns


def slow_weighed(x):
    """One column by the definition."""
    median = np.median(x)
    mad = np.median([abs(v - median) for v in x])
    if mad == 0:
        centred = [v - np.mean(x) for v in x]
    else:
        u = [(v - median) / (9 * mad) for v in x]
        centred = [(v - median) * ((1 - ui**2) ** 2 if abs(ui) < 1 else 0) for v, ui in zip(x, u, strict=True)]
    length = np.sqrt(sum(v**2 for v in centred))
    return np.array(centred) / length


def test_equals_the_definition():
    x = np.random.default_rng(0).normal(size=(41, 6))
    x[3, 2] = 80  # counts for nothing
    x[:30, 4] = 1.5  # more than half of one value: no median deviation
    before = x.copy()
    found = biweight_columns(x)
    np.testing.assert_allclose(found, np.transpose([slow_weighed(x[:, g]) for g in range(6)]), atol=1e-13)
    assert found[3, 2] == 0
    np.testing.assert_array_equal(x, before)


def test_the_product_of_two_columns_is_a_correlation():
    rng = np.random.default_rng(0)
    a, noise = rng.normal(size=(200, 2)).T
    a, b, c = biweight_columns(np.column_stack([a, -3 * a + 5, a + noise])).T
    assert abs(a @ b + 1) < 1e-12
    assert 0.5 < a @ c < 0.9


def test_a_constant_column_becomes_0():
    x = np.full((10, 2), 0.1)
    x[:4, 1] = 3
    found = biweight_columns(x)
    assert not found[:, 0].any()
    assert found[:, 1].any()
