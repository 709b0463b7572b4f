"""PCR comparison: how much less of the variance lies between batches than before.

Source: Büttner et al., Nature Methods 16 (2019), principal component regression; Luecken et al., Nature Methods 19
(2022), for the comparison. The numbers are those of scib-metrics' `pcr_comparison` with a categorical batch.
"""

from __future__ import annotations

import numpy as np

from scint_core.contract import FloatArray
from scint_core.metrics.base import MetricInput, MetricResult, undefined
from scint_core.metrics.groups import Groups

_NOTHING = 1e-12  # share of the variance that is rounding


def pcr_comparison(data: MetricInput) -> MetricResult:
    """(before − after) / before of the share of the variance between batches, not below 0.

    `before` is that share in `pca`. Per batch: its part in the share after. 0 also where the share grew, which the
    note then says.
    """
    assert data.batch is not None
    assert data.pca is not None
    before = sum(variance_between(data.pca, data.batch).values())
    if before < _NOTHING:
        return undefined("before integration no variance lies between the batches")
    if not np.ptp(data.embedding, axis=0).any():
        return undefined("all cells lie in one place")
    parts = variance_between(data.embedding, data.batch)
    after = sum(parts.values())
    grown = f"more variance lies between the batches than before: {after:.3f}, was {before:.3f}"
    return MetricResult(max(0.0, (before - after) / before), per_batch=parts, note=grown if after > before else "")


def variance_between(cells: FloatArray, batch: Groups) -> dict[str, float]:
    """The share of the variance of `cells` (cells × d) that lies between batches, as the sum of a part per batch.

    Σ_j R²(component j ~ batch) · variance_j / Σ_j variance_j over all principal components. Numerator and denominator
    are sums of squares, which no rotation changes: the components are not needed.
    """
    centred = cells - cells.mean(axis=0)
    sums = np.zeros((len(batch.names), cells.shape[1]))
    np.add.at(sums, batch.codes, centred)
    between = (sums**2).sum(axis=1) / batch.sizes  # of every batch: its cells × its squared distance from the centre
    total = float((centred**2).sum())
    parts = between / total if total > 0 else np.zeros_like(between)
    return dict(zip(batch.names, parts.tolist(), strict=True))
