"""Measures agree with what can be worked out by hand, and take steps' rows to the cells they are of."""

import numpy as np

from scint_core.contract import BatchVector, LostVariance, Pairs
from scint_core.data.problem import problem_from
from scint_core.data.simulate import simulate
from scint_core.lab.measures import (
    in_cell_order,
    kept_pairs,
    own_type_share,
    pairs_by_type,
    purity,
    results_of,
    right_share,
    step_results,
    type_distances,
    with_batches_in_order,
)
from scint_core.numerics.cluster_regression import correct_clusters
from scint_core.numerics.normalize import unit_rows
from scint_core.numerics.pair_table import pairs_at
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


def pairs_of(left, right, kept):
    n = len(left)
    return Pairs(np.array(left), np.array(right), np.arange(n), np.linspace(0, 1, n), np.array(kept))


def test_pairs_are_chosen_with_all_that_belongs_to_them():
    chosen = pairs_at(pairs_of([0, 1, 2], [5, 4, 3], [True, False, True]), np.array([False, True, True]))
    assert chosen.left.tolist() == [1, 2]
    assert chosen.right.tolist() == [4, 3]
    assert chosen.merge.tolist() == [1, 2]
    assert chosen.score.tolist() == [0.5, 1]
    assert chosen.kept.tolist() == [False, True]


def test_kept_pairs_are_those_that_a_filter_left():
    bench = LabBench(0)
    world = bench.world("plane_clouds", shared=2, n_cells=120, n_genes=40)
    run = bench.integrate(world, "seurat_v3", n_ccs=5, k_filter=10)
    assert 0 < len(kept_pairs(run)) < len(run.pairs)
    assert kept_pairs(run).kept.all()
    assert len(kept_pairs(run)) == run.pairs.kept.sum()


def test_pairs_are_counted_by_the_types_of_their_cells():
    world = simulate("plane_clouds", n_cells=60, n_genes=20)
    cell_type = world.obs["cell_type"].cat.codes.to_numpy()
    a, b = np.flatnonzero(cell_type == 0)[:2], np.flatnonzero(cell_type == 2)[:2]
    pairs = pairs_of([*a, a[0]], [*b, a[1]], [True] * 3)
    table = pairs_by_type(world, pairs)
    assert table.values.tolist() == [[1, 0, 2], [0, 0, 0], [0, 0, 0]]
    assert table.rows == table.columns == tuple(world.obs["cell_type"].cat.categories)
    assert right_share(pairs, cell_type) == 1 / 3


def test_distances_of_types_are_those_of_their_middles():
    cells = np.array([[0.0, 0], [2, 0], [1, 4], [4, 0], [4, 0]])
    np.testing.assert_allclose(type_distances(cells, np.array([0, 0, 1, 2, 2])), [4, 3, 5])


def test_results_of_a_type_come_in_the_order_of_the_steps():
    bench = LabBench(1)
    world = bench.world("bridged_batches", n_cells=90, n_genes=30)
    run = bench.integrate(world, "fastmnn", cos_norm=False, n_pcs=8)
    sizes = [vector.size for vector in step_results(run, BatchVector)]
    (lost,) = step_results(run, LostVariance)
    np.testing.assert_allclose(sizes, lost.batch_size, rtol=1e-6)
    assert len(sizes) == 2
    assert step_results(run, Pairs) == []


def test_batches_in_another_order_are_the_same_cells():
    world = simulate("chained_batches", n_cells=60, n_genes=20)
    turned = with_batches_in_order(world, ["batch 3", "batch 1", "batch 2"])
    assert problem_from(turned, "batch").batch_names == ("batch 3", "batch 1", "batch 2")
    assert turned.obs["batch"].tolist() == world.obs["batch"].tolist()
    assert list(world.obs["batch"].cat.categories) == ["batch 1", "batch 2", "batch 3"]
