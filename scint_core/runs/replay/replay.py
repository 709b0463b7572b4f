"""`replay`: a scene for every step of a finished run."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np

from scint_core.contract import FloatArray, IntArray, PairVectors, Problem, Shift, StepRecord, Translation
from scint_core.runs.replay.places import COMPONENTS, DATA, Frames, Places, Positions, positions_in
from scint_core.runs.replay.rows import About, Argument, ends_of, points_to, rows_by_part
from scint_core.runs.replay.scene import Scene

T = TypeVar("T")


@dataclass(frozen=True)
class Given:
    """What a step was given by an earlier one: that one's scene, the part of its result, and the part's value."""

    scene: Scene
    path: str
    value: Any

    @property
    def rows(self) -> IntArray | None:
        """The rows of its first axis, where it has one row per cell."""
        inside = f"{self.path}." if self.path else ""
        found = [rows for path, rows in self.scene.rows.items() if path == self.path or path.startswith(inside)]
        return found[0] if found and all(rows is found[0] for rows in found) else None


@dataclass(frozen=True)
class Replay:
    """A finished run, scene by scene."""

    problem: Problem
    scenes: tuple[Scene, ...]

    def given(self, scene: Scene) -> Iterator[Given]:
        """What a step was given by earlier ones, in order."""
        for number, path in zip(scene.record.inputs, scene.record.parts, strict=True):
            earlier = self.scenes[number]
            yield Given(earlier, path, part(earlier.result, path))

    def given_of(self, scene: Scene, kind: type[T]) -> T | None:
        """The first thing of a type that a step was given, or None."""
        return next((given.value for given in self.given(scene) if isinstance(given.value, kind)), None)

    def reach(self, space: str) -> FloatArray:
        """The lowest and the highest coordinates (2 × dimensions) that anything ever has in a space."""
        shown = (s for s in self.scenes if s.space == space)
        places = [p for s in shown for p in (s.before, s.after, s.landmarks) if p is not None]
        distinct = list({id(p): p for p in places}.values())
        low = np.nanmin([np.nanmin(p, axis=0) for p in distinct], axis=0)
        return np.stack([low, np.nanmax([np.nanmax(p, axis=0) for p in distinct], axis=0)])


def part(value: Any, path: str) -> Any:
    """The part of a result to which a path leads."""
    for name in path.split(".") if path else ():
        if isinstance(value, tuple | list):
            value = value[int(name)]
        else:
            value = value[name] if isinstance(value, dict) else getattr(value, name)
    return value


def replay(records: Sequence[StepRecord], problem: Problem) -> Replay:
    """The scenes of a run on a problem, in the order of its steps."""
    stage = _Stage(problem)
    for record in records:
        stage.add(record)
    return Replay(problem, tuple(stage.scenes))


class _Stage:
    """Makes the scenes one after the other."""

    def __init__(self, problem: Problem) -> None:
        self.scenes: list[Scene] = []
        self._problem = problem
        self._frames = Frames(problem)
        self._places = Places(problem, self._frames)
        self._spaces: dict[tuple[int, str], tuple[str, Positions]] = {}  # of every part that holds positions

    def add(self, record: StepRecord) -> None:
        """Append the scene of the next step."""
        value, number = record.result, len(self.scenes)
        about = About(self._problem, record, self._arguments(record))
        rows = rows_by_part(value, about)
        found = list(positions_in(value, rows, self._frames))
        space = self._space_of(record, found) if found else self._space_about(record, about, rows)
        before = self._places.now(space) if space else None
        if found:
            self._places.move(space, found, self._axis_of(record, found[0]))
            self._spaces.update({(number, positions.path): (space, positions) for positions in found})
        after = self._places.now(space) if space else None
        vectors = self._vectors(value)
        self.scenes.append(
            Scene(
                number=number, record=record, left=about.left, right=about.right, rows=rows, space=space,
                axis=self._places.axes.get(space, ""), before=after if before is None else before, after=after,
                ends=ends_of(value, about), vectors=vectors if "vectors" in rows else None, starts=rows.get("vectors"),
                points_to=points_to(value, about), landmarks=self._landmarks(record, value, rows),
            )
        )  # fmt: skip

    def _arguments(self, record: StepRecord) -> list[Argument]:
        found = []
        for number, path in zip(record.inputs, record.parts, strict=True):
            scene = self.scenes[number]
            given = Given(scene, path, part(scene.result, path))
            found.append(Argument(given.value, given.rows, scene.ends, scene.points_to))
        return found

    def _space_of(self, record: StepRecord, found: list[Positions]) -> str:
        """The space of what was given, where it is like what was found; else one that begins here."""
        for given in zip(record.inputs, record.parts, strict=True):
            space, positions = self._spaces.get(given, ("", None))
            if positions is not None and found[0].is_like(positions):
                return space
        return self._places.beginning(record, found)

    def _axis_of(self, record: StepRecord, found: Positions) -> str:
        """The name of the dimensions; of an array, that of the positions it was made of."""
        given = [self._spaces[key] for key in zip(record.inputs, record.parts, strict=True) if key in self._spaces]
        names = [self._places.axes[space] for space, positions in given if positions.width == found.width]
        return found.axis or (names[0] if names else "PC")

    def _space_about(self, record: StepRecord, about: About, rows: dict[str, IntArray]) -> str:
        """The space in which a step that moves no cell is to be seen: where all cells that it is about have a place."""
        given = [self.scenes[number].space for number in record.inputs]
        earlier = [self.scenes[-1].space] if self.scenes else []
        sides = [side for side in (about.left, about.right) if side is not None]
        cells = np.concatenate([*sides, *rows.values()]) if sides or rows else np.arange(self._problem.n_cells)
        for space in dict.fromkeys([*given, *earlier, DATA, COMPONENTS]):
            places = self._places.now(space) if space else None
            if places is not None and not np.isnan(places[cells, 0]).any():
                return space
        return ""

    def _vectors(self, value: Any) -> FloatArray | None:
        return self._frames.shown(value.vectors) if isinstance(value, PairVectors | Shift | Translation) else None

    def _landmarks(self, record: StepRecord, value: Any, rows: dict[str, IntArray]) -> FloatArray | None:
        """Points without rows in the space of what was given."""
        if not isinstance(value, np.ndarray) or value.ndim != 2 or value.dtype.kind != "f" or "" in rows:
            return None
        given = zip(record.inputs, record.parts, strict=True)
        widths = [self._spaces[key][1].width for key in given if key in self._spaces]
        return self._frames.shown(value) if value.shape[1] in widths else None
