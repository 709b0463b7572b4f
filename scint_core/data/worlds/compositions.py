"""Two batches of round clouds that differ in which types they hold, or in how many cells of each."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from scint_core.contract import FloatArray, param
from scint_core.data.placed import Placed, PlaceKnobs, clouds, divided
from scint_core.data.scenarios import scenario
from scint_core.data.worlds.two_clouds import batch_effect

_OURS = "scint"
_BATCHES = ("batch 1", "batch 2")
_HELD = ("A/C", "AB/BC", "ABC/BC", "ABC/ABC")  # batch 1 / batch 2, by the number of types in both


@dataclass(frozen=True)
class CloudKnobs(PlaceKnobs):
    """What the worlds of clouds can be told."""

    gap: float = param(5.0, low=0, high=50, source=_OURS, help="Distance between the centres of neighbouring types.",
                       larger="makes types easier to tell apart.")  # fmt: skip
    width: float = param(0.5, low=0, high=10, source=_OURS, help="Sd of a cloud along each dimension.",
                         larger="makes clouds wider, until types overlap.")  # fmt: skip
    shift: float = param(3.0, low=0, high=50, source=_OURS,
                         help="Length of the batch effect, at a right angle to what tells types apart.",
                         larger="moves the second batch further away.")  # fmt: skip


@dataclass(frozen=True)
class LineCloudsKnobs(CloudKnobs):
    """Knobs of `line_clouds`."""

    shared: int = param(1, low=0, high=3, unit="types", source=_OURS,
                        help="Types in both batches: A, B and C; B and C; B; or none, A against C.",
                        larger="gives a method more to hold on to; 0 leaves it nothing.")  # fmt: skip


@dataclass(frozen=True)
class TwoTypesKnobs(CloudKnobs):
    """Knobs of `two_types`."""

    share_first: float = param(0.5, low=0, high=1, source=_OURS, help="Share of T cells in the first batch.",
                               larger="leaves fewer B cells in it.")  # fmt: skip
    share_second: float = param(0.5, low=0, high=1, source=_OURS, help="Share of T cells in the second batch.",
                                larger="leaves fewer B cells in it.")  # fmt: skip
    minor: float = param(0.5, low=0, high=1, open_low=True, open_high=True, source=_OURS,
                         help="Share of all cells that the second batch has.",
                         larger="makes the second batch larger.")  # fmt: skip


@dataclass(frozen=True)
class OneConditionEachKnobs(PlaceKnobs):
    """Knobs of `one_condition_each`."""

    width: float = param(0.5, low=0, high=10, source=_OURS, help="Sd of a cloud along each dimension.",
                         larger="makes clouds wider.")  # fmt: skip
    difference: float = param(4.0, low=0, high=50, source=_OURS, help="Distance between the two batches.",
                              larger="moves the second batch further away.")  # fmt: skip
    technical: float = param(1.0, low=0, high=1, source=_OURS,
                             help="Share of that distance which is a batch effect; the rest is biology.",
                             larger="changes the truth only: the values stay the same.")  # fmt: skip


@scenario("Types on a line", LineCloudsKnobs)
def line_clouds(knobs: LineCloudsKnobs) -> Placed:
    """Types A, B and C on a line, B in the middle; the batches share some, and the second is moved off the line."""
    held = np.array([[t in types for t in "ABC"] for types in _HELD[knobs.shared].split("/")])
    cells = np.stack([divided(n, of_batch) for n, of_batch in zip(_sizes(knobs.n_cells, 0.5), held, strict=True)])
    centres = knobs.gap * np.array([[-1.0, 0, 0], [0, 0, 0], [1, 0, 0]])
    batch, cell_type, biology = clouds(cells, centres, knobs.width, knobs.seed)
    return Placed(_BATCHES, ("A", "B", "C"), batch, cell_type, biology, _moved(batch, batch_effect(knobs.shift, 90)))


@scenario("Two types, any proportions", TwoTypesKnobs)
def two_types(knobs: TwoTypesKnobs) -> Placed:
    """T cells and B cells in two batches that differ in their proportions; the second batch is moved as a whole."""
    sizes = _sizes(knobs.n_cells, knobs.minor)
    first = [round(n * share) for n, share in zip(sizes, (knobs.share_first, knobs.share_second), strict=True)]
    cells = np.array([[of_first, n - of_first] for n, of_first in zip(sizes, first, strict=True)])
    centres = knobs.gap * np.array([[-0.5, 0, 0], [0.5, 0, 0]])
    batch, cell_type, biology = clouds(cells, centres, knobs.width, knobs.seed)
    effect = _moved(batch, batch_effect(knobs.shift, 90))
    return Placed(_BATCHES, ("T cell", "B cell"), batch, cell_type, biology, effect)


@scenario("One condition in each batch", OneConditionEachKnobs)
def one_condition_each(knobs: OneConditionEachKnobs) -> Placed:
    """Cells of healthy donors in one batch, of ill donors in the other: no value tells illness from batch effect."""
    cells = np.diag(_sizes(knobs.n_cells, 0.5))
    apart = np.array([knobs.difference, 0, 0])
    batch, cell_type, around = clouds(cells, np.zeros((2, 3)), knobs.width, knobs.seed)
    biology = around + _moved(batch, (1 - knobs.technical) * apart)
    effect = _moved(batch, knobs.technical * apart)
    return Placed(_BATCHES, ("healthy donors", "ill donors"), batch, cell_type, biology, effect)


def _sizes(n_cells: int, minor: float) -> tuple[int, int]:
    """Cells of the two batches, at least one each."""
    second = min(max(round(n_cells * minor), 1), n_cells - 1)
    return n_cells - second, second


def _moved(batch: np.ndarray, by: FloatArray) -> FloatArray:
    """`by` (d,) for the cells of the second batch, 0 for the others (cells × d)."""
    return np.where((batch == 1)[:, None], by, 0.0)
