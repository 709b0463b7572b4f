"""Two batches of round clouds, one per cell type, and a batch effect of known length and direction."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from scint_core.contract import FloatArray, param
from scint_core.data.placed import TRIANGLE, Placed, PlaceKnobs, clouds, divided, stream
from scint_core.data.scenarios import scenario

_OURS = "scint"
_TYPES = ("T cell", "B cell", "Monocyte")


@dataclass(frozen=True)
class PlaneCloudsKnobs(PlaceKnobs):
    """Knobs of `plane_clouds`."""

    gap: float = param(5.0, low=0, high=50, source=_OURS, help="Distance between the centres of two types.",
                       larger="makes types easier to tell apart.")  # fmt: skip
    width: float = param(0.5, low=0, high=10, source=_OURS, help="Sd of a cloud along each dimension.",
                         larger="makes clouds wider, until types overlap.")  # fmt: skip
    shift: float = param(4.0, low=0, high=50, source=_OURS, help="Length of the batch effect.",
                         larger="moves the second batch further away.")  # fmt: skip
    angle: float = param(90.0, low=0, high=90, unit="degrees", source=_OURS,
                         help="Angle between the batch effect and the plane that the types lie in.",
                         larger="turns the batch effect out of the plane of biology.")  # fmt: skip
    variation: float = param(0.0, low=0, high=20, source=_OURS,
                             help="Sd, along each dimension, of a further shift of every type of the second batch.",
                             larger="makes the batch effect differ more between types.")  # fmt: skip
    drift: float = param(0.0, low=0, high=1, source=_OURS,
                         help="Share of the way to the next type by which every type of the second batch is moved.",
                         larger="makes the batch effect differ more between types; 1 swaps them round.")  # fmt: skip
    shared: int = param(3, low=0, high=3, unit="types", source=_OURS,
                        help="Types that both batches hold; the others are divided between them in turn.",
                        larger="gives a method more to hold on to; 0 leaves it nothing.")  # fmt: skip


@scenario("Clouds in a plane", PlaneCloudsKnobs)
def plane_clouds(knobs: PlaneCloudsKnobs) -> Placed:
    """Three types as round clouds at the corners of a triangle; the second batch is moved as a whole."""
    in_batch = np.ones((2, 3), dtype=bool)
    for i, t in enumerate(range(knobs.shared, 3)):
        in_batch[i % 2, t] = False
    sizes = np.array([knobs.n_cells - knobs.n_cells // 2, knobs.n_cells // 2])
    cells = np.stack([divided(int(n), held) for n, held in zip(sizes, in_batch, strict=True)])
    centres = np.column_stack([knobs.gap * TRIANGLE, np.zeros(3)])  # types × 3
    batch, cell_type, biology = clouds(cells, centres, knobs.width, knobs.seed)
    own = stream(knobs.seed, "variation").normal(0, 1, (3, 3)) * knobs.variation  # types × 3
    own = own + knobs.drift * (np.roll(centres, -1, axis=0) - centres)
    effect = np.where((batch == 1)[:, None], batch_effect(knobs.shift, knobs.angle) + own[cell_type], 0.0)
    return Placed(("batch 1", "batch 2"), _TYPES, batch, cell_type, biology, effect)


def batch_effect(shift: float, angle: float) -> FloatArray:
    """A vector (3,) of length `shift` at `angle` degrees above the plane of the first two dimensions."""
    turn = np.deg2rad(angle)
    return shift * np.array([np.cos(turn), 0.0, np.sin(turn)])
