"""Reference outputs: where they are, and the parts that several tests need."""

from __future__ import annotations

import math
from pathlib import Path

import anndata as ad
import h5py
import numpy as np
import pytest

from tests.shared import SHARED

R = SHARED / "golden" / "r"
SMALL = Path(__file__).parent / "golden"

needs_r_golden = pytest.mark.skipif(not R.is_dir(), reason="the reference outputs of the R packages are not here")


def r_file(name: str) -> h5py.File:
    """One of the files that the R packages' outputs are kept in."""
    return h5py.File(R / f"{name}.h5", "r")


def r_input() -> tuple[np.ndarray, list[str]]:
    """The log counts that every R reference was run on (cells × genes), and the batch of every cell."""
    with r_file("input") as file:
        return file["logcounts_genes_x_cells"][:].T, [text(b) for b in file["batch"][:]]


def small_golden(name: str) -> dict[str, np.ndarray]:
    """The arrays of one of the small reference outputs that come with the project."""
    with np.load(SMALL / f"{name}.npz", allow_pickle=False) as file:
        return {key: file[key] for key in file.files}


def small_input() -> tuple[np.ndarray, list[str]]:
    """What `r_input` gives, to the last bit, from the counts that come with the project.

    The logarithm is the C library's, as R's is; numpy's own differs from it in the last bit of 2 % of the values.
    """
    file = small_golden("simulated_counts")
    counts = file["counts"].astype(float)
    log1p = np.vectorize(math.log1p)
    return log1p(counts / counts.sum(axis=1, keepdims=True) * 1e4), [str(b) for b in file["batch"]]


def scanorama_file() -> np.lib.npyio.NpzFile:
    """The reference output of scanorama."""
    return np.load(SHARED / "golden" / "python" / "scanorama_sim.npz", allow_pickle=False)


def scanorama_input() -> tuple[np.ndarray, list[np.ndarray]]:
    """The counts (cells × genes, both in the reference's order) that it was run on, and the rows of every batch."""
    cells = ad.read_h5ad(SHARED / "golden" / "python" / "sim3x300x200.h5ad")
    with scanorama_file() as file:
        rows = [file[f"cellidx_{b}"] for b in range(len(file["batches"]))]
        genes = cells.var_names.get_indexer(file["genes"])
    counts = cells.X.toarray() if hasattr(cells.X, "toarray") else np.asarray(cells.X)
    return counts[np.concatenate(rows)][:, genes], rows


def text(value: bytes | str | np.integer) -> str:
    """A stored string."""
    return value.decode() if isinstance(value, bytes) else str(value)


def shared_data(name: str) -> Path:
    """A data set of ../shared/data."""
    return SHARED / "data" / f"{name}.h5ad"
