"""Log-normalisation: its definition, and what must not change it."""

import numpy as np
import scipy.sparse as sp
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from scint_core.preprocess.normalise import log_normalise

COUNTS = arrays(np.int64, (5, 4), elements=st.integers(0, 1000))


@given(COUNTS)
def test_every_cell_sums_to_the_target_and_empty_ones_to_zero(counts):
    totals = np.expm1(log_normalise(counts).astype(np.float64)).sum(axis=1)
    np.testing.assert_allclose(totals, np.where(counts.sum(axis=1) > 0, 1e4, 0), rtol=1e-5)


@given(COUNTS, st.integers(2, 9))
def test_depth_drops_out_and_zeros_stay(counts, times):
    values = log_normalise(counts)
    np.testing.assert_allclose(log_normalise(counts * times), values, rtol=1e-6)
    assert np.array_equal(values == 0, counts == 0)


@given(COUNTS)
def test_sparse_equals_dense_and_leaves_the_input_alone(counts):
    stored = sp.csr_matrix(counts)
    values = log_normalise(stored)
    assert sp.issparse(values)
    assert values.dtype == np.float32
    np.testing.assert_array_equal(values.toarray(), log_normalise(counts))
    values.indices[:] = 0
    assert np.array_equal(stored.toarray(), counts)


def test_the_definition():
    np.testing.assert_allclose(log_normalise(np.array([[1, 3]]), target=100), np.log([[26, 76]]), rtol=1e-6)


def test_float32_totals_are_summed_in_float64():
    counts = np.ones((1, 100_000), dtype=np.float32) * 0.1
    np.testing.assert_allclose(log_normalise(counts)[0, 0], np.log1p(0.1), rtol=1e-6)
