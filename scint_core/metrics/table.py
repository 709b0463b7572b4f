"""The one table of metrics, in the order of the columns of an evaluation."""

from __future__ import annotations

from scint_core.metrics import clusters, kbet, mixing
from scint_core.metrics.alignment import alignment_score
from scint_core.metrics.base import N_NEIGHBORS, Metric
from scint_core.metrics.bras import bras
from scint_core.metrics.connectivity import NEIGHBORS as GRAPH_NEIGHBORS
from scint_core.metrics.connectivity import directed_connectivity, graph_connectivity
from scint_core.metrics.lisi import clisi, ilisi
from scint_core.metrics.local_structure import local_structure
from scint_core.metrics.lost_variance import lost_variance
from scint_core.metrics.pcr import pcr_comparison
from scint_core.metrics.silhouette import isolated_labels, silhouette_batch, silhouette_label
from scint_core.metrics.transfer import label_transfer

_DEFAULT = (
    Metric(
        "iLISI", "batch", ("two batches",),
        "How many batches there are effectively around a cell: 0 is one, 1 is all of them.",
        ilisi, aggregated=True, reach=N_NEIGHBORS,
    ),
    Metric(
        "cLISI", "bio", ("two labels",),
        "How pure in cell type the surroundings of a cell are: 1 is its own type only.",
        clisi, aggregated=True, reach=N_NEIGHBORS,
    ),
    Metric(
        "KBET", "batch", ("two batches", "two labels"),
        "Share of cells with the batches of their cell type around them in proportion: perfect mixing gives about "
        "0.95.",
        kbet.kbet, aggregated=True, reach=kbet.NEIGHBORS,
    ),
    Metric(
        "KBET plain", "batch", ("two batches",),
        "Share of cells with all batches around them in proportion, whatever their type: perfect mixing gives about "
        "0.95.",
        kbet.kbet_plain, reach=kbet.NEIGHBORS,
    ),
    Metric(
        "BRAS", "batch", ("two batches", "two labels"),
        "Whether the batches of a cell type lie in the same direction: 1 is the same.",
        bras, aggregated=True,
    ),
    Metric(
        "Silhouette batch", "batch", ("two batches", "two labels"),
        "Whether the batches of a cell type lie in the same place: 1 is the same.",
        silhouette_batch,
    ),
    Metric(
        "Silhouette label", "bio", ("two labels",),
        "How compact and separate the cell types are: above 0.5 they are closer within than between.",
        silhouette_label, aggregated=True,
    ),
    Metric(
        "Isolated labels", "bio", ("batch", "two labels"),
        "How compact and separate those cell types are that the fewest batches have.",
        isolated_labels, aggregated=True,
    ),
    Metric(
        "Graph connectivity", "batch", ("two labels",),
        "Share of a cell type's cells that hang together as neighbours: 1 is all of them.",
        graph_connectivity, aggregated=True, reach=GRAPH_NEIGHBORS,
    ),
    Metric(
        "PCR comparison", "batch", ("two batches", "pca"),
        "How much less of the variance lies between batches than before: 1 is none any more.",
        pcr_comparison, aggregated=True,
    ),
    Metric(
        "KMeans NMI", "bio", ("two labels",),
        "How much k-means clusters tell of the cell types: 1 is everything.",
        clusters.kmeans_nmi, aggregated=True,
    ),
    Metric(
        "KMeans ARI", "bio", ("two labels",),
        "How often k-means clusters and cell types treat a pair of cells alike: 0 is chance, 1 is always.",
        clusters.kmeans_ari, low=-0.5, aggregated=True,
    ),
    Metric(
        "Leiden NMI", "bio", ("two labels",),
        "How much the best Leiden clusters tell of the cell types: 1 is everything.",
        clusters.leiden_nmi, reach=clusters.NEIGHBORS,
    ),
    Metric(
        "Leiden ARI", "bio", ("two labels",),
        "How often the best Leiden clusters and cell types treat a pair of cells alike: 0 is chance, 1 is always.",
        clusters.leiden_ari, low=-0.5, reach=clusters.NEIGHBORS,
    ),
    Metric(
        "Local structure", "bio", ("batch", "pca"),
        "Share of a cell's nearest cells of its batch that are the same as before integration.",
        local_structure,
    ),
)  # fmt: skip

_FURTHER = (
    Metric(
        "KBET single precision", "batch", ("two batches", "two labels"),
        "KBET with scib-metrics' rounding, which on some data makes the score of a label accidental.",
        kbet.kbet_in_single, default=False, reach=kbet.NEIGHBORS,
    ),
    Metric(
        "Graph connectivity directed", "batch", ("two labels",),
        "Share of a cell type's cells that reach each other from neighbour to neighbour: scib-metrics' connectivity.",
        directed_connectivity, default=False, reach=GRAPH_NEIGHBORS,
    ),
    Metric(
        "Entropy of mixing", "batch", ("two batches",),
        "How evenly the batches share the 100 cells around a cell: 0 is one batch, 1 is all in equal parts.",
        mixing.entropy_of_mixing, default=False, reach=mixing.ENTROPY_NEIGHBORS,
    ),
    Metric(
        "Mixing metric", "batch", ("two batches",),
        "How many neighbours one must look at to find five of every batch: lower is better, 300 is not found.",
        mixing.mixing_metric, low=5, high=300, better="lower", default=False, reach=mixing.MIXING_NEIGHBORS,
    ),
    Metric(
        "Alignment score", "batch", ("two batches",),
        "How few of a cell's neighbours are of its own batch: 0 is all of them, 1 is none more than chance.",
        alignment_score, default=False, high=2,
    ),
    Metric(
        "Lost variance", "bio", ("a run that measures it",),
        "The largest share of a batch's variance that the run took away: lower is better, above 0.1 is suspicious.",
        lost_variance, better="lower", default=False,
    ),
    Metric(
        "Label transfer", "bio", ("two batches", "two labels"),
        "Whether a linear classifier of cell types, made on all other batches, holds on a batch: 1 is for every cell.",
        label_transfer, default=False,
    ),
)  # fmt: skip

METRICS: dict[str, Metric] = {metric.name: metric for metric in (*_DEFAULT, *_FURTHER)}
"""Every metric by its scIB name: the default columns of an evaluation, then those computed when asked for."""

DEFAULT_METRICS: tuple[str, ...] = tuple(metric.name for metric in _DEFAULT)
"""Names of the default columns, in order."""
