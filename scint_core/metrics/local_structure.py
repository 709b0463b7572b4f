"""Local structure: whether the cells of a batch keep their neighbours. Source: Seurat 4.3, LocalStruct."""

from __future__ import annotations

import numpy as np

from scint_core.metrics.base import MetricInput, MetricResult, undefined
from scint_core.numerics.kept_neighbors import kept_neighbors
from scint_core.preprocess.pca import pca

_NEIGHBORS = 100
_COMPONENTS = 10
_FEWEST = 4  # cells: two neighbours out of half a batch


def local_structure(data: MetricInput) -> MetricResult:
    """Mean share of the 100 nearest cells of the own batch that are the same before and after integration.

    "Before" is the batch's own 10 principal components within `pca`, which stand for Seurat's PCA of every batch by
    itself. The cell counts as its own neighbour, as it does in Seurat. In a batch below 200 cells half of them are the
    neighbours, so that the share still means something.
    """
    assert data.batch is not None
    assert data.pca is not None
    per_cell = np.full(data.n_cells, np.nan)
    small = []
    for name, cells in data.batch.members().items():
        if len(cells) < 2 * _NEIGHBORS:
            small.append(name)
        if len(cells) >= _FEWEST:
            before = pca(data.pca[cells], _COMPONENTS).scores
            per_cell[cells] = kept_neighbors(before, data.embedding[cells], reach_in(len(cells)))
    if np.isnan(per_cell).all():
        return undefined(f"Local structure needs a batch of {_FEWEST} cells")
    note = f"half of the batch instead of {_NEIGHBORS} neighbours in: {', '.join(small)}" if small else ""
    per_batch = data.batch.means(per_cell)
    return MetricResult(float(np.nanmean(list(per_batch.values()))), per_cell, per_batch=per_batch, note=note)


def reach_in(n_cells: int) -> int:
    """How many neighbours are compared in a batch of so many cells."""
    return min(_NEIGHBORS, n_cells // 2)
