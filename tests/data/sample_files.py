"""One small data set written in every format that scint reads, for the tests of reading."""

from __future__ import annotations

import gzip
import io
import zipfile
from pathlib import Path

import h5py
import numpy as np
import pandas as pd
import scipy.sparse as sp
from anndata import AnnData

N_CELLS, N_GENES = 24, 12
GENES = ["CD3D", "CD3E", "LYZ", "MS4A1", "GNLY", "NKG7", "B2M", "ACTB", "GAPDH", "MALAT1", "FTL", "VIM"]
CELLS = [f"{'ACGT'[i % 4]}{'ACGT'[i // 4 % 4]}{'ACGT'[i // 16 % 4]}TTGCA-1" for i in range(N_CELLS)]


def counts(seed: int = 0) -> np.ndarray:
    """Counts (cells × genes), no row and no column empty."""
    X = np.random.default_rng(seed).poisson(1.0, (N_CELLS, N_GENES))
    X[:, 0] += 1
    X[0] += 1
    return X.astype(np.float32)


def small(seed: int = 0) -> AnnData:
    """The data set: CSR counts, two batches, three types."""
    obs = pd.DataFrame(
        {
            "batch": pd.Categorical(["A"] * (N_CELLS // 2) + ["B"] * (N_CELLS // 2)),
            "celltype": pd.Categorical([("T", "B cell", "Mono")[i % 3] for i in range(N_CELLS)]),
        },
        index=CELLS,
    )
    return AnnData(sp.csr_matrix(counts(seed)), obs=obs, var=pd.DataFrame(index=GENES))


def write_tenx(path: Path, version: int = 3, types: list[str] | None = None) -> Path:
    """10x HDF5 as Cell Ranger 2 or 3 writes it."""
    X = sp.csr_matrix(counts())
    with h5py.File(path, "w") as file:
        group = file.create_group("matrix" if version == 3 else "GRCh38")
        group["barcodes"] = np.array(CELLS, dtype="S20")
        group["data"], group["indices"], group["indptr"] = X.data.astype("i4"), X.indices, X.indptr
        group["shape"] = np.array([N_GENES, N_CELLS], dtype="i4")
        ids = np.array([f"ENSG{i:011d}" for i in range(N_GENES)], dtype="S20")
        if version == 3:
            features = group.create_group("features")
            features["id"], features["name"] = ids, np.array(GENES, dtype="S20")
            features["feature_type"] = np.array(types or ["Gene Expression"] * N_GENES, dtype="S30")
        else:
            group["genes"], group["gene_names"] = ids, np.array(GENES, dtype="S20")
    return path


def mtx_text(X: np.ndarray | None = None) -> str:
    """matrix.mtx (genes × cells) of the data set."""
    entries = sp.coo_matrix((counts() if X is None else X).T)
    lines = [f"{i + 1} {j + 1} {int(v)}" for i, j, v in zip(entries.row, entries.col, entries.data, strict=True)]
    head = "%%MatrixMarket matrix coordinate integer general\n%\n"
    return head + f"{entries.shape[0]} {entries.shape[1]} {entries.nnz}\n" + "\n".join(lines) + "\n"


def mtx_files(prefix: str = "", compress: bool = True) -> dict[str, bytes]:
    """The three files of a 10x folder by name."""
    texts = {
        "matrix.mtx": mtx_text(),
        "barcodes.tsv": "\n".join(CELLS) + "\n",
        "features.tsv": "".join(f"ENSG{i:011d}\t{g}\tGene Expression\n" for i, g in enumerate(GENES)),
    }
    if compress:
        return {f"{prefix}{name}.gz": gzip.compress(text.encode()) for name, text in texts.items()}
    return {f"{prefix}{name}": text.encode() for name, text in texts.items()}


def write_zip(path: Path, files: dict[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return path


def write_loom(path: Path) -> Path:
    with h5py.File(path, "w") as file:
        file.create_dataset("matrix", data=counts().T, chunks=(5, 7), compression="gzip")
        file["row_attrs/Gene"] = np.array(GENES, dtype="S20")
        file["col_attrs/CellID"] = np.array(CELLS, dtype="S20")
        file["col_attrs/batch"] = np.array(["A", "B"] * (N_CELLS // 2), dtype="S20")
        file["layers/spliced"] = counts().T * 2
    return path


def table_text(sep: str = ",", genes_in_rows: bool = False) -> str:
    table = pd.DataFrame(counts().astype(int), index=CELLS, columns=GENES)
    stream = io.StringIO()
    (table.T if genes_in_rows else table).to_csv(stream, sep=sep)
    return stream.getvalue()
