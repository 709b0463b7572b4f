"""Questions to the pairs of a run: which join cells of one type, which touch a set of cells, how deep they lie."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace

import numpy as np
from scipy.stats import rankdata

from scint_core.contract import BoolArray, FloatArray, IntArray, MergeTree, Pairs

RIGHT, WRONG, UNKNOWN = 1, 0, -1
"""Verdicts on a pair: it joins two cells of the same type, of two types, or of types that are not both known."""

EITHER, LEFT, RIGHT_END = "either end", "left end", "right end"
ENDS = (EITHER, LEFT, RIGHT_END)
"""Which end of a pair must be among some cells."""


@dataclass(frozen=True)
class PairNumbers:
    """Some pairs in numbers: how many, the share that join one type (NaN where no labels tell), the median score."""

    count: int
    share_right: float
    median_score: float


def pairs_at(pairs: Pairs, rows: IntArray | BoolArray) -> Pairs:
    """Some of the pairs, by position or by mask."""
    return Pairs(*(getattr(pairs, field.name)[rows] for field in fields(pairs)))


def oriented(pairs: Pairs, batch: IntArray, merges: MergeTree | None) -> Pairs:
    """The same pairs with their left ends on the reference side of their merge, their right ends on the corrected.

    `batch` (cells,) are positions of batches. Pairs that no merge of `merges` joins stay as they are.
    """
    left, right = pairs.left.copy(), pairs.right.copy()
    for number, side in enumerate(merges.left if merges is not None else ()):
        turned = np.flatnonzero((pairs.merge == number) & np.isin(batch[pairs.right], side))
        left[turned], right[turned] = pairs.right[turned], pairs.left[turned]
    return replace(pairs, left=left, right=right)


def verdicts(pairs: Pairs, labels: IntArray | None) -> IntArray:
    """`RIGHT`, `WRONG` or `UNKNOWN` for every pair (pairs,); `labels` (cells,) are types, −1 for none."""
    if labels is None:
        return np.full(len(pairs), UNKNOWN)
    a, b = labels[pairs.left], labels[pairs.right]
    return np.where((a < 0) | (b < 0), UNKNOWN, np.where(a == b, RIGHT, WRONG))


def touching(pairs: Pairs, cells: BoolArray, end: str = EITHER) -> BoolArray:
    """Which pairs have an end among `cells` (a mask of all cells), or the end that is asked for (pairs,)."""
    left, right = cells[pairs.left], cells[pairs.right]
    return np.asarray({EITHER: left | right, LEFT: left, RIGHT_END: right}[end], dtype=np.bool_)


def joining(pairs: Pairs, codes: IntArray, left: int, right: int) -> BoolArray:
    """Which pairs have a left end in group `left` and a right end in group `right` (pairs,); −1 is no group."""
    return np.asarray((codes[pairs.left] == left) & (codes[pairs.right] == right), dtype=np.bool_)


def partners_of(pairs: Pairs, cell: int) -> tuple[IntArray, IntArray]:
    """The pairs that `cell` is in, by position, and the cell at the other end of each."""
    rows = np.flatnonzero((pairs.left == cell) | (pairs.right == cell))
    return rows, np.where(pairs.left[rows] == cell, pairs.right[rows], pairs.left[rows])


def pair_counts(pairs: Pairs, codes: IntArray, n_groups: int) -> IntArray:
    """Pairs by the group of their left end (rows) and of their right end (columns): (groups + 1) × (groups + 1).

    `codes` (cells,) are groups, −1 for none, which the last row and column count.
    """
    places = np.where(codes < 0, n_groups, codes).astype(np.int64)
    size = n_groups + 1
    flat = np.bincount(places[pairs.left] * size + places[pairs.right], minlength=size * size)
    return flat.reshape(size, size)


def pair_numbers(pairs: Pairs, labels: IntArray | None) -> PairNumbers:
    """The pairs in numbers; dropped ones have no score that counts, and are left out of the median."""
    told = verdicts(pairs, labels)
    known = told != UNKNOWN
    share = float((told[known] == RIGHT).mean()) if known.any() else float("nan")
    scores = pairs.score[pairs.kept]
    return PairNumbers(len(pairs), share, float(np.median(scores)) if len(scores) else float("nan"))


def depth_in_group(coordinates: FloatArray, groups: IntArray) -> FloatArray:
    """How deep every cell lies in its group (cells,): the share of the group's other cells that lie further from the
    group's mean. 1 for the cell next to the mean, 0 for the outermost, NaN for a cell without a group or alone in it.

    `coordinates` is cells × d, `groups` (cells,) with −1 for none. Of equally far cells half count as further.
    """
    depth = np.full(len(groups), np.nan)
    for group in np.unique(groups[groups >= 0]):
        cells = np.flatnonzero(groups == group)
        if len(cells) < 2:
            continue
        places = np.asarray(coordinates[cells], dtype=np.float64)
        distance = np.linalg.norm(places - places.mean(axis=0), axis=1)
        depth[cells] = (len(cells) - rankdata(distance)) / (len(cells) - 1)
    return depth
