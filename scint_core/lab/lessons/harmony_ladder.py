"""Harmony's clustering is k-means in two steps more: soft shares, and a penalty on clusters of one batch."""

from __future__ import annotations

from typing import Any

import numpy as np

from scint_core.contract import FloatArray, IntArray, SoftClusters
from scint_core.lab.lesson import Bench, Claim, Figure, Lesson, Question, Slider
from scint_core.lab.measures import centroid_gap, codes, groups, in_cell_order, mixing, results_of
from scint_core.lab.pictures import CellMap, Groups, Matrix, Observation
from scint_core.numerics.soft_clusters import cluster_for_diversity

_CLUSTERS = 6  # two per type, so that a cluster of one batch is possible
_RUNGS: dict[str, dict[str, Any]] = {
    "k-means": {"sigma": 0.001, "theta": 0.0},
    "soft k-means": {"sigma": 0.2, "theta": 0.0},
    "theta 1": {"sigma": 0.2, "theta": 1.0},
    "theta 4": {"sigma": 0.2, "theta": 4.0},
}
_OF_ONE_BATCH = 0.75  # mean share of the main batch from which clusters are said to hold one batch


def observe(bench: Bench, rung: str) -> Observation:
    """The clusters before the first correction, and what one correction with them does."""
    world = bench.world("plane_clouds", n_cells=240, n_genes=60, shift=3.0, width=0.8)
    run = bench.integrate(world, "harmony", n_clusters=_CLUSTERS, max_iter=1, **_RUNGS[rung])
    assert run.embedding is not None
    clusters, _ = results_of(run, cluster_for_diversity)[0]
    side = world.obsm["place"][:, [0, 2]]  # types side by side, the batch effect upwards
    share = in_cell_order(world, clusters.membership)  # cells × K
    order = _from_left(side, share)
    batch, cell_type = codes(world, "batch"), codes(world, "cell_type")
    return Observation(
        pictures=(
            _map(side, share[:, order], groups(world, "batch")),
            *_tables(clusters, order, groups(world, "batch")),
        ),
        figures={
            "theta": float(_RUNGS[rung]["theta"]),
            "shared_among": float(_effective_clusters(share).mean()),
            "main_batch": float(clusters.observed.max(axis=1).sum() / clusters.observed.sum()),
            "mixing": mixing(run.embedding, batch),
            "gap": centroid_gap(run.embedding, batch, cell_type),
        },
        notes=run.notes,
    )


def _from_left(place: FloatArray, share: FloatArray) -> IntArray:
    """Clusters from left to right, those at one place from below."""
    centre = share.T @ place / share.sum(axis=0)[:, None]  # K × 2
    return np.lexsort((centre[:, 1], centre[:, 0].round()))


def _effective_clusters(share: FloatArray) -> FloatArray:
    """e to the entropy of every cell's shares (cells,): 1 where one cluster has it all."""
    shared = share.astype(np.float64)
    return np.asarray(np.exp(-(shared * np.log(np.where(shared > 0, shared, 1))).sum(axis=1)))


def _map(place: FloatArray, share: FloatArray, batch: Groups) -> CellMap:
    strongest = Groups("strongest cluster", share.argmax(axis=1), _names(share.shape[1]))
    return CellMap(
        "Cells by strongest cluster", place.astype(np.float32), strongest, batch, axes=("types", "batch effect")
    )


def _tables(clusters: SoftClusters, order: IntArray, batch: Groups) -> tuple[Matrix, ...]:
    """How many cells of each batch every cluster holds, and how many it would if it drew from both alike."""
    shown = {"Cells held": clusters.observed, "Expected from batch sizes": clusters.expected}
    return tuple(Matrix(title, values[order], _names(len(order)), batch.names) for title, values in shown.items())


def _names(n: int) -> tuple[str, ...]:
    return tuple(f"cluster {i + 1}" for i in range(n))


def explain(seen: Observation) -> str:
    """What the rung did to the clusters, and the clusters to the correction."""
    theta, shared, main, gap = (seen.figures[name] for name in ("theta", "shared_among", "main_batch", "gap"))
    corrected = (
        f"One correction leaves {gap:.0%} of the distance between types as a gap within a type: a cluster can only "
        "take off a difference between batches that it holds both of."
    )
    if shared < 1.05:
        return (
            f"Every cell is in one cluster, and {main:.0%} of a cluster's cells come from one batch. The batches lie "
            f"apart, and k-means takes the nearest, whatever its batch. {corrected}"
        )
    if theta == 0:
        return (
            f"A cell is now shared among {shared:.1f} clusters, in the manner of distances. Clusters overlap, yet "
            f"{main:.0%} of what a cluster holds is still of one batch: no term of the objective speaks of batches. "
            f"{corrected}"
        )
    return (
        f"With theta {theta:g}, a share is lowered where a cluster holds more of the cell's batch than expected. A "
        f"cell is shared among {shared:.1f} clusters, and the main batch of a cluster makes up {main:.0%} of it (50% "
        f"would be even). No cell has moved for that, only shares have. {corrected}"
    )


LESSON = Lesson(
    name="harmony-ladder",
    chapter="harmony",
    position=10,
    title="From k-means to diversity",
    setting=(
        "Three types lie side by side; the second batch is lifted above the first. Six clusters are drawn, twice as "
        "many as there are types, and one correction is made with them. Climb the ladder: k-means, soft k-means "
        "(`sigma` above 0), and the penalty on clusters of one batch (`theta` above 0)."
    ),
    sliders=(
        Slider(
            "rung",
            "Clustering",
            tuple(_RUNGS),
            default="theta 4",
            help="k-means: sigma almost 0, theta 0. Soft k-means: sigma 0.2, theta 0. Then theta 1 and 4.",
        ),
    ),
    prediction=Question(
        "K-means draws six clusters over three types in two batches. What does a cluster hold?",
        ("Mostly one batch of one type", "Both batches of one type, evenly", "An even mix of types"),
        answer=lambda seen: 0 if seen.figures["main_batch"] > _OF_ONE_BATCH else 1,
        why=lambda seen: f"{seen.figures['main_batch']:.0%} of a cluster's cells are of its main batch.",
        at={"rung": "k-means"},
    ),
    observe=observe,
    figures=(
        Figure(
            "shared_among", "Clusters that share a cell", help="e to the entropy of a cell's shares, mean of cells."
        ),
        Figure("main_batch", "Main batch of a cluster", "share", good="low", help="50 % where both are held alike."),
        Figure("mixing", "Mixing after one correction", "score", good="high"),
        Figure("gap", "Gap left within types", "score", good="low"),
    ),
    explain=explain,
    misreading=(
        "The map shows each cell's strongest cluster alone. With soft clusters the other shares count as well, and it "
        "is by them that a cluster reaches cells of both batches: look at the tables."
    ),
    check=Question(
        "Soft k-means, without `theta`: is more than 60% of what a cluster holds of one batch?",
        ("Yes: softness alone does not look at batches", "No: soft shares even the batches out"),
        answer=lambda seen: 0 if seen.figures["main_batch"] > 0.6 else 1,
        why=lambda seen: (
            f"{seen.figures['main_batch']:.0%}, though a cell is shared among {seen.figures['shared_among']:.1f} "
            "clusters."
        ),
        at={"rung": "soft k-means"},
    ),
    claims=(
        Claim("K-means gives a cell to one cluster", {"rung": "k-means"}, "shared_among", at_most=1.02),
        Claim("and its clusters are mostly of one batch", {"rung": "k-means"}, "main_batch", at_least=0.75),
        Claim("so that a gap is left", {"rung": "k-means"}, "gap", at_least=0.3),
        Claim("Soft k-means shares cells out", {"rung": "soft k-means"}, "shared_among", at_least=1.15),
        Claim("but clusters keep a main batch", {"rung": "soft k-means"}, "main_batch", at_least=0.7),
        Claim("With theta, clusters draw from both", {"rung": "theta 4"}, "main_batch", at_most=0.73),
        Claim("and batches mix", {"rung": "theta 4"}, "mixing", at_least=0.95),
        Claim("with little of a gap left", {"rung": "theta 4"}, "gap", at_most=0.15),
    ),
    method="harmony",
)
