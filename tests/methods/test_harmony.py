"""Harmony's invariants: what holds whatever the data."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scint_core.contract import LossCurve, explanation_of
from scint_core.errors import ParameterError
from scint_core.methods.harmony import METHOD, HarmonyParams, foresee, run
from scint_core.numerics.cluster_regression import correct_clusters
from scint_core.numerics.harmony_setup import clusters_for, diversity_weights
from scint_core.numerics.kmeans import kmeans_centres
from scint_core.numerics.soft_clusters import cluster_for_diversity, objective_by_iteration
from tests.problems import problem_from
from tests.stepper import PlainStep


def data(seed=0, sizes=(70, 50, 40), d=6, types=3, shift=2.0):
    rng = np.random.default_rng(seed)
    batch = np.repeat(np.arange(len(sizes)), sizes)
    types = rng.normal(size=(types, d)) * 4
    pcs = types[rng.integers(len(types), size=len(batch))] + rng.normal(size=(len(batch), d))
    return pcs + shift * rng.normal(size=(len(sizes), d))[batch], batch


def integrate(pcs, batch, *, cells=None, seed=0, **params):
    step = PlainStep(seed)
    problem = problem_from(None, batch, pca=pcs, cells=cells)
    outcome = run(problem, HarmonyParams(**params), step)
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
    assert batch_gap(corrected, batch) < 0.25 * batch_gap(pcs, batch)
    centres = np.array([corrected[kinds == kind].mean(axis=0) for kind in range(3)])
    assert min(np.linalg.norm(centres[i] - centres[j]) for i in range(3) for j in range(i)) > 6


def test_the_objective_has_one_value_per_iteration_the_start_first():
    pcs, batch = data()
    _, _, step = integrate(pcs, batch)
    (curve,) = step.results(objective_by_iteration)
    iterations = len(step.results(correct_clusters))
    assert isinstance(curve, LossCurve)
    assert len(curve.values) == iterations + 1
    np.testing.assert_allclose(curve.values, sum(curve.parts.values()))
    assert [stage[:2] for stage in step.stages] == [("iteration", i) for i in range(1, iterations + 1)]
    assert {stage[3] for stage in step.stages} == {10}
    assert curve.values[-1] < curve.values[0]


def test_every_correction_starts_from_the_original_components():
    """With the clusters of the last iteration, one correction of the input is the result."""
    pcs, batch = data()
    _, outcome, step = integrate(pcs, batch)
    clusters, _ = step.results(cluster_for_diversity)[-1]
    bounds = problem_from(None, batch, pca=pcs).bounds
    np.testing.assert_allclose(outcome.embedding, correct_clusters(pcs, clusters, bounds, 1.0).coordinates)


def test_announced_steps_are_an_upper_bound():
    pcs, batch = data()
    for max_iter in (0, 1, 10):
        _, _, step = integrate(pcs, batch, max_iter=max_iter, epsilon_harmony=0)
        assert [(0, 4 + 3 * max_iter)] == step.expected
        assert len(step.records) <= 4 + 3 * max_iter
        assert len(step.records) == 4 + 3 * max_iter or max_iter == 10


def test_no_iteration_returns_the_components():
    pcs, batch = data()
    corrected, _, step = integrate(pcs, batch, max_iter=0)
    np.testing.assert_array_equal(corrected, pcs)
    assert len(step.results(objective_by_iteration)[0].values) == 1


@given(st.integers(0, 10**6))
@settings(deadline=None, max_examples=10)
def test_permuting_named_cells_permutes_the_result(seed):
    pcs, batch = data(sizes=(30, 25))
    names = np.array([f"cell{i}" for i in range(55)])
    order = np.random.default_rng(seed).permutation(55)
    order = np.concatenate([[0], order[order != 0]])
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


def test_rotating_the_components_rotates_the_result():
    pcs, batch = data()
    rotation = np.linalg.qr(np.random.default_rng(0).normal(size=(6, 6)))[0]
    a, _, _ = integrate(pcs, batch)
    b, _, _ = integrate(pcs @ rotation, batch)
    np.testing.assert_allclose(b, a @ rotation, atol=1e-6)


def test_a_huge_penalty_corrects_nothing():
    pcs, batch = data()
    corrected, _, _ = integrate(pcs, batch, lamb=1e12)
    np.testing.assert_allclose(corrected, pcs, atol=1e-6)


def test_one_cluster_and_a_small_penalty_make_the_batch_means_equal():
    pcs, batch = data()
    corrected, _, _ = integrate(pcs, batch, n_clusters=1, lamb=1e-10)
    assert batch_gap(corrected, batch) < 1e-6


def test_identical_batches_hardly_move():
    pcs, _ = data(sizes=(80,), shift=0)
    corrected, _, _ = integrate(np.vstack([pcs, pcs]), np.repeat([0, 1], 80))
    assert np.abs(corrected - np.vstack([pcs, pcs])).max() < 0.35 * pcs.std()


@pytest.mark.parametrize("sigma", [1e-6, 1e-3, 10.0])
def test_extreme_softness_stays_finite(sigma):
    pcs, batch = data()
    corrected, _, _ = integrate(pcs, batch, sigma=sigma)
    assert np.isfinite(corrected).all()


@pytest.mark.parametrize("sizes", [(2, 2), (3, 1), (40, 1), (5, 300)])
def test_small_batches_give_finite_results(sizes):
    pcs, batch = data(sizes=sizes)
    for params in ({}, {"lamb": None}, {"tau": 5.0}, {"block_size": 1.0}, {"n_clusters": 50}):
        corrected, _, _ = integrate(pcs, batch, **params)
        assert np.isfinite(corrected).all(), params


def test_tau_protects_a_small_batch():
    theta = diversity_weights([1000, 20], 2.0, 5.0, 30)
    np.testing.assert_allclose(theta, 2 * (1 - np.exp(-((np.array([1000, 20]) / 150) ** 2))))
    assert diversity_weights([1000, 20], 2.0, 0.0, 30) == (2.0, 2.0)


@pytest.mark.parametrize(("cells", "wanted", "made"), [(10, None, 1), (900, None, 30), (10**5, None, 100), (4, 9, 4)])
def test_number_of_clusters(cells, wanted, made):
    assert clusters_for(cells, wanted) == made


def test_too_many_clusters_are_lowered_with_a_note_said_beforehand():
    pcs, batch = data(sizes=(20, 15))
    _, outcome, step = integrate(pcs, batch, n_clusters=60)
    assert outcome.notes == ("n_clusters lowered from 60 to 35: there are 35 cells",)
    assert foresee(problem_from(None, batch, pca=pcs), HarmonyParams(n_clusters=60)) == outcome.notes
    assert len(step.results(kmeans_centres)[0]) == 35


def test_a_cell_at_the_origin_is_left_there_and_named():
    pcs, batch = data()
    pcs[7] = 0
    corrected, outcome, _ = integrate(pcs, batch)
    assert not corrected[7].any()
    assert outcome.notes == ("cells at the origin of the components: 1, left uncorrected",)


def test_single_precision_components_are_worked_on_in_double():
    pcs, batch = data()
    corrected, _, _ = integrate(pcs.astype(np.float32), batch)
    assert corrected.dtype == np.float64


@pytest.mark.parametrize(
    ("params", "named"),
    [({"theta": -1}, "'theta' is -1"), ({"sigma": 0}, "'sigma' is 0"), ({"lamb": 0}, "'lamb' is 0"),
     ({"n_clusters": 0}, "'n_clusters' is 0"), ({"block_size": 1.5}, "'block_size' is 1.5")],
)  # fmt: skip
def test_impossible_parameters_are_refused_by_name(params, named):
    with pytest.raises(ParameterError, match=named):
        HarmonyParams(**params)


def test_every_step_explains_itself_and_every_parameter_acts_somewhere():
    pcs, batch = data()
    _, _, step = integrate(pcs, batch)
    named = {"max_iter", "epsilon_harmony", "tau"}  # these act between the steps
    for record in step.records:
        assert explanation_of(record.function), record.title
        named |= set(explanation_of(record.function).parameters)
    assert named == {spec.name for spec in METHOD.Params.specs()}
