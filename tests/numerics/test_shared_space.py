"""The shared space of two batches against a decomposition of the whole table of cells × cells."""

import tracemalloc

import numpy as np
import pytest

from scint_core.contract import SharedSpace
from scint_core.numerics.scaling import scale_columns
from scint_core.numerics.shared_space import canonical_vectors, joint_components, top_features


def two_batches(n_left, n_right, n_genes, seed=0):
    """Scaled batches that share three programmes of genes, plus noise."""
    rng = np.random.default_rng(seed)
    programmes = rng.normal(size=(3, n_genes))
    return [
        scale_columns(rng.normal(size=(n, 3)) @ programmes + rng.normal(size=(n, n_genes)) + rng.normal(size=n_genes))
        for n in (n_left, n_right)
    ]


def slow_canonical(left, right, n):
    """The specification: standardise every cell, form the table of cells × cells, decompose it."""

    def standardised(cells):
        return np.array([(cell - cell.mean()) / cell.std(ddof=1) for cell in cells])

    u, s, vt = np.linalg.svd(standardised(left) @ standardised(right).T)
    u, s, v = u[:, :n], s[:n], vt[:n].T
    for k in range(n):
        if u[0, k] < 0:
            u[:, k], v[:, k] = -u[:, k], -v[:, k]
    return u, s, v


@pytest.mark.parametrize(("n_left", "n_right", "n_genes"), [(25, 30, 12), (25, 30, 60), (40, 8, 20), (8, 40, 20)])
def test_equals_the_decomposition_of_cells_by_cells(n_left, n_right, n_genes):
    left, right = two_batches(n_left, n_right, n_genes)
    u, s, v = slow_canonical(left, right, 5)
    space = canonical_vectors(left, right, 5)
    np.testing.assert_allclose(space.strength, s, rtol=1e-12)
    np.testing.assert_allclose(space.left, u, atol=1e-11)
    np.testing.assert_allclose(space.right, v, atol=1e-11)
    np.testing.assert_allclose(space.loadings, np.vstack([left, right]).T @ np.vstack([u, v]), atol=1e-9)
    assert (space.left[0] >= 0).all()


def test_genes_that_are_constant_in_one_batch_are_left_out():
    left, right = two_batches(25, 30, 12)
    left[:, 3], right[:, 7] = 0, 0
    others = [g for g in range(12) if g not in (3, 7)]
    space = canonical_vectors(left, right, 4)
    np.testing.assert_array_equal(space.genes, others)
    u, _, v = slow_canonical(left[:, others], right[:, others], 4)
    np.testing.assert_allclose(np.vstack([space.left, space.right]), np.vstack([u, v]), atol=1e-11)
    assert len(space.loadings) == len(others)


@pytest.mark.parametrize("common", [0, 1])
def test_without_two_common_genes_there_is_no_space(common):
    left, right = two_batches(25, 30, 4)
    left[:, 2:], right[:, common : 2 - common] = 0, 0
    right[:, :2] *= np.arange(2) < common
    space = canonical_vectors(left, right, 3)
    assert space.left.shape == (25, 0)
    assert space.right.shape == (30, 0)


def test_fewer_vectors_come_back_where_the_rank_is_lower():
    left, right = two_batches(25, 30, 5)
    space = canonical_vectors(left, right, 30)
    assert space.left.shape == (25, 4)  # every cell sums to 0 over its genes
    np.testing.assert_allclose(space.left.T @ space.left, np.eye(4), atol=1e-9)


def test_cells_without_variation_have_no_direction():
    left, right = two_batches(25, 30, 12)
    left[4] = 0
    assert not canonical_vectors(left, right, 3).left[4].any()


def test_swapping_the_batches_swaps_the_vectors_and_genes_may_come_in_any_order():
    left, right = two_batches(25, 30, 12)
    order = np.random.default_rng(1).permutation(12)
    space, swapped = canonical_vectors(left, right, 4), canonical_vectors(right, left, 4)
    permuted = canonical_vectors(left[:, order], right[:, order], 4)
    sign = np.sign((space.left * swapped.right).sum(axis=0))
    np.testing.assert_allclose(swapped.right * sign, space.left, atol=1e-11)
    np.testing.assert_allclose(swapped.left * sign, space.right, atol=1e-11)
    np.testing.assert_allclose(permuted.left, space.left, atol=1e-11)
    np.testing.assert_allclose(permuted.loadings, space.loadings[order], atol=1e-9)


def test_cells_by_cells_is_never_held():
    left, right = two_batches(3000, 3000, 30)
    tracemalloc.start()
    canonical_vectors(left, right, 5)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 3000 * 3000 * 8 / 4


def test_joint_components_are_those_of_the_stacked_cells():
    left, right = two_batches(25, 30, 12)
    u, s, _ = np.linalg.svd(np.vstack([left, right]), full_matrices=False)
    expected = u[:, :4] * s[:4]
    space = joint_components(left, right, 4)
    found = np.vstack([space.left, space.right])
    np.testing.assert_allclose(np.abs(found), np.abs(expected), atol=1e-10)
    np.testing.assert_allclose(space.loadings, np.vstack([left, right]).T @ found, atol=1e-9)
    assert (found[0] >= 0).all()
    assert space.axis == "PC"


def slow_top_features(loadings, max_features):
    """TopDimFeatures as the specification has it, list by list."""
    n_genes, n_axes = loadings.shape

    def top(axis, y):
        y = min(y, n_genes)
        values = loadings[:, axis]
        if y == 1:
            return [int(np.argmax(np.abs(values)))]
        half = round(y / 2)
        falling = np.argsort(-values).tolist()
        return falling[:half] + falling[::-1][:half]

    unions = [sorted({gene for axis in range(n_axes) for gene in top(axis, y)}) for y in range(1, 101)]
    within = [union for union in unions if len(union) < max(2 * n_axes, max_features)]
    sizes = [len(union) for union in within]
    return within[sizes.index(max(sizes))]


@pytest.mark.parametrize("max_features", [1, 20, 60, 200])
@pytest.mark.parametrize(("n_genes", "n_axes"), [(500, 4), (150, 12), (30, 3), (2, 1)])
def test_top_features_equal_the_specification(max_features, n_genes, n_axes):
    loadings = np.random.default_rng(n_genes).normal(size=(n_genes, n_axes))
    genes = np.arange(n_genes) * 2 + 1  # the columns that the loadings stand for
    space = SharedSpace(np.zeros((1, n_axes)), np.zeros((1, n_axes)), np.ones(n_axes), loadings, genes)
    np.testing.assert_array_equal(top_features(space, max_features), genes[slow_top_features(loadings, max_features)])
