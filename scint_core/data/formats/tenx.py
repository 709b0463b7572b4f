"""10x HDF5 files: Cell Ranger 3 and later (group 'matrix'), and 2 (a group per genome)."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from scint_core.contract.findings import Finding
from scint_core.data.formats.part import Part, make_part, plain_table
from scint_core.data.formats.store import is_group, names, read_compressed, require
from scint_core.data.guard import guard_size, quoted
from scint_core.errors import FileError

GENE_TYPE = "Gene Expression"


def tenx_groups(root: Any) -> list[str]:
    """Names of the groups at the top that hold a 10x matrix."""
    return [key for key in root if is_group(root[key]) and "barcodes" in root[key] and "indptr" in root[key]]


def read_tenx(root: Any, label: str, file: str) -> Part:
    """One part from a 10x file, antibodies and other features that are no genes left out and said."""
    groups = tenx_groups(root)
    if len(groups) > 1:
        raise FileError(
            f"file {file} holds the matrices of {len(groups)} genomes ({', '.join(map(quoted, groups))}):"
            " export one genome to a file of its own"
        )
    group = root[groups[0]]
    barcodes = names(group["barcodes"], f"barcodes in file {file}")
    var = _features(group, file)
    _guard_shape(group, len(barcodes), len(var), file)
    # 10x stores genes × cells as CSC, which are the arrays of cells × genes as CSR.
    X = read_compressed(group, len(barcodes), len(var), f"the matrix in file {file}")
    findings: list[Finding] = []
    X, var = genes_only(X, var, file, findings)
    return make_part(label, file, X, plain_table(barcodes), var, findings)


def _features(group: Any, file: str) -> pd.DataFrame:
    """The table of features, named by symbol, with their ids and types."""
    if "features" in group and is_group(group["features"]):
        source, columns = group["features"], {"gene_ids": "id", "feature_types": "feature_type", "genome": "genome"}
        symbols = names(require(source, "name", file, "the names of the features"), f"feature names in file {file}")
    else:
        source, columns = group, {"gene_ids": "genes"}
        symbols = names(require(source, "gene_names", file, "the gene names"), f"gene names in file {file}")
    found = {new: names(source[old], f"{old} in file {file}") for new, old in columns.items() if old in source}
    wrong = [key for key, values in found.items() if len(values) != len(symbols)]
    if wrong:
        raise FileError(
            f"file {file} is damaged: {wrong[0]} has {len(found[wrong[0]])} entries for {len(symbols)} feature names"
        )
    return plain_table(symbols, found)


def _guard_shape(group: Any, n_cells: int, n_features: int, file: str) -> None:
    guard_size(n_cells, n_features, file)
    shape = np.asarray(require(group, "shape", file, "the size of the matrix")[...]).ravel()
    if tuple(int(n) for n in shape) != (n_features, n_cells):
        raise FileError(
            f"file {file} is damaged: its shape {tuple(int(n) for n in shape)} does not match "
            f"{n_features} features and {n_cells} barcodes"
        )


def genes_only(X: Any, var: pd.DataFrame, file: str, findings: list[Finding]) -> tuple[Any, pd.DataFrame]:
    """X (cells × features) and its table without features that are no genes, where their types are known."""
    if "feature_types" not in var:
        return X, var
    keep = (var["feature_types"] == GENE_TYPE).to_numpy()
    if keep.all() or not keep.any():
        return X, var
    counts = var["feature_types"][~keep].value_counts()
    kinds = ", ".join(f"{n} of the feature type {quoted(kind)}" for kind, n in counts.items())
    findings.append(
        Finding(
            "warning",
            f"File {file} also holds features that are no genes: {kinds}.",
            "They are kept out; only gene expression is integrated.",
        )
    )
    return X[:, np.flatnonzero(keep)], var[keep].copy()
