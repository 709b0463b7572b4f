"""Two batches whose cells lie along lines: an L in both, or two lines that meet somewhere."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from scint_core.contract import FloatArray, IntArray, param
from scint_core.data.placed import Placed, PlaceKnobs, stream
from scint_core.data.scenarios import scenario

_OURS = "scint"
_BATCHES = ("batch 1", "batch 2")
_ACROSS = np.array([-1.0, 1.0, 0.0]) / np.sqrt(2)  # in the plane of the L, from one arm over the other
_OFF = np.array([0.0, 0.0, 1.0])  # at a right angle to the plane
_COMMON = 0.15  # of a line's length to either side of the meeting point is what both batches hold


@dataclass(frozen=True)
class LineKnobs(PlaceKnobs):
    """What the worlds of lines can be told."""

    length: float = param(8.0, low=0, high=100, source=_OURS, help="Length of a line of cells.",
                          larger="stretches the shape.")  # fmt: skip
    width: float = param(0.3, low=0, high=10, source=_OURS, help="Sd of the cells around the line.",
                         larger="blurs the shape.")  # fmt: skip
    shift: float = param(3.0, low=0, high=50, source=_OURS, help="Length of the batch effect.",
                         larger="moves the second batch further away.")  # fmt: skip


@dataclass(frozen=True)
class LShapeKnobs(LineKnobs):
    """Knobs of `l_shape`."""

    angle: float = param(90.0, low=0, high=90, unit="degrees", source=_OURS,
                         help="Angle between the batch effect and the plane of the L.",
                         larger="turns the batch effect out of the plane of biology.")  # fmt: skip


@dataclass(frozen=True)
class MeetingLinesKnobs(LineKnobs):
    """Knobs of `meeting_lines`."""

    meet: float = param(0.5, low=0, high=0.5, source=_OURS,
                        help="Where the two lines meet, as a share of their length: 0 at their ends, 0.5 half-way.",
                        larger="moves what the batches share from their edge to their middle.")  # fmt: skip


@scenario("An L", LShapeKnobs)
def l_shape(knobs: LShapeKnobs) -> Placed:
    """Cells along the two arms of an L, the same in both batches; the second batch is moved as a whole."""
    batch, along = _cells_along(knobs)
    arm = stream(knobs.seed, "arms").permutation(np.arange(len(batch)) % 2)
    biology = _around(along, arm, knobs)
    turn = np.deg2rad(knobs.angle)
    by = knobs.shift * (np.cos(turn) * _ACROSS + np.sin(turn) * _OFF)
    effect = np.where((batch == 1)[:, None], by, 0.0)
    return Placed(_BATCHES, ("first arm", "second arm"), batch, arm, biology, effect)


@scenario("Two lines that meet", MeetingLinesKnobs)
def meeting_lines(knobs: MeetingLinesKnobs) -> Placed:
    """Each batch is a line of cells; the lines meet at their ends or in the middle, and only there are cells alike."""
    batch, along = _cells_along(knobs)
    along = along - knobs.meet * knobs.length
    biology = _around(along, batch, knobs)
    cell_type = np.where(np.abs(along) <= _COMMON * knobs.length, 0, 1 + batch)
    effect = np.where((batch == 1)[:, None], knobs.shift * _OFF, 0.0)
    types = ("in both", "batch 1 alone", "batch 2 alone")
    return Placed(_BATCHES, types, batch, cell_type, biology, effect)


def _cells_along(knobs: LineKnobs) -> tuple[IntArray, FloatArray]:
    """The batch of every cell and how far along its line it lies (cells,), from 0 to the length."""
    batch = np.repeat([0, 1], [knobs.n_cells - knobs.n_cells // 2, knobs.n_cells // 2])
    return batch, stream(knobs.seed, "along").uniform(0, knobs.length, len(batch))


def _around(along: FloatArray, axis: IntArray, knobs: LineKnobs) -> FloatArray:
    """Places (cells × 3) `along` one of the first two axes each, spread around it."""
    places = stream(knobs.seed, "lines").normal(0, knobs.width, (len(along), 3))
    places[np.arange(len(along)), axis] += along
    return places
