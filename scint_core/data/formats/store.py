"""Matrices and lists of names out of HDF5 or zarr, whose groups and arrays look alike."""

from __future__ import annotations

from typing import Any

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from scint_core.data.formats.floats import floats
from scint_core.data.guard import LIMITS, quoted
from scint_core.data.guard_sparse import guard_indices, guard_indptr, guard_lengths
from scint_core.errors import FileError


def is_group(element: Any) -> bool:
    return not hasattr(element, "dtype")


def text(value: Any) -> str:
    """An attribute or a scalar as text, whatever it was stored as."""
    if isinstance(value, np.ndarray):
        value = value.ravel()[0] if value.size else ""
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)


def names(element: Any, what: str) -> NDArray[np.object_]:
    """A list of names (n,), from text of fixed or variable length, or from numbers."""
    if is_group(element) or len(element.shape) != 1:
        raise FileError(f"{what} must be a list of names")
    values = np.asarray(element[...])
    return np.array([v.decode("utf-8", "replace") if isinstance(v, bytes) else str(v) for v in values], dtype=object)


def length(element: Any, what: str) -> int:
    """Number of entries of a list, without reading it."""
    if is_group(element) or len(element.shape) != 1:
        raise FileError(f"{what} must be a list")
    return int(element.shape[0])


def sparse_layout(group: Any) -> str:
    """'csr' or 'csc' as the group's attributes say, '' if it is no sparse matrix. Reads old (h5sparse) names too."""
    declared = text(group.attrs.get("encoding-type", group.attrs.get("h5sparse_format", "")))
    return declared[:3] if declared[:3] in ("csr", "csc") and is_group(group) else ""


def matrix_shape(element: Any) -> tuple[int, ...]:
    """Declared shape of a dense or sparse matrix."""
    if not is_group(element):
        return tuple(int(n) for n in element.shape)
    shape = element.attrs.get("shape", element.attrs.get("h5sparse_shape", ()))
    return tuple(int(n) for n in np.atleast_1d(shape))


def read_matrix(element: Any, shape: tuple[int, int] | None, what: str) -> Any:
    """A dense or compressed sparse matrix of the given shape, as floats; every sparse index is checked first.

    `shape` None takes the declared shape. Raises `FileError` for other dimensions, shapes and types.
    """
    declared = matrix_shape(element)
    if is_group(element) and not sparse_layout(element):
        raise FileError(f"{what} is neither a dense nor a CSR or CSC sparse matrix")
    if len(declared) != 2:
        raise FileError(f"{what} has {len(declared)} dimensions: a matrix has two, cells x genes")
    if shape is not None and declared != shape:
        raise FileError(
            f"{what} has the shape {declared[0]:,} x {declared[1]:,}, which does not match the "
            f"{shape[0]:,} x {shape[1]:,} of the names of cells and genes"
        )
    if not is_group(element):
        return floats(np.asarray(element[...]), what)
    if sparse_layout(element) == "csr":
        return read_compressed(element, declared[0], declared[1], what)
    return read_compressed(element, declared[1], declared[0], what).T.tocsr()


def read_compressed(group: Any, n_major: int, n_minor: int, what: str) -> sp.csr_matrix:
    """The three arrays in `group` as a CSR matrix (n_major × n_minor), values as floats."""
    for key in ("data", "indices", "indptr"):
        if key not in group or is_group(group[key]):
            raise FileError(f"{what} is a damaged sparse matrix: it has no '{key}'")
    if max(n_major, n_minor) > LIMITS.cells or min(n_major, n_minor) < 0:
        raise FileError(
            f"{what} declares the shape {n_major:,} x {n_minor:,}: too large, the limit is {LIMITS.cells:,}"
        )
    guard_lengths(group["data"], group["indices"], what)
    indptr = guard_indptr(group["indptr"], n_major, int(group["data"].shape[0]), what)
    indices = guard_indices(group["indices"], n_minor, what)
    data = floats(np.asarray(group["data"][...]), what)
    if len(data) < 2**31:
        indptr = indptr.astype(np.int32)  # one index type, or scipy widens the other
    X = sp.csr_matrix((data, indices, indptr), shape=(n_major, n_minor))
    X.sum_duplicates()  # also sorts; both at once only where the file left it undone
    return X


def require(group: Any, key: str, file: str, meaning: str) -> Any:
    """`group[key]`, or a `FileError` that says what is missing."""
    if key not in group:
        raise FileError(f"file {file} has no {quoted(key)} ({meaning}): it is incomplete, export it again")
    return group[key]
