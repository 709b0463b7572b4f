"""The small batch has the size and the types asked for, and is moved as a whole."""

import numpy as np
import pytest

from scint_core.data.simulate import simulate


@pytest.mark.parametrize(("types", "held"), [(1, [20, 0, 0]), (2, [10, 10, 0]), (3, [7, 7, 6])])
def test_the_small_batch_holds_the_first_types(types, held):
    adata = simulate("small_batch", n_cells=200, small=20, types=types)
    assert adata.uns["simulation"]["cells"].tolist() == [[60, 60, 60], held]


def test_the_small_batch_is_moved_out_of_the_plane_of_the_types():
    adata = simulate("small_batch", n_cells=100, small=10, types=3, shift=2.5)
    effect = adata.obsm["place"] - adata.obsm["biology"]
    small = (adata.obs["batch"] == "small batch").to_numpy()
    np.testing.assert_array_equal(effect[~small], 0)
    np.testing.assert_array_equal(effect[small], np.tile([0, 0, 2.5], (10, 1)))
