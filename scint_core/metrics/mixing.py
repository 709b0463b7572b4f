"""How the batches around a cell are mixed: by entropy, and by how far one must look.

Sources: Haghverdi et al., Nature Biotechnology 36 (2018), and its scripts, for the entropy of batch mixing; Stuart et
al., Cell 177 (2019), and Seurat 4.3's `MixingMetric`.
"""

from __future__ import annotations

import numpy as np
from scipy.special import xlogy

from scint_core.contract import BoolArray, FloatArray, IntArray
from scint_core.metrics.base import MetricInput, MetricResult
from scint_core.numerics.neighbors import row_blocks

ENTROPY_NEIGHBORS = 100
MIXING_NEIGHBORS = 300
_RANK = 5  # the neighbour of every batch that is looked for


def entropy_of_mixing(data: MetricInput) -> MetricResult:
    """Mean entropy of the batches among the 100 nearest cells, itself included, over its largest value ln(batches).

    The paper averages over random cells; all cells are its limit. Batches of unequal size keep it from 1.
    """
    assert data.batch is not None
    near, n_batches = data.nearest(ENTROPY_NEIGHBORS).indices, len(data.batch.names)
    per_cell = np.empty(len(near))
    for rows in row_blocks(len(near), max(n_batches, near.shape[1])):
        shares = data.batch.among(near[rows]) / near.shape[1]
        per_cell[rows] = -xlogy(shares, shares).sum(axis=1) / np.log(n_batches)
    note = _lowered(near, ENTROPY_NEIGHBORS)
    return MetricResult(float(per_cell.mean()), per_cell, per_batch=data.batch.means(per_cell), note=note)


def mixing_metric(data: MetricInput) -> MetricResult:
    """Mean over cells of the median over batches of the rank of a batch's 5th neighbour; lower is better.

    The cell itself has rank 1. A batch that has no five cells among the 300 nearest counts as 300: two well mixed
    batches give about 10, two separate ones 152.5, three separate ones 300.
    """
    assert data.batch is not None
    near = data.nearest(MIXING_NEIGHBORS).indices
    batches = np.arange(len(data.batch.names))
    per_cell = np.empty(len(near))
    for rows in row_blocks(len(near), near.shape[1]):
        codes = data.batch.codes[near[rows]]  # block × neighbours
        ranks = np.stack([_rank_of_fifth(codes == batch) for batch in batches], axis=1)
        per_cell[rows] = np.median(ranks, axis=1)
    note = _lowered(near, MIXING_NEIGHBORS)
    return MetricResult(float(per_cell.mean()), per_cell, per_batch=data.batch.means(per_cell), note=note)


def _rank_of_fifth(of_batch: BoolArray) -> FloatArray:
    """The place, from 1, of the 5th True in every row; the number of columns where there is none."""
    seen = np.cumsum(of_batch, axis=1)
    place = (seen >= _RANK).argmax(axis=1) + 1.0
    return np.asarray(np.where(seen[:, -1] >= _RANK, place, of_batch.shape[1]))


def _lowered(near: IntArray, usual: int) -> str:
    k = near.shape[1]
    return "" if k == usual else f"{k} neighbours instead of {usual}: there are no more cells"
