"""Which rows of the problem a result is about: by its type, by its size and by what the step was given."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import scipy.sparse as sp

from scint_core.contract import (
    Anchors,
    AnchorWeights,
    BatchVector,
    CrossNeighbors,
    Embedding,
    EmbeddingHistory,
    IntArray,
    LabelProbabilities,
    LinearFit,
    LocalWeights,
    MultiBatchPca,
    MutualPairs,
    Neighbors,
    PairVectors,
    Problem,
    SharedSpace,
    Shift,
    SidedNeighbors,
    SoftClusters,
    StepRecord,
    Stretch,
    TrainedNetwork,
    Translation,
)

OF_TARGET = (Shift, Stretch, Translation, LocalWeights, AnchorWeights)
"""Types with one row per cell of the target, as their descriptions say."""

Rows = Mapping[str, IntArray]


@dataclass(frozen=True)
class Argument:
    """Something that a step was given: the value, the rows of its first axis where it has one row per cell, the rows
    of both ends of the pairs that it holds, and the rows that indices in it stand for."""

    value: Any
    rows: IntArray | None = None
    ends: tuple[IntArray, IntArray] | None = None
    points_to: IntArray | None = None


@dataclass(frozen=True)
class About:
    """What is known of a step before its result is looked at."""

    problem: Problem
    record: StepRecord
    given: Sequence[Argument]

    @property
    def left(self) -> IntArray | None:
        return None if self.record.sides is None else self.problem.cells_of(self.record.sides[0])

    @property
    def right(self) -> IntArray | None:
        return None if self.record.sides is None else self.problem.cells_of(self.record.sides[1])

    def of_size(self, n: int) -> IntArray | None:
        """The rows that n rows in a row stand for, where the sizes of sides, batches and arguments tell."""
        start, stop = self.record.params.get("start"), self.record.params.get("stop")
        if isinstance(start, int) and isinstance(stop, int) and stop - start == n:
            return np.arange(start, stop)
        left, right = self.left, self.right
        if left is not None and right is not None:
            if n == len(left) + len(right):
                return np.concatenate([left, right])
            if len(left) != len(right) and n in (len(left), len(right)):
                return left if n == len(left) else right
            if n == len(left):
                return self._of_argument(n, right)
        return np.arange(n) if n == self.problem.n_cells else self._of_argument(n, None)

    def _of_argument(self, n: int, otherwise: IntArray | None) -> IntArray | None:
        """The rows of an argument with as many: of what moves the target where there is such, else of the first."""
        fitting = [argument for argument in self.given if argument.rows is not None and len(argument.rows) == n]
        moving = [argument for argument in fitting if isinstance(argument.value, OF_TARGET)]
        chosen = [*moving, *fitting]
        return chosen[0].rows if chosen else otherwise


def rows_by_part(value: Any, about: About) -> dict[str, IntArray]:
    """The rows of every part of a result that has one row per cell, by the part's path."""
    if isinstance(value, tuple):
        return _of_tuple(value, about)
    if isinstance(value, np.ndarray) or sp.issparse(value):
        return _named("", about.of_size(value.shape[0]) if value.ndim else None)
    find = _FINDERS.get(type(value))
    return {} if find is None else dict(find(value, about))


def ends_of(value: Any, about: About) -> tuple[IntArray, IntArray] | None:
    """The rows of both ends of the pairs that a result holds, or has one entry for each of."""
    if isinstance(value, MutualPairs | Anchors):
        return _ends(value, about)
    n = value.shape[0] if isinstance(value, np.ndarray) and value.ndim == 1 else None
    n = value.weights.shape[1] if isinstance(value, AnchorWeights) else n
    return next((given.ends for given in about.given if given.ends is not None and len(given.ends[0]) == n), None)


def points_to(value: Any, about: About) -> IntArray | None:
    """The rows that the indices in a result stand for: reference cells of a search, paired cells of a weighting."""
    if isinstance(value, Neighbors):
        return _searched(value, about)
    if isinstance(value, LocalWeights):
        return next((argument.points_to for argument in about.given if argument.points_to is not None), None)
    return None


def _searched(near: Neighbors, about: About) -> IntArray | None:
    """Where a search looked: among paired cells, among the cells of anchors, or in the last array of cells given."""
    for argument in reversed(about.given):
        if isinstance(argument.value, PairVectors):
            return argument.rows
        if isinstance(argument.value, Anchors) and argument.ends is not None and about.right is not None:
            return about.right[np.unique(argument.value.right)]
    if any(isinstance(argument.value, MutualPairs) for argument in about.given):
        return about.right
    furthest = int(near.indices.max(initial=-1))
    arrays = [g.rows for g in about.given if g.rows is not None and len(g.rows) > furthest]
    return arrays[-1] if arrays else None


def _ends(pairs: MutualPairs | Anchors, about: About) -> tuple[IntArray, IntArray] | None:
    """The ends of pairs, where the two sides are known and those that were searched are whole."""
    every = np.arange(about.problem.n_cells)
    left = every if about.left is None else about.left
    right = every if about.right is None else about.right
    for near in (argument.value for argument in about.given):
        if isinstance(near, CrossNeighbors):
            sizes = len(near.of_left.indices), len(near.of_right.indices)
            if sizes != (len(left), len(right)):
                return None
    if len(pairs.left) and (pairs.left.max() >= len(left) or pairs.right.max() >= len(right)):
        return None
    return left[pairs.left], right[pairs.right]


def _of_tuple(values: tuple[Any, ...], about: About) -> dict[str, IntArray]:
    """One array per batch, of the target or of all of them; else every value for itself."""
    target = () if about.record.sides is None else about.record.sides[1]
    for batches in (target, range(about.problem.n_batches)):
        sizes = [int(about.problem.batch_sizes[b]) for b in batches]
        if sizes and [len(v) if isinstance(v, np.ndarray) and v.ndim == 2 else -1 for v in values] == sizes:
            return {str(i): about.problem.cells_of([b]) for i, b in enumerate(batches)}
    return {
        f"{i}.{path}".rstrip("."): rows
        for i, value in enumerate(values)
        for path, rows in rows_by_part(value, about).items()
    }


def _named(path: str, rows: IntArray | None) -> dict[str, IntArray]:
    return {} if rows is None else {path: rows}


def _target(path: str) -> Callable[[Any, About], Rows]:
    """One row per cell of the target."""

    def find(value: Any, about: About) -> Rows:
        n = getattr(value, path).shape[0]
        fits = about.right is not None and len(about.right) == n
        return _named(path, about.right if fits else about.of_size(n))

    return find


def _of_size(path: str) -> Callable[[Any, About], Rows]:
    """One row per cell of whatever has so many."""
    return lambda value, about: _named(path, about.of_size(getattr(value, path).shape[0]))


def _sides(value: Any, about: About) -> Rows:
    """A part for either side."""
    found = {}
    for path, rows in (("left", about.left), ("right", about.right)):
        if rows is not None and len(getattr(value, path)) == len(rows):
            found[path] = rows
    return found


def _of_pair_vectors(value: PairVectors, about: About) -> Rows:
    right = about.right
    if right is None or value.cells.max(initial=-1) >= len(right):
        return {}
    rows = right[value.cells]
    return {"cells": rows, "vectors": rows}


def _of_neighbors(value: Neighbors, about: About) -> Rows:
    n = len(value.indices)
    for argument in about.given:
        if isinstance(argument.value, MutualPairs) and about.left is not None:
            searching = np.unique(argument.value.left)  # a search for the cells of pairs, each once
            if len(searching) == n:
                rows = about.left[searching]
                return {"indices": rows, "distances": rows}
    rows_of = about.of_size(n)
    return {} if rows_of is None else {"indices": rows_of, "distances": rows_of}


def _of_cross_neighbors(value: CrossNeighbors, about: About) -> Rows:
    found = {}
    for path, rows in (("of_left", about.left), ("of_right", about.right)):
        if rows is not None and len(getattr(value, path).indices) == len(rows):
            found[path] = rows
    return found


def _of_sided_neighbors(value: SidedNeighbors, about: About) -> Rows:
    rows = about.of_size(len(value.before.indices))
    return {} if rows is None else {"before": rows, "after": rows}


def _of_components(value: MultiBatchPca, about: About) -> Rows:
    return {f"scores.{b}": about.problem.cells_of([b]) for b in range(len(value.scores))}


def _of_history(value: EmbeddingHistory, about: About) -> Rows:
    n = value.coordinates.shape[1]
    return {"coordinates": np.arange(n)} if n == about.problem.n_cells else {}


def _of_network(value: TrainedNetwork, about: About) -> Rows:
    return {f"latent.{path}": rows for path, rows in _of_history(value.latent, about).items()}


_FINDERS: dict[type, Callable[[Any, About], Rows]] = {
    Embedding: _of_size("coordinates"),
    SoftClusters: _of_size("membership"),
    LabelProbabilities: _of_size("probability"),
    LinearFit: _of_size("design"),
    Shift: _target("vectors"),
    Translation: _target("vectors"),
    Stretch: _target("scale"),
    LocalWeights: _target("weights"),
    AnchorWeights: _target("weights"),
    SharedSpace: _sides,
    BatchVector: _sides,
    PairVectors: _of_pair_vectors,
    Neighbors: _of_neighbors,
    CrossNeighbors: _of_cross_neighbors,
    SidedNeighbors: _of_sided_neighbors,
    MultiBatchPca: _of_components,
    EmbeddingHistory: _of_history,
    TrainedNetwork: _of_network,
}
