"""Placed cells are found where they were placed, and missed by as much as they are moved."""

import numpy as np
import pytest

from scint_core.data.simulate import simulate
from scint_core.lab.truth import aslant, misplaced, oblique, places


@pytest.fixture
def world():
    return simulate("plane_clouds", n_cells=90, n_genes=40, noise=0, shift=3, seed=4)


def test_values_return_to_the_places_that_they_were_made_of(world):
    np.testing.assert_allclose(places(world, world.X), world.obsm["place"], atol=1e-4)


def test_a_move_among_the_genes_is_the_same_move_among_the_places(world):
    moved = world.X + (world.X[5] - world.X[3])
    by = world.obsm["place"][5] - world.obsm["place"][3]
    np.testing.assert_allclose(places(world, moved), world.obsm["place"] + by, atol=1e-4)


def test_cells_of_another_space_are_placed_by_what_they_were_there(world):
    turn = np.linalg.qr(np.random.default_rng(0).normal(size=(40, 40)))[0]
    before = 2 * world.X @ turn + 1
    np.testing.assert_allclose(places(world, before, before), world.obsm["place"], atol=1e-4)
    moved = before + 2 * (world.X[5] - world.X[3]) @ turn
    by = world.obsm["place"][5] - world.obsm["place"][3]
    np.testing.assert_allclose(places(world, moved, before), world.obsm["place"] + by, atol=1e-4)


def test_cells_are_misplaced_by_the_batch_effect_until_it_is_gone(world):
    assert misplaced(world, world.obsm["place"]) == pytest.approx(3)
    assert misplaced(world, world.obsm["biology"]) == 0


def test_the_third_dimension_is_seen_upwards():
    ground, above = aslant(np.array([[1.0, 2.0, 0.0], [1.0, 2.0, 5.0]]))
    assert above[0] == ground[0]
    assert above[1] > ground[1]


def test_from_an_angle_types_stay_and_batches_part():
    cells = np.array([[1.0, 2, 0, 0, 0], [1, 2, 3, 0, 0], [1, 2, 0, 3, 0], [1, 2, 0, 0, 3]])
    seen = oblique(cells)
    np.testing.assert_allclose(seen[0], [1, 2])
    np.testing.assert_allclose(np.linalg.norm(seen[1:] - seen[0], axis=1), 3, rtol=1e-6)
    np.testing.assert_allclose(seen[1:].mean(axis=0), seen[0], atol=1e-6)  # as far apart as three directions can be
