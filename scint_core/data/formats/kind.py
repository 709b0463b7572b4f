"""What a file is, told from its first bytes; its ending only has to be one that scint reads."""

from __future__ import annotations

import gzip
import zlib
from pathlib import Path
from typing import Literal

from scint_core.data.guard import quoted
from scint_core.data.guard_text import GZIP_SIGNATURE
from scint_core.data.read_names import ENDINGS, base_name, ending
from scint_core.errors import FileError

Kind = Literal["hdf5", "zip", "table", "folder"]

_HDF5_SIGNATURE = b"\x89HDF\r\n\x1a\n"
_BINARY_ENDINGS = (".h5ad", ".h5", ".hdf5", ".loom", ".zip", ".zarr")
_FOREIGN = {
    b"\x93NUMPY": "a NumPy array",
    b"\x80\x04\x95": "a Python pickle",
    b"\x80\x05\x95": "a Python pickle",
    b"\x80\x03": "a Python pickle",
    b"\x80\x02": "a Python pickle",
    b"RDX": "an R file",
    b"%PDF": "a PDF",
    b"BZh": "a bzip2 archive",
    b"7z\xbc\xaf": "a 7z archive",
    b"\xfd7zXZ": "an xz archive",
    b"MZ": "a program",
}
_SUPPORTED = ".h5ad, 10x .h5, a zip or folder with matrix.mtx, .loom, zipped .zarr, .csv or .tsv (also .gz)"


def recognise(path: Path, name: str) -> Kind:
    """The kind of the file at `path` that the user calls `name`; raises `FileError` for any other kind.

    HDF5 may begin after a user block of 512, 1024, ... bytes, whatever that block holds.
    """
    file = quoted(base_name(name))
    if path.is_dir():
        return "folder"
    if ending(name) not in ("", *ENDINGS) and base_name(name) != ending(name):
        raise FileError(
            f"file {file} has the file type {quoted(ending(name))}, which is not supported: use {_SUPPORTED}"
        )
    if not path.is_file():
        raise FileError(f"file {file} does not exist or is no plain file")
    size = path.stat().st_size
    if size == 0:
        raise FileError(f"file {file} is empty (0 bytes): copy or upload it again")
    with path.open("rb") as source:
        head = source.read(4096)
    if head.startswith((b"PK\x03\x04", b"PK\x05\x06")):
        return "zip"
    if _has_hdf5_signature(path, size):
        return "hdf5"
    if head.startswith(GZIP_SIGNATURE):
        head = _gunzipped_head(path, file)
        _refuse_gzipped(head, file)
    _refuse_foreign(head, file, ending(name))
    if ending(name) in _BINARY_ENDINGS:
        wanted = "a zip" if ending(name) in (".zip", ".zarr") else "an HDF5 file"
        raise FileError(f"file {file} is not {wanted} but a text file: give a table the ending .csv or .tsv")
    return "table"


def _has_hdf5_signature(path: Path, size: int) -> bool:
    """Look for the signature at 0, 512, 1024, 2048 ..., as the HDF5 format has it."""
    with path.open("rb") as source:
        offset = 0
        while offset + 8 <= size:
            source.seek(offset)
            if source.read(8) == _HDF5_SIGNATURE:
                return True
            offset = max(512, offset * 2)
    return False


def _gunzipped_head(path: Path, file: str) -> bytes:
    try:
        with gzip.open(path, "rb") as stream:
            return stream.read(4096)
    except (OSError, EOFError, zlib.error):
        raise FileError(
            f"file {file} is damaged or truncated: its gzip compression cannot be undone; copy it again"
        ) from None


def _refuse_gzipped(head: bytes, file: str) -> None:
    """Inside gzip only text is read."""
    if head.startswith(_HDF5_SIGNATURE):
        raise FileError(f"file {file} is an HDF5 file compressed with gzip: unzip it first (gunzip)")
    if head[257:262] == b"ustar":
        raise FileError(f"file {file} is a tar archive: unpack it and give the folder, or zip that folder")


def _refuse_foreign(head: bytes, file: str, suffix: str) -> None:
    """Name what is no text table, by its first bytes (of the decompressed data)."""
    start = head.lstrip()[:64].lower()
    if start.startswith((b"<!doctype", b"<html", b"<?xml", b"<head", b"<body")):
        raise FileError(
            f"file {file} is a web page (HTML), not data: the download link probably asked for a login; "
            "download it again"
        )
    for signature, meaning in _FOREIGN.items():
        if head.startswith(signature):
            raise FileError(f"file {file} is {meaning}: this file type is not supported; use {_SUPPORTED}")
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise FileError(f"file {file} is text in the encoding UTF-16 (Excel's 'Unicode text'): save it as CSV UTF-8")
    if head.startswith(b"%%MatrixMarket"):
        raise FileError(
            f"file {file} is a matrix without names: give the folder, or a zip of it, with matrix.mtx, "
            "barcodes.tsv and features.tsv"
        )
    if b"\x00" in head:
        what = "not an HDF5 file" if suffix in (".h5", ".h5ad", ".hdf5", ".loom") else "binary"
        raise FileError(f"file {file} is not recognised: it is {what}; use {_SUPPORTED}")
