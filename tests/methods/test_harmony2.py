"""Harmony 2's invariants: what holds whatever the data."""

import numpy as np
import pytest

from scint_core.contract import explanation_of
from scint_core.methods.harmony2 import Harmony2Params, foresee, run
from scint_core.numerics.anchored_clusters import assignment_by_distance, correct_and_recentre, mix_batches
from scint_core.numerics.kmeans import spread_out_centres
from scint_core.numerics.soft_clusters import objective_by_iteration
from tests.problems import problem_from
from tests.stepper import PlainStep


def data(seed=0, sizes=(70, 50, 40), d=6, types=3, shift=2.0):
    rng = np.random.default_rng(seed)
    batch = np.repeat(np.arange(len(sizes)), sizes)
    centres = rng.normal(size=(types, d)) * 4
    pcs = centres[rng.integers(types, size=len(batch))] + rng.normal(size=(len(batch), d))
    return pcs + shift * rng.normal(size=(len(sizes), d))[batch], batch


def integrate(pcs, batch, *, cells=None, seed=0, **params):
    step = PlainStep(seed)
    problem = problem_from(None, batch, pca=pcs, cells=cells)
    outcome = run(problem, Harmony2Params(**params), step)
    return problem.to_input_order(outcome.embedding), outcome, step


def batch_gap(x, batch):
    """Mean distance between the means of two batches."""
    means = [x[batch == b].mean(axis=0) for b in np.unique(batch)]
    return np.mean([np.linalg.norm(a - b) for i, a in enumerate(means) for b in means[:i]])


def test_batches_are_brought_together_and_types_stay_apart():
    rng = np.random.default_rng(0)
    kinds, batch = np.tile(np.arange(3), 60), np.repeat([0, 1], 90)
    pcs = np.eye(3)[kinds] * 8 + rng.normal(size=(180, 3)) + np.array([[0, 0, 0], [3.0, 3, -3]])[batch]
    corrected, _, _ = integrate(pcs, batch)
    assert batch_gap(corrected, batch) < 0.35 * batch_gap(pcs, batch)
    centres = np.array([corrected[kinds == kind].mean(axis=0) for kind in range(3)])
    assert min(np.linalg.norm(centres[i] - centres[j]) for i in range(3) for j in range(i)) > 6


def test_every_iteration_starts_from_distances_and_the_moved_centres():
    pcs, batch = data()
    _, _, step = integrate(pcs, batch, epsilon_harmony=0, max_iter=3)
    starts, corrections = step.results(assignment_by_distance), step.results(correct_and_recentre)
    assert len(starts) == len(corrections)
    for (clusters, _), (_, centres) in zip(starts[1:], corrections[:-1], strict=True):
        np.testing.assert_array_equal(clusters.centres, centres)
    (curve,) = step.results(objective_by_iteration)
    assert len(curve.values) == len(corrections) + 1
    np.testing.assert_allclose(curve.values, sum(curve.parts.values()))


def test_every_correction_starts_from_the_original_components():
    pcs, batch = data()
    _, outcome, step = integrate(pcs, batch)
    clusters, phase = step.results(mix_batches)[-1]
    bounds = problem_from(None, batch, pca=pcs).bounds
    corrected, _ = correct_and_recentre(pcs, clusters, bounds, None)
    np.testing.assert_allclose(outcome.embedding, corrected.coordinates)
    assert len(phase.values) == 4


@pytest.mark.parametrize("max_iter", [0, 1, 10])
def test_announced_steps_are_an_upper_bound(max_iter):
    pcs, batch = data()
    corrected, _, step = integrate(pcs, batch, max_iter=max_iter)
    assert step.expected == [(0, 4 + 4 * max_iter)]
    assert len(step.records) <= 4 + 4 * max_iter
    if max_iter == 0:
        np.testing.assert_array_equal(corrected, pcs)


def test_permuting_named_cells_permutes_the_result():
    pcs, batch = data(sizes=(30, 25))
    names = np.array([f"cell{i}" for i in range(55)])
    order = np.concatenate([[0], 1 + np.random.default_rng(3).permutation(54)])
    a, _, _ = integrate(pcs, batch, cells=names)
    b, _, _ = integrate(pcs[order], batch[order], cells=names[order])
    np.testing.assert_allclose(b, a[order], atol=1e-9)


def test_names_of_batches_play_no_part_and_the_seed_does():
    pcs, batch = data()
    a, _, _ = integrate(pcs, batch)
    b, _, _ = integrate(pcs, np.array(["zebra", "ape", "moth"])[batch])
    np.testing.assert_array_equal(a, b)
    c, _, _ = integrate(pcs, batch, seed=1)
    assert not np.array_equal(a, c)


@pytest.mark.parametrize("factor", [1e-3, 40.0])
def test_scaling_the_components_scales_the_result(factor):
    pcs, batch = data()
    a, _, _ = integrate(pcs, batch)
    b, _, _ = integrate(pcs * factor, batch)
    np.testing.assert_allclose(b, a * factor, atol=1e-7 * factor)


def test_a_huge_penalty_corrects_nothing_and_a_small_one_with_one_cluster_all():
    pcs, batch = data()
    corrected, _, _ = integrate(pcs, batch, lamb=1e12)
    np.testing.assert_allclose(corrected, pcs, atol=1e-6)
    corrected, _, _ = integrate(pcs, batch, n_clusters=1, lamb=1e-10)
    assert batch_gap(corrected, batch) < 1e-6


@pytest.mark.parametrize("sigma", [1e-6, 1e-3, 10.0])
def test_extreme_softness_stays_finite(sigma):
    pcs, batch = data()
    assert np.isfinite(integrate(pcs, batch, sigma=sigma)[0]).all()


@pytest.mark.parametrize("sizes", [(2, 2), (3, 1), (40, 1), (5, 300)])
@pytest.mark.parametrize("params", [{}, {"lamb": 1.0}, {"tau": 5.0}, {"block_size": 1.0}, {"n_clusters": 50}])
def test_small_batches_give_finite_results(sizes, params):
    pcs, batch = data(sizes=sizes)
    assert np.isfinite(integrate(pcs, batch, **params)[0]).all()


def test_too_many_clusters_are_lowered_with_a_note_said_beforehand():
    pcs, batch = data(sizes=(20, 15))
    _, outcome, step = integrate(pcs, batch, n_clusters=60)
    assert outcome.notes == ("n_clusters lowered from 60 to 35: there are 35 cells",)
    assert foresee(problem_from(None, batch, pca=pcs), Harmony2Params(n_clusters=60)) == outcome.notes
    assert len(step.results(spread_out_centres)[0]) == 35


def test_a_cell_at_the_origin_is_left_there_and_named():
    pcs, batch = data()
    pcs[7] = 0
    corrected, outcome, _ = integrate(pcs, batch)
    assert not corrected[7].any()
    assert outcome.notes == ("cells at the origin of the components: 1, left uncorrected",)


def test_where_the_slide_differs_both_formulas_are_shown():
    shown = explanation_of(mix_batches)
    assert "2 E_{kb} + 1" in shown.formula
    assert r"\frac{O_{ki}}{E_{ki}}" in shown.slide
