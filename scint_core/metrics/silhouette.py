"""Silhouette widths: of the cell types, and of the batches within each type.

Sources: Rousseeuw, J. Comput. Appl. Math. 20 (1987); Luecken et al., Nature Methods 19 (2022), for the two scores.
The numbers are those of scib-metrics' `silhouette_label` and `silhouette_batch`.
"""

from __future__ import annotations

import numpy as np

from scint_core.contract import FloatArray, IntArray
from scint_core.metrics.base import Groups, MetricInput, MetricResult, undefined
from scint_core.numerics.neighbors import row_blocks, squared_distances, squared_lengths


def silhouette_label(data: MetricInput) -> MetricResult:
    """(mean silhouette width of the labels + 1) / 2; per cell and per label likewise."""
    label = data.label
    if label is None or len(label.names) == len(label.codes):
        return undefined("Silhouette label needs a label with more than one cell")
    per_cell = (silhouette_widths(data.embedding, label) + 1) / 2
    means = np.bincount(label.codes, weights=per_cell) / label.sizes
    return MetricResult(float(per_cell.mean()), per_cell, dict(zip(label.names, means.tolist(), strict=True)))


def silhouette_batch(data: MetricInput) -> MetricResult:
    """Mean over labels of the mean of 1 − |silhouette width of the batches among the cells of the label|.

    A label with one batch only, or with one cell per batch, is left out (NaN).
    """
    if data.batch is None or data.label is None:
        return undefined("Silhouette batch needs batches and labels")
    per_cell = np.full(len(data.embedding), np.nan)
    per_label = dict.fromkeys(data.label.names, float("nan"))
    for code, name in enumerate(data.label.names):
        cells = np.flatnonzero(data.label.codes == code)
        batch = Groups.of(data.batch.codes[cells], "batch")
        if 1 < len(batch.names) < len(cells):
            per_cell[cells] = 1 - np.abs(silhouette_widths(data.embedding[cells], batch))
            per_label[name] = float(per_cell[cells].mean())
    skipped = [name for name, score in per_label.items() if np.isnan(score)]
    if len(skipped) == len(per_label):
        return undefined("no label is in more than one batch")
    note = f"left out, as they are in one batch or have one cell in each: {', '.join(skipped)}" if skipped else ""
    return MetricResult(float(np.nanmean(list(per_label.values()))), per_cell, per_label, note)


def silhouette_widths(cells: FloatArray, groups: Groups) -> FloatArray:
    """(b − a) / max(a, b) of every cell (cells,), from −1 to 1.

    `a` is the mean Euclidean distance to the other cells of its group, `b` that to the nearest other group. A cell
    alone in its group gets 0. Distances are held in blocks.
    """
    cells = cells - cells.mean(axis=0)  # products of shorter vectors lose fewer digits
    lengths = squared_lengths(cells)
    one_hot = np.eye(len(groups.names))[groups.codes]  # cells × groups
    sizes, widths = groups.sizes, np.empty(len(cells))
    for rows in row_blocks(len(cells), len(cells)):
        distances = np.sqrt(squared_distances(cells[rows], cells, lengths[rows], lengths))  # block × cells
        own_cell = np.arange(rows.stop - rows.start)
        distances[own_cell, rows.start + own_cell] = 0
        widths[rows] = _widths(distances @ one_hot, groups.codes[rows], sizes)
    return widths


def _widths(sums: FloatArray, own: IntArray, sizes: IntArray) -> FloatArray:
    """Silhouette widths from the summed distances to every group (block × groups)."""
    row = np.arange(len(sums))
    within = sums[row, own] / np.maximum(sizes[own] - 1, 1)
    means = sums / sizes
    means[row, own] = np.inf
    between = means.min(axis=1)
    larger = np.maximum(within, between)
    widths = np.divide(between - within, larger, out=np.zeros_like(within), where=larger > 0)
    return np.where(sizes[own] > 1, widths, 0.0)
