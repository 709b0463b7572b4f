"""Two batches with the same types, one of which also varies in a way that the other does not."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from scint_core.contract import param
from scint_core.data.placed import TRIANGLE, Placed, PlaceKnobs, clouds, stream
from scint_core.data.scenarios import scenario

_OURS = "scint"
_TYPES = ("T cell", "B cell", "Monocyte")


@dataclass(frozen=True)
class OneSidedKnobs(PlaceKnobs):
    """Knobs of `one_sided_variation`."""

    gap: float = param(3.0, low=0, high=50, source=_OURS, help="Distance between the centres of two types.",
                       larger="makes types easier to tell apart.")  # fmt: skip
    width: float = param(0.5, low=0, high=10, source=_OURS, help="Sd of a cloud along each dimension.",
                         larger="makes clouds wider, until types overlap.")  # fmt: skip
    shift: float = param(2.0, low=0, high=50, source=_OURS, help="Length of the batch effect.",
                         larger="moves the second batch further away.")  # fmt: skip
    own: float = param(6.0, low=0, high=50, source=_OURS,
                       help="Length of the path along which the cells of the second batch, of every type, lie spread.",
                       larger="makes the second batch vary more in a way that the first does not.")  # fmt: skip


@scenario("Variation in one batch only", OneSidedKnobs)
def one_sided_variation(knobs: OneSidedKnobs) -> Placed:
    """Both batches hold three types; in the second, all of them also vary along a path of their own, say a response."""
    half = knobs.n_cells // 2
    of_type = np.array([half - 2 * (half // 3), half // 3, half // 3])
    rest = knobs.n_cells - half
    cells = np.stack([np.array([rest - 2 * (rest // 3), rest // 3, rest // 3]), of_type])
    centres = np.column_stack([knobs.gap * TRIANGLE, np.zeros((3, 2))])  # types × 4
    batch, cell_type, biology = clouds(cells, centres, knobs.width, knobs.seed)
    along = stream(knobs.seed, "own").uniform(-0.5, 0.5, len(batch)) * knobs.own
    effect = np.zeros_like(biology)
    effect[batch == 1, 2] = knobs.shift
    effect[batch == 1, 3] = along[batch == 1]
    return Placed(("batch 1", "batch 2"), _TYPES, batch, cell_type, biology, effect)
