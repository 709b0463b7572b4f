"""Evidence that an integration removed biology along with the batches: types absorbed, neighbourhoods lost."""

from __future__ import annotations

import numpy as np
import pandas as pd

from scint_core.contract import BoolArray, FloatArray, IntArray
from scint_core.metrics.base import MetricInput
from scint_core.metrics.groups import Groups, without_value
from scint_core.metrics.local_structure import local_structure, reach_in
from scint_core.numerics.neighbors import nearest_neighbors
from scint_core.numerics.threads import whole_pieces

OWNED = 0.95
"""Share of a type's cells in one batch from which the type is that batch's own: some labels are always wrong."""

FEWEST = 20
"""Cells that a type or a batch must have: with ten neighbours each, their mean means something."""

NEIGHBORS = 30
"""Neighbours of a cell that are looked at; half of its type where that is less, so that they could all be of it."""

RISE = 0.25
"""What the share of foreign neighbours must lie above the expected one. In simulations with a type of each batch's own,
methods that leave it alone bring 0 to 0.22, those that put it among others 0.3 to 0.8."""

KEPT = 0.4
"""Share of the structure within a batch below which it counts as lost. Fit methods keep 0.5 to 1 on real data."""

STRUCTURE = 0.15
"""What neighbours must agree above chance for a batch to have structure that it could lose: noise comes to 0.12."""


def over_correction(
    before: FloatArray, after: FloatArray, batch: object, label: object | None = None
) -> tuple[str, ...]:
    """Sentences, with the numbers, on what the step from `before` to `after` (both cells × d) took from biology.

    Two things are looked for. Cell types that only one batch has, whose cells are now among cells of other types: a
    method that aligns what has no counterpart puts them there. And batches whose cells have other neighbours within
    the batch than before: what a batch effect moves, it moves together. `batch` and `label` are columns as for
    `measure_each`; without labels only the second is looked for.
    """
    groups = Groups.of(batch, "batch")
    with whole_pieces():
        return (*_absorbed_types(before, after, groups, label), *_lost_structure(before, after, groups))


def _absorbed_types(before: FloatArray, after: FloatArray, batch: Groups, label: object | None) -> list[str]:
    """A sentence per type of one batch that was absorbed, the worst first."""
    cells = np.flatnonzero(~without_value(pd.Series(label))) if label is not None else np.zeros(0, dtype=np.int64)
    if not len(cells) or len(batch.names) < 2:
        return []
    types = Groups.of(pd.Series(label).iloc[cells], "label")
    found = []
    for name, members in types.members().items():
        in_batch = np.bincount(batch.codes[cells[members]], minlength=len(batch.names))
        owner = int(in_batch.argmax())
        if len(members) < FEWEST or in_batch[owner] < OWNED * len(members):
            continue
        was, now = (_foreign(space[cells], members) for space in (before, after))
        rise = now - _expected(was, types, members, batch.codes[cells] == owner)
        if rise > RISE:
            found.append((rise, _absorbed(name, batch.names[owner], was, now)))
    return [sentence for _, sentence in sorted(found, reverse=True)]


def _absorbed(name: str, owner: str, was: float, now: float) -> str:
    return (
        f"Type '{name}', which only batch '{owner}' has: {was:.0%} of its cells' neighbours were of other types before "
        f"integration, {now:.0%} are now"
    )


def _foreign(space: FloatArray, members: IntArray) -> float:
    """Share of the neighbours of some cells that are not among these."""
    k = min(NEIGHBORS, len(members) // 2)
    nearest = nearest_neighbors(space[members], space, k + 1).indices
    others = nearest != members[:, None]  # a cell is its own neighbour, unless others lie at the same point
    return float((others & ~np.isin(nearest, members)).sum() / others.sum())


def _expected(was: float, types: Groups, members: IntArray, of_owner: BoolArray) -> float:
    """The share of foreign neighbours that batches in the right place bring along, at most.

    The cells of other types that surround a type in its own batch are joined by those of the other batches, which
    raises their density, and so the odds of a foreign neighbour, by as much as there are more of them.
    """
    foreign = np.ones(len(types.codes), dtype=np.bool_)
    foreign[members] = False
    in_batch = int((foreign & of_owner).sum())
    if not in_batch:
        return was
    odds = was * int(foreign.sum()) / in_batch
    return odds / (odds + 1 - was)


def _lost_structure(before: FloatArray, after: FloatArray, batch: Groups) -> list[str]:
    """A sentence per batch that lost its inner structure, the worst first."""
    was, now = (local_structure(MetricInput(space, batch, pca=before)).per_batch or {} for space in (before, after))
    found = []
    for name, size in zip(batch.names, batch.sizes.tolist(), strict=True):
        chance = reach_in(size) / size
        structure, left = was.get(name, np.nan) - chance, now.get(name, np.nan) - chance
        if size >= FEWEST and structure > STRUCTURE and left < KEPT * structure:
            found.append((left / structure, _lost(name, was[name], now[name], chance)))
    return [sentence for _, sentence in sorted(found)]


def _lost(name: str, was: float, now: float, chance: float) -> str:
    return (
        f"Batch '{name}': {now:.0%} of its cells' neighbours within the batch are the same as before, where "
        f"{was:.0%} would be had nothing happened and {chance:.0%} by chance"
    )
