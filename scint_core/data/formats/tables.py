"""The tables of cells (obs) and genes (var) of an AnnData file, column by column, in every layout since 0.5."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from anndata.io import read_elem

from scint_core.contract.findings import Finding
from scint_core.data.formats.store import is_group, length, names, require, text
from scint_core.data.guard import quoted
from scint_core.errors import FileError

_INDEX_FIELDS = ("index", "_index")


def index_key(group: Any) -> str:
    """The name of the column with the names of the rows."""
    return text(group.attrs.get("_index", "_index"))


def column_keys(group: Any) -> list[str]:
    """Columns of a table group, in the order it declares; those it declares but does not hold are left out."""
    index = index_key(group)
    declared = [text(c) for c in np.atleast_1d(group.attrs.get("column-order", []))]
    return [c for c in dict.fromkeys(declared) if c in group and c != index]


def table_length(element: Any, what: str, file: str) -> int:
    """Number of rows, without reading them."""
    if not is_group(element):
        return length(element, f"'{what}' in file {file}")
    return length(require(element, index_key(element), file, f"names of {what}"), f"names of {what} in file {file}")


def read_table(element: Any, what: str, file: str, findings: list[Finding]) -> pd.DataFrame:
    """obs or var (`what`) as a table; a column that cannot be read is left out and said.

    AnnData before 0.7 stored a compound dataset, later versions a group of columns.
    """
    if not is_group(element):
        return _compound_table(element, what, file)
    n_rows = table_length(element, what, file)
    index = names(element[index_key(element)], f"names of {what} in file {file}")
    columns = {}
    for key in column_keys(element):
        try:
            column = _column(element[key], element)
            if np.shape(column) != (n_rows,):
                raise ValueError(f"it has shape {np.shape(column)}, {n_rows} rows are needed")
            columns[key] = column
        except Exception as error:  # whatever one odd column does, the counts can still be used
            findings.append(
                Finding(
                    "warning",
                    f"Column {quoted(key)} of {what} in file {file} could not be read "
                    f"and is left out ({quoted(error, 90)}).",
                )
            )
    return pd.DataFrame(columns, index=pd.Index(index, dtype=object))


def _column(element: Any, table: Any) -> Any:
    """One column: text, numbers, a category; in the layout of AnnData 0.7 the categories lie in '__categories'."""
    categories = element.attrs.get("categories") if not is_group(element) else None
    if categories is None:
        return _plain(read_elem(element))
    values = names(table.file[categories], "categories")
    return pd.Categorical.from_codes(np.asarray(element[...], dtype=np.int64), values)


def _plain(column: Any) -> Any:
    """Native byte order and no fixed-length bytes, which pandas cannot hold."""
    if not isinstance(column, np.ndarray):
        return column
    if column.dtype.kind == "S":
        return np.array([v.decode("utf-8", "replace") for v in column], dtype=object)
    if column.dtype.kind not in "biufOUT":
        raise ValueError(f"its type is {column.dtype}")
    return column.astype(column.dtype.newbyteorder("="), copy=False)


def _compound_table(element: Any, what: str, file: str) -> pd.DataFrame:
    """A table stored as one compound dataset; its first field, or the one called 'index', names the rows."""
    rows = np.asarray(element[...])
    if rows.dtype.names is None or rows.ndim != 1:
        raise FileError(f"'{what}' in file {file} is not a table: the file is damaged or was not written by AnnData")
    index = next((f for f in _INDEX_FIELDS if f in rows.dtype.names), rows.dtype.names[0])
    columns = {f: _plain(rows[f]) for f in rows.dtype.names if f != index and rows[f].ndim == 1}
    return pd.DataFrame(columns, index=pd.Index(_plain(rows[index]), dtype=object))


def old_categories(table: pd.DataFrame, uns: Any) -> list[str]:
    """Put categories that AnnData before 0.7 kept in `uns` back into the table; returns the keys of uns used up."""
    used = []
    for column in table.columns:
        key = f"{column}_categories"
        if key not in uns or is_group(uns[key]) or table[column].dtype.kind not in "iu":
            continue
        values = np.atleast_1d(uns[key][...])
        labels = [text(v) for v in values]
        codes = table[column].to_numpy()
        if len(set(labels)) == len(labels) and codes.min(initial=0) >= -1 and codes.max(initial=-1) < len(labels):
            table[column] = pd.Categorical.from_codes(codes, labels)
            used.append(key)
    return used
