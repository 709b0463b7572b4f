"""All metrics of one embedding, one by one or together. Arrays in."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from scint_core.contract import FloatArray
from scint_core.errors import DataError, ParameterError
from scint_core.metrics.base import N_NEIGHBORS, Metric, MetricInput, MetricResult, spread_over
from scint_core.metrics.groups import Groups, without_value
from scint_core.metrics.table import DEFAULT_METRICS, METRICS


def measure(
    embedding: ArrayLike,
    batch: object | None = None,
    label: object | None = None,
    pca: ArrayLike | None = None,
    *,
    metrics: Sequence[str] = DEFAULT_METRICS,
    lost_variance: Mapping[str, float] | None = None,
    name: str = "embedding",
) -> dict[str, MetricResult]:
    """Every metric of `embedding` (cells × d) with its parts, by name. Arguments and errors as of `measure_each`."""
    return dict(measure_each(embedding, batch, label, pca, metrics=metrics, lost_variance=lost_variance, name=name))


def measure_each(
    embedding: ArrayLike,
    batch: object | None = None,
    label: object | None = None,
    pca: ArrayLike | None = None,
    *,
    metrics: Sequence[str] = DEFAULT_METRICS,
    lost_variance: Mapping[str, float] | None = None,
    name: str = "embedding",
) -> Iterator[tuple[str, MetricResult]]:
    """Name and result of one metric after the other, each as soon as it is there.

    `batch` and `label` are columns in cell order: names, categories, or codes, of which a negative one means that the
    cell has none. `pca` (cells × d) are the principal components before integration, `lost_variance` what the run
    lost by batch (`lost_variance_of`). What lacks one of them is NaN, with a note. A cell without a label is left out
    of what needs labels. `metrics` are names of `METRICS`, in the order to compute them in; `name` names the embedding
    in errors.

    Raises, before the first result, `DataError` for values that are not finite, shapes that do not fit and cells
    without a batch, and `ParameterError` for a metric that does not exist.
    """
    wanted = [metric_named(metric) for metric in metrics]
    coordinates = finite_coordinates(embedding, name)
    n_cells = len(coordinates)
    data = MetricInput(
        coordinates,
        batch=None if batch is None else _groups(batch, n_cells),
        pca=None if pca is None else finite_coordinates(pca, "the PCA before integration", n_cells),
        lost_variance=lost_variance,
        reach=max((metric.reach for metric in wanted), default=N_NEIGHBORS),
    )
    return _results(wanted, data, None if label is None else pd.Series(label))


def metric_named(name: str) -> Metric:
    """The metric of this name. Raises `ParameterError` where there is none."""
    if name not in METRICS:
        raise ParameterError(f"metric '{name}' does not exist: there are {', '.join(METRICS)}")
    return METRICS[name]


def _results(wanted: list[Metric], data: MetricInput, label: pd.Series | None) -> Iterator[tuple[str, MetricResult]]:
    """Results in turn; those that need labels are taken over the cells that have one."""
    if label is None:
        return ((metric.name, metric(data)) for metric in wanted)
    if len(label) != data.n_cells:
        raise DataError(f"the label is given for {len(label)} cells, the embedding has {data.n_cells}")
    labelled = np.flatnonzero(~without_value(label))
    if len(labelled) == data.n_cells:
        complete = replace(data, label=Groups.of(label, "label"))
        return ((metric.name, metric(complete)) for metric in wanted)
    if len(labelled) == 0:
        return ((metric.name, metric(data)) for metric in wanted)
    part = data.of_cells(labelled, Groups.of(label.iloc[labelled], "label"))
    return (
        (metric.name, spread_over(metric(part), labelled, data.n_cells) if metric.needs_labels else metric(data))
        for metric in wanted
    )


def finite_coordinates(values: ArrayLike, name: str, n_cells: int | None = None) -> FloatArray:
    """`values` as float64, finite, cells × d, for `n_cells` cells. Raises `DataError` that names `name`."""
    try:
        coordinates = np.asarray(values, dtype=np.float64)
    except (TypeError, ValueError) as error:
        kind = type(values).__name__
        raise DataError(f"'{name}' is a {kind} that is not a table of numbers: give an array of cells × d") from error
    if coordinates.ndim != 2 or 0 in coordinates.shape:
        raise DataError(f"'{name}' has the shape {coordinates.shape}: an embedding is cells × dimensions")
    if n_cells is not None and len(coordinates) != n_cells:
        raise DataError(f"'{name}' has {len(coordinates)} cells, the embedding has {n_cells}: give both the same")
    bad = int((~np.isfinite(coordinates)).sum())
    if bad:
        raise DataError(f"'{name}' holds {bad} missing (NaN) or infinite values: integrate again, or leave it out")
    return coordinates


def _groups(batch: object, n_cells: int) -> Groups:
    groups = Groups.of(batch, "batch")
    if len(groups.codes) != n_cells:
        raise DataError(f"the batch is given for {len(groups.codes)} cells, the embedding has {n_cells}")
    return groups
