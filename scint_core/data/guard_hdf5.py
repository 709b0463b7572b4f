"""Look at every link and every dataset of an HDF5 file before any value is read.

HDF5 can hand out other files of the machine in three ways (external links, external raw storage, virtual datasets),
all without a word, and can send a reader round in circles. None of them occurs in honest single-cell files.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import h5py
from h5py import h5d, h5g, h5l, h5o, h5z

from scint_core.data.guard import LIMITS, guard_bytes, quoted
from scint_core.errors import FileError


def guard_hdf5(hdf5: h5py.File, file: str, stored: int) -> None:
    """Refuse a file that points outside itself, loops, needs a filter that is absent, or is absurdly large.

    `file` is the quoted name for sentences, `stored` the size on disk in bytes. Two passes: hard links first, so that
    no external link is left when soft links, whose paths may lead through one, are resolved in the second.
    """
    soft: list[tuple[Any, bytes, str]] = []
    total = 0
    for kind, parent, name, path in _links(hdf5.id, file):
        if kind == h5l.TYPE_HARD:
            total += _object_bytes(parent, name, path, file)
        elif kind == h5l.TYPE_SOFT:
            soft.append((parent, name, path))
        else:
            raise FileError(
                f"file {file} holds an external link at {quoted(path)}: links to other files are not "
                "allowed; store the data in this file itself"
            )
    guard_bytes(total, stored, file)
    for parent, name, path in soft:
        _guard_soft_link(parent, name, path, file)


def _links(root: Any, file: str) -> Iterator[tuple[int, Any, bytes, str]]:
    """Every link of the file as (kind, parent group, name, path), walking hard links only, without recursion."""
    seen = {_address(root)}
    pending = [(root, "")]
    count = 0
    while pending:
        group, path = pending.pop()
        for name in group:
            count += 1
            if count > LIMITS.objects:
                raise FileError(f"file {file} holds too many objects: more than the limit of {LIMITS.objects:,}")
            kind = group.links.get_info(name).type
            here = f"{path}/{name.decode('utf-8', 'replace')}"[-400:]
            yield kind, group, name, here
            if kind == h5l.TYPE_HARD:
                child = h5o.open(group, name)
                if isinstance(child, h5g.GroupID):
                    _enter(child, here, seen, file)
                    pending.append((child, here))


def _enter(group: Any, path: str, seen: set[tuple[int, int]], file: str) -> None:
    """Note a group as visited. A second way into one is a cycle, or would be read twice: refused either way."""
    address = _address(group)
    if address in seen:
        raise FileError(
            f"file {file} has a link loop: group {quoted(path)} is linked more than once; "
            "write the file again without that link"
        )
    seen.add(address)


def _address(group: Any) -> tuple[int, int]:
    info = h5o.get_info(group)
    return int(info.fileno), int(info.addr)


def _guard_soft_link(parent: Any, name: bytes, path: str, file: str) -> None:
    """A soft link may name a dataset of the file (already looked at); a group could start a loop."""
    try:
        target = h5o.open(parent, name)
    except (KeyError, OSError, RuntimeError):
        raise FileError(
            f"file {file} has a soft link at {quoted(path)} that leads nowhere or in a loop: "
            "write the file again without it"
        ) from None
    if not isinstance(target, h5d.DatasetID):
        raise FileError(
            f"file {file} has a soft link to a group at {quoted(path)}, which may loop: write the file again without it"
        )


def _object_bytes(parent: Any, name: bytes, path: str, file: str) -> int:
    """Decompressed bytes of the object if it is a dataset that may be read, 0 for a group."""
    target = h5o.open(parent, name)
    if not isinstance(target, h5d.DatasetID):
        return 0
    plan = target.get_create_plist()
    _guard_storage(plan, path, file)
    _guard_filters(plan, path, file)
    itemsize = int(target.get_type().get_size())
    shape = target.get_space().get_simple_extent_dims() or ()
    # One chunk is decompressed whole, and may be larger than a dataset that can grow.
    chunk = plan.get_chunk() if plan.get_layout() == h5d.CHUNKED else ()
    return itemsize * max(math.prod(shape), math.prod(chunk) if shape else 0)


def _guard_storage(plan: Any, path: str, file: str) -> None:
    if plan.get_external_count() > 0:
        raise FileError(
            f"file {file} keeps the values of {quoted(path)} in an external file: that is not allowed; "
            "store the data in this file itself"
        )
    if plan.get_layout() == h5d.VIRTUAL:
        raise FileError(
            f"file {file} holds a virtual dataset at {quoted(path)}, a view of other files: that is not "
            "allowed; store the data in this file itself"
        )


_FILTER_NAMES = {32001: "blosc", 32004: "lz4", 32008: "bitshuffle", 32013: "zfp", 32015: "zstd", 32026: "blosc2"}


def _guard_filters(plan: Any, path: str, file: str) -> None:
    for i in range(plan.get_nfilters()):
        code = plan.get_filter(i)[0]
        if not h5z.filter_avail(code):
            name = _FILTER_NAMES.get(code, "unknown")
            raise FileError(
                f"file {file} compresses {quoted(path)} with the HDF5 filter {code} ({name}), which is "
                "not installed: write the file again with gzip compression"
            )
