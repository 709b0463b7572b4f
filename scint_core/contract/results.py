"""The results that steps leave: small frozen dataclasses of arrays and plain values.

The step cache writes them field by field and the screen has one chart per type, so a method whose steps return
these types is cached, traced and drawn without code of its own. Positions of cells are rows of the problem's
canonical order (see `Problem`); `Integration` translates them to the caller's.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import Any, TypeVar

from scint_core.contract.arrays import BoolArray, FloatArray, IntArray

T = TypeVar("T")

RESULT_TYPES: dict[str, type] = {}
"""Every registered result type by name: the only types the codec writes and reads."""


def result(cls: type[T]) -> type[T]:
    """Register a frozen dataclass as a type that a step may return."""
    if not (dataclasses.is_dataclass(cls) and cls.__dataclass_params__.frozen):  # type: ignore[attr-defined]
        raise TypeError(f"{cls.__name__} is not a frozen dataclass")
    RESULT_TYPES[cls.__name__] = cls
    return cls


@result
@dataclass(frozen=True)
class Embedding:
    """Cells in a low-dimensional space: `coordinates` (cells × dimensions); `axis` names the dimensions."""

    coordinates: FloatArray
    axis: str = "PC"


@result
@dataclass(frozen=True)
class Neighbors:
    """The k nearest reference cells of every query cell, nearest first, ties to the lowest index.

    `indices` and `distances` (Euclidean) are queries × k.
    """

    indices: IntArray
    distances: FloatArray


@result
@dataclass(frozen=True)
class CrossNeighbors:
    """Nearest neighbours across two sides: of every right cell on the left, and of every left cell on the right."""

    of_right: Neighbors  # right cells × k, indices into the left side
    of_left: Neighbors  # left cells × k, indices into the right side


@result
@dataclass(frozen=True)
class MutualPairs:
    """Mutual nearest neighbours of one merge: `left[i]` and `right[i]` are rows of the two sides."""

    left: IntArray
    right: IntArray


@result
@dataclass(frozen=True)
class Pairs:
    """All pairs of cells that a method related, over all its merges.

    `left` and `right` are positions of cells, `merge` the number of the merge that found the pair (from 0), `score`
    its weight (1 where the method has none), `kept` False where a filter dropped it.
    """

    left: IntArray
    right: IntArray
    merge: IntArray
    score: FloatArray
    kept: BoolArray

    def __len__(self) -> int:
        return len(self.left)


@result
@dataclass(frozen=True)
class PairVectors:
    """One vector per target cell that is in a pair: `cells` rows of the target, `vectors` (cells × dimensions)."""

    cells: IntArray
    vectors: FloatArray


@result
@dataclass(frozen=True)
class Shift:
    """What is added to every target cell: `vectors` (cells × dimensions)."""

    vectors: FloatArray


@result
@dataclass(frozen=True)
class Stretch:
    """How far every target cell's vector was lengthened: `scale` (cells,), at least 1."""

    scale: FloatArray


@result
@dataclass(frozen=True)
class MergeTree:
    """The order of merges: merge i joins the batches `left[i]` (reference) and `right[i]` (corrected), by position."""

    left: tuple[tuple[int, ...], ...]
    right: tuple[tuple[int, ...], ...]


@result
@dataclass(frozen=True)
class LossCurve:
    """Values of an objective: `values` one per iteration, the start first; `parts` its terms, same length."""

    values: FloatArray
    parts: dict[str, FloatArray] = dataclasses.field(default_factory=dict)
    axis: str = "iteration"


@result
@dataclass(frozen=True)
class SoftClusters:
    """Soft clusters of cells: `membership` (cells × K, rows sum to 1), `centres` (K × d, unit rows),
    `observed` and `expected` (K × batches) co-occurrence of clusters and batches."""

    membership: FloatArray
    centres: FloatArray
    observed: FloatArray
    expected: FloatArray


def plain_fields(value: Any) -> dict[str, Any]:
    """The fields of a registered result by name, not copied."""
    return {field.name: getattr(value, field.name) for field in dataclasses.fields(value)}
