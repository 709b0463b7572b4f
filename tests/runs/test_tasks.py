"""What engine processes do, one task after the other, in this process."""

import anndata as ad
import numpy as np
import pytest
import scipy.sparse as sp

from scint_core.runs import codec
from scint_core.runs.jobs.folder import JobFolder
from scint_core.runs.jobs.places import GENES, PREPARED, VIEW
from scint_core.runs.jobs.scoring import own_embeddings
from scint_core.runs.trace import Axes, FolderTrace
from tests.datasets import counts


def integrate(done, data, job_id="run", **given):
    params = {"epochs_scvi": 30, "epochs_scanvi": 20, "lr": 1e-2}
    arguments = {"method": "scanvi", "params": params, "seed": 0, **given}
    return codec.read(done("integrate", job_id, data=data, **arguments) / VIEW)


def test_hidden_labels_come_back_with_what_was_predicted(done, data):
    held_out = integrate(done, data, hide=0.5)["held_out"]
    types = counts().obs["celltype"].astype(str).to_numpy()
    np.testing.assert_array_equal(held_out["truth"], types[held_out["cells"]])
    assert len(held_out["cells"]) == pytest.approx(60, abs=2)
    assert (held_out["truth"] == held_out["predicted"]).mean() > 0.8


def test_another_label_column_may_be_used(done, data):
    other = integrate(done, data, hide=0.5, label_key="batch")
    assert set(other["held_out"]["truth"]) == {"batch 0", "batch 1"}


@pytest.mark.parametrize("given", [{}, {"hide": 0.0}, {"method": "unintegrated", "params": {}, "hide": 0.5}])
def test_nothing_is_asked_for_where_nothing_is_hidden_or_predicted(done, data, given):
    assert integrate(done, data, **given)["held_out"] is None


def test_what_a_step_shows_lies_in_the_job_until_the_step_is_kept(done, data, tmp_path):
    seen = []
    live = JobFolder(tmp_path / "runs" / "run").live
    done(
        "integrate", "run", report=lambda *_: seen.append(live.exists() and codec.read(live)), data=data,
        method="scanvi", params={"epochs_scvi": 400, "epochs_scanvi": 1}, seed=0,
    )  # fmt: skip
    shown = [curves for curves in seen if curves]
    assert shown
    assert 0 < len(shown[0].train.values) < 400
    assert not live.exists()


def test_a_full_disk_ends_no_run_for_want_of_a_picture(tmp_path, monkeypatch):
    monkeypatch.setattr(codec, "write", lambda *_: (_ for _ in ()).throw(OSError("disk full")))
    FolderTrace(Axes(None), tmp_path / "trace", tmp_path / "live").show(np.zeros(3))


def test_values_of_one_gene_lie_together(data, tmp_path):
    result = tmp_path / "runs" / data / "result"
    genes, prepared = codec.read(result / GENES), ad.read_h5ad(result / PREPARED)
    assert genes["names"].tolist() == prepared.var_names.tolist()
    assert genes["values"].format == "csr"
    assert genes["values"].dtype == np.float32
    expected = prepared.X.toarray() if sp.issparse(prepared.X) else prepared.X
    np.testing.assert_array_equal(genes["values"].toarray().T, expected)


def test_embeddings_of_the_file_are_kept_and_named(data, tmp_path):
    result = tmp_path / "runs" / data / "result"
    assert codec.read(result / VIEW)["obsm_keys"] == ("X_mine",)
    kept = ad.read_h5ad(result / PREPARED).obsm
    np.testing.assert_array_equal(kept["X_mine"][:, :2], kept["X_umap"])
    assert kept["X_pca"].shape[1] == 10


@pytest.mark.parametrize(
    "key", ["X_pca", "X_umap", "X_umap_harmony", "X_tsne", "X_draw_graph_fa", "spatial", "mnn_expression"]
)
def test_maps_and_the_pca_are_no_embeddings_of_ones_own(key):
    adata = counts()
    table = np.ones((adata.n_obs, 3))
    adata.obsm[key], adata.obsm["X_pca_mine"], adata.obsm["one"] = table, table, table[:, :1]
    adata.obsm["names"] = table.astype(str)
    assert own_embeddings(adata) == ("X_pca_mine",)
