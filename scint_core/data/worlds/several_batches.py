"""Three and more batches that hold different types: each is moved along a dimension of its own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from scint_core.contract import FloatArray, IntArray, param
from scint_core.data.placed import Placed, PlaceKnobs, clouds
from scint_core.data.scenarios import scenario

_OURS = "scint"
_TYPES = ("T cell", "B cell", "Monocyte", "NK cell", "Dendritic cell")
_LINKS = (0.9, 0.6, 0.4)
"""Share of a batch that is of the type it has in common with the next one, in an uneven chain."""


@dataclass(frozen=True)
class SeveralKnobs(PlaceKnobs):
    """What worlds of several batches can be told."""

    gap: float = param(5.0, low=0, high=50, source=_OURS, help="Distance between the centres of two types next to "
                       "each other.", larger="makes types easier to tell apart.")  # fmt: skip
    width: float = param(0.5, low=0, high=10, source=_OURS, help="Sd of a cloud along each dimension.",
                         larger="makes clouds wider, until types overlap.")  # fmt: skip
    shift: float = param(4.0, low=0, high=50, source=_OURS, help="Length of the effect of every batch but the first.",
                         larger="moves the batches further from each other.")  # fmt: skip


@dataclass(frozen=True)
class ChainKnobs(SeveralKnobs):
    """Knobs of `chained_batches`."""

    n_batches: int = param(3, low=2, high=4, unit="batches", source=_OURS,
                           help="Batches in the chain; each shares one type with the next.",
                           larger="puts the ends of the chain further apart.")  # fmt: skip
    uneven: int = param(0, low=0, high=1, source=_OURS,
                        help="1: the shared types become rarer along the chain. 0: a batch is half of either type.",
                        larger="makes the links of the chain differ in strength.")  # fmt: skip


@dataclass(frozen=True)
class BridgeKnobs(SeveralKnobs):
    """Knobs of `bridged_batches`."""

    common: float = param(0.0, low=0, high=1, source=_OURS,
                          help="Share of the first two batches that is of a type which all batches hold.",
                          larger="gives the first two batches more in common; at 0 they have nothing.")  # fmt: skip


@scenario("A batch that joins two others", BridgeKnobs)
def bridged_batches(knobs: BridgeKnobs) -> Placed:
    """Three batches: the first two hold one type each, the third holds both, and a third type may be in all."""
    own, common = 1 - knobs.common, knobs.common
    return _several(np.array([[own, 0, common], [0, own, common], [0.4, 0.4, 0.2]]), _corners((0, 1, 2), 3), knobs)


@scenario("A chain of batches", ChainKnobs)
def chained_batches(knobs: ChainKnobs) -> Placed:
    """Every batch shares one type with the next one, and none with those beyond it."""
    n = knobs.n_batches
    links = np.array(_LINKS[: n - 1]) if knobs.uneven else np.full(n - 1, 0.5)
    shares = np.zeros((n, n + 1))
    for b in range(n):
        shares[b, b + 1] = links[b] if b < n - 1 else 1 - links[-1]
        shares[b, b] = 1 - shares[b, b + 1]
    return _several(shares, _corners(range(n + 1), 7), knobs)


@scenario("A batch that shares nothing", SeveralKnobs)
def strange_batch(knobs: SeveralKnobs) -> Placed:
    """Three batches: two hold the same two types, the third one that is in no other."""
    return _several(np.array([[0.5, 0.5, 0], [0.5, 0.5, 0], [0, 0, 1.0]]), _corners((0, 1, 2), 3), knobs)


def _several(shares: FloatArray, corners: FloatArray, knobs: SeveralKnobs) -> Placed:
    """Batches of equal size with types in these shares (batches × types), around these places (types × 2)."""
    n_batches, n_types = shares.shape
    sizes = np.full(n_batches, knobs.n_cells // n_batches)
    sizes[: knobs.n_cells % n_batches] += 1
    cells = np.stack([_apportioned(int(n), of_batch) for n, of_batch in zip(sizes, shares, strict=True)])
    centres = np.column_stack([knobs.gap * corners, np.zeros((n_types, n_batches - 1))])
    batch, cell_type, biology = clouds(cells, centres, knobs.width, knobs.seed)
    moves = np.column_stack([np.zeros((n_batches, 2)), knobs.shift * np.eye(n_batches)[:, 1:]])  # batches × d
    names = tuple(f"batch {b + 1}" for b in range(n_batches))
    return Placed(names, _TYPES[:n_types], batch, cell_type, biology, moves[batch])


def _corners(chosen: Sequence[int], n: int) -> FloatArray:
    """The chosen corners of a regular polygon with `n` sides of length 1 around the origin (chosen × 2)."""
    turn = 2 * np.pi * np.array(chosen) / n
    return np.asarray(np.column_stack([np.cos(turn), np.sin(turn)]) / (2 * np.sin(np.pi / n)))


def _apportioned(n: int, shares: FloatArray) -> IntArray:
    """`n` cells divided in these shares (types,); what rounding leaves goes to the largest."""
    cells = np.floor(n * shares + 1e-9).astype(np.int64)
    cells[shares.argmax()] += n - cells.sum()
    return np.asarray(cells)
