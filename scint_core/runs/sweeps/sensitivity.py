"""What a sweep shows: how far cells move from setting to setting, which types merge, and that in plain words.

Embeddings are compared by who is next to whom, so that turning, mirroring or scaling one counts for nothing.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from scint_core.contract import BoolArray, FloatArray, IntArray, Pairs
from scint_core.numerics.kept_neighbors import shared_share
from scint_core.numerics.neighbors import nearest_neighbors
from scint_core.runs.sweeps.grid import METHOD, spoken_value

NEIGHBORS = 30
"""Nearest cells by which two embeddings are compared."""

MOST_CELLS = 5000
"""Of which embeddings are compared; of more, an even sample."""

BATCH, BIO = "Batch correction", "Bio conservation"
NOTICED = 0.02
"""A change of a mean score that a reader would notice, unless seeds alone change it by more."""

_MERGED = 0.15
"""Two types merge where this much more of their neighbours are of the other type than at the setting compared with."""


@dataclass(frozen=True)
class Setting:
    """A value of the parameter, with an embedding (cells × d) and the scores by name of each seed."""

    value: Any
    embedding: FloatArray = field(repr=False)
    scores: Sequence[Mapping[str, float]] = ()

    def mean(self, name: str) -> float:
        """A score over the seeds; NaN where it is not known."""
        known = self._known(name)
        return sum(known) / len(known) if known else math.nan

    def spread(self, name: str) -> float:
        """From the lowest to the highest of the seeds."""
        known = self._known(name)
        return max(known) - min(known) if known else 0.0

    def _known(self, name: str) -> list[float]:
        return [scores[name] for scores in self.scores if math.isfinite(scores.get(name, math.nan))]


@dataclass(frozen=True)
class Stability:
    """How far results move with a parameter.

    `moved[i]` is the mean share of a cell's neighbours that change from `values[i]` to `values[i + 1]`; `per_unit` is
    that per unit of a number, `per_doubling` per doubling of a number above 0; None for what is no such number.
    """

    parameter: str
    values: tuple[Any, ...]
    moved: tuple[float, ...]
    per_unit: float | None
    per_doubling: float | None
    sentence: str


@dataclass(frozen=True)
class PairChange:
    """Pairs of one run that another has not: `gained` and `lost` (pairs × 2, positions of cells), and how many stay."""

    gained: IntArray
    lost: IntArray
    kept: int


def neighbors_within(embedding: FloatArray, k: int = NEIGHBORS) -> IntArray:
    """The k nearest other cells of every cell (cells × k); fewer where there are not so many."""
    return nearest_neighbors(embedding, embedding, min(k + 1, len(embedding))).indices[:, 1:]


def cells_moved(a: FloatArray, b: FloatArray, k: int = NEIGHBORS) -> FloatArray:
    """The share of every cell's k nearest others that differ between two embeddings (cells × d) of the same cells."""
    return 1 - shared_share(neighbors_within(a, k), neighbors_within(b, k))


def pairs_changed(a: Pairs, b: Pairs) -> PairChange:
    """What pairs of cells `b` relates that `a` does not, and the other way round; dropped pairs count as absent."""
    before, after = _ends(a), _ends(b)
    n = int(max(before.max(initial=0), after.max(initial=0))) + 1
    codes, new = (np.unique(ends[:, 0] * n + ends[:, 1]) for ends in (before, after))
    gained, lost = np.setdiff1d(new, codes), np.setdiff1d(codes, new)
    return PairChange(_split(gained, n), _split(lost, n), len(codes) - len(lost))


def _split(codes: IntArray, n: int) -> IntArray:
    """Both cells of every pair from its number (pairs × 2)."""
    return np.stack(np.divmod(codes, n), axis=1)


def _ends(pairs: Pairs) -> IntArray:
    """Both cells of every pair that was kept, the lower position first (pairs × 2)."""
    return np.sort(np.stack([pairs.left[pairs.kept], pairs.right[pairs.kept]], axis=1).astype(np.int64), axis=1)


def type_mixing(near: IntArray, labels: IntArray, n_labels: int) -> FloatArray:
    """Of what type the neighbours are: row A column B is the share of B among the neighbours of the cells of type A.

    `near` (cells × k) are neighbours, `labels` (cells,) types, −1 for none, which counts nowhere. A type without cells
    has a row of zeros.
    """
    cells, columns = np.nonzero((labels[:, None] >= 0) & (labels[near] >= 0))
    table: FloatArray = np.zeros((n_labels, n_labels))
    np.add.at(table, (labels[cells], labels[near[cells, columns]]), 1)
    table /= np.maximum(table.sum(axis=1, keepdims=True), 1)
    return table


def stability(
    parameter: str,
    settings: Sequence[Setting],
    *,
    labels: IntArray | None = None,
    label_names: Sequence[str] = (),
    default: Any = None,
) -> Stability:
    """How far results move along one parameter, and what of it a person would notice.

    `settings` may come in any order: numbers are sorted, None (off) last. `labels` (cells,) are types by position in
    `label_names`, −1 for none. Everything is compared with the setting at `default`, or the middle one.
    """
    ordered = sorted(settings, key=_place) if _are_numbers(settings) else list(settings)
    shown = compared_cells(len(ordered[0].embedding))
    near = [neighbors_within(setting.embedding[shown]) for setting in ordered]
    moved = tuple(float(1 - shared_share(a, b).mean()) for a, b in itertools.pairwise(near))
    mixing = [] if labels is None else [type_mixing(n, labels[shown], len(label_names)) for n in near]
    values = tuple(setting.value for setting in ordered)
    sentence = _sentence(parameter, ordered, mixing, label_names, _reference(values, default))
    return Stability(parameter, values, moved, *_rates(values, moved), sentence)


def compared_cells(n_cells: int) -> IntArray:
    """The cells by which embeddings are compared: all, or an even sample of `MOST_CELLS`."""
    return np.unique(np.linspace(0, n_cells - 1, min(n_cells, MOST_CELLS)).astype(np.int64))


def _are_numbers(settings: Sequence[Setting]) -> bool:
    return all(is_number(setting.value) or setting.value is None for setting in settings)


def is_number(value: Any) -> bool:
    """Whether a parameter's value is a number; True and False are not."""
    return isinstance(value, int | float) and not isinstance(value, bool)


def _place(setting: Setting) -> float:
    return math.inf if setting.value is None else float(setting.value)


def _reference(values: Sequence[Any], default: Any) -> int:
    """The setting that the others are compared with."""
    return values.index(default) if default in values else len(values) // 2


def _rates(values: Sequence[Any], moved: Sequence[float]) -> tuple[float | None, float | None]:
    """Share of neighbours changed per unit, and per doubling, over the numbers among the values."""
    numbers = [float(value) for value in values if is_number(value)]
    if len(numbers) < 2 or len(numbers) < len([v for v in values if v is not None]):
        return None, None
    total = sum(moved[: len(numbers) - 1])
    doublings = math.log2(numbers[-1] / numbers[0]) if numbers[0] > 0 else None
    return total / (numbers[-1] - numbers[0]), None if doublings is None else total / doublings


# In words


def _sentence(
    parameter: str, settings: Sequence[Setting], mixing: Sequence[FloatArray], names: Sequence[str], reference: int
) -> str:
    """Where nothing happens around the reference, and what happens beyond."""
    changes = [_changes(settings, mixing, names, reference, i) if i != reference else [] for i in range(len(settings))]
    calm = _calm_range(changes, reference)
    first, last = (spoken_value(settings[i].value) for i in (calm.start, calm.stop - 1))
    if not _are_numbers(settings):
        return _choices_sentence(parameter, settings, changes, reference)
    if len(calm) == len(settings):
        return f"Between {parameter} = {first} and {last} nothing you would notice changes."
    start = (
        f"Between {parameter} = {first} and {last} nothing you would notice changes"
        if len(calm) > 1
        else f"{parameter} = {first} stands alone"
    )
    below = (
        f"at {spoken_value(settings[calm.start - 1].value)} {_joined(changes[calm.start - 1])}" if calm.start else ""
    )
    beyond = (
        f"at {spoken_value(settings[calm.stop].value)} {_joined(changes[calm.stop])}"
        if calm.stop < len(settings)
        else ""
    )
    return "; ".join(part for part in (start, below, beyond) if part) + "."


def _choices_sentence(
    parameter: str, settings: Sequence[Setting], changes: Sequence[Sequence[str]], reference: int
) -> str:
    """What differs from the reference, choice by choice."""
    name = "" if parameter == METHOD else f"{parameter} = "
    against = f"Against {name}{spoken_value(settings[reference].value)}"
    parts = [
        f"with {spoken_value(setting.value)} {_joined(changed) if changed else 'nothing you would notice changes'}"
        for i, (setting, changed) in enumerate(zip(settings, changes, strict=True))
        if i != reference
    ]
    return f"{against}, {'; '.join(parts)}." if parts else f"Only {name}{spoken_value(settings[0].value)} was run."


def _changes(
    settings: Sequence[Setting], mixing: Sequence[FloatArray], names: Sequence[str], reference: int, other: int
) -> list[str]:
    """What a person would notice between two settings, each as "batches mix less (0.61 → 0.52)"."""
    a, b = settings[reference], settings[other]
    found = []
    for score, falls, rises in (
        (BATCH, "batches mix less", "batches mix more"), (BIO, "cell types blur", "cell types stand out more")
    ):  # fmt: skip
        before, after = a.mean(score), b.mean(score)
        if abs(after - before) > max(NOTICED, a.spread(score), b.spread(score)):
            found.append(f"{rises if after > before else falls} ({before:.2f} → {after:.2f})")
    if mixing:
        found += [f"{names[i]} and {names[j]} merge" for i, j in merged_types(mixing[reference], mixing[other])]
    return found


def merged_types(before: FloatArray, after: FloatArray) -> list[tuple[int, int]]:
    """Types (positions, the lower first) that have far more of each other among their neighbours, most merged first."""
    more = (after - before + (after - before).T) / 2  # both directions count alike
    i, j = np.nonzero(np.triu(more, 1) > _MERGED)
    order = np.argsort(-more[i, j], kind="stable")
    return [(int(i[o]), int(j[o])) for o in order]


def _calm_range(changes: Sequence[Sequence[str]], reference: int) -> range:
    """The settings next to each other, around the reference, that nobody would tell from it."""
    noticed: BoolArray = np.array([bool(changed) for changed in changes])
    start = stop = reference
    while start > 0 and not noticed[start - 1]:
        start -= 1
    while stop + 1 < len(changes) and not noticed[stop + 1]:
        stop += 1
    return range(start, stop + 1)


def _joined(parts: Sequence[str]) -> str:
    return " and ".join([", ".join(parts[:-1]), parts[-1]]) if len(parts) > 1 else parts[0]
