"""Truncated SVD against LAPACK on the matrix itself, centred by hand."""

import numpy as np
import pytest
import scipy.sparse as sp
from hypothesis import given, settings
from hypothesis import strategies as st

from scint_core.numerics import svd as svd_module
from scint_core.numerics.svd import randomised_svd, truncated_svd


def matrix_of(rows, columns, seed=0, density=0.3):
    return sp.random(rows, columns, density, format="csr", random_state=seed) * 5


def assert_same_triplets(found, dense, n, rtol):
    u, s, vt = np.linalg.svd(dense, full_matrices=False)
    np.testing.assert_allclose(found.s, s[:n], rtol=rtol)
    sign = np.sign(vt[np.arange(n), np.abs(vt[:n]).argmax(axis=1)])
    np.testing.assert_allclose(found.vt, vt[:n] * sign[:, None], atol=rtol * 1e3)
    np.testing.assert_allclose(found.u, u[:, :n] * sign, atol=rtol * 1e3)


@pytest.mark.parametrize("shape", [(120, 40), (40, 120), (50, 50)])
@pytest.mark.parametrize("sparse", [True, False])
@pytest.mark.parametrize("centred", [True, False])
def test_equals_lapack(shape, sparse, centred):
    x = matrix_of(*shape)
    centre = np.asarray(x.mean(axis=0)).ravel() if centred else None
    dense = x.toarray() - (0 if centre is None else centre)
    assert_same_triplets(truncated_svd(x if sparse else x.toarray(), 10, centre=centre), dense, 10, 1e-12)


def test_any_centre_will_do():
    x, centre = matrix_of(60, 30), np.linspace(-3, 3, 30)
    assert_same_triplets(truncated_svd(x, 8, centre=centre), x.toarray() - centre, 8, 1e-12)


def test_far_centre_loses_no_digits():
    x = np.random.default_rng(0).normal(size=(200, 30)) + 1e5
    centre = x.mean(axis=0)
    np.testing.assert_allclose(
        truncated_svd(x, 5, centre=centre).s, np.linalg.svd(x - centre, compute_uv=False)[:5], rtol=1e-11
    )


def test_small_values_keep_their_digits():
    rng = np.random.default_rng(1)
    u, v = np.linalg.qr(rng.normal(size=(80, 12)))[0], np.linalg.qr(rng.normal(size=(40, 12)))[0]
    s = 10.0 ** -np.linspace(0, 5, 12)
    np.testing.assert_allclose(truncated_svd(u * s @ v.T, 12).s, s, rtol=1e-9)


def test_rank_deficient_gives_the_rank_only():
    rng = np.random.default_rng(2)
    x = rng.normal(size=(50, 4)) @ rng.normal(size=(4, 30))
    found = truncated_svd(x, 20)
    assert found.s.shape == (4,)
    np.testing.assert_allclose(found.u * found.s @ found.vt, x, atol=1e-10)
    assert truncated_svd(np.zeros((6, 5)), 3).s.shape == (0,)
    assert truncated_svd(np.zeros((6, 0)), 3).u.shape == (6, 0)


def test_blocks_add_up(monkeypatch):
    x = matrix_of(70, 25)
    whole = truncated_svd(x, 6)
    monkeypatch.setattr(svd_module, "_BLOCK_VALUES", 100)
    np.testing.assert_allclose(truncated_svd(x, 6).s, whole.s, rtol=1e-13)
    np.testing.assert_allclose(truncated_svd(x.T, 6).s, whole.s, rtol=1e-13)


def test_float32_is_computed_in_float64():
    x = matrix_of(60, 20).astype(np.float32)
    assert_same_triplets(truncated_svd(x, 5), x.toarray().astype(np.float64), 5, 1e-12)


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 10_000), rows=st.integers(2, 40), columns=st.integers(2, 40))
def test_orthonormal_signed_and_independent_of_row_order(seed, rows, columns):
    rng = np.random.default_rng(seed)
    x, order = rng.normal(size=(rows, columns)), rng.permutation(rows)
    found, again = truncated_svd(x, 5), truncated_svd(x[order], 5)
    n = len(found.s)
    np.testing.assert_allclose(found.u.T @ found.u, np.eye(n), atol=1e-8)
    np.testing.assert_allclose(found.vt @ found.vt.T, np.eye(n), atol=1e-8)
    assert (found.vt.max(axis=1) == np.abs(found.vt).max(axis=1)).all()
    np.testing.assert_allclose(again.s, found.s, rtol=1e-8)


@pytest.mark.parametrize("shape", [(400, 150), (150, 400)])
def test_randomised_finds_a_clear_subspace(shape):
    rng = np.random.default_rng(3)
    low = rng.normal(size=(shape[0], 6)) @ rng.normal(size=(6, shape[1]))
    x = sp.csr_matrix(np.where(np.abs(low) > 1, low, 0) + 3)
    centre = np.asarray(x.mean(axis=0)).ravel()
    found, exact = randomised_svd(x, 5, seed=0, centre=centre), truncated_svd(x, 5, centre=centre)
    np.testing.assert_allclose(found.s, exact.s, rtol=1e-5)
    cosines = np.linalg.svd(found.vt @ exact.vt.T, compute_uv=False)
    assert cosines.min() > 1 - 1e-6


def test_randomised_is_decided_by_the_seed_and_stops_at_the_size():
    x = matrix_of(100, 30)
    first, again, other = (randomised_svd(x, 5, seed=seed, power=0) for seed in (1, 1, 2))
    assert np.array_equal(first.u, again.u)
    assert not np.array_equal(first.u, other.u)
    assert_same_triplets(randomised_svd(x, 50, seed=0), x.toarray(), 30, 1e-10)


@pytest.mark.parametrize("shape", [(120, 40), (40, 120)])
@pytest.mark.parametrize("sparse", [True, False])
def test_rows_are_weighted_after_centring(shape, sparse):
    x, weight = matrix_of(*shape), np.linspace(0.1, 2, shape[0])
    centre = np.linspace(-1, 1, shape[1])
    dense = weight[:, None] * (x.toarray() - centre)
    given_matrix = x if sparse else x.toarray()
    assert_same_triplets(truncated_svd(given_matrix, 10, centre=centre, weight=weight), dense, 10, 1e-11)
    found = randomised_svd(given_matrix, 40, seed=0, centre=centre, weight=weight)
    assert_same_triplets(found, dense, len(found.s), 1e-9)
