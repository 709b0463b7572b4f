"""Tasks done in this process, as jobs of a state folder of their own."""

import numpy as np
import pytest

from scint_core.runs.jobs import tasks
from tests.datasets import counts


@pytest.fixture
def done(tmp_path, monkeypatch):
    """Do a task as a job of its own; returns the folder of its result."""
    monkeypatch.setenv("SCINT_STATE", str(tmp_path))

    def do(kind, job_id, report=lambda *_: None, **arguments):
        folder = tmp_path / "runs" / job_id / "result"
        folder.mkdir(parents=True)
        tasks.TASKS[kind](arguments, folder, report)
        return folder

    return do


@pytest.fixture
def data(done, tmp_path):
    """The id of a prepared data set."""
    path = tmp_path / "counts.h5ad"
    adata = counts()
    adata.obsm["X_mine"] = np.random.default_rng(0).normal(size=(adata.n_obs, 4)).astype(np.float32)
    adata.obsm["X_umap"] = adata.obsm["X_mine"][:, :2]
    adata.write_h5ad(path)
    done("load", "loaded", files=[{"path": str(path), "name": "counts.h5ad", "choice": None}])
    done(
        "prepare", "data", loaded="loaded", title="counts", batch_key="batch", label_key="celltype",
        params={"n_top_genes": 50, "n_pcs": 10},
    )  # fmt: skip
    return "data"
