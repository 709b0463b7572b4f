"""Values of a parameter along a sweep: the ladder that is offered, what was typed, where each lies on an axis."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from pages.ui.library import short
from scint_core.contract import ParamSpec
from scint_core.errors import ParameterError
from scint_core.runs.sweeps.sensitivity import is_number

NUMBERS = ("integer", "real")
_SWEEPABLE = (*NUMBERS, "choice", "flag")
_RUNGS = 5
_FAR = 8  # from this ratio of the ends a ladder multiplies from rung to rung, below it adds
_ROUND = (1, 1.5, 2, 3, 5, 7, 10)
_ROUND_STEPS = (1, 2, 2.5, 5, 10)
_NO_VALUE = ("none", "off", "auto")
_LABEL_ROOM = 0.09  # of the axis's width, that the text of a value takes


def can_sweep(spec: ParamSpec) -> bool:
    """Whether a parameter can be an axis: numbers, choices and switches; no names and no orders."""
    return spec.kind in _SWEEPABLE


def choices_of(spec: ParamSpec) -> tuple[Any, ...]:
    """All values of a choice or a switch."""
    values = spec.choices if spec.kind == "choice" else (True, False)
    return (*values, None) if spec.optional else values


def ladder(spec: ParamSpec) -> tuple[Any, ...]:
    """About five round numbers over the range worth offering, the default among them; None comes last."""
    low, high = spec.slider or (spec.default, spec.default)
    far = low > 0 and high / low >= _FAR
    rungs = _multiplied(low, high) if far else _added(low, high)
    if spec.default is None:
        return (*_typed(spec, rungs), None)
    return _typed(spec, _with_default(rungs, spec.default, math.log if far and spec.default > 0 else float))


def _multiplied(low: float, high: float) -> list[float]:
    """Round numbers that lie about equally far apart by ratio."""
    return [low, *(_nearest_round(value) for value in np.geomspace(low, high, _RUNGS)[1:-1]), high]


def _nearest_round(value: float) -> float:
    decade = 10.0 ** math.floor(math.log10(value))
    return float(min((r * decade for r in _ROUND), key=lambda r: abs(math.log(r / value))))


def _added(low: float, high: float) -> list[float]:
    """Numbers from `low` on in equal round steps."""
    wanted = (high - low) / (_RUNGS - 1)
    if wanted <= 0:
        return [low]
    decade = 10.0 ** math.floor(math.log10(wanted))
    step = min((r * decade for r in _ROUND_STEPS), key=lambda r: abs(r - wanted))
    return [low + step * i for i in range(int((high - low) / step + 1e-9) + 1)]


def _with_default(rungs: list[float], default: float, scale: Callable[[float], float]) -> list[float]:
    """The default in place of the rung next to it, unless that is an end."""
    nearest = min(rungs, key=lambda rung: abs(scale(rung) - scale(default)))
    kept = [rung for rung in rungs if rung != nearest or rung in (rungs[0], rungs[-1])]
    return sorted({*kept, default})


def _typed(spec: ParamSpec, rungs: Sequence[float]) -> tuple[Any, ...]:
    """The rungs as the parameter holds them, each once."""
    numbers = [round(rung) if spec.kind == "integer" else float(f"{rung:.6g}") for rung in rungs]
    return tuple(dict.fromkeys(numbers))


def written(values: Sequence[Any]) -> str:
    """ "5, 10, 20, auto": what `read_values` reads."""
    return ", ".join(short(value) for value in values)


def read_values(spec: ParamSpec, text: str) -> list[Any]:
    """The values that a person typed, between commas, semicolons or blanks.

    Raises `ParameterError` where there are none, and for what is no number. Whether a number is in range is the
    parameter's own check.
    """
    example = f"write numbers between commas, such as {written(ladder(spec))}"
    words = [word for word in re.split(r"[,;\s]+", text.strip()) if word]
    if not words:
        raise ParameterError(f"parameter '{spec.name}' has no values to try: {example}")
    return [_value(spec, word, example) for word in words]


def _value(spec: ParamSpec, word: str, example: str) -> Any:
    if spec.optional and word.lower() in _NO_VALUE:
        return None
    try:
        number = float(word)
    except ValueError:
        raise ParameterError(f"parameter '{spec.name}' is {word!r}, which is no number: {example}") from None
    return int(number) if number.is_integer() and spec.kind == "integer" else number


@dataclass(frozen=True)
class Axis:
    """An axis of a chart: the `positions` and `texts` of its `values`, and which of the texts have room beside it."""

    name: str
    values: tuple[Any, ...]
    positions: tuple[float, ...]
    texts: tuple[str, ...]
    ticks: tuple[int, ...]

    def at(self, value: Any) -> float:
        """Where a value lies."""
        return self.positions[self.values.index(value)]


def axis_of(name: str, values: Sequence[Any], default: Any = None, texts: Sequence[str] | None = None) -> Axis:
    """Numbers in proportion, by ratio where they are spread so; everything else one after the other."""
    positions = _positions(values)
    room = _LABEL_ROOM * (max(positions) - min(positions))
    ticks: list[int] = []
    order = sorted(range(len(values)), key=lambda i: (values[i] != default, positions[i]))  # the default has its place
    for i in order:
        if all(abs(positions[i] - positions[j]) >= room for j in ticks):
            ticks.append(i)
    named = tuple(texts) if texts else tuple(short(value) for value in values)
    return Axis(name, tuple(values), positions, named, tuple(sorted(ticks)))


def _positions(values: Sequence[Any]) -> tuple[float, ...]:
    if not all(is_number(value) for value in values):
        return tuple(float(i) for i in range(len(values)))
    plain = np.array(values, dtype=np.float64)
    if (plain > 0).all() and _unevenness(np.log10(plain)) < _unevenness(plain):
        return tuple(np.log10(plain).tolist())
    return tuple(plain.tolist())


def _unevenness(positions: np.ndarray) -> float:
    """How much the gaps between neighbouring positions differ, relative to their mean."""
    gaps = np.diff(np.sort(positions))
    return float(gaps.std() / gaps.mean()) if len(gaps) > 1 else 0.0
