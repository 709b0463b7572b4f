"""Loom files: a dense matrix of genes × cells with attributes of both, read in blocks into a sparse one."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import scipy.sparse as sp

from scint_core.contract.findings import Finding
from scint_core.data.formats.floats import floats
from scint_core.data.formats.part import Elements, Part, make_part
from scint_core.data.formats.store import is_group, names
from scint_core.data.guard import guard_size, quoted
from scint_core.data.guard_sparse import BLOCK
from scint_core.errors import FileError

_GENE_NAMES = ("Gene", "gene_names", "GeneName", "gene_symbols", "var_names", "Accession", "gene_ids")
_CELL_NAMES = ("CellID", "cell_names", "obs_names", "Barcode", "barcode", "cell_id")


def is_loom(root: Any) -> bool:
    return "row_attrs" in root and "col_attrs" in root


def read_loom(root: Any, label: str, file: str) -> Part:
    """One part from a loom file; its layers come along, its graphs do not."""
    if "matrix" not in root or is_group(root["matrix"]):
        raise FileError(f"file {file} is a loom file without its '/matrix': it is incomplete, export it again")
    matrix = root["matrix"]
    if len(matrix.shape) != 2:
        raise FileError(f"'/matrix' in file {file} has {len(matrix.shape)} dimensions: a matrix has two")
    n_genes, n_cells = matrix.shape
    guard_size(n_cells, n_genes, file)
    findings: list[Finding] = []
    obs = _attributes(root["col_attrs"], n_cells, _CELL_NAMES, "cell", file, findings)
    var = _attributes(root["row_attrs"], n_genes, _GENE_NAMES, "gene", file, findings)
    layers = {}
    for key in root.get("layers", {}):
        if not is_group(root["layers"][key]) and root["layers"][key].shape == matrix.shape:
            layers[key] = _transposed(root["layers"][key], f"layer {quoted(key)} in file {file}")
    X = _transposed(matrix, f"'/matrix' in file {file}")
    return make_part(label, file, X, obs, var, findings, Elements(layers=layers), has_metadata=True)


def _transposed(matrix: Any, what: str) -> sp.csr_matrix:
    """A dense dataset (genes × cells) as CSR (cells × genes), never held dense as a whole."""
    n_genes, n_cells = matrix.shape
    step = max(1, BLOCK // n_cells)
    if matrix.chunks:
        step = max(step, matrix.chunks[0])  # a chunk is decompressed whole: never twice
    blocks = [sp.csr_matrix(floats(matrix[i : i + step], what)) for i in range(0, n_genes, step)]
    return sp.vstack(blocks, format="csr").T.tocsr()


def _attributes(
    group: Any, n: int, index_names: tuple[str, ...], what: str, file: str, findings: list[Finding]
) -> pd.DataFrame:
    """Attributes of all genes or cells as a table, the first of `index_names` that is there as its index."""
    columns = {}
    for key in group:
        element = group[key]
        if is_group(element) or tuple(element.shape) != (n,):
            continue  # attributes of several dimensions (embeddings) have no place in a table
        values = np.asarray(element[...])
        columns[key] = values if values.dtype.kind in "biuf" else names(element, f"{quoted(key)} in file {file}")
    index = next((key for key in index_names if key in columns), None)
    if index is None:
        fix = f"They are called {what}_1, {what}_2 and so on; an attribute {index_names[0]!r} would name them."
        findings.append(Finding("warning", f"Loom file {file} has no {what} names.", fix))
        return pd.DataFrame(columns, index=pd.Index([f"{what}_{i + 1}" for i in range(n)], dtype=object))
    labels = pd.Index(columns.pop(index), dtype=object)
    return pd.DataFrame(columns, index=labels)
