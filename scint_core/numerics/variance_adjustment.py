"""Lengthening correction vectors until the spread of two batches agrees."""

from __future__ import annotations

import numpy as np

from scint_core.contract import FloatArray, IntArray, Shift, Stretch, explained, tick
from scint_core.numerics.neighbors import row_blocks, squared_distances, squared_lengths


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


def raw_scales(target: FloatArray, shifts: FloatArray, reference: FloatArray, sigma: float) -> FloatArray:
    """What `stretch_to_reference` finds before it refuses to shorten: may be below 1 or negative."""
    lengths = np.sqrt(squared_lengths(shifts))
    scales = np.ones(len(target))
    of_target, of_reference = squared_lengths(target), squared_lengths(reference)
    moved = np.flatnonzero(lengths > 0)
    for part in row_blocks(len(moved), len(target) + len(reference)):
        rows = moved[part]
        line = target[rows], shifts[rows] / lengths[rows, None]
        share = _log_shares(*_along_lines(*line, target, of_target, sigma))
        quantile = _quantiles(*_along_lines(*line, reference, of_reference, sigma), share)
        scales[rows] = quantile / lengths[rows]
        tick(part.stop, len(moved))
    return scales


def _along_lines(
    points: FloatArray, directions: FloatArray, cells: FloatArray, cell_lengths: FloatArray, sigma: float
) -> tuple[FloatArray, FloatArray]:
    """For each line (a point and a unit direction) and cell: position along the line from the point, and log weight.

    Two matrix products give both: with y − x = t·direction + rest, ||rest||² = ||y − x||² − t². What rounding cannot
    tell from the point itself lies at it: position 0, log weight 0.
    """
    point_lengths = squared_lengths(points)
    rounding = np.finfo(np.float64).eps * (points.shape[1] + 10) * cell_lengths.max(initial=0.0)
    position = directions @ cells.T  # lines × cells
    position -= np.einsum("ij,ij->i", points, directions)[:, None]
    position[np.abs(position) <= np.sqrt(rounding * np.finfo(np.float64).eps)] = 0
    off_line = squared_distances(points, cells, point_lengths, cell_lengths)
    off_line -= position**2
    off_line[off_line <= rounding] = 0
    return position, np.divide(off_line, -sigma, out=off_line)


def _log_shares(position: FloatArray, log_weight: FloatArray) -> FloatArray:
    """Log of the share of every line's weight that lies at its point or before it."""
    before = np.where(position <= 0, log_weight, -np.inf)
    return np.asarray(np.logaddexp.reduce(before, axis=1) - np.logaddexp.reduce(log_weight, axis=1))


def _quantiles(position: FloatArray, log_weight: FloatArray, log_share: FloatArray) -> FloatArray:
    """Position of the first cell at which the running weight along the line reaches that share of it all.

    Sums are held as logarithms, as in the reference: far from the line all weights are too small for a number. The
    last cell is taken where rounding keeps the sum from ever reaching the share.
    """
    order = np.argsort(position, axis=1)
    running = np.logaddexp.accumulate(np.take_along_axis(log_weight, order, axis=1), axis=1)
    reached = running >= (log_share + np.logaddexp.reduce(log_weight, axis=1))[:, None]
    reached[:, -1] = True
    first = np.take_along_axis(order, reached.argmax(axis=1)[:, None], axis=1)
    return np.asarray(np.take_along_axis(position, first, axis=1)[:, 0])
