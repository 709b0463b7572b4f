"""Maps: placed ones stay where the cells did not move, and keep neighbours about as well as a map drawn anew."""

import numpy as np
import pytest
from sklearn.manifold import trustworthiness

from scint_core.numerics.umap import placed_layout, umap_layout


@pytest.fixture(scope="module")
def cells():
    """Four clouds of 75 cells in ten dimensions."""
    rng = np.random.default_rng(3)
    return np.repeat(rng.normal(scale=6, size=(4, 10)), 75, axis=0) + rng.normal(size=(300, 10))


@pytest.fixture(scope="module")
def start(cells):
    return umap_layout(cells)


def test_a_placed_map_keeps_neighbours_as_well_as_one_drawn_anew(cells, start):
    moved = cells.copy()
    moved[:40] += cells[80] - cells[0]  # a part of one cloud goes to another
    placed, anew = placed_layout(moved, start), umap_layout(moved, start=start)
    assert trustworthiness(moved, placed, n_neighbors=15) > trustworthiness(moved, anew, n_neighbors=15) - 0.02
    clouds = [placed[75:150], placed[:40], placed[40:75]]
    second, gone, stayed = (cloud.mean(axis=0) for cloud in clouds)
    assert np.linalg.norm(gone - second) < 0.5 * np.linalg.norm(gone - stayed)


def test_cells_that_do_not_move_keep_their_place(cells, start):
    placed = placed_layout(cells, start)
    assert placed.dtype == np.float32
    width = np.ptp(start, axis=0).max()
    assert np.median(np.linalg.norm(placed - start, axis=1)) < 0.05 * width


def test_the_same_arguments_place_the_same_map(cells, start):
    np.testing.assert_array_equal(placed_layout(cells, start), placed_layout(cells, start))
    assert not np.array_equal(placed_layout(cells, start), placed_layout(cells, start, seed=1))


@pytest.mark.parametrize("n", [1, 3, 4, 6])
def test_few_or_equal_cells_get_a_map_as_well(n):
    same = np.ones((n, 3))
    start = np.random.default_rng(0).normal(size=(n, 2))
    placed = placed_layout(same, start)
    assert placed.shape == (n, 2)
    assert np.isfinite(placed).all()
