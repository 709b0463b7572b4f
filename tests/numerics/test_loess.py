"""Loess against an independent implementation of the same algorithm, and where that one fails."""

import numpy as np
import pytest

from scint_core.numerics.loess import loess


def noisy(n, seed, decimals=None):
    rng = np.random.default_rng(seed)
    x = rng.normal(size=n)
    x = x if decimals is None else np.round(x, decimals)
    return x, np.sin(x) + 0.1 * rng.normal(size=n)


@pytest.mark.parametrize("decimals", [None, 1, 2])
@pytest.mark.parametrize(("n", "span"), [(60, 0.3), (200, 0.3), (1001, 0.3), (300, 0.7), (500, 0.1)])
def test_equals_the_fortran_code(n, span, decimals):
    reference = pytest.importorskip("skmisc.loess").loess
    x, y = noisy(n, seed=n, decimals=decimals)
    model = reference(x, y, span=span, degree=2)
    try:
        model.fit()
    except ValueError:
        pytest.skip("the reference gives up on this window")
    np.testing.assert_allclose(loess(x, y, span=span), model.outputs.fitted_values, atol=1e-12)


def test_follows_a_parabola_exactly():
    x = np.random.default_rng(0).uniform(-2, 5, 100)
    np.testing.assert_allclose(loess(x, 3 - x + 2 * x**2), 3 - x + 2 * x**2, atol=1e-9)


def test_order_of_points_does_not_matter():
    x, y = noisy(150, seed=4, decimals=1)
    order = np.random.default_rng(0).permutation(150)
    np.testing.assert_allclose(loess(x[order], y[order]), loess(x, y)[order], atol=1e-10)


@pytest.mark.parametrize("n", [0, 1, 2, 3, 4, 5, 10, 13, 50])
@pytest.mark.parametrize("distinct", [1, 2, 3, 50])
def test_few_points_and_few_distinct_values_stay_near_the_data(n, distinct):
    rng = np.random.default_rng(n)
    x, y = rng.integers(0, distinct, n) / 7, rng.normal(size=n)
    curve = loess(x, y)
    assert curve.shape == (n,)
    assert np.isfinite(curve).all()
    if n and distinct <= 2:
        assert np.abs(curve).max() <= 3 * np.abs(y).max()
    if distinct == 1:
        np.testing.assert_allclose(curve, y.mean() if n else 0)
