"""One file on disk to its parts: recognise, guard, read. The only place that opens an HDF5 file or a zip."""

from __future__ import annotations

import re
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import h5py

from scint_core.data.formats.bundle import folder_bundle, zip_bundle
from scint_core.data.formats.h5ad import is_anndata, read_anndata
from scint_core.data.formats.kind import recognise
from scint_core.data.formats.loom import is_loom, read_loom
from scint_core.data.formats.mtx import read_mtx
from scint_core.data.formats.part import Part
from scint_core.data.formats.table import read_table_file
from scint_core.data.formats.tenx import read_tenx, tenx_groups
from scint_core.data.formats.zarr_store import guard_zarr, read_zarr, zarr_root
from scint_core.data.guard import quoted, reason
from scint_core.data.guard_archive import guard_archive
from scint_core.data.guard_hdf5 import guard_hdf5
from scint_core.data.guard_heap import guard_heaps
from scint_core.data.read_names import base_name, clean_label
from scint_core.errors import FileError, IntegrationError

_PATH = re.compile(r"(/|[A-Za-z]:\\)\S+")
"""Paths of this machine have no place in a sentence for the user."""


def read_file(path: Path, name: str) -> list[Part]:
    """The samples in the file at `path`, which the user calls `name`.

    Raises `FileError`, and nothing else, for whatever is wrong with the file.
    """
    file = quoted(base_name(name))
    with said_as_file_error(file):
        kind = recognise(path, name)
        if kind == "hdf5":
            with guarded_hdf5(path, file) as root:
                return [_read_hdf5(root, clean_label(name), file)]
        if kind == "zip":
            return _read_zip(path, clean_label(name), file)
        if kind == "folder":
            return read_mtx(folder_bundle(path, file), clean_label(name))
        return [read_table_file(path, clean_label(name), file)]


@contextmanager
def said_as_file_error(file: str) -> Iterator[None]:
    """Turn whatever a library raises on a broken file into one sentence, without paths of this machine."""
    try:
        yield
    except IntegrationError:
        raise
    except MemoryError:
        raise FileError(f"file {file} is too large for the memory of this machine: keep fewer cells") from None
    except Exception as error:
        why = _PATH.sub("...", reason(error))
        raise FileError(f"file {file} could not be read: it is damaged or not what it claims to be ({why})") from error


@contextmanager
def guarded_hdf5(path: Path, file: str) -> Iterator[h5py.File]:
    """An HDF5 file opened for reading after `guard_heaps` and `guard_hdf5`; a file that breaks off is named as such."""
    guard_heaps(path, file)
    try:
        root = h5py.File(path, "r", locking=False)
    except OSError as error:
        if "truncated" in str(error):
            raise FileError(f"file {file} is truncated: it ends before its data do; copy or upload it again") from None
        raise FileError(f"file {file} is damaged: HDF5 cannot open it ({reason(error, 90)}); copy it again") from None
    with root:
        guard_hdf5(root, file, path.stat().st_size)
        yield root


def _read_hdf5(root: h5py.File, label: str, file: str) -> Part:
    if tenx_groups(root):
        return read_tenx(root, label, file)
    if is_loom(root):
        return read_loom(root, label, file)
    if is_anndata(root):
        return read_anndata(root, label, file)
    shown = ", ".join(quoted(key, 30) for key in list(root)[:4]) or "nothing"
    raise FileError(f"file {file} is not recognised: it is neither AnnData (.h5ad) nor 10x nor loom (it holds {shown})")


def _read_zip(path: Path, label: str, file: str) -> list[Part]:
    stored = path.stat().st_size
    try:
        archive = zipfile.ZipFile(path)
    except zipfile.BadZipFile as error:
        raise FileError(f"file {file} is a damaged or truncated zip ({reason(error)}): copy it again") from None
    with archive:
        entries = guard_archive(archive, file, stored)
        root = zarr_root(entries)
        if root is None:
            return read_mtx(zip_bundle(archive, entries, file), label)
        guard_zarr(archive, entries, file, stored)
    return [read_zarr(path, root, label, file)]
