"""Stored observations of lessons that are too slow to run while someone waits: one `.npz` file per lesson.

A file holds the tree of all observations as JSON (`codec`) and every array once. Numbers with fractions are kept with
half precision (about three digits): enough for pictures; figures are in the tree and exact.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

import scint_core.lab
from scint_core.lab.lesson import Stop
from scint_core.lab.pictures import Observation
from scint_core.runs import codec
from scint_core.runs.keys import array_digest

SEED = 0
"""The seed whose observations are stored."""

FOLDER = Path(scint_core.lab.__file__).parent / "grids"

_TREE = "tree"

State = tuple[Mapping[str, Stop], Observation]
"""Slider values, and what is seen there."""


def grid_path(lesson: str) -> Path:
    """Where the observations of a lesson lie."""
    return FOLDER / f"{lesson}.npz"


def write_grid(path: Path, states: Sequence[State]) -> None:
    """Write observations and the slider values they were made at."""
    encoder = _GridEncoder()
    trees = [{"at": dict(at), "seen": encoder.encode(seen)} for at, seen in states]
    text = np.frombuffer(json.dumps(trees).encode(), dtype=np.uint8)
    path.parent.mkdir(parents=True, exist_ok=True)
    np.savez_compressed(path, **{_TREE: text}, **encoder.arrays)  # type: ignore[arg-type]


def read_grid(path: Path) -> list[State]:
    """The observations in a file; numbers with fractions come back as float32."""
    with np.load(path, allow_pickle=False) as file:
        arrays = {name: _widened(file[name]) for name in file.files}
    trees = json.loads(arrays[_TREE].tobytes())
    return [(tree["at"], codec.decode(tree["seen"], arrays.__getitem__, path.name)) for tree in trees]


def stored(lesson: str, at: Mapping[str, Stop]) -> Observation | None:
    """What is seen at these slider values with `SEED`, or None where that is not stored."""
    return next((seen for values, seen in _grid(lesson) if values == at), None)


@cache
def _grid(lesson: str) -> list[State]:
    path = grid_path(lesson)
    return read_grid(path) if path.exists() else []


def _widened(array: np.ndarray) -> np.ndarray:
    array = array.astype(np.float32) if array.dtype == np.float16 else array
    array.flags.writeable = False
    return array


class _GridEncoder(codec.Encoder):
    """Collects arrays by content, so that what all states share is kept once."""

    def __init__(self) -> None:
        self.arrays: dict[str, np.ndarray] = {}

    def keep(self, array: np.ndarray) -> list[Any]:
        """The name under which an array is kept."""
        kept = array.astype(np.float16) if array.dtype.kind == "f" else array
        name = array_digest(kept)
        self.arrays[name] = kept
        return [name]
