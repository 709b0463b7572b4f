"""Translation vectors of whole batches: smoothed differences of matched cells."""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from scint_core.contract import FloatArray, IntArray, Matrix, MutualPairs, Translation, explained, tick
from scint_core.numerics.mutual import mean_pair_vectors
from scint_core.numerics.neighbors import row_blocks, squared_distances, squared_lengths
from scint_core.numerics.normalize import dense


@explained("The cells are divided into their batches, since a batch moves as a whole.")
def divided_by_batch(cells: Matrix, bounds: IntArray) -> tuple[FloatArray, ...]:
    """The rows of every batch as a dense array: batch b is `bounds[b]:bounds[b + 1]`."""
    return tuple(dense(cells[start:stop]) for start, stop in pairwise(bounds.tolist()))


@explained("The matches between the batches that move and those that they move onto are collected.")
def matches_between(
    matches: MutualPairs,
    bounds: IntArray,
    moved: tuple[int, ...],
    onto: tuple[int, ...],
    matched: tuple[tuple[int, int], ...],
) -> MutualPairs:
    """Matches of the pairs of batches `matched` (moved, onto), as rows of the two stacks of batches.

    `left` are rows of the stack `onto`, `right` rows of the stack `moved`. A batch may be in both.
    """
    batch = np.searchsorted(bounds, np.arange(bounds[-1]), side="right") - 1
    in_moved, in_onto = _stack_offsets(bounds, moved), _stack_offsets(bounds, onto)
    left, right = [], []
    for source, target in matched:
        ends = (matches.left, matches.right) if source < target else (matches.right, matches.left)
        chosen = (batch[ends[0]] == source) & (batch[ends[1]] == target)
        right.append(ends[0][chosen] + in_moved[source])
        left.append(ends[1][chosen] + in_onto[target])
    return MutualPairs(np.concatenate(left), np.concatenate(right))


def _stack_offsets(bounds: IntArray, batches: tuple[int, ...]) -> dict[int, int]:
    """What to add to a row of the problem to get its row in the stack of `batches`."""
    offsets, start = {}, 0
    for b in batches:
        offsets[b] = start - int(bounds[b])
        start += int(bounds[b + 1] - bounds[b])
    return offsets


@explained(
    "Every cell that moves gets a weighted mean of the differences of matched cells. A match weighs by how near its "
    "own end lies to the cell, in the batch that moves: so a batch effect, however large, does not change the weights. "
    "A cell with several matches counts several times.",
    formula=r"v_x = \frac{\sum_{(a, b) \in M} \Gamma_{xa}\,(y_b - x_a)}{\sum_{(a, b) \in M} \Gamma_{xa}}, \quad "
    r"\Gamma_{xa} = e^{-\frac{\sigma}{2} \lVert x - x_a \rVert^2}",
    slide=r"v_x = \frac{\sum_{(a, b) \in M} \Gamma_{xb}\,(y_b - x_a)}{\sum_{(a, b) \in M} \Gamma_{xb}}, \quad "
    r"\Gamma_{xb} = e^{-\frac{\sigma}{2} \lVert x - y_b \rVert^2}",
    parameters=("sigma",),
)
def translation_vectors(
    moving: tuple[FloatArray, ...], fixed: tuple[FloatArray, ...], matches: MutualPairs, sigma: float
) -> Translation:
    """A vector for every cell of the stacked batches `moving`, towards the stacked batches `fixed` (cells × d each).

    `matches.right` are rows of the moving stack, `matches.left` of the fixed one. A larger `sigma` makes the vectors
    more local. All matches of a moving cell are taken together (their number times their mean difference), and weights
    are held as logarithms until the largest is known, so that no cell is left without a vector.
    """
    cells, reference = _stacked(moving), _stacked(fixed)
    differences = mean_pair_vectors(reference, cells, matches)  # distinct matched cells × d
    log_count = np.log(np.bincount(matches.right, minlength=len(cells))[differences.cells])
    matched = cells[differences.cells]
    of_cells, of_matched = squared_lengths(cells), squared_lengths(matched)
    vectors, mass = np.empty_like(cells), np.empty(len(cells))
    for rows in row_blocks(len(cells), len(matched)):
        log_weight = squared_distances(cells[rows], matched, of_cells[rows], of_matched)  # rows × matched
        log_weight *= -sigma / 2
        log_weight += log_count
        largest = log_weight.max(axis=1, keepdims=True)
        log_weight -= largest
        weight = np.exp(log_weight, out=log_weight)
        total = weight.sum(axis=1, keepdims=True)
        np.matmul(weight, differences.vectors, out=vectors[rows])
        vectors[rows] /= total
        mass[rows] = (np.exp(largest) * total)[:, 0]
        tick(rows.stop, len(cells))
    return Translation(vectors, mass)


@explained(
    "Every cell of the batches that move is shifted by its translation vector; all others stay where they are.",
    formula=r"x \leftarrow x + v_x",
)
def translate(moving: tuple[FloatArray, ...], translation: Translation) -> tuple[FloatArray, ...]:
    """The batches (cells × d each) moved by the vectors of their stacked cells."""
    stops = np.cumsum([len(cells) for cells in moving])[:-1]
    vectors = np.split(translation.vectors, stops)
    return tuple(cells + shift for cells, shift in zip(moving, vectors, strict=True))


@explained("The batches are put back together, in the order of the data.")
def rejoined(*batches: FloatArray) -> FloatArray:
    """The rows of all batches, one below the other."""
    return np.concatenate(batches)


def _stacked(batches: tuple[FloatArray, ...]) -> FloatArray:
    return batches[0] if len(batches) == 1 else np.concatenate(batches)
