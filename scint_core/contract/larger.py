"""What a step function says of a parameter whose larger values give results that hold those of the smaller ones."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

StepFunction = TypeVar("StepFunction", bound=Callable[..., Any])


@dataclass(frozen=True)
class Larger:
    """Where else a result may be found: under one of the `sizes` (ascending) of `parameter` above the one asked for.

    `cut(result, value)` is then, to the byte, what the function returns for `value`.
    """

    parameter: str
    sizes: tuple[int, ...]
    cut: Callable[[Any, int], Any]


def cut_from_larger(
    parameter: str, sizes: tuple[int, ...], cut: Callable[[Any, int], Any]
) -> Callable[[StepFunction], StepFunction]:
    """Attach a `Larger` to a step function; `parameter` must be given to the step by name."""

    def attach(function: StepFunction) -> StepFunction:
        function.larger = Larger(parameter, sizes, cut)  # type: ignore[attr-defined]
        return function

    return attach


def larger_of(function: Callable[..., Any]) -> Larger | None:
    """What is attached to a step function, or None."""
    return getattr(function, "larger", None)
