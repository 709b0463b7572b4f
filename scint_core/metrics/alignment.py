"""Alignment score: whether the neighbours of a cell come from all batches alike.

Source: Butler et al., Nature Biotechnology 36 (2018), and Seurat 2.3's `CalcAlignmentMetric`.
"""

from __future__ import annotations

import numpy as np

from scint_core.contract import FloatArray, IntArray
from scint_core.metrics.base import MetricInput, MetricResult
from scint_core.metrics.groups import Groups
from scint_core.numerics.neighbors import nearest_neighbors, squared_lengths

_SHARE = 0.01  # of the cells looked at are a cell's neighbours
_SEED = 0


def alignment_score(data: MetricInput) -> MetricResult:
    """1 − (x̄ − k/G) / (k − k/G), where x̄ is the mean number of the k nearest cells that are of the cell's own batch.

    As many cells of every one of the G batches are drawn as the smallest has, and k is 1 % of all those, the cell
    itself included, so that perfect mixing gives about 1 − 1/k; 0 is that all are of the own batch. Per cell: NaN for
    those not drawn. The draw depends on neither the order of the cells nor the orientation of the embedding.
    """
    assert data.batch is not None
    drawn = equal_draw(data.embedding, data.batch)
    n_batches = len(data.batch.names)
    k = max(int(np.ceil(_SHARE * len(drawn))), 2)
    cells, codes = data.embedding[drawn], data.batch.codes[drawn]
    near = nearest_neighbors(cells, cells, k).indices
    own = (codes[near] == codes[:, None]).sum(axis=1)
    per_cell = np.full(data.n_cells, np.nan)
    per_cell[drawn] = 1 - (own - k / n_batches) / (k - k / n_batches)
    note = f"{len(drawn)} cells, {len(drawn) // n_batches} of every batch, and {k} neighbours"
    return MetricResult(float(np.nanmean(per_cell)), per_cell, note=note)


def equal_draw(cells: FloatArray, batch: Groups) -> IntArray:
    """As many cells of every batch as the smallest has, drawn at random (positions, ascending)."""
    outward = squared_lengths(cells - cells.mean(axis=0))  # an order that moving or turning the cells keeps
    drawn = []
    for members in batch.members().values():
        ordered = members[np.argsort(outward[members], kind="stable")]
        generator = np.random.default_rng(_SEED)  # anew for each, so that the names of batches play no part
        drawn.append(generator.choice(ordered, batch.sizes.min(), replace=False))
    return np.sort(np.concatenate(drawn))
