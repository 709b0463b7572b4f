"""The one table of metrics, in the order of the columns of an evaluation."""

from __future__ import annotations

from scint_core.metrics.base import Metric
from scint_core.metrics.lisi import clisi, ilisi
from scint_core.metrics.local_structure import local_structure
from scint_core.metrics.silhouette import silhouette_batch, silhouette_label

_ENTRIES = (
    Metric(
        "iLISI",
        ("two batches",),
        0,
        1,
        "higher",
        "batch",
        "How many batches there are effectively around a cell: 0 is one, 1 is all of them.",
        ilisi,
    ),
    Metric(
        "cLISI",
        ("two labels",),
        0,
        1,
        "higher",
        "bio",
        "How pure in cell type the surroundings of a cell are: 1 is its own type only.",
        clisi,
    ),
    Metric(
        "Silhouette batch",
        ("two batches", "two labels"),
        0,
        1,
        "higher",
        None,
        "Whether the batches of a cell type lie in the same place: 1 is the same.",
        silhouette_batch,
    ),
    Metric(
        "Silhouette label",
        ("two labels",),
        0,
        1,
        "higher",
        "bio",
        "How compact and separate the cell types are: above 0.5 they are closer within than between.",
        silhouette_label,
    ),
    Metric(
        "Local structure",
        ("batch", "pca"),
        0,
        1,
        "higher",
        None,
        "Share of a cell's nearest cells of its batch that are the same as before integration.",
        local_structure,
    ),
)

METRICS: dict[str, Metric] = {metric.name: metric for metric in _ENTRIES}
"""Every metric by its scIB name."""
