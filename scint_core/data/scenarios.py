"""The scenarios of counted cells: each a small function from its knobs to cells per batch and type.

A new scenario is one decorated function; its docstring is what the screen shows. Scenarios of placed cells stand in
`worlds`.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np

from scint_core.contract import FloatArray, IntArray, Params, param

_OURS = "scint"
_TYPE_NAMES = ("T cell", "B cell", "NK cell", "Monocyte", "Dendritic cell", "Megakaryocyte", "Plasma cell", "Mast cell")


@dataclass(frozen=True)
class Composition:
    """Who is where: `cells` is batches × types, the number of cells."""

    batches: tuple[str, ...]
    types: tuple[str, ...]
    cells: IntArray


@dataclass(frozen=True)
class Scenario:
    """A named world. What `compose` makes of the knobs decides how its values are drawn: see `simulate`."""

    name: str
    title: str
    description: str
    Knobs: type[Params]
    compose: Callable[[Any], Any]


SCENARIOS: dict[str, Scenario] = {}
"""Every scenario by name."""

Compose = TypeVar("Compose", bound=Callable[[Any], Any])


def scenario(title: str, knobs: type[Params]) -> Callable[[Compose], Compose]:
    """Register a function under its own name, with the knobs that it reads."""

    def register(compose: Compose) -> Compose:
        name = compose.__name__
        SCENARIOS[name] = Scenario(name, title, inspect.getdoc(compose) or "", knobs, compose)
        return compose

    return register


@dataclass(frozen=True)
class Knobs(Params):
    """What every scenario can be told."""

    n_cells: int = param(
        1000,
        low=20,
        high=100_000,
        slider=(200, 5000),
        unit="cells",
        source=_OURS,
        help="Cells of all batches together.",
        larger="takes longer, and every type is denser.",
    )
    n_genes: int = param(
        600,
        low=20,
        high=20_000,
        slider=(100, 2000),
        unit="genes",
        source=_OURS,
        help="Genes; 6 % of them mark each type.",
        larger="makes types easier to tell apart.",
    )
    n_types: int = param(
        5,
        low=2,
        high=len(_TYPE_NAMES),
        source=_OURS,
        help="Cell types, the first the most common.",
        larger="makes each of them rarer.",
    )
    type_effect: float = param(
        1.5,
        low=0,
        high=5,
        source=_OURS,
        unit="natural log",
        help="How much more a marker is expressed in its type: e to this power.",
        larger="separates the types more; 0 makes all cells alike.",
    )
    depth: float = param(
        1000,
        low=10,
        high=100_000,
        source=_OURS,
        unit="counts",
        help="Typical number of counts of a cell.",
        larger="makes the counts less noisy.",
    )
    dispersion: float = param(
        0.2,
        low=0,
        high=2,
        source="about Splatter's common BCV",
        help="Biological coefficient of variation between cells of one type.",
        larger="makes the types more diffuse; 0 leaves Poisson noise only.",
    )
    seed: int = param(
        0,
        low=0,
        source=_OURS,
        help="Decides every random number.",
        larger="means nothing, another seed is another data set.",
        advanced=True,
    )

    @property
    def batch_effect(self) -> float:
        """Sd of a gene's log factor in a batch: none, unless a scenario has the knob."""
        return 0.0

    @property
    def interaction(self) -> float:
        """Sd of a gene's log factor in one type of one batch: none, unless a scenario has the knob."""
        return 0.0


@dataclass(frozen=True)
class EffectKnobs(Knobs):
    """Knobs of the scenarios whose batches differ technically."""

    batch_effect: float = param(
        0.5,
        low=0,
        high=3,
        slider=(0, 1.5),
        source=_OURS,
        unit="natural log",
        help="Spread of the factors by which a batch multiplies its genes.",
        larger="moves the batches further apart; 0 is no batch effect.",
    )
    interaction: float = param(
        0.0,
        low=0,
        high=3,
        slider=(0, 1),
        source=_OURS,
        unit="natural log",
        help="Spread of further factors that a batch has in one cell type only.",
        larger="bends the batch effect, so that no single shift removes it.",
    )


@dataclass(frozen=True)
class TwoBatches(EffectKnobs):
    """Knobs of `two_batches`."""

    minor_share: float = param(
        0.45,
        low=0,
        high=1,
        open_low=True,
        open_high=True,
        source=_OURS,
        help="Share of the cells that come from the second donor.",
        larger="makes the second batch larger.",
    )


@dataclass(frozen=True)
class FiveBatches(EffectKnobs):
    """Knobs of `five_batches`."""

    lacking: int = param(
        2,
        low=0,
        high=4,
        source=_OURS,
        help="How many of the five batches lack the last cell type.",
        larger="tempts a method to put that type where it does not belong.",
    )


@dataclass(frozen=True)
class SharedFraction(EffectKnobs):
    """Knobs of `shared_fraction`."""

    n_types: int = param(
        5,
        low=3,
        high=len(_TYPE_NAMES),
        source=_OURS,
        help="Cell types; the last two are in one batch only.",
        larger="makes each of them rarer.",
    )
    shared: float = param(
        0.5,
        low=0,
        high=1,
        source=_OURS,
        help="Share of the cells whose type is in both batches.",
        larger="gives a method more to hold on to; 0 leaves it nothing.",
    )


@dataclass(frozen=True)
class Confounded(EffectKnobs):
    """Knobs of `confounded`."""

    confounding: float = param(
        0.8,
        low=0,
        high=1,
        source=_OURS,
        help="How far batch decides type: 0 not at all, 1 entirely.",
        larger="makes the batch effect and the types harder to tell apart; at 1 nothing can.",
    )


def _type_shares(n_types: int) -> FloatArray:
    """Shares of the types, falling from the first to the last."""
    weights = 1 / (1 + 0.5 * np.arange(n_types))
    return np.asarray(weights / weights.sum())


def _apportioned(total: int, shares: FloatArray) -> IntArray:
    """Whole numbers in these proportions that add up to `total`; the largest remainders round up."""
    exact = total * shares / shares.sum()
    cells = np.floor(exact).astype(np.int64)
    upwards = np.argsort(cells - exact, kind="stable")[: total - cells.sum()]
    cells[upwards] += 1
    return np.asarray(cells)


def _composed(place: str, sizes: IntArray, shares: FloatArray) -> Composition:
    """Batches of the given sizes with types in the given shares (batches × types)."""
    cells = np.stack([_apportioned(int(n), of_batch) for n, of_batch in zip(sizes, shares, strict=True)])
    batches = tuple(f"{place} {i + 1}" for i in range(len(sizes)))
    return Composition(batches, _TYPE_NAMES[: shares.shape[1]], cells)


@scenario("Two donors", TwoBatches)
def two_batches(knobs: TwoBatches) -> Composition:
    """Two batches with the same cell types in the same proportions, and a batch effect between them."""
    minor = min(max(round(knobs.n_cells * knobs.minor_share), 1), knobs.n_cells - 1)
    shares = np.tile(_type_shares(knobs.n_types), (2, 1))
    return _composed("donor", np.array([knobs.n_cells - minor, minor]), shares)


@scenario("Five labs, one type missing in some", FiveBatches)
def five_batches(knobs: FiveBatches) -> Composition:
    """Five batches of equal size; the last cell type is missing in some of them (the last ones)."""
    shares = np.tile(_type_shares(knobs.n_types), (5, 1))
    shares[5 - knobs.lacking :, -1] = 0
    return _composed("lab", _apportioned(knobs.n_cells, np.ones(5)), shares)


@scenario("No batch effect", Knobs)
def no_effect(knobs: Knobs) -> Composition:
    """Two batches that differ by chance only: a method should change nothing."""
    return _composed("half", _apportioned(knobs.n_cells, np.ones(2)), np.tile(_type_shares(knobs.n_types), (2, 1)))


@scenario("Types shared in part", SharedFraction)
def shared_fraction(knobs: SharedFraction) -> Composition:
    """Two batches of equal size: some types are in both, and each batch has one type of its own."""
    common = _type_shares(knobs.n_types - 2) * knobs.shared
    own = 1 - knobs.shared
    shares = np.array([[*common, own, 0], [*common, 0, own]])
    return _composed("donor", _apportioned(knobs.n_cells, np.ones(2)), shares)


@scenario("Batch confounded with type", Confounded)
def confounded(knobs: Confounded) -> Composition:
    """Two batches of equal size, each drawn to its own half of the types: batch and biology overlap."""
    at_home = np.arange(knobs.n_types) % 2 == np.arange(2)[:, None]  # batches × types
    shares = _type_shares(knobs.n_types) * np.where(at_home, 1.0, 1 - knobs.confounding)
    return _composed("donor", _apportioned(knobs.n_cells, np.ones(2)), shares)
