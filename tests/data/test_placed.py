"""Placed cells: their distances and angles are those asked for."""

import numpy as np
import pytest

from scint_core.data.scenarios import SCENARIOS, Knobs
from scint_core.data.simulate import simulate

PLACED = [name for name, scenario in SCENARIOS.items() if not issubclass(scenario.Knobs, Knobs)]


@pytest.mark.parametrize("name", PLACED)
def test_scenarios_of_placed_cells_give_values_and_truth(name):
    adata = simulate(name, n_cells=120, n_genes=40, noise=0, seed=3)
    assert adata.n_obs == 120
    assert np.isfinite(adata.X).all()
    assert (np.floor(adata.X) != adata.X).any()
    place, biology = adata.obsm["place"], adata.obsm["biology"]
    assert place.shape == biology.shape
    assert {"batch", "cell_type", "shared_type"} <= {*adata.obs}
    assert adata.uns["simulation"]["cells"].sum() == 120
    away = np.linalg.norm(place - place[0], axis=1)
    np.testing.assert_allclose(np.linalg.norm(adata.X - adata.X[0], axis=1), away, atol=1e-4)


@pytest.mark.parametrize("angle", [0, 30, 90])
def test_the_batch_effect_has_its_length_and_angle(angle):
    adata = simulate("plane_clouds", shift=3, angle=angle, seed=1)
    effect = (adata.obsm["place"] - adata.obsm["biology"])[(adata.obs["batch"] == "batch 2").to_numpy()]
    np.testing.assert_allclose(np.linalg.norm(effect, axis=1), 3)
    np.testing.assert_allclose(effect[:, 2], 3 * np.sin(np.deg2rad(angle)), atol=1e-12)


def test_types_lie_as_far_apart_as_asked():
    adata = simulate("plane_clouds", gap=7, width=0, seed=1)
    centres = np.unique(adata.obsm["biology"].round(9), axis=0)
    distances = np.linalg.norm(centres[:, None] - centres, axis=2)
    np.testing.assert_allclose(distances[~np.eye(3, dtype=bool)], 7)


@pytest.mark.parametrize(("shared", "common"), [(0, 0), (2, 2), (3, 3)])
def test_as_many_types_are_shared_as_asked(shared, common):
    cells = simulate("plane_clouds", shared=shared).uns["simulation"]["cells"]
    assert (cells > 0).all(axis=0).sum() == common
    assert cells.sum(axis=1).tolist() == [200, 200]
