"""What a run remembers of its steps: the records, and where their results are kept.

Small results are kept whole. An array of cells × genes is kept as coordinates on fixed axes, the first principal axes
of the data that came in, so that every step of a run is seen in the same frame and a trace stays small.
"""

from __future__ import annotations

import contextlib
import dataclasses
import os
import shutil
import time
from collections.abc import Callable
from functools import cached_property
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from scint_core.contract import FloatArray, Matrix, Problem
from scint_core.errors import DataError
from scint_core.numerics.svd import randomised_svd
from scint_core.preprocess.normalise import log_normalise
from scint_core.runs import codec
from scint_core.runs.cache import MISSING, StepCache
from scint_core.runs.identity import is_result
from scint_core.runs.keys import Keys, digest, engine_digest

N_AXES = 50
_SEED = 0
_SHOW_EVERY = 0.5  # seconds


class Axes:
    """The fixed axes of a run: `N_AXES` principal axes of the genes that methods compare cells by."""

    def __init__(self, problem: Problem, keys: Keys | None = None) -> None:
        self._problem = problem
        self._keys = keys or Keys()

    @cached_property
    def rotation(self) -> FloatArray:
        """Genes × axes, orthonormal columns. All runs on the data have the same, so the step cache keeps them."""
        matrix, cache = self.values(), StepCache()
        key = "" if cache.off else digest("axes", engine_digest(), self._keys.of(matrix))
        rotation = cache.load(key)
        if rotation is MISSING:
            rotation = _principal_axes(matrix)
            cache.store(key, rotation)
        return rotation  # type: ignore[no-any-return]

    def values(self) -> Matrix:
        """The log values that cells are compared by; made of the counts where a method on counts has no others."""
        try:
            return self._problem.expression
        except DataError:
            if self._problem.counts is None:
                raise
            return log_normalise(self._problem.counts)[:, self._problem.positions]

    def shrink(self, value: Any) -> Any:
        """`value` with every array of cells × genes replaced by float32 coordinates on the axes."""
        if isinstance(value, np.ndarray):
            return self._shrink_array(value)
        if isinstance(value, tuple):
            return tuple(self.shrink(item) for item in value)
        if is_result(value):
            fields = {f.name: self.shrink(getattr(value, f.name)) for f in dataclasses.fields(value)}
            return dataclasses.replace(value, **fields)
        return value

    def _shrink_array(self, array: np.ndarray) -> np.ndarray:
        if array.dtype.kind != "f":
            return array
        wide = array.ndim == 2 and array.shape[1] > N_AXES
        if wide and array.shape[1] == len(self._problem.genes):
            array = array @ self.rotation  # cells × axes; vectors and positions alike, since nothing is subtracted
        return array.astype(np.float32)


def _principal_axes(matrix: Matrix) -> FloatArray:
    centre = np.asarray(matrix.mean(axis=0), dtype=float).ravel()
    return randomised_svd(matrix, min(N_AXES, *matrix.shape), seed=_SEED, centre=centre).vt.T


class TraceStore(Protocol):
    """Keeps the results of steps."""

    def keep(self, value: Any) -> Callable[[], Any]:
        """Keep a step's result; returns what loads it again."""

    def show(self, unfinished: Any) -> None:
        """What the running step has so far, for whoever watches."""


class MemoryTrace:
    """Keeps results in memory: for a run in the caller's own process."""

    def __init__(self, axes: Axes) -> None:
        self._axes = axes

    def keep(self, value: Any) -> Callable[[], Any]:
        kept = self._axes.shrink(value)
        return lambda: kept

    def show(self, unfinished: Any) -> None:
        """Nobody watches."""


class NoTrace:
    """Keeps nothing: for runs of which only the outcome is wanted."""

    def keep(self, value: Any) -> Callable[[], Any]:  # noqa: ARG002
        return lambda: None

    def show(self, unfinished: Any) -> None:
        """Nobody watches."""


class FolderTrace:
    """Keeps results in a run's folder, and what the running step shows in the folder `live`."""

    def __init__(self, axes: Axes, folder: Path, live: Path) -> None:
        self._axes = axes
        self._folder = folder
        self._live = live
        self._kept = 0
        self._shown = 0.0

    def keep(self, value: Any) -> Callable[[], Any]:
        place = self._folder / f"{self._kept:04d}"
        self._kept += 1
        codec.write(self._axes.shrink(value), place)
        shutil.rmtree(self._live, ignore_errors=True)
        return lambda: codec.read(place)

    def show(self, unfinished: Any) -> None:
        """Write it where the page looks, not more often than a person can follow."""
        if time.monotonic() - self._shown > _SHOW_EVERY:
            show_in(self._live, unfinished)
            self._shown = time.monotonic()


def show_in(live: Path, unfinished: Any) -> None:
    """Write what there is so far where the page looks, in the place of what was there."""
    newer = live.with_name(f".{live.name}-newer")
    shutil.rmtree(newer, ignore_errors=True)  # of an attempt that was ended at this very place
    with contextlib.suppress(OSError):  # a full disk ends no run for want of a picture
        codec.write(unfinished, newer)
        shutil.rmtree(live, ignore_errors=True)
        os.rename(newer, live)  # so that the page finds nothing only for the moment between these two lines
