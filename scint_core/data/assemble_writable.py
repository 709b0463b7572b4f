"""Make an AnnData writable: whatever came in, `write_h5ad` must not fail at the end of a long run."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from anndata import AnnData

from scint_core.contract.findings import Finding
from scint_core.data.findings_batches import text_category
from scint_core.data.guard import quoted


def make_writable(adata: AnnData, findings: list[Finding]) -> None:
    """Rename what cannot be a key in HDF5 and turn mixed columns into text, in place."""
    for table, what in ((adata.obs, "obs"), (adata.var, "var")):
        _rename_columns(table, what, findings)
        table.index.name = None  # a name equal to a column's would be refused on writing
        for key in table.columns:
            table[key] = _writable_column(table[key])
    for where in ("layers", "obsm", "varm", "obsp", "varp"):
        mapping = getattr(adata, where)
        for key in [key for key in mapping if "/" in key]:
            mapping[_free_key(key.replace("/", "_"), set(mapping))] = mapping.pop(key)
    adata.uns = _writable_uns(dict(adata.uns))


def _rename_columns(table: pd.DataFrame, what: str, findings: list[Finding]) -> None:
    """`_index` is the name under which the row names are stored; a slash would open a group."""
    new: list[str] = []
    renamed = []
    for column in map(str, table.columns):
        key = column.replace("/", "_").replace("\x00", "")
        key = "index_original" if key == "_index" else key or "unnamed"
        key = _free_key(key, {*new, *(set(map(str, table.columns)) - {column})}) if key != column or key in new else key
        renamed += [f"{quoted(column)} is now {quoted(key)}"] * (key != column)
        new.append(key)
    table.columns = pd.Index(new, dtype=object)
    if renamed:
        findings.append(Finding("info", f"Columns of {what} whose names cannot be stored: {', '.join(renamed[:5])}."))


def _free_key(key: str, taken: set[str]) -> str:
    while key in taken:
        key += "_"
    return key


def _writable_column(column: pd.Series[Any]) -> Any:
    """Numbers, flags and texts as they are; anything mixed as a category of texts."""
    if isinstance(column.dtype, pd.CategoricalDtype):
        values = column.cat.categories
        texts = values.dtype.kind != "O" or all(isinstance(v, str) for v in values)
        return column if texts and values.dtype.kind in "iufbO" else text_category(column)
    if column.dtype.kind in "biuf" or all(isinstance(v, str) for v in column):
        return column
    return text_category(column)


def _writable_uns(node: dict[Any, Any]) -> dict[str, Any]:
    out: dict[str, Any] = {}
    for key, value in node.items():
        name = _free_key(str(key).replace("/", "_").replace("\x00", "") or "unnamed", set(out))
        out[name] = _writable_uns(value) if isinstance(value, dict) else _native(value)
    return out


def _native(value: Any) -> Any:
    if isinstance(value, np.ndarray) and value.dtype.byteorder == ">":
        return value.astype(value.dtype.newbyteorder("="))
    return value
