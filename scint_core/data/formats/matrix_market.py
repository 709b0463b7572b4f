"""The Matrix Market text format, read block by block: memory follows what is there, never what the header promises."""

from __future__ import annotations

import io

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from scint_core.data.guard import LIMITS
from scint_core.errors import FileError

_BLOCK = 1 << 24
_BANNER = "%%matrixmarket"


def read_matrix_market(
    stream: io.BufferedReader, n_features: int, n_cells: int, what: str
) -> tuple[sp.csr_matrix, bool]:
    """The matrix as CSR (cells × features), and whether the file had it transposed (cells in rows).

    `what` is the quoted name for sentences. Raises `FileError` for a header that does not match the two lists of
    names, for fewer or more entries than promised, for indices out of range and for anything that is no number.
    """
    width = _banner(stream, what)
    rows, columns, n_entries = _size_line(stream, what)
    transposed = (rows, columns) == (n_cells, n_features) and n_cells != n_features
    if not transposed and (rows, columns) != (n_features, n_cells):
        raise FileError(
            f"the header of {what} says {rows:,} rows x {columns:,} columns, which does not match "
            f"{n_features:,} features and {n_cells:,} barcodes"
        )
    if n_entries > rows * columns:
        raise FileError(f"the header of {what} promises {n_entries:,} entries, more than {rows:,} x {columns:,} hold")
    i, j, values = _entries(stream, width, n_entries, (rows, columns), what)
    cells, features = (i, j) if transposed else (j, i)
    return sp.coo_matrix((values, (cells, features)), shape=(n_cells, n_features)).tocsr(), transposed


def _banner(stream: io.BufferedReader, what: str) -> int:
    """Numbers per line (3, or 2 for a pattern), from the first line."""
    words = stream.readline(1024).decode("ascii", "replace").lower().split()
    if not words or words[0] != _BANNER:
        raise FileError(
            f"{what} does not begin with the header '%%MatrixMarket': it is no Matrix Market file, or "
            "its first line was lost"
        )
    if len(words) < 5 or words[1:3] != ["matrix", "coordinate"] or words[4] != "general":
        raise FileError(f"{what} has the header '{' '.join(words[1:5])}': only 'matrix coordinate ... general' is read")
    if words[3] not in ("integer", "real", "pattern"):
        raise FileError(f"{what} holds {words[3]} numbers: integer or real ones are needed")
    return 2 if words[3] == "pattern" else 3


def _size_line(stream: io.BufferedReader, what: str) -> tuple[int, int, int]:
    """Rows, columns and entries: the first line that is no comment."""
    while line := stream.readline(1 << 16):
        if line.strip() and not line.startswith(b"%"):
            numbers = line.split()
            if len(numbers) != 3 or not all(n.isdigit() for n in numbers):
                break
            rows, columns, entries = (int(n) for n in numbers)
            return rows, columns, entries
    raise FileError(f"{what} has no line with rows, columns and entries after its header: it is damaged")


def _entries(
    stream: io.BufferedReader, width: int, n_entries: int, shape: tuple[int, int], what: str
) -> tuple[NDArray[np.int32], NDArray[np.int32], NDArray[np.float64]]:
    """Row and column (0-based) and value of every entry, each (n_entries,)."""
    i: list[NDArray[np.int32]] = []
    j: list[NDArray[np.int32]] = []
    values: list[NDArray[np.float64]] = []
    count, rest = 0, b""
    while block := stream.read(_BLOCK):
        whole, newline, rest = (rest + block).rpartition(b"\n")
        table = _numbers(whole + newline, width, what)
        count += _append(table, i, j, values, shape, what)
        if count > n_entries or count > LIMITS.table_values:
            break
    count += _append(_numbers(rest, width, what), i, j, values, shape, what)
    if count != n_entries:
        fault = "it is truncated or incomplete" if count < n_entries else "its header is wrong"
        raise FileError(
            f"{what} should hold {n_entries:,} entries by its header but holds {count:,}"
            f"{' or more' if count > n_entries else ''}: {fault}; copy it again"
        )
    if not i:
        return np.zeros(0, np.int32), np.zeros(0, np.int32), np.zeros(0)
    return np.concatenate(i), np.concatenate(j), np.concatenate(values)


def _numbers(block: bytes, width: int, what: str) -> NDArray[np.float64]:
    """The numbers of whole lines as (lines, width)."""
    try:
        flat = np.fromstring(block.decode("ascii"), sep=" ", dtype=np.float64) if block.strip() else np.zeros(0)
        return flat.reshape(-1, width)
    except (ValueError, UnicodeDecodeError):
        raise FileError(f"{what} has a line that is not {width} numbers: it is damaged or truncated") from None


def _append(
    table: NDArray[np.float64],
    i: list[NDArray[np.int32]],
    j: list[NDArray[np.int32]],
    values: list[NDArray[np.float64]],
    shape: tuple[int, int],
    what: str,
) -> int:
    """Check and keep the entries of one block; returns their number."""
    if not len(table):
        return 0
    positions = table[:, :2]
    low, high = positions.min(axis=0), positions.max(axis=0)
    if low.min() < 1:
        raise FileError(f"{what} has the index {low.min():g}: indices start at 1, it seems to be 0-based or damaged")
    if high[0] > shape[0] or high[1] > shape[1]:
        raise FileError(
            f"{what} has an index out of range: entry ({high[0]:g}, {high[1]:g}) beyond {shape[0]:,} x {shape[1]:,}"
        )
    if np.any(positions != np.trunc(positions)):
        raise FileError(f"{what} has an index that is no whole number: it is damaged")
    i.append((table[:, 0] - 1).astype(np.int32))
    j.append((table[:, 1] - 1).astype(np.int32))
    values.append(table[:, 2].copy() if table.shape[1] == 3 else np.ones(len(table)))
    return len(table)
