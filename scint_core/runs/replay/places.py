"""Where cells are: the spaces of a run, and the position of every cell in each of them.

A step that takes positions and returns positions of the same width and scale happens in the space of what it took.
Positions that come from nothing known begin a space of their own, unless they lie near the data as they came in.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import scipy.sparse as sp

from scint_core.contract import (
    Embedding,
    EmbeddingHistory,
    FloatArray,
    IntArray,
    MultiBatchPca,
    Problem,
    SharedSpace,
    StepRecord,
    TrainedNetwork,
)
from scint_core.errors import DataError
from scint_core.runs.trace import N_AXES, Axes

SHOWN = 3
"""Dimensions of a space that are kept."""

DATA, COMPONENTS = "data", "components"
"""The spaces of the data as they came in: log values on the run's fixed axes, and principal components."""

_SCALES = 3.0  # how far two sizes may be apart to be of one scale
_NEAR = 3.0  # a correction moves cells by less than this many times their spread


@dataclass(frozen=True)
class Positions:
    """Positions in a result: `coordinates` (cells × at most 3) of `rows`, out of `width` dimensions.

    `genes` is True for values of genes, which are seen on the run's fixed axes, and False for dimensions of their own;
    an array alone does not always tell. `axis` names the dimensions, where the result does.
    """

    path: str
    rows: IntArray
    coordinates: FloatArray
    width: int
    axis: str
    genes: bool

    @property
    def scale(self) -> float:
        """Root mean square length."""
        return float(np.sqrt(np.mean(np.sum(self.coordinates.astype(np.float64) ** 2, axis=1))))

    def is_like(self, given: Positions) -> bool:
        """Whether these can be seen in one picture with positions that they were made of."""
        smaller, larger = sorted((self.scale, given.scale))
        return self.width == given.width and self.genes >= given.genes and larger <= _SCALES * smaller


class Frames:
    """The axes that arrays of genes are seen on."""

    def __init__(self, problem: Problem) -> None:
        self._problem = problem
        self._axes = Axes(problem)
        self.width = min(N_AXES, len(problem.genes))

    def is_genes(self, array: Any) -> bool:
        """Whether the columns are genes, or the run's fixed axes."""
        return array.shape[1] in (self.width, len(self._problem.genes), len(self._problem.all_genes))

    def shown(self, array: Any) -> FloatArray:
        """The leading coordinates (rows × at most 3) of an array of any columns."""
        if array.shape[1] == len(self._problem.all_genes) != len(self._problem.genes):
            array = array[:, self._problem.positions]
        if array.shape[1] == len(self._problem.genes) > N_AXES:
            array = array @ self._axes.rotation[:, :SHOWN]
        leading = array[:, :SHOWN]
        return np.asarray(leading.toarray() if sp.issparse(leading) else leading, dtype=np.float32)

    def data(self) -> FloatArray | None:
        """The log values as they came in (cells × at most 3); None where the data hold none."""
        try:
            values = self._axes.values()
        except DataError:
            return None
        return self.shown(values)


def positions_in(value: Any, rows: dict[str, IntArray], frames: Frames, path: str = "") -> Iterator[Positions]:
    """The positions of cells that a result holds."""
    for at, array, axis, genes in _arrays(value, frames, path):
        if at in rows and array.ndim == 2 and array.shape[1] > 1:
            yield Positions(at, rows[at], frames.shown(array), _width(array, frames, genes), axis, genes)


def _width(array: Any, frames: Frames, genes: bool) -> int:
    return frames.width if genes else int(array.shape[1])


def _arrays(value: Any, frames: Frames, path: str) -> Iterator[tuple[str, Any, str, bool]]:
    """Path, array, name of the dimensions and whether these are genes, of everything that may be positions."""
    inside = f"{path}." if path else ""
    if isinstance(value, tuple):
        for i, item in enumerate(value):
            yield from _arrays(item, frames, f"{inside}{i}")
    elif sp.issparse(value) or (isinstance(value, np.ndarray) and value.ndim == 2 and value.dtype.kind == "f"):
        yield path, value, "", frames.is_genes(value)
    elif isinstance(value, Embedding):
        yield f"{inside}coordinates", value.coordinates, value.axis, False
    elif isinstance(value, SharedSpace):
        yield f"{inside}left", value.left, value.axis, False
        yield f"{inside}right", value.right, value.axis, False
    elif isinstance(value, MultiBatchPca):
        for b, scores in enumerate(value.scores):
            yield f"{inside}scores.{b}", scores, "PC", False
    elif isinstance(value, EmbeddingHistory) and len(value.coordinates):
        yield f"{inside}coordinates", value.coordinates[-1], "latent dimension", False
    elif isinstance(value, TrainedNetwork):
        yield from _arrays(value.latent, frames, f"{inside}latent")


class Places:
    """The position of every cell in every space of a run, as the run goes on."""

    def __init__(self, problem: Problem, frames: Frames) -> None:
        self._problem = problem
        self._frames = frames
        self._now: dict[str, FloatArray | None] = {}
        self.axes: dict[str, str] = {DATA: "PC", COMPONENTS: "PC"}

    def now(self, space: str) -> FloatArray | None:
        """Where cells are (cells × at most 3, NaN where a cell has no place yet); None where there is no such space."""
        if space not in self._now:
            start = self._start(space)
            self._now[space] = start
        return self._now[space]

    def _start(self, space: str) -> FloatArray | None:
        if space == DATA:
            return self._frames.data()
        if space == COMPONENTS:
            return np.asarray(self._problem.pca[:, :SHOWN], dtype=np.float32)
        return None

    def move(self, space: str, found: list[Positions], axis: str) -> None:
        """Put the cells where they were found; the dimensions of a space that begins here bear the name `axis`."""
        n = max(p.coordinates.shape[1] for p in found)
        now = self.now(space)
        places = np.full((self._problem.n_cells, n), np.nan, dtype=np.float32) if now is None else now.copy()
        for positions in found:
            places[positions.rows] = positions.coordinates
        places.flags.writeable = False
        self._now[space] = places
        self.axes.setdefault(space, axis)

    def beginning(self, record: StepRecord, found: list[Positions]) -> str:
        """The space of positions that come from nothing known: the data's where they lie near it, else one of its own.

        Steps of the same function share it, so that all batches are seen in one picture; spaces of two sides are
        each their own.
        """
        whole = record.sides is not None or sum(len(p.rows) for p in found) == self._problem.n_cells
        if record.kind not in (MultiBatchPca.__name__, SharedSpace.__name__):
            for space, fits in ((DATA, found[0].genes), (COMPONENTS, self._is_components(found[0]))):
                if fits and (self._is_as_it_was(found[0], space) or (whole and self._is_near(found[0], space))):
                    return space
        name = f"{record.function.rpartition('.')[2]}:{found[0].width}"
        return name if record.sides is None else f"{name}:{record.sides}"

    def _is_components(self, found: Positions) -> bool:
        if len(found.rows) != self._problem.n_cells or found.axis not in ("", "PC"):
            return False
        try:
            return bool(self._problem.pca.shape[1] == found.width)
        except DataError:
            return False

    def _is_as_it_was(self, found: Positions, space: str) -> bool:
        """Whether cells lie where they were in the data: a batch that was taken as it is."""
        start = self.now(space)
        if start is None or start.shape[1] != found.coordinates.shape[1]:
            return False
        return bool(np.allclose(found.coordinates, start[found.rows], atol=1e-3 * float(np.std(start))))

    def _is_near(self, found: Positions, space: str) -> bool:
        """Whether cells lie as near to where they were in the data as a correction would leave them."""
        start = self.now(space)
        if start is None or start.shape[1] != found.coordinates.shape[1]:
            return False
        there = start[found.rows]
        as_they_were = Positions("", found.rows, there, found.width, found.axis, genes=False)
        spread = np.sqrt(np.mean((start - start.mean(axis=0)) ** 2))
        return found.is_like(as_they_were) and bool(np.sqrt(np.mean((found.coordinates - there) ** 2)) < _NEAR * spread)
