"""BRAS: whether the batches of a cell type lie in the same direction from the origin.

Source: Rautenstrauch & Ohler, "Shortcomings of silhouette in single-cell integration benchmarking" (2025). The numbers
are those of scib-metrics' `bras`.
"""

from __future__ import annotations

import numpy as np

from scint_core.contract import FloatArray
from scint_core.metrics.base import MetricInput, MetricResult
from scint_core.metrics.groups import Groups
from scint_core.metrics.silhouette import contrast
from scint_core.metrics.within_labels import within_labels
from scint_core.numerics.normalize import unit_rows


def bras(data: MetricInput) -> MetricResult:
    """Mean over labels of the mean of 1 − |cosine silhouette width of the batches among the cells of the label|.

    The width compares with the mean distance to all cells of other batches, not to the nearest batch: otherwise two
    batches that share a place would hide that all others lie elsewhere. A label with one batch only, or with one cell
    per batch, is left out (NaN).
    """
    return within_labels(data, lambda cells, batch: 1 - np.abs(cosine_widths(cells, batch)))


def cosine_widths(cells: FloatArray, groups: Groups) -> FloatArray:
    """(b − a) / max(a, b) of every cell (cells,): `a` and `b` are its mean cosine distances to the other cells of its
    group and to all cells of other groups.

    Sums of cosines are products with sums of unit vectors, so that no pair of cells is looked at. A cell at the origin
    has no direction; its distance to any other is 1.
    """
    unit = unit_rows(cells)
    sizes, own = groups.sizes, groups.codes
    sums = np.zeros((len(sizes), cells.shape[1]))  # groups × d
    np.add.at(sums, own, unit)
    with_own = np.einsum("ij,ij->i", unit, sums[own])
    with_self = np.einsum("ij,ij->i", unit, unit)  # 1, or 0 at the origin
    with_all = unit @ sums.sum(axis=0)
    within = 1 - (with_own - with_self) / np.maximum(sizes[own] - 1, 1)
    between = 1 - (with_all - with_own) / np.maximum(len(cells) - sizes[own], 1)
    return contrast(np.maximum(within, 0), np.maximum(between, 0), sizes[own])
