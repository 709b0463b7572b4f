"""Worlds of several batches hold the types that they say, each batch moved along a dimension of its own."""

import numpy as np
import pytest

from scint_core.data.simulate import simulate

SCENARIOS = ("bridged_batches", "chained_batches", "strange_batch")


def cells_of(name, **knobs):
    return simulate(name, **knobs).uns["simulation"]["cells"].tolist()


def test_a_bridge_holds_the_types_of_two_batches_that_share_none():
    assert cells_of("bridged_batches", n_cells=300) == [[100, 0, 0], [0, 100, 0], [40, 40, 20]]
    assert cells_of("bridged_batches", n_cells=300, common=0.1) == [[90, 0, 10], [0, 90, 10], [40, 40, 20]]


def test_a_chain_shares_one_type_between_each_two_in_a_row():
    cells = np.array(cells_of("chained_batches", n_batches=4, n_cells=400))
    assert ((cells > 0).astype(int) @ (cells > 0).T.astype(int)).tolist() == [
        [2, 1, 0, 0],
        [1, 2, 1, 0],
        [0, 1, 2, 1],
        [0, 0, 1, 2],
    ]
    assert {*cells.ravel()} == {0, 50}


def test_an_uneven_chain_shares_fewer_cells_along_it():
    assert cells_of("chained_batches", n_batches=4, n_cells=400, uneven=1) == [
        [10, 90, 0, 0, 0],
        [0, 40, 60, 0, 0],
        [0, 0, 60, 40, 0],
        [0, 0, 0, 40, 60],
    ]


def test_the_strange_batch_shares_nothing():
    assert cells_of("strange_batch", n_cells=300) == [[50, 50, 0], [50, 50, 0], [0, 0, 100]]


@pytest.mark.parametrize("name", SCENARIOS)
@pytest.mark.parametrize("n_cells", [20, 97, 300])
def test_no_cell_is_lost_in_rounding(name, n_cells):
    assert simulate(name, n_cells=n_cells).n_obs == n_cells


@pytest.mark.parametrize("name", SCENARIOS)
def test_batches_are_moved_at_right_angles_to_each_other_and_to_the_types(name):
    adata = simulate(name, n_cells=90, shift=3, width=0)
    batch = adata.obs["batch"].cat.codes.to_numpy()
    effect = adata.obsm["place"] - adata.obsm["biology"]
    moves = np.array([effect[batch == b][0] for b in range(3)])
    np.testing.assert_allclose(moves @ moves.T, 9 * np.diag([0, 1, 1]), atol=1e-12)
    assert not (adata.obsm["biology"] @ moves.T).any()


@pytest.mark.parametrize("name", SCENARIOS)
def test_neighbouring_types_lie_as_far_apart_as_asked(name):
    centres = np.unique(simulate(name, n_cells=90, gap=7, width=0).obsm["biology"].round(9), axis=0)
    distances = np.linalg.norm(centres[:, None] - centres, axis=2)
    assert distances[distances > 0].min() == pytest.approx(7)
