"""The bench that lessons run on, and the observation of a lesson at any state of its sliders."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from anndata import AnnData

from scint_core.contract import Outcome, Params, Problem, Sides, Step
from scint_core.data.problem import problem_from
from scint_core.data.simulate import simulate
from scint_core.export import Integration
from scint_core.lab.lesson import Lesson
from scint_core.lab.pictures import Observation
from scint_core.methods import find_method
from scint_core.runs import grids
from scint_core.runs.integrate import run_method

Swaps = Mapping[Callable[..., Any], Callable[..., Any]]
FedBack = Mapping[Callable[..., Any], str]


@dataclass(frozen=True)
class LabBench:
    """Worlds and runs of one seed. Implements `lab.lesson.Bench`."""

    seed: int = 0

    def world(self, scenario: str, **knobs: Any) -> AnnData:
        """The world of the bench's seed."""
        return simulate(scenario, **{"seed": self.seed, **knobs})

    def integrate(
        self, adata: AnnData, method: str, *, swaps: Swaps | None = None, fed_back: FedBack | None = None,
        label_key: str | None = None, **params: Any,
    ) -> Integration:  # fmt: skip
        """A run of `method` on the batches of `adata`, with other functions in the place of some steps, or with steps
        that go on from their own last result."""
        chosen = find_method(method)

        def swapped(problem: Problem, p: Params, step: Step) -> Outcome:
            return chosen.run(problem, p, SwappedStep(step, swaps or {}, fed_back or {}))

        return run_method(
            replace(chosen, run=swapped) if swaps or fed_back else chosen,
            chosen.Params.create(params),
            problem_from(adata, "batch", label_key),
            cells=tuple(adata.obs_names.astype(str)),
            batch_key="batch",
            seed=self.seed,
        )


class SwappedStep:
    """A step that runs other functions in the place of some, and feeds the results of some back to them.

    It changes what is called with what, and so the keys under which results are remembered.
    """

    def __init__(self, step: Step, swaps: Swaps, fed_back: FedBack) -> None:
        self._step = step
        self._swaps = swaps
        self._fed_back = fed_back
        self._last: dict[Callable[..., Any], Any] = {}  # results of this run

    def __call__(self, title: str, function: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        if function in self._last:
            args = (getattr(self._last[function], self._fed_back[function]), *args[1:])
        result = self._step(title, self._swaps.get(function, function), *args, **kwargs)
        if function in self._fed_back:
            self._last[function] = result
        return result

    def expect(self, n: int, *, work: Sequence[float] = ()) -> None:
        self._step.expect(n, work=work)

    def stage(
        self,
        name: str = "",
        number: int = 0,
        *,
        of: int | None = None,
        at_most: int | None = None,
        sides: Sides | None = None,
    ) -> None:
        self._step.stage(name, number, of=of, at_most=at_most, sides=sides)

    def seed(self, name: str) -> int:
        return self._step.seed(name)


def observe(lesson: Lesson, values: Mapping[str, Any] | None = None, seed: int = 0) -> Observation:
    """What is seen at the given slider values, the others where they start. Raises `ParameterError` for no stop.

    Precomputed lessons are read where they are stored: see `grids`.
    """
    seen = stored(lesson, values, seed)
    return lesson.observe(LabBench(seed), **lesson.at(values or {})) if seen is None else seen


def stored(lesson: Lesson, values: Mapping[str, Any] | None = None, seed: int = 0) -> Observation | None:
    """The same where it is stored and need not be computed; else None."""
    if not lesson.precomputed or seed != grids.SEED:
        return None
    return grids.stored(lesson.name, lesson.at(values or {}))
