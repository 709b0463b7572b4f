"""AnnData files: .h5ad in every layout since AnnData 0.5, and the same tree in a zarr store."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from anndata.io import read_elem

from scint_core.contract.findings import Finding
from scint_core.data.formats.part import Elements, Part, make_part
from scint_core.data.formats.store import is_group, matrix_shape, read_matrix, require, text
from scint_core.data.formats.tables import old_categories, read_table, table_length
from scint_core.data.formats.uns import read_uns
from scint_core.data.guard import guard_size, quoted
from scint_core.data.read_names import unique_names
from scint_core.errors import FileError


def read_anndata(root: Any, label: str, file: str) -> Part:
    """One part from the root group of an AnnData file.

    The sizes of the two tables are looked at before either is read. What cannot be used beside X, obs and var is left
    out and said; a fault in those three raises `FileError`.
    """
    findings: list[Finding] = []
    shape = anndata_shape(root, file)
    obs = read_table(root["obs"], "obs", file, findings)
    var = read_table(root["var"], "var", file, findings)
    uns = root["uns"] if "uns" in root and is_group(root["uns"]) else {}
    used = set(old_categories(obs, uns)) | set(old_categories(var, uns))
    elements = Elements(raw=_read_raw(root, shape[0], file, findings))
    if uns:
        elements.uns, lost = read_uns(uns, used)
        _say_lost(lost, "uns", file, findings)
    n_cells, n_genes = shape
    elements.layers = _read_mapping(root, "layers", shape, file, findings)
    elements.obsm = _read_mapping(root, "obsm", (n_cells,), file, findings)
    elements.varm = _read_mapping(root, "varm", (n_genes,), file, findings)
    elements.obsp = _read_mapping(root, "obsp", (n_cells, n_cells), file, findings)
    elements.varp = _read_mapping(root, "varp", (n_genes, n_genes), file, findings)
    X = read_matrix(root["X"], shape, f"X in file {file}") if has_x(root) else None
    return make_part(label, file, X, obs, var, findings, elements, has_metadata=True)


def has_x(root: Any) -> bool:
    """Whether there is a matrix X; a file may hold layers alone."""
    return "X" in root and text(root["X"].attrs.get("encoding-type", "")) != "null"


def anndata_shape(root: Any, file: str) -> tuple[int, int]:
    """Cells and genes by the lengths of obs and var, within the limits."""
    obs = require(root, "obs", file, "the table of cells")
    var = require(root, "var", file, "the table of genes, with the gene names")
    n_cells, n_genes = table_length(obs, "obs", file), table_length(var, "var", file)
    guard_size(n_cells, n_genes, file)
    return n_cells, n_genes


def _read_raw(root: Any, n_cells: int, file: str, findings: list[Finding]) -> dict[str, Any] | None:
    """`raw` as AnnData takes it; in files before 0.7 its parts were called 'raw.X' and 'raw.var'."""
    old = "raw.X" in root and "raw.var" in root
    group = root if old else root.get("raw")
    if group is None or (not old and ("X" not in group or "var" not in group)):
        return None
    prefix = "raw." if old else ""
    try:
        var = read_table(group[f"{prefix}var"], "raw.var", file, findings)
        X = read_matrix(group[f"{prefix}X"], (n_cells, len(var)), f"raw.X in file {file}")
        var.index = unique_names(var.index, "gene", f"{file} (raw)", [])
    except FileError as error:
        findings.append(Finding("warning", f"'raw' in file {file} is left out: {error}."))
        return None
    return {"X": X, "var": var}


def _read_mapping(root: Any, key: str, shape: tuple[int, ...], file: str, findings: list[Finding]) -> dict[str, Any]:
    """layers, obsm, varm, obsp or varp; entries that do not begin with `shape` or are not numeric are left out."""
    group = root.get(key)
    if group is None:
        return {}
    if not is_group(group):
        return _compound_mapping(group, shape)
    out, lost = {}, []
    for name in list(group.keys()):
        what = f"{quoted(name)} in {key} of file {file}"
        try:
            out[name] = _read_aligned(group[name], shape, what)
        except FileError as error:
            if key == "layers" and name == "counts":
                raise
            findings.append(Finding("warning", f"{error}. It is left out."))
        except Exception:  # one odd entry must not keep the counts from loading
            lost.append(f"{key}/{name}")
    _say_lost(lost, key, file, findings)
    return out


def _read_aligned(element: Any, shape: tuple[int, ...], what: str) -> Any:
    if text(element.attrs.get("encoding-type", "")) == "dataframe":
        table = read_elem(element)
        if len(table) != shape[0] or not all(pd.api.types.is_numeric_dtype(t) for t in table.dtypes):
            raise ValueError("not a numeric table of the right length")
        return table.to_numpy(dtype=np.float64)
    declared = matrix_shape(element)
    if declared[: len(shape)] != shape or len(declared) != 2:
        raise FileError(f"{what} has the shape {declared}, which does not match the names of cells and genes")
    return read_matrix(element, None, what)


def _compound_mapping(element: Any, shape: tuple[int, ...]) -> dict[str, Any]:
    """obsm of AnnData before 0.7: one compound dataset, a field per entry."""
    rows = np.asarray(element[...])
    fields = rows.dtype.names or ()
    return {f: rows[f].astype(np.float32) for f in fields if rows[f].ndim == 2 and len(rows) == shape[0]}


def _say_lost(lost: list[str], where: str, file: str, findings: list[Finding]) -> None:
    if lost:
        shown = ", ".join(quoted(path) for path in lost[:3])
        more = f" and {len(lost) - 3} more" if len(lost) > 3 else ""
        findings.append(
            Finding(
                "info", f"{where} of file {file} holds entries that cannot be kept and are left out: {shown}{more}."
            )
        )


def is_anndata(root: Any) -> bool:
    """Whether the group looks like an AnnData file, complete or not."""
    if "anndata" in text(root.attrs.get("encoding-type", "")):
        return True
    return ("obs" in root or "var" in root) and ("X" in root or "obs" in root) and "row_attrs" not in root
