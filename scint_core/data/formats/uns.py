"""Free annotations (`uns`), as far as they are plain: dictionaries, numbers, texts, arrays, tables."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from anndata.io import read_elem

from scint_core.data.formats.store import is_group, read_matrix, sparse_layout, text

_DEEPEST = 16
"""Nested dictionaries below this are left out: no analysis writes them, and recursive writers break on them."""

_TABLES = ("dataframe", "categorical", "nullable-integer", "nullable-boolean", "nullable-string-array")


def read_uns(group: Any, skip: set[str]) -> tuple[dict[str, Any], list[str]]:
    """The entries of `group` and the paths of those that are left out since they cannot be read or kept.

    `skip` names entries at the top that are used elsewhere.
    """
    lost: list[str] = []
    return _read_dictionary(group, "", 0, skip, lost), lost


def _read_dictionary(group: Any, path: str, depth: int, skip: set[str], lost: list[str]) -> dict[str, Any]:
    out = {}
    for key in list(group.keys()):
        here = f"{path}/{key}"
        if not path and key in skip:
            continue
        try:
            if depth >= _DEEPEST:
                raise ValueError("nested too deep")
            out[key] = _read_entry(group[key], here, depth, lost)
        except Exception:  # an entry nobody may need must not keep the counts from loading
            lost.append(here)
    return out


def _read_entry(element: Any, path: str, depth: int, lost: list[str]) -> Any:
    kind = text(element.attrs.get("encoding-type", ""))
    if sparse_layout(element):
        return read_matrix(element, None, path)
    if kind in _TABLES:
        return read_elem(element)
    if is_group(element):
        return _read_dictionary(element, path, depth + 1, set(), lost)
    return _keepable(read_elem(element))


def _keepable(value: Any) -> Any:
    """`value` if AnnData can write it again: text, numbers, arrays of them; else ValueError."""
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    if isinstance(value, str | bool | int | float | np.bool_ | np.number | pd.DataFrame):
        return value
    array = np.asarray(value)
    if array.dtype.kind in "biufcUT" or _holds_text(array):
        return array
    if array.dtype.names is not None and all(array.dtype[n].kind in "biufSUO" for n in array.dtype.names):
        return array  # rank_genes_groups keeps its results in record arrays
    raise ValueError(f"type {array.dtype}")


def _holds_text(array: Any) -> bool:
    return array.dtype.kind == "O" and all(isinstance(v, str) for v in array.flat)
