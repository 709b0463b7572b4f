"""The data that everything is timed on, in a form that needs neither scint nor AnnData to read."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from pathlib import Path

import numpy as np
import scipy.sparse as sp


@dataclass(frozen=True)
class Dataset:
    """Two batches: counts and log values (cells × genes), components, and the batch and type of every cell."""

    counts: sp.csr_matrix
    expression: sp.csr_matrix
    pca: np.ndarray
    batch: np.ndarray
    cell_type: np.ndarray

    def save(self, path: Path) -> None:
        """Write to an `.npz`; counts and log values share their positions."""
        same = (self.counts.indices, self.counts.indptr)
        names = ("pca", "batch", "cell_type")
        np.savez(
            path, *same, counts=self.counts.data, expression=self.expression.data, shape=self.counts.shape,
            **{name: getattr(self, name) for name in names},
        )  # fmt: skip

    def part(self, n_cells: int) -> Dataset:
        """Every so many-th cell, about `n_cells` of them."""
        rows = slice(None, None, max(1, len(self.batch) // n_cells))
        return replace(self, **{field.name: getattr(self, field.name)[rows] for field in fields(self)})

    def batches(self) -> list[np.ndarray]:
        """Rows of every batch."""
        return [np.flatnonzero(self.batch == b) for b in np.unique(self.batch)]


def load(path: Path) -> Dataset:
    """What `save` wrote."""
    with np.load(path, allow_pickle=False) as file:
        place, shape = (file["arr_0"], file["arr_1"]), tuple(file["shape"])
        matrices = [sp.csr_matrix((file[name], *place), shape=shape) for name in ("counts", "expression")]
        return Dataset(*matrices, file["pca"], file["batch"], file["cell_type"])


def simulated(n_cells: int, n_genes: int) -> Dataset:
    """Counts of two batches with a batch effect that differs between types, preprocessed by scint."""
    import scint_core as scint

    raw = scint.simulate("two_batches", n_cells=n_cells, n_genes=n_genes, batch_effect=0.5, interaction=0.15, seed=1)
    adata = scint.preprocess(raw, batch_key="batch", n_top_genes=n_genes, n_pcs=50)
    codes = (adata.obs[name].cat.codes.to_numpy().astype(np.int64) for name in ("batch", "cell_type"))
    counts, expression = (sp.csr_matrix(m, dtype=np.float32) for m in (adata.layers["counts"], adata.X))
    return Dataset(counts, expression, np.asarray(adata.obsm["X_pca"]), *codes)
