"""Numbers as scint computes with them: float32, or float64 where float32 would lose counts."""

from __future__ import annotations

from typing import Any

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from scint_core.data.guard import quoted
from scint_core.errors import FileError

_LARGEST_EXACT = 2**24
"""Whole numbers up to here are exact in float32."""


def floats(values: NDArray[Any], what: str) -> NDArray[Any]:
    """`values` as native float32, or float64 if a whole number among them is not exact in float32.

    Small integers become float32 at once, so that an int8 sum never overflows. Raises `FileError` for complex numbers
    and for anything that is not a number.
    """
    if values.dtype.kind == "c":
        raise FileError(f"{what} holds complex numbers ({values.dtype}): real counts or expression values are needed")
    if values.dtype.kind not in "biuf":
        raise FileError(f"{what} is not numeric: its type is {values.dtype}; counts or expression values are needed")
    return values.astype(np.float64 if _loses_counts(values) else np.float32, copy=False)


def _loses_counts(values: NDArray[Any]) -> bool:
    if values.dtype.itemsize <= 2 or values.dtype in (np.dtype("<f4"), np.dtype(">f4")) or values.size == 0:
        return False
    if float(values.max()) < _LARGEST_EXACT and float(values.min()) > -_LARGEST_EXACT:
        return False
    with np.errstate(over="ignore"):
        changed = values[values.astype(np.float32) != values]
    return bool(np.any(changed == np.trunc(changed)))  # NaN differs from itself and is no whole number


def as_floats(X: Any, what: str) -> Any:
    """A matrix (cells × genes), dense or compressed sparse, with its values through `floats`; CSC becomes CSR."""
    if not sp.issparse(X):
        return floats(np.asarray(X), what)
    X = sp.csr_matrix(X)
    return sp.csr_matrix((floats(X.data, what), X.indices, X.indptr), shape=X.shape)


def guard_finite(X: Any, what: str, cells: Any, genes: Any) -> None:
    """Refuse NaN and ±inf in X (cells × genes), saying how many there are and where the first is."""
    stored = X.data if sp.issparse(X) else X
    bad = ~np.isfinite(stored)
    count = int(bad.sum())
    if not count:
        return
    n_nan = int(np.isnan(stored).sum())
    cell, gene = _position(X, bad)
    kinds = [f"{n_nan:,} missing values (NaN)"] * bool(n_nan) + [f"{count - n_nan:,} infinite values"] * (n_nan < count)
    raise FileError(
        f"{what} holds {' and '.join(kinds)}, the first in cell {quoted(cells[cell])}, gene {quoted(genes[gene])}: "
        "replace them (a gene that was not seen has the count 0) or choose another matrix of the file"
    )


def _position(X: Any, bad: NDArray[np.bool_]) -> tuple[int, int]:
    """Cell and gene of the first True in `bad`, which runs along the stored values of X."""
    if not sp.issparse(X):
        row, column = np.unravel_index(int(bad.argmax()), bad.shape)
        return int(row), int(column)
    first = int(bad.argmax())
    return int(np.searchsorted(X.indptr, first, side="right") - 1), int(X.indices[first])
