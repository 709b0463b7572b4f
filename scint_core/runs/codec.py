"""The one codec of cache, trace and results: a folder per value, no pickle.

A value is a registered result, an array, a CSR matrix, a plain value, or a tuple, list or mapping of those. Its folder
holds `value.json`, the tree of the value under a checksum, and one `.npy` file per array, each with a checksum in the
tree. A folder is written under a temporary name and renamed, so that it is whole or absent.
"""

from __future__ import annotations

import dataclasses
import json
import os
import shutil
import tempfile
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import scipy.sparse as sp

from scint_core.contract import RESULT_TYPES
from scint_core.runs.identity import is_result

VERSION = 1
TREE = "value.json"
_MAPPED = 1 << 22  # bytes of a file from which on an array is mapped instead of read
_BLOCK = 1 << 18  # bytes of a file that are checked at a time; more take longer, since each then lies in fresh memory
_HEADER = 128  # bytes that a .npy file has before its values
_LARGEST_CHECKSUM = (1 << 32) - 1


class Damaged(Exception):
    """A folder does not hold what was written to it."""


def write(value: Any, folder: Path, *, durable: bool = False) -> None:
    """Write `value` as `folder`. An existing folder is kept: the same name always means the same value.

    `durable` waits until the disk holds it, which survives a power cut; without it, a torn write is found by its
    checksum. Raises OSError where the disk is full or read-only, and TypeError for a type that has no code.
    """
    folder.parent.mkdir(parents=True, exist_ok=True)
    temporary = Path(tempfile.mkdtemp(prefix=".writing-", dir=folder.parent))
    try:
        _write_into(temporary, value)
        if durable:
            sync(temporary)
        _publish(temporary, folder)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def read(folder: Path) -> Any:
    """The value in `folder`, its arrays memory-mapped and read-only.

    Raises FileNotFoundError where there is no such folder, and `Damaged` where it is not what was written.
    """
    checksum, _, text = (folder / TREE).read_bytes().partition(b"\n")
    if checksum != _text_checksum(text):
        raise Damaged(f"{folder.name}: the tree does not match its checksum")
    document = json.loads(text)
    if document["version"] != VERSION:
        raise Damaged(f"{folder.name}: written by another version")
    return decode(document["value"], lambda name, crc: _load_array(folder, name, crc), folder.name)


def size(folder: Path) -> int:
    """Bytes that a written value takes on the disk."""
    return sum(f.stat().st_size for f in folder.iterdir())


def weight(value: Any) -> int:
    """Bytes that `value` will take on the disk, rather a few too many; nothing is written."""
    scales = _Scales()
    tree = scales.encode(value)
    return scales.bytes + len(_document(tree))


def settled(value: Any) -> Any:
    """`value` as reading gives it back: arrays without gaps, sparse matrices by rows, plain numbers of Python.

    A sum over an array with gaps may run in another order, and end in another last digit, than one over its copy. So
    what is computed is settled before it is used, and what follows does not depend on whether it was read.
    """
    if isinstance(value, np.generic):
        return value.item()
    if isinstance(value, np.ndarray):
        return value if value.flags.forc else np.ascontiguousarray(value)
    if sp.issparse(value):
        return value if isinstance(value, sp.csr_matrix) else sp.csr_matrix(value)
    if is_result(value):
        fields = {f.name: getattr(value, f.name) for f in dataclasses.fields(value)}
        changed = {name: new for name, old in fields.items() if (new := settled(old)) is not old}
        return dataclasses.replace(value, **changed) if changed else value
    if isinstance(value, tuple | list):
        items = [settled(item) for item in value]
        return tuple(items) if isinstance(value, tuple) else items
    if isinstance(value, dict):
        return {key: settled(item) for key, item in value.items()}
    return value


def _write_into(folder: Path, value: Any) -> None:
    (folder / TREE).write_bytes(_document(_FolderEncoder(folder).encode(value)))


def _document(tree: Any) -> bytes:
    """The tree of a value under its checksum."""
    text = json.dumps({"version": VERSION, "value": tree}).encode()
    return _text_checksum(text) + b"\n" + text


def sync(folder: Path) -> None:
    """Wait until the disk holds every file of `folder`."""
    for path in folder.iterdir():
        with open(path, "rb+") as file:
            os.fsync(file.fileno())


def _publish(temporary: Path, folder: Path) -> None:
    try:
        os.rename(temporary, folder)
    except OSError:
        if not (folder / TREE).exists():  # anything but "another process was first"
            raise


class Encoder:
    """Turns a value into its tree. Where its arrays go is said by `keep`."""

    def keep(self, array: np.ndarray) -> list[Any]:
        """Put an array away; returns the plain values by which `decode` is handed it again."""
        raise NotImplementedError

    def encode(self, value: Any) -> Any:
        """The tree of `value`; raises TypeError for what has no code."""
        if isinstance(value, np.generic):
            value = value.item()
        if value is None or isinstance(value, bool | int | float | str):
            return {"plain": value}
        if isinstance(value, np.ndarray):
            return {"array": self.keep(value)}
        if sp.issparse(value):
            rows = sp.csr_matrix(value)
            parts = [self.keep(part) for part in (rows.data, rows.indices, rows.indptr)]
            return {"csr": parts, "shape": list(rows.shape)}
        if is_result(value):
            fields = {f.name: self.encode(getattr(value, f.name)) for f in dataclasses.fields(value)}
            return {"result": type(value).__name__, "fields": fields}
        if isinstance(value, tuple | list):
            return {"tuple" if isinstance(value, tuple) else "list": [self.encode(item) for item in value]}
        if isinstance(value, dict) and all(isinstance(key, str) for key in value):
            return {"mapping": {key: self.encode(item) for key, item in value.items()}}
        raise TypeError(f"a {type(value).__name__} has no code")


class _FolderEncoder(Encoder):
    """Writes arrays as files of a folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.files = 0

    def keep(self, array: np.ndarray) -> list[Any]:
        """Write one array; returns its file and checksum."""
        name = f"{self.files}.npy"
        self.files += 1
        np.save(self.folder / name, array, allow_pickle=False)
        return [name, _file_checksum(self.folder / name)]


class _Scales(Encoder):
    """Weighs arrays where an encoder writes them."""

    def __init__(self) -> None:
        self.files = 0
        self.bytes = 0

    def keep(self, array: np.ndarray) -> list[Any]:
        """Count one array; returns what takes as many letters as its file and checksum, or more."""
        self.files += 1
        self.bytes += array.nbytes + _HEADER
        return [f"{self.files}.npy", _LARGEST_CHECKSUM]


def decode(tree: Any, load: Callable[..., np.ndarray], name: str) -> Any:
    """The value of a tree. `load` is handed what `keep` returned for an array; `name` says what is read, in errors."""
    kind = next(iter(tree))
    body = tree[kind]
    if kind == "plain":
        return body
    if kind == "array":
        return load(*body)
    if kind == "csr":
        data, indices, indptr = (load(*part) for part in body)
        return sp.csr_matrix((data, indices, indptr), shape=tuple(tree["shape"]), copy=False)
    if kind == "result":
        return _decode_result(body, tree["fields"], load, name)
    if kind == "mapping":
        return {key: decode(item, load, name) for key, item in body.items()}
    items = [decode(item, load, name) for item in body]
    return tuple(items) if kind == "tuple" else items


def _decode_result(result: str, fields: dict[str, Any], load: Callable[..., np.ndarray], name: str) -> Any:
    if result not in RESULT_TYPES:
        raise Damaged(f"{name}: there is no result type '{result}'")
    try:
        return RESULT_TYPES[result](**{key: decode(item, load, name) for key, item in fields.items()})
    except TypeError as error:
        raise Damaged(f"{name}: '{result}' has other fields now") from error


def _load_array(folder: Path, name: str, checksum: int) -> np.ndarray:
    path = folder / name
    try:
        if _file_checksum(path) != checksum:
            raise Damaged(f"{folder.name}: {name} does not match its checksum")
        mode = "r" if path.stat().st_size > _MAPPED else None  # small arrays are read, large ones mapped
        array: np.ndarray = np.load(path, mmap_mode=mode, allow_pickle=False)  # type: ignore[arg-type]
    except FileNotFoundError as error:
        raise Damaged(f"{folder.name}: {name} is missing") from error
    array.flags.writeable = False
    return array


def _text_checksum(text: bytes) -> bytes:
    return f"{zlib.crc32(text):08x}".encode()


def _file_checksum(path: Path) -> int:
    checksum = 0
    with open(path, "rb") as file:
        while block := file.read(_BLOCK):
            checksum = zlib.crc32(block, checksum)
    return checksum
