"""The table of several embeddings: scores, their means, and what a reader should know of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from scint_core.contract import tick
from scint_core.errors import ParameterError
from scint_core.metrics.measure import measure_each, metric_named
from scint_core.metrics.table import DEFAULT_METRICS, METRICS

BATCH_WEIGHT = 0.4
AGGREGATES = {"Batch correction": "batch", "Bio conservation": "bio"}
"""Names of the means, and the group of the metrics that each is taken over."""

Scale = Literal["raw", "min-max"]


def evaluate_embeddings(
    embeddings: Mapping[str, ArrayLike],
    batch: object | None = None,
    label: object | None = None,
    pca: ArrayLike | None = None,
    *,
    extra: Sequence[str] = (),
    batch_weight: float = BATCH_WEIGHT,
    scale: Scale = "raw",
) -> pd.DataFrame:
    """Scores of several embeddings of the same cells: one row each, one column per metric, then the aggregates.

    The first arguments are as for `measure_each`, whose errors it raises. A score that the data do not define is NaN.
    `extra` names metrics of `METRICS` beyond the default columns, `batch_weight` is as for `with_aggregates`. With
    `scale="min-max"` the scores are `min_max_scaled` first.

    `attrs["notes"]` holds what should be known of single scores, as {row: {column: sentence}}.
    """
    if scale not in ("raw", "min-max"):
        raise ParameterError(f"scale is {scale!r}: it can be 'raw' or 'min-max'")
    columns = list(dict.fromkeys((*DEFAULT_METRICS, *(metric_named(name).name for name in extra))))
    rows: dict[str, dict[str, float]] = {}
    notes: dict[str, dict[str, str]] = {}
    for done, (name, embedding) in enumerate(embeddings.items()):
        results = dict(measure_each(embedding, batch, label, pca, metrics=columns, name=name))
        rows[name] = {metric: result.score for metric, result in results.items()}
        notes[name] = {metric: result.note for metric, result in results.items() if result.note}
        tick(done + 1, len(embeddings))
    scores = pd.DataFrame.from_dict(rows, orient="index", columns=columns)
    if scale == "min-max":
        scores = min_max_scaled(scores)
    scores.attrs["notes"] = notes
    return with_aggregates(scores, batch_weight=batch_weight)


def with_aggregates(scores: pd.DataFrame, *, batch_weight: float = BATCH_WEIGHT) -> pd.DataFrame:
    """`scores` with `Batch correction` and `Bio conservation`, the means of their metrics, and `Total`.

    NaN is left out of the means; Total = w · batch + (1 − w) · bio with w = `batch_weight`, 0.4 in Luecken et al.
    (2022). It is NaN where one of the two is, as it would be on another scale. Raises `ParameterError` for a weight
    outside 0 to 1.
    """
    if not 0 <= batch_weight <= 1:
        raise ParameterError(f"batch_weight is {batch_weight}: it can be from 0 to 1, the rest counts for biology")
    table = scores.copy()
    for column, group in AGGREGATES.items():
        members = [m.name for m in METRICS.values() if m.group == group and m.aggregated and m.name in scores.columns]
        table[column] = scores[members].mean(axis=1)
    batch, bio = (table[column] for column in AGGREGATES)
    table["Total"] = batch_weight * batch + (1 - batch_weight) * bio
    return table


def min_max_scaled(scores: pd.DataFrame) -> pd.DataFrame:
    """`scores` with every metric brought to 0 (the worst row) to 1 (the best row); NaN stays.

    The numbers, and the order by their mean, depend on which rows are there; `attrs["scaled over"]` names these.
    A metric that is the same in all rows says nothing on this scale: it becomes NaN and so counts in no mean, and
    `attrs["left out as constant"]` names it.
    """
    low, high = scores.min(), scores.max()
    constant = [str(name) for name in scores.columns[(high - low == 0).to_numpy()]]
    table = (scores - low) / (high - low).replace(0, np.nan)
    for name in scores.columns:
        if METRICS[name].better == "lower":
            table[name] = 1 - table[name]
    table.attrs.update({"scaled over": [str(row) for row in scores.index], "left out as constant": constant})
    return table
