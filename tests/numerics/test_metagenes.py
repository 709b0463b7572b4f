"""Metagenes and alignment against the specification, cell by cell and gene by gene."""

import numpy as np
import pytest

from scint_core.contract import SharedSpace, WarpingPath
from scint_core.numerics.biweight import biweight_columns
from scint_core.numerics.metagenes import join_aligned, matched_values, metagenes
from scint_core.numerics.scaling import scale_columns
from scint_core.numerics.shared_space import canonical_vectors
from scint_core.numerics.warping import warp


def two_batches(sizes=(40, 30), genes=35, seed=0):
    rng = np.random.default_rng(seed)
    programmes = rng.normal(size=(3, genes))
    return [scale_columns(rng.normal(size=(n, 3)) @ programmes + rng.normal(size=(n, genes))) for n in sizes]


def curves(left, right, space, dimension, possible=20, genes=6):
    weighed = biweight_columns(left), biweight_columns(right)
    return metagenes(left, right, *weighed, space, dimension, possible, genes)


def quantile(values, q):
    """Type 7, from the sorted list."""
    ordered, place = sorted(values), q * (len(values) - 1)
    low = int(place)
    return ordered[low] + (place - low) * (ordered[min(low + 1, len(values) - 1)] - ordered[low])


def slow_metagenes(left, right, space, k, possible, n_genes):
    """Step 3 a to e of the specification."""
    sides = [(left, space.left[:, k]), (right, space.right[:, k])]
    loadings = [[float(cells[:, g] @ cc) for g in range(cells.shape[1])] for cells, cc in sides]

    def worst_rank(strengths):
        ranks = [{g: r for r, g in enumerate(sorted(s, key=lambda g, s=s: (s[g], g)))} for s in strengths]
        return {g: min(rank[g] for rank in ranks) for g in strengths[0]}

    rank = worst_rank([{g: abs(side[g]) for g in space.genes.tolist()} for side in loadings])
    candidates = sorted(rank, key=lambda g: -rank[g])[:possible]
    weighed = [biweight_columns(np.column_stack([cells, cc])) for cells, cc in sides]
    bicor = [{g: float(side[:, g] @ side[:, -1]) for g in candidates} for side in weighed]
    agreeing = [g for g in candidates if bicor[0][g] * bicor[1][g] > 0]
    rank = worst_rank([{i: abs(side[g]) for i, g in enumerate(agreeing)} for side in bicor])
    chosen = [agreeing[i] for i in sorted(rank, key=lambda i: -rank[i])[:n_genes]]
    made = []
    for (cells, cc), loading in zip(sides, loadings, strict=True):
        curve = [sum(loading[g] * cells[c, g] for g in chosen) for c in np.argsort(cc)]
        low, high = quantile(curve, 0.025), quantile(curve, 0.975)
        made.append([(v - low) / (high - low) for v in curve])
    differences = [quantile(made[1], i / 1000) - quantile(made[0], i / 1000) for i in range(1001)][99:900]
    shift = min(differences, key=abs)
    return chosen, np.array(made[0]) + shift, np.array(made[1]), shift


@pytest.mark.parametrize("dimension", [0, 1, 4])
def test_metagenes_equal_the_specification(dimension):
    left, right = two_batches()
    left[:, 5] = 0  # constant in one batch: no part of the space, and of no metagene
    space = canonical_vectors(left, right, 5)
    found = curves(left, right, space, dimension)
    genes, left_curve, right_curve, shift = slow_metagenes(left, right, space, dimension, 20, 6)
    assert found.genes.tolist() == genes
    assert 5 not in genes
    np.testing.assert_allclose(found.left, left_curve, atol=1e-10)
    np.testing.assert_allclose(found.right, right_curve, atol=1e-10)
    assert found.shift == pytest.approx(shift, abs=1e-10)
    assert (found.correlation[:, 0] * found.correlation[:, 1] > 0).all()


def test_without_a_gene_of_the_same_sign_there_is_no_curve():
    left, right = two_batches()
    space = canonical_vectors(left, right, 2)
    turned = SharedSpace(space.left, -space.right, space.strength, space.loadings, space.genes)
    found = curves(left, right, turned, 0, genes=3)
    plain = curves(left, right, space, 0, genes=3)
    assert not set(found.genes) & set(plain.genes)
    flat = SharedSpace(space.left, np.zeros_like(space.right), space.strength, space.loadings, space.genes)
    none = curves(left, right, flat, 0)
    assert len(none.genes) == 0
    assert np.ptp(none.left) == np.ptp(none.right) == 0


def test_matched_cells_take_the_mean_of_their_partners_in_order():
    space = SharedSpace(
        np.array([[0.3], [0.1], [0.2], [0.4]]), np.array([[5.0], [3.0], [4.0]]), np.ones(1), np.ones((1, 1)),
        np.zeros(1, dtype=int),
    )  # fmt: skip
    path = WarpingPath(left=np.array([0, 1, 2, 3, 3]), right=np.array([0, 0, 1, 1, 2]), cost=0.0)
    # places 0, 1, 2 of the right are its cells 1, 2, 0; the left values in order are 0.1, 0.2, 0.3, 0.4
    np.testing.assert_allclose(matched_values(space, path, dimension=0), [0.4, 0.15, 0.35])


def test_the_order_of_a_batch_stays_and_an_affine_change_of_it_changes_nothing():
    left, right = two_batches()
    space = canonical_vectors(left, right, 3)
    for k in range(3):
        made = curves(left, right, space, k)
        values = matched_values(space, warp(made), dimension=k)
        assert (np.diff(values[np.argsort(space.right[:, k])]) >= 0).all()
        assert values.min() >= space.left[:, k].min()
        assert values.max() <= space.left[:, k].max()
        rescaled = curves(left, right * 3.7, space, k)
        np.testing.assert_allclose(rescaled.right, made.right, atol=1e-9)


def test_joined_batches_have_mean_0_and_deviation_1_and_agree_in_sign():
    rng = np.random.default_rng(0)
    first, second = rng.normal(size=(20, 2)), rng.normal(size=(20, 2)) * 0.1
    second += first * [1, -1]  # the second space has its second dimension turned
    genes = np.arange(3)
    spaces = tuple(
        SharedSpace(left, rng.normal(size=(n, 2)), np.ones(2), np.ones((3, 2)), genes)
        for left, n in ((first, 9), (second, 7))
    )
    aligned = tuple(tuple(rng.normal(size=n) for _ in range(2)) for n in (9, 7))
    found = join_aligned(spaces, aligned)
    by_hand = np.vstack([
        (first + second * [1, -1]) / 2, np.transpose(aligned[0]), np.transpose(aligned[1]) * [1, -1]
    ])  # fmt: skip
    np.testing.assert_allclose(found, (by_hand - by_hand.mean(axis=0)) / by_hand.std(axis=0, ddof=1), atol=1e-12)
