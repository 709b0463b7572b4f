"""Silhouette widths: of the cell types, of those that few batches have, and of the batches within each type.

Sources: Rousseeuw, J. Comput. Appl. Math. 20 (1987); Luecken et al., Nature Methods 19 (2022), for the three scores.
The numbers are those of scib-metrics' `silhouette_label`, `isolated_labels` and `silhouette_batch`.
"""

from __future__ import annotations

import numpy as np

from scint_core.contract import FloatArray, IntArray
from scint_core.metrics.base import MetricInput, MetricResult, undefined
from scint_core.metrics.groups import Groups
from scint_core.metrics.within_labels import within_labels
from scint_core.numerics.group_distances import summed_distances


def silhouette_label(data: MetricInput) -> MetricResult:
    """(mean silhouette width of the labels + 1) / 2; per cell and per label likewise."""
    assert data.label is not None
    if len(data.label.names) == data.n_cells:
        return undefined("every cell has a label of its own")
    per_cell = data.shared(_label_scores)
    return MetricResult(float(per_cell.mean()), per_cell, data.label.means(per_cell))


def isolated_labels(data: MetricInput) -> MetricResult:
    """Mean of `silhouette_label` over the labels that are found in the fewest batches.

    Where every label is in every batch, all are scored, as scib-metrics does (scib itself gives none).
    """
    assert data.label is not None
    assert data.batch is not None
    if len(data.label.names) == data.n_cells:
        return undefined("every cell has a label of its own")
    found_in = _batches_of_labels(data.label, data.batch)
    isolated = found_in == found_in.min()
    per_cell = np.where(isolated[data.label.codes], data.shared(_label_scores), np.nan)
    per_label = data.label.means(per_cell)
    names = ", ".join(name for name, alone in zip(data.label.names, isolated, strict=True) if alone)
    note = f"isolated, found in {found_in.min()} of {len(data.batch.names)} batches: {names}"
    if found_in.min() == len(data.batch.names):
        note = "every label is in every batch, so all are scored"
    return MetricResult(float(np.nanmean(list(per_label.values()))), per_cell, per_label, note=note)


def silhouette_batch(data: MetricInput) -> MetricResult:
    """Mean over labels of the mean of 1 − |silhouette width of the batches among the cells of the label|.

    A label with one batch only, or with one cell per batch, is left out (NaN).
    """
    return within_labels(data, lambda cells, batch: 1 - np.abs(silhouette_widths(cells, batch)))


def _label_scores(data: MetricInput) -> FloatArray:
    """(silhouette width of the label + 1) / 2 of every cell (cells,)."""
    assert data.label is not None
    return (silhouette_widths(data.embedding, data.label) + 1) / 2


def _batches_of_labels(label: Groups, batch: Groups) -> IntArray:
    """In how many batches every label is found (labels,)."""
    together = np.unique(label.codes * len(batch.names) + batch.codes)
    return np.asarray(np.bincount(together // len(batch.names), minlength=len(label.names)))


def silhouette_widths(cells: FloatArray, groups: Groups) -> FloatArray:
    """(b − a) / max(a, b) of every cell (cells,), from −1 to 1.

    `a` is the mean Euclidean distance to the other cells of its group, `b` that to the nearest other group. A cell
    alone in its group gets 0. Distances are held in blocks. As scikit-learn's `silhouette_samples`.
    """
    sizes, widths = groups.sizes, np.empty(len(cells))
    for block, sums in summed_distances(cells, groups.codes):
        own = np.arange(len(block)), groups.codes[block]
        within = sums[own] / np.maximum(sizes[own[1]] - 1, 1)
        means = sums / sizes
        means[own] = np.inf
        widths[block] = contrast(within, means.min(axis=1), sizes[own[1]])
    return widths


def contrast(within: FloatArray, between: FloatArray, sizes: IntArray) -> FloatArray:
    """(between − within) / the larger of them (cells,), 0 where both are; `sizes` of the own group: 0 where it is 1."""
    larger = np.maximum(within, between)
    widths = np.divide(between - within, larger, out=np.zeros_like(within), where=larger > 0)
    return np.where(sizes > 1, widths, 0.0)
