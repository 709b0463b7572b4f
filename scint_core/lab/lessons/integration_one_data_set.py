"""What integration is for: one data set on which any analysis can be run, here clustering."""

from __future__ import annotations

import numpy as np
from anndata import AnnData
from scipy.optimize import linear_sum_assignment

from scint_core.contract import FloatArray, IntArray
from scint_core.lab.lesson import Bench, Claim, Figure, Lesson, Question, Slider
from scint_core.lab.measures import cell_maps, codes, groups
from scint_core.lab.pictures import CellMap, Groups, Observation
from scint_core.lab.truth import aslant, places
from scint_core.metrics.clusters import ari
from scint_core.numerics.kmeans import kmeans_centres
from scint_core.numerics.neighbors import nearest_neighbors

_TYPES = 3
_GOOD = 0.9  # adjusted Rand index of clusters and types


def observe(bench: Bench, shift: float) -> Observation:
    """Clusters of two batches of three types, before and after MNN."""
    world = bench.world("plane_clouds", shift=shift)
    run = bench.integrate(world, "mnn", cos_norm_in=False, cos_norm_out=False, k=10)
    assert run.expression is not None
    before, after = places(world, world.X), places(world, run.expression)
    cell_type, batch = codes(world, "cell_type"), codes(world, "batch")
    first, then = (named_alike(clusters(cells, bench.seed), cell_type) for cells in (before, after))
    return Observation(
        pictures=(
            cell_maps(world, ("Cell types, in truth",), (aslant(before),))[0],
            _clustered(world, "Clusters before", before, first),
            _clustered(world, "Clusters after MNN", after, then),
        ),
        figures={
            "before": ari(cell_type, first),
            "after": ari(cell_type, then),
            "batch_before": _of_one_batch(first, batch),
            "batch_after": _of_one_batch(then, batch),
        },
        notes=run.notes,
    )


def clusters(cells: FloatArray, seed: int) -> IntArray:
    """The cluster of every cell (cells,) by k-means, as many clusters as types."""
    centres = kmeans_centres(cells, _TYPES, seed)
    return nearest_neighbors(cells, centres, 1).indices[:, 0]


def named_alike(found: IntArray, cell_type: IntArray) -> IntArray:
    """The clusters (cells,) with the numbers of the types that they share most cells with, so that colours agree."""
    shared = np.zeros((_TYPES, _TYPES))
    np.add.at(shared, (found, cell_type), 1)
    return np.asarray(linear_sum_assignment(-shared)[1][found])


def _clustered(world: AnnData, title: str, cells: FloatArray, found: IntArray) -> CellMap:
    names = tuple(f"cluster {i + 1}" for i in range(_TYPES))
    return CellMap(title, aslant(cells), Groups("Cluster", found, names), groups(world, "batch"))


def _of_one_batch(found: IntArray, batch: IntArray) -> float:
    """Share of the cells whose cluster holds nine cells in ten of one batch."""
    shares = np.array([[np.mean(batch[found == c] == b) for b in (0, 1)] for c in range(_TYPES)])
    return float((shares.max(axis=1) > 0.9)[found].mean())


def explain(seen: Observation) -> str:
    """What the truth says about what was seen."""
    before, after, alone = seen.figures["before"], seen.figures["after"], seen.figures["batch_before"]
    if before > _GOOD:
        return (
            f"The batch effect is smaller than the types' distance, so the clusters are the types already (agreement "
            f"{before:.2f}, 1 is all). Integration has nothing to mend here, and does no harm: {after:.2f} after it."
        )
    return (
        "The batch effect is longer than types are apart. Clustering divides the cells at the widest gap, which is "
        f"the one between batches: agreement with the types is {before:.2f}, and {alone:.0%} of the cells are in "
        f"a cluster of one batch. After integration it is {after:.2f}. The clustering is the same; it was handed one "
        "data set instead of two. So it is with any other analysis."
    )


LESSON = Lesson(
    name="integration-one-data-set",
    chapter="integration",
    position=10,
    title="One data set for any analysis",
    setting=(
        "Two batches hold the same three cell types, five apart. k-means looks for three clusters in all cells "
        "together, once before integration and once after. Slide the batch effect up."
    ),
    sliders=(Slider("shift", "Length of the batch effect", (0.0, 2.0, 4.0, 6.0, 8.0), default=2.0),),
    prediction=Question(
        "The batch effect is 8 long, types are 5 apart. What are the three clusters before integration?",
        ("The three types", "Groups that follow the batches", "Groups that follow neither"),
        answer=lambda seen: 0 if seen.figures["before"] > _GOOD else 1 + (seen.figures["batch_before"] == 0),
        why=lambda seen: (
            f"Agreement with the types is {seen.figures['before']:.2f}; {seen.figures['batch_before']:.0%} of the "
            "cells are in a cluster of one batch."
        ),
        at={"shift": 8.0},
    ),
    observe=observe,
    figures=(
        Figure("before", "Clusters and types agree, before", "score", good="high", help="Adjusted Rand index."),
        Figure("after", "Clusters and types agree, after", "score", good="high"),
        Figure("batch_before", "Cells in one-batch clusters, before", "share", good="low"),
        Figure("batch_after", "Cells in one-batch clusters, after", "share", good="low"),
    ),
    explain=explain,
    misreading=(
        "That clusters differ between batches need not be a batch effect: here the simulation says so. In real data a "
        "cluster of one batch may as well be a type that the other lacks."
    ),
    check=Question(
        "The batch effect is 4 long, types are 5 apart. Does clustering need integration to find the types?",
        ("Yes", "No"),
        answer=lambda seen: 0 if seen.figures["before"] < _GOOD else 1,
        why=lambda seen: (
            f"Agreement is {seen.figures['before']:.2f} before and {seen.figures['after']:.2f} after: the widest gaps "
            "are still those between types."
        ),
        at={"shift": 4.0},
    ),
    claims=(
        Claim("A small batch effect does no harm to clusters", {"shift": 2.0}, "before", at_least=0.95),
        Claim("and integration does none", {"shift": 2.0}, "after", at_least=0.95),
        Claim("A long one decides what the clusters are", {"shift": 8.0}, "before", at_most=0.7),
        Claim("so that some hold one batch only", {"shift": 8.0}, "batch_before", at_least=0.1),
        Claim("After integration they are the types", {"shift": 8.0}, "after", at_least=0.95),
    ),
    method="mnn",
)
