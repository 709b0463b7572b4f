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


def test_drift_carries_every_type_to_the_place_of_the_next():
    adata = simulate("plane_clouds", width=0, shift=0, drift=1)
    place, biology = adata.obsm["place"], adata.obsm["biology"]
    t, second = adata.obs["cell_type"].cat.codes.to_numpy(), (adata.obs["batch"] == "batch 2").to_numpy()
    for of_type in range(3):
        there = biology[t == (of_type + 1) % 3][0]
        np.testing.assert_allclose(place[second & (t == of_type)], np.tile(there, ((second & (t == of_type)).sum(), 1)))


@pytest.mark.parametrize(
    ("shared", "held"), [(0, ["A", "C"]), (1, ["AB", "BC"]), (2, ["ABC", "BC"]), (3, ["ABC", "ABC"])]
)
def test_batches_on_a_line_hold_what_they_are_said_to(shared, held):
    cells = simulate("line_clouds", shared=shared).uns["simulation"]["cells"]
    assert ["".join(t for t, n in zip("ABC", of_batch, strict=True) if n) for of_batch in cells] == held


def test_two_types_have_their_shares_and_batches_their_sizes():
    adata = simulate("two_types", n_cells=200, minor=0.1, share_first=0.9, share_second=0.25)
    assert adata.uns["simulation"]["cells"].tolist() == [[162, 18], [5, 15]]


def test_the_values_do_not_tell_how_much_of_a_difference_is_technical():
    technical, biological = (simulate("one_condition_each", technical=share, seed=2) for share in (1.0, 0.0))
    np.testing.assert_allclose(technical.X, biological.X, atol=1e-5)
    apart = [
        a.obsm["biology"][200:].mean(axis=0) - a.obsm["biology"][:200].mean(axis=0) for a in (technical, biological)
    ]
    np.testing.assert_allclose(apart[1] - apart[0], [4, 0, 0], atol=1e-9)


def test_the_l_is_shifted_at_its_angle_and_has_two_arms():
    adata = simulate("l_shape", shift=3, angle=30, width=0, length=6)
    effect = (adata.obsm["place"] - adata.obsm["biology"])[200:]
    np.testing.assert_allclose(np.linalg.norm(effect, axis=1), 3)
    np.testing.assert_allclose(effect[:, 2], 1.5)
    biology, arm = adata.obsm["biology"], adata.obs["cell_type"].cat.codes.to_numpy()
    assert (biology[np.arange(400), 1 - arm] == 0).all()
    assert biology.max() <= 6


@pytest.mark.parametrize("meet", [0, 0.25, 0.5])
def test_lines_meet_where_asked(meet):
    adata = simulate("meeting_lines", meet=meet, width=0, length=8, shift=0, n_cells=4000)
    place = adata.obsm["place"]
    assert np.isclose(place[:2000, 0].min(), -8 * meet, atol=0.05)
    assert np.isclose(place[2000:, 1].max(), 8 * (1 - meet), atol=0.05)
    assert (place[:2000, 1] == 0).all()
    both = (adata.obs["cell_type"] == "in both").to_numpy()
    assert np.abs(place[both]).max() <= 1.2 < np.abs(place[~both]).max(axis=1).min() + 1e-9
