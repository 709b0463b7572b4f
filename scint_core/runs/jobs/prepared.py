"""A data set that runs can start from, as the result of a job: made by the task "prepare", or adopted as it is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import anndata as ad
import numpy as np
import scipy.sparse as sp

from scint_core.data.problem import problem_from
from scint_core.export.h5ad import write_h5ad
from scint_core.numerics.umap import umap_layout
from scint_core.runs import codec
from scint_core.runs.check import check
from scint_core.runs.jobs.board import JobBoard
from scint_core.runs.jobs.folder import JobFolder
from scint_core.runs.jobs.places import GENES, PREPARED, VIEW
from scint_core.runs.jobs.scoring import own_embeddings
from scint_core.runs.keys import Keys, canonical, digest, job_digest
from scint_core.runs.progress import Report


def store_prepared(prepared: ad.AnnData, about: Mapping[str, Any], folder: Path, report: Report) -> None:
    """Fill `folder` with a data set ready for runs: the file, its values gene by gene, and its map.

    `about` holds "title", "batch_key", "label_key" and "notes" (sentences).
    """
    problem = problem_from(prepared, about["batch_key"], about["label_key"])
    report(0.0, "Drawing the map")
    layout = umap_layout(problem.to_input_order(problem.pca))
    batch, labels = problem.groups_in_input_order()
    report(0.6, "Storing the data")
    write_h5ad(prepared, folder / PREPARED)
    codec.write(_by_gene(prepared), folder / GENES)
    view = {
        **about, "n_genes": prepared.n_vars, "n_variable": len(problem.genes), "umap": layout,
        "batch": batch, "batch_names": problem.batch_names,
        "labels": labels, "label_names": problem.label_names, "cells": prepared.obs_names.to_numpy().astype(np.str_),
        "columns": tuple(map(str, prepared.obs.columns)), "obsm_keys": own_embeddings(prepared),
        "findings": [asdict(finding) for finding in check(prepared, about["batch_key"], about["label_key"])],
    }  # fmt: skip
    codec.write(view, folder / VIEW)


def adopt(board: JobBoard, adata: ad.AnnData, title: str, batch_key: str, label_key: str | None) -> JobFolder:
    """Put a data set, preprocessed already, beside the jobs of a board, as if a job had prepared it.

    The same data are stored once. Raises `DataError` for a column that is missing or cannot be used.
    """
    about: dict[str, Any] = {"title": title, "batch_key": batch_key, "label_key": label_key, "notes": []}
    folder = board.job(digest("adopted", _content(adata), canonical(about), job_digest())[:20])
    if not folder.result.exists():
        folder.create({"kind": "prepare", "arguments": {**about, "adopted": True}})
        filling = folder.publishing()
        store_prepared(adata, about, filling, lambda *_: None)
        folder.publish(filling)
        folder.set_state("done")
    return folder


def _content(adata: ad.AnnData) -> str:
    """Digest of everything that a run may read."""
    keys = Keys()
    matrices = [adata.X, *adata.layers.values(), *(np.asarray(value) for value in adata.obsm.values())]
    names = canonical([list(adata.layers), list(adata.obsm), list(adata.obs_names), list(adata.var_names)])
    return digest(names, adata.obs.to_json(), adata.var.to_json(), *(keys.of(matrix) for matrix in matrices))


def _by_gene(prepared: ad.AnnData) -> dict[str, Any]:
    """Names of all genes, and their values (genes × cells, float32), so that those of one gene lie together."""
    by_column = sp.csc_matrix(prepared.X, dtype=np.float32)  # whose transpose by rows is the same arrays
    return {"names": prepared.var_names.to_numpy().astype(np.str_), "values": by_column.T}
