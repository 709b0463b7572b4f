"""`Method`: what a method declares about itself; `Outcome`: what it returns; `Step`: what it is handed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, ParamSpec, Protocol, TypeVar

import pandas as pd

from scint_core.contract import params as params_module
from scint_core.contract.arrays import FloatArray
from scint_core.contract.problem import Problem
from scint_core.contract.record import Sides
from scint_core.contract.results import MergeTree, Pairs

P = ParamSpec("P")
R = TypeVar("R")

Family = Literal["talk", "first generation", "bulk", "later", "baseline"]
Space = Literal["genes", "low-dimensional", "both"]
Use = Literal["ignored", "used", "needed"]


class Step(Protocol):
    """The engine's only gift to a method: runs a pure function and gives progress, cancel, trace and memory for it."""

    def __call__(self, title: str, function: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
        """Run `function(*args, **kwargs)`, or take its result from an earlier run with the same arguments."""

    def expect(self, n: int, *, work: Sequence[float] = ()) -> None:
        """Say how many steps remain, as soon as the method knows (or an upper bound).

        `work` says how long each of them takes, in any unit, where they are far from alike.
        """

    def stage(
        self,
        name: str = "",
        number: int = 0,
        *,
        of: int | None = None,
        at_most: int | None = None,
        sides: Sides | None = None,
    ) -> None:
        """Name the loop that the next steps belong to: "merge 2 of 4", "iteration 3, at most 10"; none without a name.

        `sides` are the batches (positions) that the next steps are about: those of the reference and of the target.
        """

    def seed(self, name: str) -> int:
        """The seed of the random step `name`: derived from the run's seed, the same on every machine."""


@dataclass(frozen=True)
class Outcome:
    """What a method returns, in the problem's order of cells. At least one of `embedding` and `expression` is set."""

    embedding: FloatArray | None = None  # cells × d
    expression: FloatArray | None = None  # cells × len(genes)
    genes: tuple[str, ...] = ()
    pairs: Pairs | None = None
    merges: MergeTree | None = None
    predictions: pd.DataFrame | None = None  # cells × (label, one probability per label)
    extra_embeddings: dict[str, FloatArray] = field(default_factory=dict)  # obsm key -> cells × d
    notes: tuple[str, ...] = ()


def _nothing_to_foresee(problem: Problem, params: Any) -> Sequence[str]:  # noqa: ARG001
    return ()


@dataclass(frozen=True)
class Method:
    """A method's declaration: lists, forms, pages and tests are made from it.

    `output` says where the result lives, `relates_pairs` whether it relates individual cells of two batches,
    `labels` and `counts` whether it ignores, uses or needs them. `run(problem, params, step)` returns an `Outcome`;
    `foresee(problem, params)` the sentences on what will be lowered or skipped for this data.
    """

    name: str
    label: str
    family: Family
    position: int  # place in the talk's order
    output: Space
    relates_pairs: bool
    summary: str
    citation: str
    Params: type[params_module.Params]
    run: Callable[[Problem, Any, Step], Outcome]
    foresee: Callable[[Problem, Any], Sequence[str]] = _nothing_to_foresee
    labels: Use = "ignored"
    counts: Use = "ignored"
    key: str = ""  # obsm key of the result; X_<name> where empty
    min_batches: int = 2
    min_batch_cells: int = 2

    @property
    def obsm_key(self) -> str:
        """The `obsm` key that holds the result's embedding."""
        return self.key or f"X_{self.name}"
