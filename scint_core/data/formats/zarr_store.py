"""AnnData in a zipped zarr store. Its codecs are checked first: one of them would unpickle."""

from __future__ import annotations

import json
import math
import zipfile
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np

from scint_core.data.formats.h5ad import read_anndata
from scint_core.data.formats.part import Part
from scint_core.data.guard import guard_bytes, quoted, reason
from scint_core.errors import FileError

_MARKERS = (".zgroup", "zarr.json")
_METADATA = (".zarray", "zarr.json")
_CODECS = {
    "blosc",
    "zstd",
    "zlib",
    "gzip",
    "lz4",
    "lzma",
    "bz2",
    "delta",
    "shuffle",
    "bytes",
    "transpose",
    "crc32c",
    "vlen-utf8",
    "vlen-bytes",
    "bitround",
    "fixedscaleoffset",
    "sharding_indexed",
}
_LARGEST_METADATA = 1 << 20


def zarr_root(entries: list[zipfile.ZipInfo]) -> str | None:
    """The folder in the zip that is the root of a zarr store ('' for the zip itself), None if there is none."""
    folders = [PurePosixPath(e.filename).parent for e in entries if PurePosixPath(e.filename).name in _MARKERS]
    if not folders:
        return None
    root = str(min(folders, key=lambda folder: len(folder.parts)))
    return "" if root == "." else root


def read_zarr(path: Path, root: str, label: str, file: str) -> Part:
    """One part from the store in the zip at `path`, after `guard_zarr`."""
    import zarr

    store = zarr.storage.ZipStore(path, mode="r")
    try:
        # The consolidated copy of the metadata was not checked, so it is not used.
        group = zarr.open_group(store, mode="r", path=root or None, use_consolidated=False)
        return read_anndata(group, label, file)
    finally:
        store.close()


def guard_zarr(archive: zipfile.ZipFile, entries: list[zipfile.ZipInfo], file: str, stored: int) -> None:
    """Refuse arrays whose codecs are not known to be harmless, and sizes over the limits."""
    total = 0
    for entry in entries:
        if PurePosixPath(entry.filename).name not in _METADATA:
            continue
        if entry.file_size > _LARGEST_METADATA:
            raise FileError(f"file {file} is damaged: the zarr metadata {quoted(entry.filename)} are too large")
        total += _array_bytes(_parsed(archive, entry, file), entry.filename, file)
    guard_bytes(total, stored, file)


def _parsed(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, file: str) -> Any:
    try:
        return json.loads(archive.read(entry))
    except (ValueError, RecursionError, zipfile.BadZipFile) as error:
        raise FileError(
            f"file {file} is damaged: the zarr metadata {quoted(entry.filename)} cannot be read ({reason(error)})"
        ) from None


def _array_bytes(metadata: Any, path: str, file: str) -> int:
    """Decompressed bytes of one array, 0 for a group; raises `FileError` for a codec that is not allowed."""
    for codec in _codecs(metadata):
        if codec.removeprefix("numcodecs.") not in _CODECS:
            raise FileError(
                f"file {file} stores the zarr array {quoted(path)} with the codec {quoted(codec)}, which "
                "is not allowed: write it again with zstd or gzip"
            )
    shape = metadata.get("shape", []) if isinstance(metadata, dict) else []
    if not all(isinstance(n, int) and n >= 0 for n in shape):
        raise FileError(f"file {file} is damaged: the zarr array {quoted(path)} has the shape {quoted(shape)}")
    return math.prod(shape) * _itemsize(metadata) if shape else 0


def _codecs(node: Any, inside: bool = False) -> Iterator[str]:
    """Names of all codecs, compressors and filters anywhere in the metadata."""
    if isinstance(node, dict):
        for key, value in node.items():
            if inside and key in ("id", "name"):
                yield str(value)
            yield from _codecs(value, inside or key in ("codecs", "index_codecs", "compressor", "filters"))
    elif isinstance(node, list):
        for value in node:
            yield from _codecs(value, inside)


def _itemsize(metadata: Any) -> int:
    declared = metadata.get("dtype", metadata.get("data_type", ""))
    try:
        return int(np.dtype(declared).itemsize)
    except TypeError:
        return 16  # text of variable length: a pointer and a length
