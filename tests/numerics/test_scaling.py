"""Scaling against the definition, value by value."""

import numpy as np
import pytest
import scipy.sparse as sp
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from scint_core.numerics.scaling import CLIP, scale_columns, scale_genes, standardise_rows


def slow_scaled(values):
    """The definition for one gene, from a list of numbers."""
    mean = sum(values) / len(values)
    sd = (sum((v - mean) ** 2 for v in values) / (len(values) - 1)) ** 0.5
    return [min((v - mean) / sd, 10) for v in values]


def test_equals_the_definition_for_the_rows_of_a_batch():
    x = np.random.default_rng(0).gamma(1, 2, size=(30, 6))
    expected = np.transpose([slow_scaled(x[5:20, g].tolist()) for g in range(6)])
    np.testing.assert_allclose(scale_genes(x, 5, 20), expected, rtol=1e-12)
    np.testing.assert_array_equal(scale_genes(sp.csr_matrix(x), 5, 20), scale_genes(x, 5, 20))


def test_only_high_values_are_cut_off():
    x = np.zeros((400, 2))
    x[0] = 1, -1
    scaled = scale_columns(x)
    assert scaled[0, 0] == CLIP
    assert scaled[0, 1] < -CLIP


@pytest.mark.parametrize("constant", [0.0, 0.1, 1 / 3, 1e9 + 0.1])
def test_what_is_constant_becomes_zero_whatever_rounding_says(constant):
    x = np.random.default_rng(0).normal(size=(7, 3))
    x[:, 1] = constant
    assert (scale_columns(x)[:, 1] == 0).all()
    assert (standardise_rows(x.T)[1] == 0).all()
    assert scale_columns(x)[:, [0, 2]].any()


@given(arrays(np.float64, (9, 4), elements=st.floats(-100, 100, width=32)))
def test_rows_have_mean_0_and_deviation_1_or_are_0(x):
    scaled = standardise_rows(x)
    for row, before in zip(scaled, x, strict=True):
        if np.ptp(before) == 0:
            assert not row.any()
        elif np.ptp(before) > 1e-3:
            assert abs(row.mean()) < 1e-9
            assert abs(row.std(ddof=1) - 1) < 1e-9


def test_one_cell_is_0():
    np.testing.assert_array_equal(scale_columns(np.array([[3.0, 4.0]])), np.zeros((1, 2)))
