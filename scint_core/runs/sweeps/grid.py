"""The grid of a sweep: which parameters take which values, and every run that follows from it."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from scint_core.errors import ParameterError
from scint_core.methods import find_method

METHOD = "method"
"""The name of the axis that several methods make."""


@dataclass(frozen=True)
class Point:
    """One run of a sweep: `params` are what differs from the method's defaults, `place` its value on every axis."""

    method: str
    params: Mapping[str, Any]
    place: Mapping[str, Any]
    seed: int


@dataclass(frozen=True)
class Grid:
    """What a sweep runs: `values` by parameter, for each of `methods`, `seeds` times; `fixed` are other parameters.

    `Grid.create` checks all of it; a grid that exists can be run.
    """

    methods: tuple[str, ...]
    values: Mapping[str, tuple[Any, ...]]
    seeds: tuple[int, ...] = (0,)
    fixed: Mapping[str, Any] | None = None

    @classmethod
    def create(
        cls,
        method: str | Sequence[str],
        grid: Mapping[str, Iterable[Any]],
        *,
        seeds: Sequence[int] = (0,),
        fixed: Mapping[str, Any] | None = None,
    ) -> Grid:
        """A checked grid, values that are alike taken once.

        Raises `MethodError` for an unknown method and `ParameterError`, before anything runs, for a grid or a list that
        is empty, a parameter that a method lacks, and every value that it cannot have.
        """
        methods = tuple(dict.fromkeys([method] if isinstance(method, str) else method))
        if not methods:
            raise ParameterError("method is an empty list: name at least one method")
        if not grid and len(methods) == 1:
            raise ParameterError("grid is empty: name at least one parameter, such as {'k': [5, 10, 20]}")
        seeds = tuple(dict.fromkeys(_whole_seed(seed) for seed in seeds))
        if not seeds:
            raise ParameterError("seeds is empty: give at least one whole number")
        both = set(grid) & set(fixed or {})
        if both:
            raise ParameterError(
                f"parameter '{min(both)}' is given a value and stands in the grid: choose one of the two"
            )
        values = {name: _checked(name, listed, methods) for name, listed in grid.items()}
        checked = cls(methods, values, seeds, dict(fixed or {}))
        _ = checked.points  # values that exclude each other are refused here
        return checked

    @cached_property
    def axes(self) -> dict[str, tuple[Any, ...]]:
        """The values along every axis; the methods are the first one where there are several."""
        methods = {METHOD: self.methods} if len(self.methods) > 1 or not self.values else {}
        return {**methods, **self.values}

    @cached_property
    def points(self) -> tuple[Point, ...]:
        """Every run: method by method, the last parameter changing fastest, then the seeds."""
        return tuple(
            self._point(method, combination, seed)
            for method in self.methods
            for combination in itertools.product(*self.values.values())
            for seed in self.seeds
        )

    def __len__(self) -> int:
        return len(self.points)

    @cached_property
    def working_order(self) -> tuple[int, ...]:
        """Positions of the points in the order in which they are best done: on every axis the largest number first.

        Runs share steps, and a short list of neighbours is cut from a long one that an earlier run left.
        """
        return tuple(sorted(range(len(self)), key=lambda i: [self._turn(*at) for at in self.points[i].place.items()]))

    def _turn(self, axis: str, value: Any) -> tuple[bool, float]:
        """What decides when a value comes: numbers from the largest down, then what is no number, as it is listed."""
        number = isinstance(value, int | float) and not isinstance(value, bool)
        return not number, -value if number else self.axes[axis].index(value)

    def default(self, axis: str) -> Any:
        """The default of a parameter; None for the axis of methods, which has none."""
        if axis == METHOD:
            return None
        return next(spec.default for spec in find_method(self.methods[0]).Params.specs() if spec.name == axis)

    def to_plain(self) -> dict[str, Any]:
        """The grid as JSON can hold it, in order."""
        return {
            "methods": list(self.methods),
            "values": [[name, list(values)] for name, values in self.values.items()],
            "seeds": list(self.seeds),
            "fixed": dict(self.fixed or {}),
        }

    @classmethod
    def from_plain(cls, plain: Mapping[str, Any]) -> Grid:
        """The grid that `to_plain` wrote."""
        return cls.create(
            plain["methods"], dict(map(tuple, plain["values"])), seeds=plain["seeds"], fixed=plain["fixed"]
        )

    def _point(self, method: str, combination: tuple[Any, ...], seed: int) -> Point:
        chosen = dict(zip(self.values, combination, strict=True))
        params = find_method(method).Params.create({**(self.fixed or {}), **chosen})
        place = {METHOD: method, **chosen}
        return Point(method, params.changed(), {axis: place[axis] for axis in self.axes}, seed)


def _checked(name: str, listed: Iterable[Any], methods: tuple[str, ...]) -> tuple[Any, ...]:
    """The values of one parameter as the first method holds them, each checked by every method."""
    if isinstance(listed, str | bytes) or not isinstance(listed, Iterable):
        raise ParameterError(f"parameter '{name}' is {listed!r} in the grid: give a list of values")
    values = list(listed)
    if not values:
        raise ParameterError(f"parameter '{name}' has no values in the grid: give at least one")
    for method in methods:
        held = [find_method(method).Params.create({name: value}).to_dict()[name] for value in values]
        values = [value for i, value in enumerate(held) if value not in held[:i]]
    return tuple(values)


def _whole_seed(seed: Any) -> int:
    if isinstance(seed, bool) or not hasattr(seed, "__index__") or seed < 0:
        raise ParameterError(f"seed {seed!r} cannot be used: it must be a whole number of at least 0")
    return int(seed)


def spoken_value(value: Any) -> str:
    """A parameter's value in a sentence."""
    return "off" if value is None else f"{value:g}" if isinstance(value, float) else str(value)
