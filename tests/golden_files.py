"""Reference outputs: where they are, and the parts that several tests need."""

from __future__ import annotations

from pathlib import Path

import h5py
import numpy as np
import pytest

from tests.shared import SHARED

R = SHARED / "golden" / "r"

needs_r_golden = pytest.mark.skipif(not R.is_dir(), reason="the reference outputs of the R packages are not here")


def r_file(name: str) -> h5py.File:
    """One of the files that the R packages' outputs are kept in."""
    return h5py.File(R / f"{name}.h5", "r")


def r_input() -> tuple[np.ndarray, list[str]]:
    """The log counts that every R reference was run on (cells × genes), and the batch of every cell."""
    with r_file("input") as file:
        return file["logcounts_genes_x_cells"][:].T, [text(b) for b in file["batch"][:]]


def text(value: bytes | str | np.integer) -> str:
    """A stored string."""
    return value.decode() if isinstance(value, bytes) else str(value)


def shared_data(name: str) -> Path:
    """A data set of ../shared/data."""
    return SHARED / "data" / f"{name}.h5ad"
