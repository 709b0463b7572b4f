"""The limits that every file is held to, and the words in which a file is refused.

A file comes from somebody else. It is looked at before its first value is read: `guard_hdf5` for links and sizes,
`guard_archive` for zips, `guard_text` for compressed streams, `guard_sparse` for sparse matrices.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from scint_core.errors import FileError


@dataclass(frozen=True)
class Limits:
    """What an interactive tool agrees to open. Sizes in bytes are of decompressed values.

    `expansion` is the largest decompressed : stored ratio taken for data rather than for a bomb; it counts only above
    `always_fine` bytes, since small and empty arrays compress to next to nothing.
    """

    cells: int = 2_000_000
    genes: int = 200_000
    total_bytes: int = 16 * 2**30
    expansion: int = 300
    always_fine: int = 128 * 2**20
    objects: int = 100_000
    zip_entries: int = 500
    zarr_entries: int = 200_000
    text_bytes: int = 8 * 2**30
    text_expansion: int = 200
    text_always_fine: int = 16 * 2**20
    line_bytes: int = 64 * 2**20
    table_values: int = 1_000_000_000


LIMITS = Limits()

_UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ud800-\udfff\ufeff]")


def quoted(text: object, length: int = 60) -> str:
    """A name out of a file, safe to show in a sentence: no control or direction characters, at most `length` long."""
    shown = _UNPRINTABLE.sub("?", str(text))
    return f"'{shown[: length - 1]}…'" if len(shown) > length else f"'{shown}'"


def reason(error: BaseException, length: int = 160) -> str:
    """The first line of a library's error, for the brackets at the end of a sentence."""
    text = str(error).strip().split("\n")[0] or type(error).__name__
    return _UNPRINTABLE.sub("?", text)[:length]


def gigabytes(n_bytes: float) -> str:
    """A size as people say it: '0.3 GB', '16 GB'."""
    return f"{n_bytes / 2**30:.3g} GB"


def guard_size(n_cells: int, n_genes: int, file: str) -> None:
    """Refuse more cells or genes than an interactive tool can show, and files without any."""
    if n_cells > LIMITS.cells:
        raise FileError(
            f"file {file} holds {n_cells:,} cells: too many for this tool, whose limit is "
            f"{LIMITS.cells:,}; keep a subset of the cells"
        )
    if n_genes > LIMITS.genes:
        raise FileError(
            f"file {file} holds {n_genes:,} genes: too many for this tool, whose limit is "
            f"{LIMITS.genes:,}; keep the genes of interest"
        )
    if n_cells == 0:
        raise FileError(f"file {file} holds no cells (0 cells x {n_genes:,} genes): choose another file")
    if n_genes == 0:
        raise FileError(f"file {file} holds no genes ({n_cells:,} cells x 0 genes): choose another file")


def guard_bytes(n_bytes: int, stored: int, file: str) -> None:
    """Refuse a file of `stored` bytes that becomes `n_bytes` once decompressed, if that is absurd."""
    if n_bytes > LIMITS.total_bytes:
        raise FileError(
            f"file {file} is too large: it expands to {gigabytes(n_bytes)}, the limit is "
            f"{gigabytes(LIMITS.total_bytes)}; keep a subset of the cells or store counts sparse"
        )
    if n_bytes > LIMITS.always_fine and n_bytes > LIMITS.expansion * stored:
        raise FileError(
            f"file {file} expands from {stored:,} to {n_bytes:,} bytes, over the limit of "
            f"{LIMITS.expansion} times its size: too large an expansion for real data"
        )
