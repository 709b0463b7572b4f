"""Scaling of cells, dense and sparse."""

import numpy as np
import pytest
import scipy.sparse as sp

from scint_core.numerics.normalize import (
    batch_rows,
    cosine_normalize,
    output_lengths,
    row_lengths,
    unit_profiles,
    unit_rows,
)


def matrix(sparse, dtype=np.float64):
    x = np.random.default_rng(0).poisson(1.0, size=(12, 7)).astype(dtype)
    x[4] = 0
    return sp.csr_matrix(x) if sparse else x


@pytest.mark.parametrize("sparse", [True, False])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_lengths_are_euclidean(sparse, dtype):
    x = matrix(sparse, dtype)
    expected = [np.sqrt(sum(float(v) ** 2 for v in row)) for row in matrix(False, dtype)]
    np.testing.assert_allclose(row_lengths(x), expected, rtol=1e-14)
    assert row_lengths(x).dtype == np.float64


@pytest.mark.parametrize("sparse", [True, False])
def test_a_batch_is_scaled_to_length_1_and_an_empty_cell_stays_empty(sparse):
    x = matrix(sparse)
    scaled = cosine_normalize(x, row_lengths(x), 3, 9)
    lengths = np.linalg.norm(scaled, axis=1)
    np.testing.assert_allclose(np.delete(lengths, 1), 1, rtol=1e-14)
    assert lengths[1] == 0
    np.testing.assert_array_equal(batch_rows(x, 3, 9), matrix(False)[3:9])


def test_scaling_by_a_factor_per_cell_changes_nothing():
    x = matrix(False)
    y = x * np.linspace(0.1, 20, 12)[:, None]
    a, b = cosine_normalize(x, row_lengths(x), 0, 12), cosine_normalize(y, row_lengths(y), 0, 12)
    np.testing.assert_allclose(a, b, atol=1e-15)


def test_output_lengths_fall_back_on_all_genes_where_the_compared_ones_are_empty():
    x = matrix(False)
    lengths = row_lengths(x)
    lengths[[0, 4]] = 0
    np.testing.assert_allclose(output_lengths(lengths, x), row_lengths(x))


def test_unit_rows_keeps_a_row_of_zeros_and_directions():
    x = matrix(False) - 0.5
    x[4] = 0
    unit = unit_rows(x)
    assert not unit[4].any()
    np.testing.assert_allclose(unit * np.linalg.norm(x, axis=1, keepdims=True), x, atol=1e-15)


@pytest.mark.parametrize("sparse", [True, False])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_profiles_have_length_1_and_keep_their_zeros(sparse, dtype):
    x = matrix(sparse, dtype)
    found = unit_profiles(x, row_lengths(x))
    assert sp.issparse(found) == sparse
    assert found.dtype == np.float64
    whole = matrix(False)
    lengths = np.linalg.norm(whole, axis=1, keepdims=True)
    expected = whole / np.where(lengths > 0, lengths, 1)
    np.testing.assert_allclose(found.toarray() if sparse else found, expected, rtol=1e-12)
