"""Anchors between two batches: found as mutual neighbours, filtered in gene space, scored by shared neighbours."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from scint_core.contract import (
    Anchors,
    BoolArray,
    CrossNeighbors,
    FloatArray,
    IntArray,
    MergeTree,
    MutualPairs,
    Neighbors,
    Pairs,
    explained,
)
from scint_core.numerics.mutual import mutual_pairs
from scint_core.numerics.neighbors import nearest_neighbors, on_the_ladder, row_blocks
from scint_core.numerics.normalize import unit_rows


@explained(
    "Two cells are an anchor when each is among the nearest neighbours of the other in the shared space. Fewer "
    "neighbours are asked for than in MNN: 5 and not 20.",
    formula=r"(a, b):\ a \in \mathrm{NN}_k^{A}(b) \ \text{and}\ b \in \mathrm{NN}_k^{B}(a)",
    parameters=("k_anchor",),
)
def mutual_anchors(left: FloatArray, right: FloatArray, near: CrossNeighbors, k: int) -> MutualPairs:
    """Mutual nearest neighbours within `k` of the unit cells `left` and `right` (cells × K).

    Ordered by left cell, then by its rank among the right cell's neighbours, then by the right cell's rank among its
    own: the order matters where a cell may use only so many anchors. A cell without a direction (all 0) has none.
    """
    pairs = mutual_pairs(near, k_left=k, k_right=k)
    directed = np.any(left, axis=1)[pairs.left] & np.any(right, axis=1)[pairs.right]
    a, b = pairs.left[directed], pairs.right[directed]
    rank = (near.of_right.indices[b, :k] == a[:, None]).argmax(axis=1)
    order = np.lexsort((rank, a))  # stable: the right cell's rank, by which the pairs came, decides last
    return MutualPairs(a[order], b[order])


@on_the_ladder
@explained(
    "Every left cell of an anchor is compared with all right cells again, now by its expression of the chosen genes "
    "and not in the shared space.",
    slide=r"\text{the neighbours of a query cell in the reference}",
    formula=r"\text{the neighbours of a cell of the batch named first in the one named second, whichever is the query}",
    parameters=("k_filter",),
)
def neighbors_by_expression(
    pairs: MutualPairs, left: FloatArray, right: FloatArray, genes: IntArray, k: int
) -> Neighbors:
    """The `k` right cells nearest to every left cell of an anchor (ascending, each once).

    `left` and `right` are log values (cells × genes), of which the columns `genes` count; cells are brought to length
    1, so that the profile decides and not the depth.
    """
    return nearest_neighbors(unit_rows(left[np.unique(pairs.left)][:, genes]), unit_rows(right[:, genes]), k)


@explained(
    "An anchor is kept when its right cell is among the nearest neighbours of its left cell by expression too. "
    "Otherwise only the reduction has brought the two together.",
    parameters=("k_filter",),
)
def supported_anchors(pairs: MutualPairs, near: Neighbors, k: int) -> BoolArray:
    """Which anchors have their right cell among the `k` nearest of `neighbors_by_expression`."""
    row = np.searchsorted(np.unique(pairs.left), pairs.left)
    kept = np.empty(len(row), dtype=np.bool_)
    for part in row_blocks(len(row), k):
        kept[part] = (near.indices[row[part], :k] == pairs.right[part, None]).any(axis=1)
    return kept


@explained("No anchor is dropped: the filter is off, or a batch has too few cells for it.", parameters=("k_filter",))
def all_anchors(pairs: MutualPairs) -> BoolArray:
    """Keeps every anchor."""
    return np.ones(len(pairs.left), dtype=np.bool_)


@explained(
    "The neighbours of both cells of an anchor, in their own and in the other batch, are compared. The more they have "
    "in common, the more the anchor counts; the scale is set by the 1 % and the 90 % quantile, so that few extremes do "
    "not decide.",
    formula=r"s = |N(a) \cap N(b)|,\quad "
    r"S = \min\!\left(\max\!\left(\frac{s - q_{0.01}}{q_{0.9} - q_{0.01}},\ 0\right), 1\right)",
    parameters=("k_score",),
)
def score_anchors(
    pairs: MutualPairs,
    kept: BoolArray,
    near: CrossNeighbors,
    within_left: Neighbors,
    within_right: Neighbors,
    k: int,
) -> Anchors:
    """All anchors, with the number of neighbours their cells share and a score from 0 to 1 for those `kept`.

    Neighbours of a cell are its `k` nearest in its own batch, itself among them, and its `k` nearest in the other.
    The quantiles are those of the kept anchors; where the two are equal all scores are 1. A larger `k` gives smoother
    scores.
    """
    shared = np.empty(len(kept), dtype=np.int64)
    for part in row_blocks(len(kept), k * k):
        a, b = pairs.left[part], pairs.right[part]
        shared[part] = _common(within_left.indices[a, :k], near.of_right.indices[b, :k])
        shared[part] += _common(near.of_left.indices[a, :k], within_right.indices[b, :k])
    score = np.zeros(len(kept))
    score[kept] = _scaled(shared[kept])
    return Anchors(pairs.left, pairs.right, kept, shared, score)


def _common(one: IntArray, other: IntArray) -> IntArray:
    """How many entries every row of `one` (n × k) has in common with that of `other`; no row repeats an entry."""
    return np.asarray((one[:, :, None] == other[:, None, :]).sum(axis=(1, 2)))


def _scaled(shared: IntArray) -> FloatArray:
    if len(shared) == 0:
        return np.zeros(0)
    low, high = np.quantile(shared, (0.01, 0.9))
    return np.clip((shared - low) / (high - low), 0, 1) if high > low else np.ones(len(shared))


@explained(
    "The anchors between the batches on both sides of the merge are put together. Anchors are found once, on the "
    "original values; later merges use them again."
)
def anchors_between(
    found: Sequence[Anchors],
    batches: Sequence[tuple[int, int]],
    reference: tuple[int, ...],
    query: tuple[int, ...],
    sizes: tuple[int, ...],
) -> Anchors:
    """The kept anchors, with `left` in the stacked reference batches and `right` in the stacked query batches.

    `found[i]` are those of the two `batches[i]`, which have `sizes` cells. First come those found with the reference
    on the left, then the mirrored ones.
    """
    parts = []
    for mirrored in (False, True):
        for anchors, pair in zip(found, batches, strict=True):
            a, b = pair[::-1] if mirrored else pair
            if a in reference and b in query:
                sides = (anchors.right, anchors.left) if mirrored else (anchors.left, anchors.right)
                rows = sides[0] + _offset(a, reference, sizes), sides[1] + _offset(b, query, sizes)
                parts.append(np.array([*rows, anchors.shared, anchors.score])[:, anchors.kept])  # 4 × anchors
    left, right, shared, score = np.concatenate(parts, axis=1)
    whole = [column.astype(np.int64) for column in (left, right, shared)]
    return Anchors(whole[0], whole[1], np.ones(len(left), dtype=np.bool_), whole[2], score)


def pairs_of_anchors(found: Mapping[tuple[int, int], Anchors], bounds: IntArray, merges: MergeTree) -> Pairs:
    """The anchors of every two batches, dropped ones too, as rows of all cells, with the merge that joins the two.

    Batch b is the rows from `bounds[b]` on.
    """
    parts = []
    for (i, j), anchors in found.items():
        sides = enumerate(zip(merges.left, merges.right, strict=True))
        merge = next(m for m, (a, b) in sides if (i in a and j in b) or (j in a and i in b))
        left, right = bounds[i] + anchors.left, bounds[j] + anchors.right
        parts.append((left, right, np.full(len(left), merge), anchors.score, anchors.kept))
    return Pairs(*(np.concatenate(column) for column in zip(*parts, strict=True)))


def _offset(batch: int, stacked: tuple[int, ...], sizes: tuple[int, ...]) -> int:
    """The first row of a batch among stacked ones."""
    return sum(sizes[b] for b in stacked[: stacked.index(batch)])
