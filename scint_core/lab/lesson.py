"""`Lesson`: a world, one to three sliders, a prediction to make, an observation, and what the truth says about it.

    LESSON = Lesson(
        name="mnn-shared-population", chapter="mnn", position=10, title="Something must be shared",
        setting="...", sliders=(Slider("shared", "Types in both batches", (0, 1, 2, 3), default=3),),
        prediction=Question(...), observe=observe, figures=(Figure("true_pairs", "Pairs of the same type", "share"),),
        explain=explain, misreading="...", check=Question(...), claims=(Claim(...),),
    )

    def observe(bench: Bench, shared: int) -> Observation: ...

`observe` is handed the slider values and a bench, whose seed decides the world and the run.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

from anndata import AnnData

from scint_core.errors import ParameterError
from scint_core.export import Integration
from scint_core.lab.pictures import Observation

CHAPTERS = {
    "integration": "What integration is for",
    "mnn": "MNN",
    "fastmnn": "fastMNN",
    "seurat": "Seurat",
    "scanorama": "Scanorama",
    "order": "The order of merges",
    "harmony": "Harmony",
    "scanvi": "scANVI",
    "limits": "What no method can tell",
    "metrics": "What the numbers reward",
}
"""Chapters in the talk's order, with their titles."""

Stop = int | float | str
"""A place at which a slider can stand."""

Unit = Literal["share", "number", "count", "distance", "score"]


class Bench(Protocol):
    """What a lesson is handed: worlds and runs of one seed."""

    @property
    def seed(self) -> int:
        """Decides everything random."""

    def world(self, scenario: str, **knobs: Any) -> AnnData:
        """`simulate` with the bench's seed. Counts are returned as they are: `scint_core.data.prepare.preprocess`."""

    def integrate(
        self, adata: AnnData, method: str, *, swaps: Mapping[Callable[..., Any], Callable[..., Any]] | None = None,
        fed_back: Mapping[Callable[..., Any], str] | None = None, label_key: str | None = None, **params: Any,
    ) -> Integration:  # fmt: skip
        """`scint.integrate` on the column "batch". `swaps` names step functions that others are run in the place of,
        for what no parameter offers; the others take the same arguments and live at the top of a module. `fed_back`
        names step functions that are handed, from their second call on, a field of their own last result in the place
        of their first argument."""


@dataclass(frozen=True)
class Slider:
    """One thing to change: its `stops` in order, the one it starts at, and what moving it does.

    `names` are the words for the stops where their values are none.
    """

    name: str
    label: str
    stops: tuple[Stop, ...]
    default: Stop
    help: str = ""
    names: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        assert self.default in self.stops, f"slider '{self.name}' starts at {self.default!r}, which is no stop of it"
        assert not self.names or len(self.names) == len(self.stops)

    def said(self, stop: Stop) -> str:
        """The word for a stop."""
        if self.names:
            return self.names[self.stops.index(stop)]
        return f"{stop:g}" if isinstance(stop, float) else str(stop)


@dataclass(frozen=True)
class Figure:
    """A number of the observation: its name there, its label on the screen, and how it is written.

    `share` is written in per cent; `good` says which end is the one to wish for, "" where neither is.
    """

    name: str
    label: str
    unit: Unit = "number"
    good: Literal["high", "low", ""] = ""
    help: str = ""


@dataclass(frozen=True)
class Question:
    """A question whose answer is computed: `answer` returns the position of the right one of `options`.

    It is asked of the observation `at` these slider values; sliders that it does not name are where they stand. `why`
    is the sentence, with the numbers, that tells why the answer is right.
    """

    text: str
    options: tuple[str, ...]
    answer: Callable[[Observation], int]
    why: Callable[[Observation], str]
    at: Mapping[str, Stop] = field(default_factory=dict)


@dataclass(frozen=True)
class Claim:
    """What the lesson says will be seen at these slider values (the others at their defaults), whatever the seed."""

    sentence: str
    at: Mapping[str, Stop]
    figure: str
    at_least: float = -math.inf
    at_most: float = math.inf


@dataclass(frozen=True)
class Lesson:
    """See the module's description. Texts are Markdown, in plain words, for someone who sees the method first here.

    `setting` says what the world is and what is done to it, `misreading` how the picture can be misread, `explain`
    what was seen and why, with the truth that the simulation knows. `precomputed` lessons, too slow to run while
    someone waits, are read from a file that `python -m scint_core.runs.lesson_grids` writes.
    """

    name: str
    chapter: str
    position: int
    title: str
    setting: str
    sliders: tuple[Slider, ...]
    prediction: Question
    observe: Callable[..., Observation]
    figures: tuple[Figure, ...]
    explain: Callable[[Observation], str]
    misreading: str
    check: Question
    claims: tuple[Claim, ...]
    method: str = ""  # the method that it is about, "" for none
    precomputed: bool = False

    def defaults(self) -> dict[str, Stop]:
        """Where the sliders start."""
        return {slider.name: slider.default for slider in self.sliders}

    def at(self, values: Mapping[str, Any]) -> dict[str, Stop]:
        """Every slider's value: the ones given, else where it starts. Raises `ParameterError` for what is no stop."""
        sliders = {slider.name: slider for slider in self.sliders}
        for name, value in values.items():
            if name not in sliders:
                there = ", ".join(sliders) or "none"
                raise ParameterError(f"slider '{name}' of lesson '{self.name}' does not exist: there is {there}")
            if value not in sliders[name].stops:
                stops = ", ".join(str(stop) for stop in sliders[name].stops)
                raise ParameterError(
                    f"slider '{name}' of lesson '{self.name}' cannot be {value!r}: it stops at {stops}"
                )
        return {**self.defaults(), **values}
