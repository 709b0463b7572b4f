"""Principal components against a plain SVD of the centred matrix."""

import numpy as np
import pytest
import scipy.sparse as sp

from scint_core.preprocess import pca as pca_module
from scint_core.preprocess.pca import pca, pca_scores


@pytest.fixture
def values():
    return sp.random(90, 40, 0.3, format="csr", random_state=0, dtype=np.float32)


@pytest.mark.parametrize("dense", [True, False])
def test_equals_the_definition(values, dense):
    found = pca(values.toarray() if dense else values, 10)
    x = values.toarray().astype(np.float64)
    s = np.linalg.svd(x - x.mean(axis=0), compute_uv=False)
    np.testing.assert_allclose(found.variance, s[:10] ** 2 / 89, rtol=1e-12)
    np.testing.assert_allclose(found.variance_ratio, s[:10] ** 2 / (s**2).sum(), rtol=1e-12)
    np.testing.assert_allclose(found.scores, (x - x.mean(axis=0)) @ found.components.T, atol=1e-12)
    np.testing.assert_allclose(found.mean, x.mean(axis=0), rtol=1e-12)
    assert (found.components.max(axis=1) == np.abs(found.components).max(axis=1)).all()


def test_order_of_cells_does_not_matter(values):
    order = np.random.default_rng(0).permutation(90)
    np.testing.assert_allclose(pca(values[order], 10).scores, pca(values, 10).scores[order], atol=1e-10)


def test_random_projection_beyond_the_limit_agrees(values, monkeypatch):
    exact = pca(values, 3)
    monkeypatch.setattr(pca_module, "EXACT_UP_TO", 5)
    found = pca(values, 3)
    np.testing.assert_allclose(found.variance, exact.variance, rtol=1e-2)
    assert np.array_equal(found.scores, pca(values, 3).scores)


def test_no_more_components_than_rank():
    assert pca(np.eye(6), 50).scores.shape == (6, 5)
    equal_rows = np.tile(np.random.default_rng(0).uniform(1, 9, 4), (7, 1))
    assert pca(equal_rows, 3).scores.shape == (7, 0)


def test_scores_alone_are_those_of_the_whole():
    matrix = np.random.default_rng(0).normal(size=(40, 12)).astype(np.float32)
    assert np.array_equal(pca_scores(matrix, 5), pca(matrix, 5).scores)
