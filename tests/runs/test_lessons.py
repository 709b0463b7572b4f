"""The bench: other functions in the place of steps, and steps that go on from their own last result."""

import numpy as np
import pytest

from scint_core.contract import Embedding
from scint_core.lab.measures import results_of
from scint_core.numerics.cluster_regression import correct_clusters
from scint_core.runs.lessons import LabBench

SETTINGS = {"n_clusters": 4, "max_iter": 3, "epsilon_harmony": 0.0}


def uncorrected(cells, clusters, bounds, lamb):
    """In the place of the correction: the components as they are."""
    return Embedding(np.asarray(cells, dtype=np.float64))


@pytest.fixture
def bench():
    return LabBench(0)


@pytest.fixture
def world(bench):
    return bench.world("plane_clouds", n_cells=90, n_genes=20)


def test_another_function_runs_in_the_place_of_a_step(bench, world):
    plain = bench.integrate(world, "harmony", **SETTINGS)
    swapped = bench.integrate(world, "harmony", swaps={correct_clusters: uncorrected}, **SETTINGS)
    before = bench.integrate(world, "harmony", max_iter=0)
    np.testing.assert_allclose(swapped.embedding, before.embedding)
    assert np.abs(plain.embedding - before.embedding).max() > 0.1


def test_a_step_that_is_fed_back_goes_on_from_its_own_last_result(bench, world):
    plain = results_of(bench.integrate(world, "harmony", **SETTINGS), correct_clusters)
    run = bench.integrate(world, "harmony", fed_back={correct_clusters: "coordinates"}, **SETTINGS)
    fed = results_of(run, correct_clusters)
    np.testing.assert_array_equal(fed[0].coordinates, plain[0].coordinates)
    clusters = [step.result[0] for step in run.steps if step.function.endswith("cluster_for_diversity")]
    bounds = np.array([0, 45, 90])
    for i in range(1, len(fed)):
        expected = correct_clusters(fed[i - 1].coordinates, clusters[i], bounds, 1.0)
        np.testing.assert_allclose(fed[i].coordinates, expected.coordinates, atol=1e-4)  # traces are float32
    assert np.abs(fed[1].coordinates - plain[1].coordinates).max() > 0.01


def test_what_was_fed_back_is_forgotten_by_the_next_run(bench, world):
    fed_back = {correct_clusters: "coordinates"}
    once, again = (bench.integrate(world, "harmony", fed_back=fed_back, **SETTINGS) for _ in range(2))
    np.testing.assert_array_equal(once.embedding, again.embedding)
    plain = bench.integrate(world, "harmony", **SETTINGS)
    assert np.abs(plain.embedding - once.embedding).max() > 0.01
