"""What a step does, said next to the function that does it, so that the step player can show it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

StepFunction = TypeVar("StepFunction", bound=Callable[..., Any])


@dataclass(frozen=True)
class Explanation:
    """Two sentences for the person watching a step, and its formula in LaTeX.

    Where the talk's slide gives another formula than the one that runs, `slide` holds the slide's and `formula`
    the one that runs; the screen then heads them "slide" and "what runs".
    """

    text: str
    formula: str = ""
    slide: str = ""
    parameters: tuple[str, ...] = ()


def explained(
    text: str, *, formula: str = "", slide: str = "", parameters: tuple[str, ...] = ()
) -> Callable[[StepFunction], StepFunction]:
    """Attach an explanation to a step function; `parameters` names the method's parameters that act in it."""

    def attach(function: StepFunction) -> StepFunction:
        function.explanation = Explanation(text, formula, slide, parameters)  # type: ignore[attr-defined]
        return function

    return attach


def explanation_of(function: Callable[..., Any]) -> Explanation | None:
    """The explanation attached to a step function, or None."""
    return getattr(function, "explanation", None)
