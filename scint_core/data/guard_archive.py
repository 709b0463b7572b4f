"""Look at the table of contents of a zip before anything in it is opened. Nothing is ever extracted to disk."""

from __future__ import annotations

import stat
import zipfile
from pathlib import PurePosixPath

from scint_core.data.guard import LIMITS, guard_bytes, quoted
from scint_core.errors import FileError

_ENCRYPTED = 0x1


def guard_archive(archive: zipfile.ZipFile, file: str, stored: int) -> list[zipfile.ZipInfo]:
    """The files in the zip, junk left out; refuses slips, links, bombs, encryption and too many entries.

    `file` is the quoted name for sentences, `stored` the size of the zip in bytes.
    """
    entries = archive.infolist()
    is_zarr = any(PurePosixPath(e.filename).name in (".zgroup", "zarr.json") for e in entries)
    limit = LIMITS.zarr_entries if is_zarr else LIMITS.zip_entries
    if len(entries) > limit:
        raise FileError(
            f"file {file} holds too many entries: {len(entries):,} files, the limit is {limit:,}; "
            "zip only the folder with the matrix"
        )
    for entry in entries:
        _guard_entry(entry, file)
    guard_bytes(sum(e.file_size for e in entries), stored, file)
    return [e for e in entries if not e.is_dir() and not _is_junk(e.filename)]


def _guard_entry(entry: zipfile.ZipInfo, file: str) -> None:
    name = entry.filename.replace("\\", "/")
    parts = name.split("/")
    if name.startswith("/") or ".." in parts or ":" in parts[0] or "\x00" in entry.orig_filename:
        raise FileError(
            f"file {file} holds an entry with an unsafe path, {quoted(name)}: entries must lie inside "
            "the zip; zip the folder again"
        )
    mode = entry.external_attr >> 16
    if mode and stat.S_IFMT(mode) not in (0, stat.S_IFREG, stat.S_IFDIR):
        raise FileError(
            f"file {file} holds a link or device, {quoted(name)}: only plain files are allowed; zip the "
            "files themselves"
        )
    if entry.flag_bits & _ENCRYPTED:
        raise FileError(f"file {file} is protected by a password: zip the folder again without one")


def _is_junk(name: str) -> bool:
    """What operating systems leave in zips: macOS resource forks, folder views, hidden files that are no zarr."""
    path = PurePosixPath(name)
    hidden = path.name.startswith(".") and not path.name.startswith(".z")
    return "__MACOSX" in path.parts or hidden or path.name == "Thumbs.db"
