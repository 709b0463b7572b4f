"""Scores of the batches within every cell type: the frame that batch silhouettes share."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from scint_core.contract import FloatArray
from scint_core.metrics.base import MetricInput, MetricResult, undefined
from scint_core.metrics.groups import Groups


def within_labels(data: MetricInput, score: Callable[[FloatArray, Groups], FloatArray]) -> MetricResult:
    """Mean over labels of the mean of `score(cells of the label, their batches)`, which gives one value per cell.

    A label with one batch only, or with one cell per batch, is left out (NaN). Labels count the same, large or small.
    """
    assert data.batch is not None
    assert data.label is not None
    per_cell = np.full(data.n_cells, np.nan)
    skipped = []
    for name, cells in data.label.members().items():
        batch = data.batch.of_cells(cells)
        if 1 < len(batch.names) < len(cells):
            per_cell[cells] = score(data.embedding[cells], batch)
        else:
            skipped.append(name)
    if len(skipped) == len(data.label.names):
        return undefined("no label is in more than one batch")
    per_label = data.label.means(per_cell)
    note = f"left out, as they are in one batch or have one cell in each: {', '.join(skipped)}" if skipped else ""
    return MetricResult(float(np.nanmean(list(per_label.values()))), per_cell, per_label, note=note)
