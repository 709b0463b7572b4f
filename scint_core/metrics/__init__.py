"""Metrics of integration: one table of them, and the functions that fill it."""

from scint_core.metrics.base import Groups, Metric, MetricInput, MetricResult
from scint_core.metrics.evaluate import evaluate_embeddings, measure, with_aggregates
from scint_core.metrics.table import METRICS

__all__ = [
    "METRICS",
    "Groups",
    "Metric",
    "MetricInput",
    "MetricResult",
    "evaluate_embeddings",
    "measure",
    "with_aggregates",
]
