"""Simulated data: who is where, what the truth says, what every knob moves."""

import anndata as ad
import numpy as np
import pandas as pd
import pytest
import scipy.sparse as sp

from scint_core.data.scenarios import SCENARIOS, Knobs
from scint_core.data.simulate import simulate
from scint_core.errors import ParameterError
from scint_core.preprocess.normalise import log_normalise

SMALL = {"n_cells": 200, "n_genes": 60}
COUNTED = [name for name, scenario in SCENARIOS.items() if issubclass(scenario.Knobs, Knobs)]


def table(adata):
    return pd.crosstab(adata.obs["batch"], adata.obs["cell_type"], dropna=False).to_numpy()


def mean_profiles(adata, column):
    """Mean log expression of every group (groups × genes)."""
    x = log_normalise(adata.X).toarray()
    return np.stack([x[(adata.obs[column] == g).to_numpy()].mean(axis=0) for g in adata.obs[column].cat.categories])


@pytest.mark.parametrize("name", COUNTED)
def test_scenarios_of_counted_cells_give_counts_and_truth(name, tmp_path):
    adata = simulate(name, **SMALL, seed=3)
    assert adata.shape == (200, 60)
    assert sp.issparse(adata.X)
    assert (adata.X.data == np.floor(adata.X.data)).all()
    assert (adata.X.data > 0).all()
    assert adata.obs_names.is_unique
    assert adata.var_names.is_unique
    assert np.array_equal(table(adata), adata.uns["simulation"]["cells"])
    assert "Simulated" in adata.uns["simulation"]["note"]
    in_batches = (table(adata) > 0).sum(axis=0)
    assert np.array_equal(adata.obs["shared_type"], (in_batches > 1)[adata.obs["cell_type"].cat.codes])
    adata.write_h5ad(tmp_path / "simulated.h5ad")
    back = ad.read_h5ad(tmp_path / "simulated.h5ad")
    assert back.uns["simulation"]["knobs"]["seed"] == 3
    assert (back.X != adata.X).nnz == 0


@pytest.mark.parametrize("name", SCENARIOS)
def test_every_scenario_and_knob_is_described(name):
    assert len(SCENARIOS[name].description) > 30
    assert all(spec.help for spec in SCENARIOS[name].Knobs.specs())


def test_the_seed_decides_everything():
    first, again, other = (simulate("five_batches", **SMALL, seed=seed) for seed in (1, 1, 2))
    assert (first.X != again.X).nnz == 0
    assert first.obs.equals(again.obs)
    assert (first.X != other.X).nnz > 0


def test_cells_and_genes_have_readable_names():
    adata = simulate("two_batches", **SMALL)
    assert adata.obs_names[0] == "donor1_cell0001"
    assert adata.obs_names[-1] == f"donor2_cell{(adata.obs['batch'] == 'donor 2').sum():04d}"
    assert adata.var_names[0] == "Tcell-marker-01"
    assert adata.var_names[-1].startswith("gene-")


def test_two_batches_have_the_same_types_in_the_share_asked_for():
    cells = table(simulate("two_batches", n_cells=1000, n_genes=30, minor_share=0.1))
    assert cells.sum(axis=1).tolist() == [900, 100]
    np.testing.assert_allclose(cells[0] / 900, cells[1] / 100, atol=0.01)


@pytest.mark.parametrize("lacking", [0, 2, 4])
def test_the_last_type_is_missing_in_the_last_batches(lacking):
    cells = table(simulate("five_batches", **SMALL, lacking=lacking))
    assert (cells[:, -1] == 0).tolist() == [False] * (5 - lacking) + [True] * lacking
    assert (cells[:, :-1] > 0).all()
    assert cells.sum(axis=1).tolist() == [40] * 5


@pytest.mark.parametrize("shared", [0.0, 0.3, 1.0])
def test_shared_is_the_share_of_cells_with_a_type_in_both(shared):
    adata = simulate("shared_fraction", **SMALL, shared=shared)
    assert adata.obs["shared_type"].mean() == pytest.approx(shared, abs=0.02)


def test_confounding_goes_from_none_to_complete():
    even = table(simulate("confounded", **SMALL, confounding=0))
    assert np.array_equal(even[0], even[1])
    assert (table(simulate("confounded", **SMALL, confounding=1)).min(axis=0) == 0).all()


def test_no_effect_differs_by_chance_only():
    adata = simulate("no_effect", n_cells=2000, n_genes=100)
    assert (adata.uns["simulation"]["batch_factors"] == 1).all()
    assert np.abs(np.subtract(*mean_profiles(adata, "batch"))).max() < 0.2


def test_batch_effect_moves_genes_by_its_factors():
    adata = simulate("two_batches", n_cells=3000, n_genes=100, type_effect=0, depth=20_000, batch_effect=0.5)
    moved = np.subtract(*mean_profiles(adata, "batch"))
    wanted = np.subtract(*np.log(adata.uns["simulation"]["batch_factors"]))
    assert np.corrcoef(moved, wanted)[0, 1] > 0.99


def test_markers_are_high_in_their_type_and_nowhere_else():
    adata = simulate("no_effect", n_cells=2000, n_genes=200, type_effect=2)
    profiles = mean_profiles(adata, "cell_type")
    marked = adata.var["marker_of"].to_numpy()
    for t, name in enumerate(adata.obs["cell_type"].cat.categories):
        others = np.delete(profiles, t, axis=0).mean(axis=0)
        assert (profiles[t] - others)[marked == name].min() > 0.3
    assert (simulate("no_effect", **SMALL, type_effect=0).uns["simulation"]["type_factors"] == 1).all()


def test_one_knob_leaves_the_other_factors_alone():
    plain, bent = (simulate("two_batches", **SMALL, interaction=i) for i in (0, 0.4))
    assert np.array_equal(plain.uns["simulation"]["batch_factors"], bent.uns["simulation"]["batch_factors"])
    assert plain.var.equals(bent.var)
    assert plain.obs.equals(bent.obs)


def test_depth_and_dispersion_are_what_they_say():
    counts = simulate("no_effect", n_cells=2000, n_genes=50, type_effect=0, depth=500).X
    assert np.median(np.asarray(counts.sum(axis=1))) == pytest.approx(500, rel=0.05)
    spread = [
        np.median(simulate("no_effect", n_cells=2000, n_genes=50, depth=50_000, dispersion=d).X.toarray().std(axis=0))
        for d in (0, 1)
    ]
    assert spread[1] > 1.5 * spread[0]


@pytest.mark.parametrize(
    ("name", "knobs", "message"),
    [
        ("two_batch", {}, "scenario 'two_batch' does not exist: did you mean 'two_batches'"),
        (None, {}, "scenario 'None' does not exist"),
        (
            "two_batches",
            {"n_cell": 5},
            "knob 'n_cell' of scenario 'two_batches' does not exist: did you mean 'n_cells'",
        ),
        ("no_effect", {"batch_effect": 1}, "knob 'batch_effect' of scenario 'no_effect'"),
        ("two_batches", {"n_cells": 0}, "'n_cells' is 0"),
        ("shared_fraction", {"shared": 1.5}, "'shared' is 1.5"),
    ],
)
def test_refuses_with_a_sentence(name, knobs, message):
    with pytest.raises(ParameterError, match=message):
        simulate(name, **knobs)
