"""Measures agree with what can be worked out by hand, and take steps' rows to the cells they are of."""

import numpy as np

from scint_core.data.problem import problem_from
from scint_core.data.simulate import simulate
from scint_core.lab.measures import in_cell_order, own_type_share, purity, results_of
from scint_core.numerics.cluster_regression import correct_clusters
from scint_core.numerics.normalize import unit_rows
from scint_core.runs.lessons import LabBench


def test_rows_of_a_step_come_back_in_the_order_of_the_cells():
    world = simulate("plane_clouds", n_cells=60, n_genes=20, seed=1)
    world = world[np.random.default_rng(0).permutation(60)].copy()
    place = np.asarray(world.obsm["place"])
    canonical = place[problem_from(world, "batch").order]
    assert not np.array_equal(canonical, place)
    np.testing.assert_array_equal(in_cell_order(world, canonical), place)


def test_results_of_a_step_are_those_of_all_its_calls_in_order():
    bench = LabBench(0)
    world = bench.world("plane_clouds", n_cells=60, n_genes=20)
    run = bench.integrate(world, "harmony", n_clusters=3, max_iter=3, epsilon_harmony=0)
    corrected = results_of(run, correct_clusters)
    assert 1 <= len(corrected) <= 3
    assert len(results_of(run, unit_rows)) == len(corrected) + 1
    np.testing.assert_array_equal(in_cell_order(world, corrected[-1].coordinates), run.embedding)


def test_the_share_of_the_own_type_counts_neighbours_and_not_the_cell_itself():
    cells = np.array([[0.0], [1.0], [2.1], [10.0], [11.0], [12.1]])
    cell_type = np.array([0, 0, 1, 1, 1, 0])
    np.testing.assert_allclose(own_type_share(cells, cell_type, k=2), [0.5, 0.5, 0, 0.5, 0.5, 0])
    assert purity(cells, cell_type, k=2) == np.mean([1 / 3, 1 / 3])
