"""Look at the heaps in which HDF5 keeps texts of variable length, since a damaged one makes the library loop for ever.

HDF5 walks a collection of texts from object to object by their sizes, and does not notice a step of zero bytes
(HDF5 issue 1707; so up to version 2.0). No exception, signal or time limit in the same process ends that loop.
Layout: HDF5 File Format Specification, section III.E "Global Heap".
"""

from __future__ import annotations

import mmap
import struct
from pathlib import Path

from scint_core.errors import FileError

_SIGNATURE = b"GCOL\x01\x00\x00\x00"
_HEADER = 16
_OBJECT = struct.Struct("<HHIQ")  # index (0: free space), references, reserved, size in bytes
_WRAP = (1 << 64) - 1


def guard_heaps(path: Path, file: str) -> None:
    """Refuse a file in which the walk through a collection of texts would stand still. `file` is its quoted name."""
    with path.open("rb") as source, mmap.mmap(source.fileno(), 0, access=mmap.ACCESS_READ) as content:
        at = content.find(_SIGNATURE)
        while at >= 0:
            if _stands_still(content, at):
                raise FileError(f"file {file} is damaged: a block of texts in it is corrupt; copy or upload it again")
            at = content.find(_SIGNATURE, at + 1)


def _stands_still(content: mmap.mmap, start: int) -> bool:
    """Whether the walk through the collection at `start` comes to an object of no size before the end."""
    if start + _HEADER > len(content):
        return False
    end = min(start + int.from_bytes(content[start + 8 : start + _HEADER], "little"), len(content))
    at = start + _HEADER
    while at + _OBJECT.size <= end:
        index, _, _, size = _OBJECT.unpack_from(content, at)
        # A text is stored behind its header and padded to 8 bytes; the size of free space includes its header.
        step = size if index == 0 else (_OBJECT.size + ((size + 7) & ~7)) & _WRAP
        if step == 0:
            return True
        at += step
    return False
