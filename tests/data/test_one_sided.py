"""One batch varies in a way that the other does not, in all its types alike."""

import numpy as np

from scint_core.data.simulate import simulate


def test_only_the_second_batch_lies_along_the_path():
    adata = simulate("one_sided_variation", n_cells=301, own=6, shift=2, seed=3)
    second = (adata.obs["batch"] == "batch 2").to_numpy()
    effect = adata.obsm["place"] - adata.obsm["biology"]
    assert not effect[~second].any()
    assert not effect[:, :2].any()
    np.testing.assert_allclose(effect[second, 2], 2)
    assert np.abs(effect[second, 3]).max() <= 3
    assert np.ptp(effect[second, 3]) > 5


def test_every_type_is_spread_along_it_alike():
    adata = simulate("one_sided_variation", n_cells=1200, own=6, seed=3)
    along = (adata.obsm["place"] - adata.obsm["biology"])[:, 3]
    second = (adata.obs["batch"] == "batch 2").to_numpy()
    for cell_type in adata.obs["cell_type"].cat.categories:
        of_type = along[second & (adata.obs["cell_type"] == cell_type).to_numpy()]
        np.testing.assert_allclose([of_type.mean(), of_type.std()], [0, 6 / np.sqrt(12)], atol=0.3)


def test_both_batches_hold_all_types():
    cells = simulate("one_sided_variation", n_cells=300).uns["simulation"]["cells"]
    assert cells.tolist() == [[50, 50, 50], [50, 50, 50]]
