"""Metrics of integration: one table of them, and the functions that fill it. Arrays in; no AnnData.

**The table.** `METRICS` maps a name to a `Metric`: `group` ("batch" or "bio"), `aggregated` (whether it counts in the
mean of its group), `default` (whether it is a column of every evaluation), `needs` (such as "two labels"), `low`,
`high`, `better` ("higher" or "lower"), and `meaning`, one sentence for a reader. `DEFAULT_METRICS` are the names of the
default columns in order.

**One embedding.** `measure_each(embedding, batch, label, pca, metrics=...)` yields `(name, MetricResult)` one by one,
as they are ready; `measure` gives them all as a dict. A `MetricResult` has the `score`, its parts `per_cell` (cells,),
`per_label` and `per_batch` (by name) where it has such, and a `note` with what was lowered or left out and when the
number misleads. An undefined score is NaN, and its note says what is lacking.

**Several.** `evaluate_embeddings` makes the table, one row each; `with_aggregates` adds `Batch correction`,
`Bio conservation` and `Total` to scores at hand, for another weight too; `min_max_scaled` brings every metric to 0..1
over the rows. What should be known of single scores is in the table's `attrs["notes"]`, by row and column.

**Controls.** `controls` makes the embeddings that bracket the scores: shuffled cells, and the labels themselves.

**Of a run.** `lost_variance_of(integration.steps, integration.batch_names)` is what `measure(..., lost_variance=...)`
takes. `over_correction(before, after, batch, label)` gives sentences with the evidence that it removed biology.
"""

from scint_core.metrics.base import Metric, MetricInput, MetricResult
from scint_core.metrics.controls import PERFECT_LABELS, SHUFFLED, controls, perfect_labels, shuffled
from scint_core.metrics.evaluation import (
    AGGREGATES,
    BATCH_WEIGHT,
    evaluate_embeddings,
    min_max_scaled,
    with_aggregates,
)
from scint_core.metrics.groups import Groups
from scint_core.metrics.lost_variance import lost_variance_of
from scint_core.metrics.measure import measure, measure_each
from scint_core.metrics.over_correction import over_correction
from scint_core.metrics.table import DEFAULT_METRICS, METRICS

__all__ = [
    "AGGREGATES",
    "BATCH_WEIGHT",
    "DEFAULT_METRICS",
    "METRICS",
    "PERFECT_LABELS",
    "SHUFFLED",
    "Groups",
    "Metric",
    "MetricInput",
    "MetricResult",
    "controls",
    "evaluate_embeddings",
    "lost_variance_of",
    "measure",
    "measure_each",
    "min_max_scaled",
    "over_correction",
    "perfect_labels",
    "shuffled",
    "with_aggregates",
]
