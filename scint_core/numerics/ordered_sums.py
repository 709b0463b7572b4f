"""Sums of fixed order: term after term, as a plain loop adds them, and yet fast.

Floating-point addition is not associative. A matrix product adds in whatever order suits the machine, which changes
the last digits of a sum. That is harmless until a *decision* hangs on them: whether a running sum has reached a share
of its total, when a single term makes up all but the last digit of both. Then only the reference implementation's order
gives its answer.

The kernels keep that order and use the width of the processor across *sums*: `LANES` of them advance together, gene
by gene, each in its own order. Compiled code may not reorder or fuse these operations. `math.exp` and `math.log1p`
are the C library's, while numpy has its own, which differ in the last digit. Kernels of this module call each other,
so they stay in one file: what is kept on disk is renewed when its own file changes.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from scint_core.contract import FloatArray
from scint_core.numerics.compiled import kernel
from scint_core.numerics.neighbors import row_blocks

LANES = 64
"""Sums that advance together: many enough to fill the registers, few enough that their cells stay in the cache."""

_GENES = 2048
"""Genes whose means are formed together."""

_CACHED = 2**15
"""Values of the vectors that stay in the cache while every row takes them in (256 kB)."""


def row_products(a: FloatArray, b: FloatArray) -> FloatArray:
    """Σ a·b of every row of `a` and `b` (both n × g), in the order of the columns."""
    products = np.empty(len(a))
    for rows in row_blocks(len(a), a.shape[1]):
        products[rows] = _row_products(_plain(a[rows]), _plain(b[rows]))
    return products


def squared_differences(rows: FloatArray, columns: FloatArray) -> FloatArray:
    """Squared Euclidean distances (n × m) of `rows` (n × g) and `columns` (m × g): Σ (a − b)², gene after gene."""
    d2 = np.empty((len(rows), len(columns)))
    rows = _plain(rows)
    for part in _lanes(len(columns)):
        d2[:, part] = _squared_differences(rows, _plain(columns[part].T))
    return d2


def along_lines(points: FloatArray, directions: FloatArray, cells: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Where `cells` (n × g) lie along lines, given by a point and a unit direction each (both lines × g).

    Returns the positions y·direction and the squared distances from the line, both lines × n.
    """
    position, off_line = np.empty((2, len(points), len(cells)))
    points, directions = _plain(points), _plain(directions)
    for part in _lanes(len(cells)):
        position[:, part], off_line[:, part] = _along_lines(points, directions, _plain(cells[part].T))
    return position, off_line


def running_log_sums(terms: FloatArray) -> FloatArray:
    """log Σ exp(terms) of the first term, the first two, ... of every row (same shape). −∞ adds nothing."""
    return np.asarray(_running_log_sums(_plain(terms)))


def log_sums(terms: FloatArray) -> FloatArray:
    """log Σ exp(terms) of every row (n × m), term after term. −∞ adds nothing."""
    return np.asarray(_log_sums(_plain(terms)))


def weighted_means(log_weight: FloatArray, vectors: FloatArray) -> FloatArray:
    """Σ exp(log weight)·vector / Σ exp(log weight) for every row of `log_weight` (n × m); `vectors` are m × g.

    No weight is too small for a number: sums are kept relative to the largest weight so far.
    """
    means = np.empty((len(log_weight), vectors.shape[1]))
    log_weight = _plain(log_weight)
    for start in range(0, vectors.shape[1], _GENES):
        genes = slice(start, start + _GENES)
        means[:, genes] = _weighted_means(log_weight, _plain(vectors[:, genes]))
    return means


def _lanes(n: int) -> list[slice]:
    """Slices of `LANES` each."""
    return [slice(start, start + LANES) for start in range(0, n, LANES)]


def _plain(values: FloatArray) -> FloatArray:
    """A copy in C order. A kernel is compiled for every layout it meets, also for read-only arrays: this is the one."""
    return np.array(values, dtype=np.float64, order="C")


@kernel
def _log_add(a: float, b: float) -> float:
    """log(exp(a) + exp(b)), without either being formed."""
    return max(a, b) + math.log1p(math.exp(-abs(a - b)))


@kernel
def _row_products(a: Any, b: Any) -> Any:
    products = np.zeros(len(a))
    for row in range(len(a)):
        for gene in range(a.shape[1]):
            products[row] += a[row, gene] * b[row, gene]
    return products


@kernel
def _squared_differences(rows: Any, lanes: Any) -> Any:
    d2 = np.zeros((len(rows), lanes.shape[1]))  # lanes: g × up to LANES
    for row in range(len(rows)):
        total = d2[row]
        for gene in range(len(lanes)):
            for lane in range(len(total)):
                difference = rows[row, gene] - lanes[gene, lane]
                total[lane] += difference * difference
    return d2


@kernel
def _along_lines(points: Any, directions: Any, lanes: Any) -> Any:
    position = np.zeros((len(points), lanes.shape[1]))  # lanes: g × up to LANES
    off_line = np.zeros_like(position)
    for line in range(len(points)):
        place, rest = position[line], off_line[line]
        along = np.zeros_like(place)  # (point − cell)·direction
        for gene in range(len(lanes)):
            x, step = points[line, gene], directions[line, gene]
            for lane in range(len(place)):
                place[lane] += step * lanes[gene, lane]
                along[lane] += (x - lanes[gene, lane]) * step
        for gene in range(len(lanes)):
            x, step = points[line, gene], directions[line, gene]
            for lane in range(len(place)):
                difference = x - lanes[gene, lane] - along[lane] * step
                rest[lane] += difference * difference
    return position, off_line


@kernel
def _running_log_sums(terms: Any) -> Any:
    sums = np.empty_like(terms)
    for row in range(len(terms)):
        total = -np.inf
        for i in range(terms.shape[1]):
            if terms[row, i] > -np.inf:
                total = _log_add(total, terms[row, i])
            sums[row, i] = total
    return sums


@kernel
def _log_sums(terms: Any) -> Any:
    sums = np.full(len(terms), -np.inf)
    for row in range(len(terms)):
        for i in range(terms.shape[1]):
            if terms[row, i] > -np.inf:
                sums[row] = _log_add(sums[row], terms[row, i])
    return sums


@kernel
def add_four(sums: Any, w0: float, v0: Any, w1: float, v1: Any, w2: float, v2: Any, w3: float, v3: Any) -> None:
    """Add four vectors, each times its weight, one after the other: in one go, which spares three of four times that
    the sums are read and written."""
    for i in range(len(sums)):
        sums[i] = (((sums[i] + w0 * v0[i]) + w1 * v1[i]) + w2 * v2[i]) + w3 * v3[i]


@kernel
def _weighted_means(log_weight: Any, vectors: Any) -> Any:
    n, m = log_weight.shape
    means = np.zeros((n, vectors.shape[1]))
    peak = np.full(n, -np.inf)  # the largest log weight so far: `means` holds sums divided by its exponential
    log_total = np.full(n, -np.inf)
    height = max(1, _CACHED // vectors.shape[1])
    for start in range(0, m, height):
        for row in range(n):
            mean, weights = means[row], log_weight[row]
            i, stop = start, min(start + height, m)
            while i < stop:
                size = 4 if i + 4 <= stop and weights[i : i + 4].max() <= peak[row] else 1
                for weight in weights[i : i + size]:
                    log_total[row] = _log_add(log_total[row], weight)
                if size == 4:
                    add_four(
                        mean, math.exp(weights[i] - peak[row]), vectors[i],
                        math.exp(weights[i + 1] - peak[row]), vectors[i + 1],
                        math.exp(weights[i + 2] - peak[row]), vectors[i + 2],
                        math.exp(weights[i + 3] - peak[row]), vectors[i + 3],
                    )  # fmt: skip
                elif weights[i] > peak[row]:
                    mean *= math.exp(peak[row] - weights[i])
                    mean += vectors[i]
                    peak[row] = weights[i]
                else:
                    mean += vectors[i] * math.exp(weights[i] - peak[row])
                i += size
    for row in range(n):
        means[row] *= math.exp(peak[row] - log_total[row])
    return means
