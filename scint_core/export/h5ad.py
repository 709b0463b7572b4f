"""Writing h5ad files so that a reader finds the whole file or none."""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path

from anndata import AnnData

from scint_core.errors import FileError

_SPARE = 1.2  # times the size of the arrays: HDF5's own tables


def write_h5ad(adata: AnnData, path: Path) -> None:
    """Write `adata` to `path` under a temporary name, wait for the disk, and rename.

    The space is checked first: HDF5 ends the whole process when the disk fills up while it writes. Raises
    `FileError` naming the path where there is too little, or where it cannot be written.
    """
    needed, free = int(_bytes(adata) * _SPARE), shutil.disk_usage(path.parent).free
    if needed > free:
        raise FileError(
            f"'{path.name}' needs about {needed / 1e6:.0f} MB and the disk has {free / 1e6:.0f} MB left: "
            "free some space"
        )
    handle, name = tempfile.mkstemp(prefix=".writing-", suffix=".h5ad", dir=path.parent)
    os.close(handle)
    try:
        adata.write_h5ad(name)
        with open(name, "rb+") as file:
            os.fsync(file.fileno())
        os.replace(name, path)
    except OSError as error:
        raise FileError(f"'{path.name}' cannot be written: {error.strerror or error}") from error
    finally:
        Path(name).unlink(missing_ok=True)


def _bytes(adata: AnnData) -> int:
    """What the arrays of `adata` take, roughly."""
    matrices = [adata.X, *adata.layers.values(), *adata.obsm.values(), *adata.obsp.values()]
    total = 0
    for matrix in matrices:
        if matrix is None:
            continue
        parts = [matrix.data, matrix.indices, matrix.indptr] if hasattr(matrix, "indptr") else [matrix]
        total += sum(int(getattr(part, "nbytes", 0)) for part in parts)
    return total
