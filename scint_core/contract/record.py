"""`StepRecord`: what a run remembers of one of its steps."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from scint_core.contract.explain import Explanation

Sides = tuple[tuple[int, ...], tuple[int, ...]]
"""The batches of the reference and those of the target, each in the order in which their cells are stacked."""


@dataclass(frozen=True)
class StepRecord:
    """One step of a finished run, as the step player shows it.

    `stage` is the loop it belonged to ("merge 2 of 4"), `params` its plain arguments, `reused` whether its result was
    taken from an earlier run and `saved` the seconds that this saved, `function` the qualified name of the step
    function, `kind` the name of its result's type. `sides` are the batches, by position, of the two sides that the
    step is about (reference, target). `inputs` are the numbers (from 0) of the earlier steps whose results it was
    given, in the order of its arguments, and `parts` which part of each result: "" (all of it), "left", "scores.1".
    `result` is loaded when asked for: small results whole, arrays of cells × genes as float32 coordinates on the run's
    50 fixed axes. Rows stand in the problem's canonical order.
    """

    title: str
    seconds: float
    params: dict[str, Any]
    reused: bool
    function: str
    kind: str = ""
    stage: str = ""
    explanation: Explanation | None = None
    saved: float = 0.0
    sides: Sides | None = None
    inputs: tuple[int, ...] = ()
    parts: tuple[str, ...] = ()
    load: Callable[[], Any] = field(default=lambda: None, repr=False, compare=False)

    @property
    def result(self) -> Any:
        return self.load()
