"""The first Seurat: warping stands other proportions, and lays a missing type onto those that are there."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from anndata import AnnData

from scint_core.contract import FloatArray, IntArray
from scint_core.lab.lesson import Bench, Claim, Figure, Lesson, Question, Slider
from scint_core.lab.measures import NEIGHBORS, cell_maps, centroid_gap, codes, groups, purity
from scint_core.lab.pictures import Matrix, Observation
from scint_core.lab.truth import oblique, places
from scint_core.numerics.neighbors import nearest_neighbors

_LAST = 2  # position of the type whose cells are taken out
_METHODS: dict[str, dict[str, Any]] = {
    "seurat_v2": {"n_ccs": 2, "num_possible_genes": 100},
    "seurat_v3": {"n_ccs": 2, "k_filter": 30, "n_features": 100, "max_features": 100},
}
_GOOD = 0.88


def observe(bench: Bench, cells: int, method: str) -> Observation:
    """Seurat v2 or v3 on two batches, the second of which holds few monocytes or none."""
    world = _with_few_of_last(bench.world("plane_clouds", gap=4.0, shift=2.0, n_cells=300), cells)
    run = bench.integrate(world, method, **_METHODS[method])
    batch, cell_type = codes(world, "batch"), codes(world, "cell_type")
    if run.embedding is None:
        assert run.expression is not None
        result, seen, axes = run.expression, oblique(places(world, run.expression)), ("", "")
    else:
        result, seen, axes = run.embedding, run.embedding, ("dimension 1", "dimension 2")
    name = "Seurat v2" if method == "seurat_v2" else "Seurat v3"
    (after,) = cell_maps(world, (f"After {name}",), (seen,), axes=axes)
    near, own = _types_beside(world, result), cell_type[batch == 1]
    return Observation(
        pictures=(
            *cell_maps(world, ("Before",), (oblique(world.obsm["place"]),)),
            replace(after, frame="after"),
            _who_beside_whom(near, own, groups(world, "cell_type").names),
        ),
        figures={
            "right": float((near == own[:, None]).mean()),
            "purity": purity(result, cell_type),
            "gap": centroid_gap(result, batch, cell_type),
            "cells": float(cells),
            "warped": float(method == "seurat_v2"),
        },
        notes=run.notes,
    )


def _with_few_of_last(world: AnnData, n: int) -> AnnData:
    """The world with the first `n` cells of the last type in its second batch."""
    taken = (codes(world, "batch") == 1) & (codes(world, "cell_type") == _LAST)
    return world[~taken | (np.cumsum(taken) <= n)].copy()


def _types_beside(world: AnnData, cells: FloatArray) -> IntArray:
    """Types of the cells of batch 1 that are nearest to every cell of batch 2 (cells of batch 2 × neighbours)."""
    second, cell_type = codes(world, "batch") == 1, codes(world, "cell_type")
    near = nearest_neighbors(cells[second], cells[~second], NEIGHBORS).indices
    return np.asarray(cell_type[~second][near])


def _who_beside_whom(near: IntArray, own: IntArray, types: tuple[str, ...]) -> Matrix:
    """Shares of the types in `near`, by the type of the cell, for the types that there are in `own`."""
    there = np.unique(own)
    shares = [[float((near[own == t] == u).mean()) for u in range(len(types))] for t in there]
    rows = tuple(types[t] for t in there)
    title, of_rows, of_columns = "Who lies beside whom", "cell of batch 2", "neighbours in batch 1"
    return Matrix(title, np.array(shares), rows, types, of_rows, of_columns, "share")


def explain(seen: Observation) -> str:
    """What the truth says about what was seen."""
    n, right, gap = int(seen.figures["cells"]), seen.figures["right"], seen.figures["gap"]
    held = f"Batch 2 holds {n} monocytes, batch 1 holds 50." if n else "Batch 2 holds no monocyte, batch 1 holds 50."
    result = f"{right:.0%} of the nearest cells in batch 1 are of the same type, with a gap of {gap:.2f} within types."
    if not seen.figures["warped"]:
        return (
            f"{held} Seurat v3 moves a cell by the anchors near it: T cells and B cells have right ones, whoever else "
            f"there is. {result}"
        )
    if right > _GOOD:
        return (
            f"{held} Seurat v2 stretches each dimension of batch 2 until its curve fits that of batch 1. Stretching "
            f"does not mind how many cells lie at one place, as long as somebody does. {result}"
        )
    return (
        f"{held} Seurat v2 stretches each dimension of batch 2 until its curve fits that of batch 1 from end to end. "
        f"Where one end is missing, or hardly there, cells of another type are stretched to fill it. {result}"
    )


LESSON = Lesson(
    name="seurat-warping",
    chapter="seurat",
    position=50,
    title="Stretched onto what is missing",
    setting=(
        "Two batches hold three types. Take monocytes out of batch 2. The first Seurat, v2, aligns each dimension of "
        "the CCA space as a whole: it warps the one batch until the two curves agree. Seurat v3 has anchors instead. "
        "The table says of which type the nearest cells of batch 1 are, for the cells of batch 2."
    ),
    sliders=(
        Slider("cells", "Monocytes in batch 2", (0, 2, 5, 20, 50), default=50, help="Batch 1 has 50."),
        Slider("method", "Method", ("seurat_v2", "seurat_v3"), default="seurat_v2", names=("Seurat v2", "Seurat v3")),
    ),
    prediction=Question(
        "Batch 2 has 5 monocytes, batch 1 has 50. What does warping do to its T cells and B cells?",
        (
            "They stay with their own type",
            "About a third of them is stretched onto monocytes",
            "All of them are stretched",
        ),
        answer=lambda seen: 0 if seen.figures["right"] > _GOOD else 1 if seen.figures["right"] > 0.4 else 2,
        why=lambda seen: (
            f"{seen.figures['right']:.0%} of the nearest cells in batch 1 are of the same type: five cells are enough "
            "to hold the end of a curve."
        ),
        at={"cells": 5, "method": "seurat_v2"},
    ),
    observe=observe,
    figures=(
        Figure("right", "Neighbours of the same type", "share", good="high", help="In batch 1, of cells of batch 2."),
        Figure("purity", "Types stay apart", "share", good="high", help="Neighbours of the same type, in any batch."),
        Figure("gap", "Gap left within types", "score", good="low"),
    ),
    explain=explain,
    misreading=(
        "The two curves always agree after warping: that is what warping does. Their agreement says nothing about "
        "whether the same types lie at the same place."
    ),
    check=Question(
        "Now batch 2 has no monocytes at all. What do its cells have as neighbours in batch 1, after Seurat v2?",
        ("Their own type, as before", "Another type, for a fifth of them or more", "No cell of batch 1"),
        answer=lambda seen: 0 if seen.figures["right"] > _GOOD else 1,
        why=lambda seen: (
            f"{1 - seen.figures['right']:.0%} of the neighbours are of another type: the end of the curve that "
            "monocytes make in batch 1 is filled with T cells and B cells."
        ),
        at={"cells": 0, "method": "seurat_v2"},
    ),
    claims=(
        Claim("With all types present, warping is right", {"cells": 50}, "right", at_least=0.97),
        Claim("also where one is much rarer", {"cells": 20}, "right", at_least=0.96),
        Claim("or as rare as five cells", {"cells": 5}, "right", at_least=0.93),
        Claim("A missing type draws others to its place", {"cells": 0}, "right", at_most=0.8),
        Claim("and tears shared types apart", {"cells": 0}, "gap", at_least=0.25),
        Claim("Anchors do not", {"cells": 0, "method": "seurat_v3"}, "right", at_least=0.88),
        Claim("and leave a smaller gap", {"cells": 0, "method": "seurat_v3"}, "gap", at_most=0.24),
    ),
    method="seurat_v2",
)
