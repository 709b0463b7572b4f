"""Lengthening correction vectors until the spread of two batches agrees.

Every target cell asks which reference cell lies at its own quantile. Two matrix products give all positions and
weights, and a bound on their rounding tells for which cells it could change the answer. For those alone, both are
computed again in the order of the reference implementation, so that every cell gets the reference's answer (see
`ordered_sums`).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from scint_core.contract import BoolArray, FloatArray, IntArray, Shift, Stretch, explained, tick
from scint_core.numerics.neighbors import even_blocks, squared_distances, squared_lengths
from scint_core.numerics.ordered_sums import along_lines, log_sums, row_products, running_log_sums
from scint_core.numerics.threads import in_threads

_ENTRIES = 2**19  # distances that a thread holds at a time (4 MB)
_LEAST = 1e-300  # for a sum of weights, beside a largest weight of 1; far below every goal


@explained(
    "Pairs form where two clouds of cells face each other, so pair vectors are too short and the clouds would only "
    "touch. Each vector is lengthened until the cell's place among its own batch, along the vector, is its place "
    "among the reference.",
    formula=r"s_i = \max\!\left(\frac{Q_L(F_R(p_i)) - p_i}{\lVert u_i \rVert},\ 1\right), \quad "
    r"p_j = \frac{u_i}{\lVert u_i \rVert} \cdot x_j, \quad w_j = e^{-d_\perp^2(j)/\sigma}",
    slide=r"\text{not on the slide: vectors are used as they are}",
    parameters=("var_adj", "sigma"),
)
def stretch_to_reference(
    target: FloatArray, shift: Shift, reference: FloatArray, compared: IntArray, sigma: float
) -> Stretch:
    """The factor, at least 1, by which the shift of every target cell is lengthened.

    `target` and the shift's vectors are n × g, `reference` is m × g; only the columns `compared` are looked at. Along
    each shift, a cell of either side counts with exp(−d²/sigma), d its distance from the line. A larger `sigma` lets
    cells further from the line count. A shift of length 0 keeps scale 1. As `adjust_shift_variance` of batchelor.
    """
    scales = raw_scales(within(target, compared), within(shift.vectors, compared), within(reference, compared), sigma)
    return Stretch(np.maximum(scales, 1))


def within(values: FloatArray, columns: IntArray) -> FloatArray:
    """The given columns of `values`; `values` itself where those are all."""
    return values if len(columns) == values.shape[1] else values[:, columns]


@dataclass(frozen=True)
class _Side:
    """The cells of one side."""

    cells: FloatArray  # n × g
    squared_lengths: FloatArray  # n


@dataclass(frozen=True)
class _Lines:
    """Lines through target cells, along their shifts."""

    rows: IntArray  # lines, the target cell of each
    points: FloatArray  # lines × g, that cell
    directions: FloatArray  # lines × g, of length 1
    places: FloatArray  # lines, the position of the point on its line

    def at(self, which: IntArray) -> _Lines:
        """Some of the lines."""
        return _Lines(self.rows[which], self.points[which], self.directions[which], self.places[which])


@dataclass(frozen=True)
class _Along:
    """Where the cells of a side lie along lines, and how much they count there."""

    position: FloatArray  # lines × cells
    log_weight: FloatArray  # lines × cells

    def at(self, which: IntArray) -> _Along:
        """Some of the lines, copied."""
        return _Along(self.position[which], self.log_weight[which])


@dataclass(frozen=True)
class _Search:
    """The search for the reference cells at the target cells' quantiles."""

    order: IntArray  # lines × reference cells, as they follow along the line
    running: FloatArray  # lines × reference cells, log of the weight up to each of them, in that order
    goal: FloatArray  # lines, log of the weight to be reached
    rank: IntArray  # lines, the first place in the order at which it is

    @property
    def found(self) -> IntArray:
        """The reference cell there (lines,)."""
        return np.asarray(_at(self.order, self.rank, -1))


@dataclass(frozen=True)
class _Rounding:
    """How much two ways to compute the same can differ on every line."""

    of_position: FloatArray  # lines, in a position
    of_sum: FloatArray  # lines, in a log Σ exp of weights


def raw_scales(target: FloatArray, shifts: FloatArray, reference: FloatArray, sigma: float) -> FloatArray:
    """What `stretch_to_reference` finds before it refuses to shorten: may be below 1 or negative."""
    lengths = np.sqrt(row_products(shifts, shifts))
    own, others = _Side(target, squared_lengths(target)), _Side(reference, squared_lengths(reference))
    moved = np.flatnonzero(lengths > 0)

    def scales_of(part: slice) -> FloatArray:
        """The scales of some of the moved cells (rows,)."""
        rows = moved[part]
        points, directions = target[rows], shifts[rows] / lengths[rows, None]
        lines = _Lines(rows, points, directions, row_products(directions, points))
        found = _cells_at_quantiles(lines, own, others, sigma)
        return np.asarray((row_products(directions, reference[found]) - lines.places) / lengths[rows])

    scales = np.ones(len(target))
    parts = even_blocks(len(moved), len(target) + len(reference), _ENTRIES)
    for part, found in zip(parts, in_threads(scales_of, parts), strict=True):
        scales[moved[part]] = found
        tick(part.stop, len(moved))
    return scales


def _cells_at_quantiles(lines: _Lines, own: _Side, others: _Side, sigma: float) -> IntArray:
    """For every line, the reference cell at the quantile of the line's own cell."""
    near, far = _by_products(lines, own, sigma), _by_products(lines, others, sigma)
    itself = np.arange(len(lines.rows)), lines.rows
    near.position[itself], near.log_weight[itself] = lines.places, 0
    search = _search_at_once(lines, near, far)
    rounding = _rounding(lines, own, others, near, far, sigma)
    found = search.found
    doubtful = np.flatnonzero(_in_doubt(search, lines, near, far, rounding))
    if len(doubtful):
        lines, near = lines.at(doubtful), near.at(doubtful)
        log_share = _log_shares(lines, near)
        near.log_weight[np.arange(len(doubtful)), lines.rows] = -np.inf
        crowd = log_sums(near.log_weight) + rounding.of_sum[doubtful]
        alone = _rounds_away(crowd, search.running[doubtful, -1], rounding.of_sum[doubtful])
        found[doubtful] = _cells_in_order(lines, log_share, alone, own, others, sigma)
    return found


def _cells_in_order(
    lines: _Lines, log_share: FloatArray, alone: BoolArray, own: _Side, others: _Side, sigma: float
) -> IntArray:
    """The same by the operations of the reference implementation, in their order.

    A share need not be computed again where the cell is `alone`: where adding its logarithm changes no digit.
    """
    again = np.flatnonzero(~alone)
    log_share = log_share.copy()
    log_share[again] = _log_shares(lines.at(again), _in_order(lines.at(again), own, sigma))
    far = _in_order(lines, others, sigma)
    order = np.lexsort((far.log_weight, far.position), axis=1)
    running = running_log_sums(np.take_along_axis(far.log_weight, order, axis=1))
    return _first_to_reach(log_share + log_sums(far.log_weight), running, order).found


def _by_products(lines: _Lines, side: _Side, sigma: float) -> _Along:
    """Positions and weights from two matrix products: with y − x = t·direction + rest, ||rest||² = ||y − x||² − t²."""
    position = lines.directions @ side.cells.T  # lines × cells
    d2 = squared_distances(lines.points, side.cells, squared_lengths(lines.points), side.squared_lengths)
    d2 -= (position - lines.places[:, None]) ** 2
    np.maximum(d2, 0, out=d2)
    return _Along(position, np.divide(d2, -sigma, out=d2))


def _in_order(lines: _Lines, side: _Side, sigma: float) -> _Along:
    """Positions and weights by the operations of the reference implementation, in their order."""
    position, d2 = along_lines(lines.points, lines.directions, side.cells)
    return _Along(position, np.divide(d2, -sigma, out=d2))


def _log_shares(lines: _Lines, near: _Along) -> FloatArray:
    """For every line, log of the share of the weight of its own side that lies at the point or before it.

    Sums are held as logarithms, as in the reference implementation: far from a line all weights are too small for a
    number.
    """
    before = np.where(near.position <= lines.places[:, None], near.log_weight, -np.inf)
    return log_sums(before) - log_sums(near.log_weight)


def _search_at_once(lines: _Lines, near: _Along, far: _Along) -> _Search:
    """The search with plain sums of weights, whole arrays at a time: a cell itself has weight 1, no other has more."""
    weight = np.exp(near.log_weight)  # lines × own cells
    total = weight.sum(axis=1)
    weight[near.position > lines.places[:, None]] = 0
    log_share = np.log(weight.sum(axis=1)) - np.log(total)
    order = far.position.argsort(axis=1)
    peak = far.log_weight.max(axis=1, keepdims=True)  # lines × 1; the goal is not far below it
    running = np.take_along_axis(far.log_weight, order, axis=1)
    running -= peak
    np.exp(running, out=running).cumsum(axis=1, out=running)
    np.log(np.maximum(running, _LEAST, out=running), out=running)
    running += peak
    return _first_to_reach(log_share + running[:, -1], running, order)


def _first_to_reach(goal: FloatArray, running: FloatArray, order: IntArray) -> _Search:
    """The first reference cell in `order` at which the running weight reaches the goal.

    The last cell is taken where rounding keeps the sum from ever reaching it.
    """
    reached = running >= goal[:, None]
    reached[:, -1] = True
    return _Search(order, running, goal, reached.argmax(axis=1))


def _rounding(lines: _Lines, own: _Side, others: _Side, near: _Along, far: _Along, sigma: float) -> _Rounding:
    """A bound on the rounding.

    A sum of g products is off by at most ε/2·g times the lengths of its factors. So with unit directions and
    R = ||x|| + the largest ||y||, two positions differ by less than ε(g + 8)R. In two squared distances from the line
    such sums, their squares and the direction's length add up to less than 4ε(g + 8)R². A log Σ exp of n terms
    changes by no more than its terms do, and between two orders by ε(|sum| + 4) per term; a plain sum of weights, of
    which the largest is 1, is closer than that.
    """
    eps, n_genes = np.finfo(np.float64).eps, lines.points.shape[1]
    n_terms = max(len(own.cells), len(others.cells))
    longest = np.sqrt(max(own.squared_lengths.max(), others.squared_lengths.max()))
    radius = np.sqrt(squared_lengths(lines.points)) + longest  # lines
    deepest = -np.minimum(near.log_weight.min(axis=1), far.log_weight.min(axis=1))  # lines
    per_term = 4 * eps * (n_genes + 8) * radius**2 / sigma
    per_sum = per_term + eps * n_terms * (deepest + math.log(n_terms) + 4)
    return _Rounding(eps * (n_genes + 8) * radius, per_sum)


def _in_doubt(search: _Search, lines: _Lines, near: _Along, far: _Along, rounding: _Rounding) -> BoolArray:
    """The lines on which rounding decides what lies before the point, or which reference cell is found.

    Four rounded sums are compared: the two of the share, that of all the weight and the running one.
    """
    of_goal = 4 * rounding.of_sum
    beside = np.abs(near.position - lines.places[:, None]) <= rounding.of_position[:, None]  # lines × own cells
    beside[np.arange(len(lines.rows)), lines.rows] = False
    rank, last = search.rank, search.order.shape[1] - 1
    before = _at(far.position, _at(search.order, rank - 1, -1), -np.inf)
    here = _at(far.position, search.found, 0)
    after = _at(far.position, _at(search.order, rank + 1, -1), np.inf)
    apart = np.minimum(here - before, after - here)
    not_before = search.goal - _at(search.running, rank - 1, -np.inf) > of_goal
    not_after = (_at(search.running, rank, 0) - search.goal > of_goal) | (rank == last)
    settled = not_before & not_after & (apart > 2 * rounding.of_position)
    return np.asarray(~settled | beside.any(axis=1))


def _rounds_away(log_crowd: FloatArray, log_total: FloatArray, of_sum: FloatArray) -> BoolArray:
    """Where a cell's log share changes no digit of the `log_total` (± `of_sum`) of the reference when it is added.

    Its own weight is 1, so its log share is at most the weight of the crowd of all others. What is added to a number
    is rounded away below ε/8 of it; half of that leaves room for the rounding of the share.
    """
    return np.asarray(np.exp(log_crowd) < np.finfo(np.float64).eps / 16 * (np.abs(log_total) - of_sum))


def _at(values: Any, rank: IntArray, outside: float) -> Any:
    """values[i, rank[i]] for every row i; `outside` where the row has no such place."""
    there = np.take_along_axis(values, rank.clip(0, values.shape[1] - 1)[:, None], axis=1)[:, 0]
    return np.where((rank >= 0) & (rank < values.shape[1]), there, outside)
