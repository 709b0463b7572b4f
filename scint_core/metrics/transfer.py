"""Label transfer: whether a linear classifier of the cell types, made on some batches, holds on another.

This is domain adaptation's question (Ben-David et al., Machine Learning 79, 2010), asked of an embedding. The
classifier is Fisher's linear discriminant with its covariance shrunk towards a round one (Friedman, J. Am. Stat. Assoc.
84, 1989); the score is balanced accuracy (Brodersen et al., ICPR 2010). The metric as a whole is scint's own.
"""

from __future__ import annotations

import numpy as np

from scint_core.contract import FloatArray, IntArray
from scint_core.metrics.base import MetricInput, MetricResult, undefined
from scint_core.metrics.groups import Groups

_SHRINKAGE = 1e-3  # of the total variance is added to the covariance within types, evenly over the directions


def label_transfer(data: MetricInput) -> MetricResult:
    """Mean over batches of the balanced accuracy in the batch of a classifier that is made on all other batches.

    Only types that both the batch and the others hold take part; a batch with fewer than two of them is left out.
    Balanced accuracy is the mean over these types of the share of a type's cells that are called by their type, so
    that a guess scores 1 / their number. Per cell: 1 where it is called by its type, 0 where not, NaN where it took
    no part; per label: the mean over batches of its share. Computed in closed form: no draw, no iteration.
    """
    assert data.batch is not None
    assert data.label is not None
    if not np.ptp(data.embedding, axis=0).any():
        return undefined("all cells lie in one place")
    n_batches, n_labels = len(data.batch.names), len(data.label.names)
    per_cell, shares = np.full(data.n_cells, np.nan), np.full((n_batches, n_labels), np.nan)
    for b in range(n_batches):
        inside = data.batch.codes == b
        held = np.intersect1d(data.label.codes[inside], data.label.codes[~inside])
        if len(held) < 2:
            continue
        known = np.isin(data.label.codes, held)
        source, target = np.flatnonzero(~inside & known), np.flatnonzero(inside & known)
        called = classified(data.embedding[source], data.label.codes[source], data.embedding[target])
        per_cell[target] = called == data.label.codes[target]
        for label in held:
            shares[b, label] = per_cell[target[data.label.codes[target] == label]].mean()
    return _result(per_cell, shares, data.batch, data.label)


def _result(per_cell: FloatArray, shares: FloatArray, batch: Groups, label: Groups) -> MetricResult:
    """The result from the share of every type that is called by its name in every batch (batches × labels)."""
    tested = ~np.isnan(shares)
    if not tested.any():
        return undefined("no batch shares two labels with the others")
    per_batch, per_label = (
        np.divide(np.where(tested, shares, 0).sum(axis=axis), tested.sum(axis=axis),
                  out=np.full(tested.shape[1 - axis], np.nan), where=tested.any(axis=axis))
        for axis in (1, 0)
    )  # fmt: skip
    skipped = [name for name, of_batch in zip(batch.names, tested, strict=True) if not of_batch.any()]
    note = f"left out, as they share fewer than two labels with the others: {', '.join(skipped)}" if skipped else ""
    return MetricResult(
        float(np.nanmean(per_batch)),
        per_cell,
        dict(zip(label.names, per_label.tolist(), strict=True)),
        dict(zip(batch.names, per_batch.tolist(), strict=True)),
        note,
    )


def classified(source: FloatArray, label: IntArray, target: FloatArray) -> IntArray:
    """The label (cells,) that a linear discriminant, made on `source` (cells × d), gives to `target` (cells × d).

    x is called by the type t with the largest x·w_t − m_t·w_t / 2, where m_t is the mean of t and w_t = S⁻¹ m_t: the
    type whose mean is nearest in the metric of S, the covariance within types. Types weigh the same however many
    cells they have. A thousandth of the total variance is added to S, evenly over the d directions, so that it has an
    inverse also where there are fewer cells than dimensions.
    """
    names, codes = np.unique(label, return_inverse=True)
    centre = source.mean(axis=0)
    centred = source - centre
    sizes = np.bincount(codes)
    means = np.stack([centred[codes == t].mean(axis=0) for t in range(len(names))])
    within = (centred - means[codes]) / np.sqrt(sizes[codes])[:, None]  # types × covariance is their sum of products
    d = centred.shape[1]
    total = float((centred**2).sum()) / len(centred) or 1.0  # all in one place: any metric will do
    spread = within.T @ within / len(names) + np.eye(d) * (_SHRINKAGE * total / d)
    weights = np.linalg.solve(spread, means.T)  # d × types
    scores = (target - centre) @ weights - (means.T * weights).sum(axis=0) / 2
    return np.asarray(names[scores.argmax(axis=1)])
