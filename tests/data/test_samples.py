"""Samples load, hold what their registry says, and are what the script makes."""

import importlib.util

import anndata as ad
import numpy as np
import pytest

from scint_core.data import samples as samples_module
from scint_core.data.samples import FOLDER, samples
from scint_core.errors import FileError

SIMULATED = [name for name in samples() if name != "pbmc_halves"]


@pytest.fixture(scope="module")
def make_samples():
    spec = importlib.util.spec_from_file_location("make_samples", FOLDER / "make_samples.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("name", samples())
def test_every_sample_has_its_columns(name):
    sample = samples()[name]
    adata = sample.load()
    assert sample.name == name
    assert adata.obs[sample.batch_key].nunique() >= 2
    assert adata.obs[sample.label_key].nunique() >= 3
    assert adata.obs_names.is_unique
    assert f"{adata.n_obs:,} " in sample.description


def test_loading_twice_gives_two_data_sets():
    load = samples()["two_donors"].load
    load().obs["batch"] = "changed"
    assert load().obs["batch"].nunique() == 2


def test_the_files_are_what_the_script_makes(make_samples, tmp_path):
    make_samples.main(tmp_path)
    assert sorted(path.stem for path in tmp_path.iterdir()) == sorted(SIMULATED)
    for name in SIMULATED:
        made, kept = ad.read_h5ad(tmp_path / f"{name}.h5ad"), ad.read_h5ad(FOLDER / f"{name}.h5ad")
        assert (made.X != kept.X).nnz == 0
        assert made.obs.equals(kept.obs)


def test_the_files_are_small():
    assert sum(path.stat().st_size for path in FOLDER.glob("*.h5ad")) < 3_000_000


def test_the_descriptions_are_true():
    labs = samples()["five_labs"].load().obs
    missing = labs.groupby("batch", observed=False)["cell_type"].apply(lambda c: "Dendritic cell" not in set(c))
    assert missing[missing].index.tolist() == ["lab 4", "lab 5"]
    assert (samples()["small_batch"].load().obs["batch"] == "donor 2").sum() == 15


def test_pbmc_halves_are_log_values_split_at_random():
    adata = samples()["pbmc_halves"].load()
    assert adata.X.min() == 0
    assert (adata.X.data != np.floor(adata.X.data)).any()
    assert adata.obs["batch"].value_counts().tolist() == [350, 350]
    assert adata.obs["batch"].iloc[:350].nunique() == 2
    again = samples()["pbmc_halves"].load()
    assert adata.obs["batch"].equals(again.obs["batch"])


def test_a_missing_file_is_named(monkeypatch, tmp_path):
    monkeypatch.setattr(samples_module, "FOLDER", tmp_path)
    with pytest.raises(FileError, match=r"'two_donors\.h5ad' is missing.*make_samples"):
        samples()["two_donors"].load()
