"""Keys: what makes two computations the same, agreed on by every process.

A step's key is made of its function, the sources the engine runs, its plain arguments and the keys of its array
arguments. The key of an array inside a step's result is the step's key plus the path of the field, so that only
arrays from outside (the problem's fields) are ever hashed by content.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from functools import cache
from importlib import metadata
from pathlib import Path
from typing import Any

import numpy as np
import scipy
import scipy.sparse as sp

from scint_core.runs.identity import ByIdentity, is_result, parts

Plain = bool | int | float | str | None

_ROOT = Path(__file__).resolve().parent.parent
_ENGINE_PACKAGES = ("contract", "numerics", "preprocess", "methods")


def digest(*parts: str | bytes) -> str:
    """A short digest of texts and bytes, unambiguous about where one part ends."""
    state = hashlib.blake2b(digest_size=20)
    for part in parts:
        data = part.encode() if isinstance(part, str) else part
        state.update(len(data).to_bytes(8, "little"))
        state.update(data)
    return state.hexdigest()


def canonical(value: Any) -> str:
    """Plain values as the one JSON text that stands for them, whatever the order of their names."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"))


@cache
def engine_digest() -> str:
    """Digest of the sources that decide what a step returns, and of the versions of the arrays' libraries."""
    return _sources_digest(f for package in _ENGINE_PACKAGES for f in (_ROOT / package).rglob("*.py"))


@cache
def job_digest() -> str:
    """Digest of all sources and those versions: they decide what the result of a job holds."""
    return _sources_digest(_ROOT.rglob("*.py"))


def _sources_digest(files: Iterable[Path]) -> str:
    """torch's version is read off its package, so that torch itself is not loaded."""
    sources = [part for f in sorted(files) for part in (f.relative_to(_ROOT).as_posix(), f.read_bytes())]
    return digest(np.__version__, scipy.__version__, metadata.version("torch"), *sources)


def array_digest(array: np.ndarray) -> str:
    """Digest of an array's type, shape and bytes."""
    contiguous = np.ascontiguousarray(array)
    state = hashlib.blake2b(f"{contiguous.dtype.str}{contiguous.shape}".encode(), digest_size=20)
    state.update(contiguous.data if contiguous.size else b"")
    return state.hexdigest()


class Keys:
    """The keys of the arrays that a run has met, forgotten when the array is."""

    def __init__(self) -> None:
        self._known: ByIdentity[str] = ByIdentity()

    def of(self, value: Any) -> str:
        """The key of an argument: given for what a step returned, else by content."""
        if isinstance(value, np.generic):
            value = value.item()
        if isinstance(value, Plain):
            return json.dumps(value)
        if isinstance(value, tuple | list):
            return digest("sequence", *(self.of(item) for item in value))
        if isinstance(value, Mapping):
            return digest("mapping", *(part for k, v in value.items() for part in (str(k), self.of(v))))
        known = self._known.get(value)
        if known is not None:
            return known
        key = self._by_content(value)
        self._known.remember(value, key)
        return key

    def name(self, value: Any, key: str) -> None:
        """Give every array inside a step's result its key, and make it read-only."""
        if isinstance(value, np.ndarray):
            value.flags.writeable = False
        if sp.issparse(value):
            for part in (value.data, value.indices, value.indptr):
                part.flags.writeable = False
        if isinstance(value, np.ndarray) or sp.issparse(value) or is_result(value):
            self._known.remember(value, key)
        for path, part in parts(value):
            self.name(part, f"{key}.{path}")

    def _by_content(self, value: Any) -> str:
        if isinstance(value, np.ndarray):
            return array_digest(value)
        if sp.issparse(value):
            rows = sp.csr_matrix(value)
            arrays = (rows.data, rows.indices, rows.indptr)
            return digest("csr", str(rows.shape), *(array_digest(array) for array in arrays))
        if is_result(value):
            return digest(type(value).__name__, *(self.of(part) for _, part in parts(value)))
        raise TypeError(f"a step cannot take a {type(value).__name__} as an argument")
