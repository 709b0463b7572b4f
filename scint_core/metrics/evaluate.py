"""All metrics of one embedding, and the table of several. Arrays in; columns are named as scIB names them."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from scint_core.contract import FloatArray, tick
from scint_core.errors import DataError
from scint_core.metrics.base import Groups, MetricInput, MetricResult, spread_over
from scint_core.metrics.table import METRICS

BATCH_WEIGHT = 0.4
BIO_WEIGHT = 0.6


def measure(
    embedding: ArrayLike,
    batch: object | None = None,
    label: object | None = None,
    pca: ArrayLike | None = None,
    *,
    name: str = "embedding",
) -> dict[str, MetricResult]:
    """Every metric of `embedding` (cells × d) with its parts per cell or label.

    `batch` and `label` are columns in cell order, `pca` (cells × d) the principal components before integration;
    what lacks one of them is NaN. A cell without a label is left out of what needs labels. `name` names the embedding
    in errors. Raises `DataError` for values that are not finite, shapes that do not fit and cells without a batch.
    """
    coordinates = _checked(embedding, name)
    data = MetricInput(
        coordinates,
        batch=None if batch is None else _groups(batch, "batch", len(coordinates)),
        pca=None if pca is None else _checked(pca, "the PCA before integration", len(coordinates)),
    )
    if label is None:
        return {metric.name: metric(data) for metric in METRICS.values()}
    return _with_labels(data, pd.Series(label))


def _with_labels(data: MetricInput, label: pd.Series) -> dict[str, MetricResult]:
    """Every metric; those that need labels are taken over the cells that have one."""
    if len(label) != len(data.embedding):
        raise DataError(f"the label is given for {len(label)} cells, the embedding has {len(data.embedding)}")
    labelled = np.flatnonzero(label.notna())
    if len(labelled) == len(label):
        complete = dataclasses.replace(data, label=Groups.of(label, "label"))
        return {metric.name: metric(complete) for metric in METRICS.values()}
    part = data.of_cells(labelled, Groups.of(label.iloc[labelled], "label"))
    return {
        metric.name: spread_over(metric(part), labelled, len(label)) if metric.needs_labels else metric(data)
        for metric in METRICS.values()
    }


def evaluate_embeddings(
    embeddings: Mapping[str, ArrayLike],
    batch: object | None = None,
    label: object | None = None,
    pca: ArrayLike | None = None,
) -> pd.DataFrame:
    """Scores of several embeddings of the same cells: one row each, one column per metric, then the aggregates.

    Arguments as for `measure`, whose errors it raises. A score that the data do not define is NaN.
    """
    rows = {}
    for done, (name, embedding) in enumerate(embeddings.items()):
        results = measure(embedding, batch, label, pca, name=name)
        rows[name] = {metric: result.score for metric, result in results.items()}
        tick(done + 1, len(embeddings))
    return with_aggregates(pd.DataFrame.from_dict(rows, orient="index", columns=list(METRICS)))


def with_aggregates(scores: pd.DataFrame) -> pd.DataFrame:
    """`scores` with `Batch correction` and `Bio conservation`, the means of their metrics, and `Total`.

    NaN is left out of the means; Total = 0.4 · batch + 0.6 · bio (Luecken et al. 2022) is NaN where one of the two
    is, as it would be on another scale. Nothing is rescaled.
    """
    table = scores.copy()
    for column, group in (("Batch correction", "batch"), ("Bio conservation", "bio")):
        members = [m.name for m in METRICS.values() if m.group == group and m.name in scores.columns]
        table[column] = scores[members].mean(axis=1)
    table["Total"] = BATCH_WEIGHT * table["Batch correction"] + BIO_WEIGHT * table["Bio conservation"]
    return table


def _checked(values: ArrayLike, name: str, n_cells: int | None = None) -> FloatArray:
    """Coordinates as float64, finite, cells × d."""
    coordinates = np.asarray(values, dtype=np.float64)
    if coordinates.ndim != 2 or 0 in coordinates.shape:
        raise DataError(f"'{name}' has the shape {coordinates.shape}: an embedding is cells × dimensions")
    if n_cells is not None and len(coordinates) != n_cells:
        raise DataError(f"'{name}' has {len(coordinates)} cells, the embedding has {n_cells}: give both the same")
    bad = int((~np.isfinite(coordinates)).sum())
    if bad:
        raise DataError(f"'{name}' holds {bad} missing (NaN) or infinite values: integrate again, or leave it out")
    return coordinates


def _groups(values: object, what: str, n_cells: int) -> Groups:
    groups = Groups.of(values, what)
    if len(groups.codes) != n_cells:
        raise DataError(f"the {what} is given for {len(groups.codes)} cells, the embedding has {n_cells}")
    return groups
