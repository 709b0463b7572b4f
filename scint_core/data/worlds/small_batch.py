"""A large batch with all types, and a small one with some of them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from scint_core.contract import param
from scint_core.data.placed import TRIANGLE, Placed, PlaceKnobs, clouds, divided
from scint_core.data.scenarios import scenario

_OURS = "scint"
_TYPES = ("T cell", "B cell", "Monocyte")


@dataclass(frozen=True)
class SmallBatchKnobs(PlaceKnobs):
    """Knobs of `small_batch`."""

    small: int = param(30, low=1, high=10_000, unit="cells", source=_OURS, help="Cells of the small batch.",
                       larger="makes the batches more alike in size.")  # fmt: skip
    types: int = param(1, low=1, high=3, unit="types", source=_OURS, help="Types that the small batch holds.",
                       larger="makes it a smaller copy of the large one.")  # fmt: skip
    gap: float = param(5.0, low=0, high=50, source=_OURS, help="Distance between the centres of two types.",
                       larger="makes types easier to tell apart.")  # fmt: skip
    width: float = param(0.6, low=0, high=10, source=_OURS, help="Sd of a cloud along each dimension.",
                         larger="makes clouds wider, until types overlap.")  # fmt: skip
    shift: float = param(2.0, low=0, high=50, source=_OURS,
                         help="Length of the batch effect, at a right angle to the plane of the types.",
                         larger="moves the small batch further away.")  # fmt: skip


@scenario("A small batch beside a large one", SmallBatchKnobs)
def small_batch(knobs: SmallBatchKnobs) -> Placed:
    """Three types in a large batch; a small batch, moved as a whole, holds the first of them."""
    small = min(knobs.small, knobs.n_cells - 1)
    held = np.arange(3) < [[3], [knobs.types]]  # batches × types
    cells = np.stack([divided(n, types) for n, types in zip((knobs.n_cells - small, small), held, strict=True)])
    centres = np.column_stack([knobs.gap * TRIANGLE, np.zeros(3)])  # types × 3
    batch, cell_type, biology = clouds(cells, centres, knobs.width, knobs.seed)
    effect = np.outer(batch == 1, [0.0, 0.0, knobs.shift])
    return Placed(("large batch", "small batch"), _TYPES, batch, cell_type, biology, effect)
