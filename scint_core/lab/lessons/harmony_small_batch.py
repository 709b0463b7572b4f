"""Harmony asks every cluster for every batch in proportion, also for a batch of a few cells; tau exempts it."""

from __future__ import annotations

from typing import Any

import numpy as np

from scint_core.contract import FloatArray, IntArray, SoftClusters
from scint_core.lab.lesson import Bench, Claim, Figure, Lesson, Question, Slider
from scint_core.lab.measures import NEIGHBORS, cell_maps, centroid_gap, codes, flat, groups, in_cell_order, results_of
from scint_core.lab.pictures import Groups, Matrix, Observation
from scint_core.numerics.harmony_setup import diversity_weights
from scint_core.numerics.neighbors import nearest_neighbors
from scint_core.numerics.soft_clusters import cluster_for_diversity

_CELLS, _SMALL = 430, 30
_CLUSTERS, _THETA = 10, 4.0
_HOLDS = {"T cells only": 1, "all three types": 3}
_LOST = 0.85  # share of neighbours of the own type, below which the small batch is said to be drawn apart


def observe(bench: Bench, tau: float, holds: str) -> Observation:
    """Harmony on a large and a small batch, with one `tau`."""
    world = bench.world(
        "small_batch", n_cells=_CELLS, n_genes=60, small=_SMALL, types=_HOLDS[holds], gap=3.0, shift=3.0
    )
    settings: dict[str, Any] = {"n_clusters": _CLUSTERS, "theta": _THETA, "sigma": 0.2}
    run = bench.integrate(world, "harmony", tau=tau, max_iter=20, epsilon_harmony=1e-4, **settings)
    before = bench.integrate(world, "harmony", max_iter=0).embedding
    assert before is not None
    assert run.embedding is not None
    batch, types = codes(world, "batch"), groups(world, "cell_type")
    clusters, _ = results_of(run, cluster_for_diversity)[-1]
    weights = diversity_weights([_CELLS - _SMALL, _SMALL], _THETA, tau, _CLUSTERS)
    return Observation(
        pictures=(
            *cell_maps(world, ("Before", "After Harmony"), flat(before, run.embedding)),
            _held(clusters, in_cell_order(world, clusters.membership), types),
        ),
        figures={
            "right": _right_neighbors(run.embedding, batch, types.codes),
            "gap": centroid_gap(run.embedding, batch, types.codes),
            "theta_large": weights[0],
            "theta_small": weights[1],
            "tau": tau,
            "types": float(_HOLDS[holds]),
        },
        notes=run.notes,
    )


def _right_neighbors(cells: FloatArray, batch: IntArray, cell_type: IntArray) -> float:
    """Of the nearest cells of the large batch around those of the small one, the share that are of the same type."""
    large, small = np.flatnonzero(batch == 0), np.flatnonzero(batch == 1)
    near = large[nearest_neighbors(cells[small], cells[large], NEIGHBORS).indices]
    return float((cell_type[near] == cell_type[small][:, None]).mean())


def _held(clusters: SoftClusters, share: FloatArray, types: Groups) -> Matrix:
    """Cells of the small batch that every cluster holds, and would hold in proportion; clusters by their main type."""
    of_types = np.stack([share[types.codes == t].sum(axis=0) for t in range(len(types.names))])  # types × K
    main = of_types.argmax(axis=0)
    order = np.argsort(main, kind="stable")
    values = np.stack([clusters.observed[:, 1], clusters.expected[:, 1]], axis=1)[order]
    rows = tuple(f"{i + 1}: {types.names[t]}" for i, t in enumerate(main[order]))
    return Matrix("Small batch by cluster", values, rows, ("held", "in proportion"), "cluster", "cells")


def explain(seen: Observation) -> str:
    """What was asked of the small batch, and what came of it."""
    right, gap, small = (seen.figures[name] for name in ("right", "gap", "theta_small"))
    outcome = (
        f"{right:.0%} of the neighbours that its cells have in the large batch are of their type, and a gap of "
        f"{gap:.0%} is left."
    )
    if seen.figures["types"] > 1:
        return (
            f"The small batch holds all three types, so a share of it in every cluster is no more than the truth. Its "
            f"theta is {small:.2g}. {outcome} The gap is the doing of `lamb`, which shrinks offsets of few cells, and "
            f"not of theta."
        )
    if right < _LOST:
        return (
            f"With tau {seen.figures['tau']:g}, theta is {small:.2g} for the small batch: its {_SMALL} T cells are to "
            "be in clusters of B cells and monocytes too, and the table shows some there. The offsets of those "
            f"clusters then pull them away from T cells. {outcome}"
        )
    return (
        f"With tau {seen.figures['tau']:g}, theta is {seen.figures['theta_large']:.2g} for the large batch and "
        f"{small:.2g} for the small one, which has fewer than about tau cells per cluster. Little is asked of its T "
        f"cells, and they stay in clusters of T cells. {outcome}"
    )


LESSON = Lesson(
    name="harmony-small-batch",
    chapter="harmony",
    position=40,
    title="A small batch in every cluster",
    setting=(
        f"A batch of {_CELLS - _SMALL} cells holds three types, another of {_SMALL} cells holds T cells only. Theta is "
        f"{_THETA:g}, so that every one of {_CLUSTERS} clusters should hold some of the small batch. `tau` lowers "
        "theta for batches with few cells per cluster: slide it to 0."
    ),
    sliders=(
        Slider(
            "tau",
            "tau",
            (0.0, 2.0, 5.0, 10.0, 50.0),
            default=10.0,
            help="Cells per cluster that a batch should have for theta to count in full; 0 is Harmony's default.",
        ),
        Slider("holds", "The small batch holds", tuple(_HOLDS), default="T cells only"),
    ),
    prediction=Question(
        "Tau is 0. Where do the T cells of the small batch end up?",
        ("Among T cells of the large batch", "Partly among B cells and monocytes", "Where they were"),
        answer=lambda seen: 1 if seen.figures["right"] < _LOST else 0 if seen.figures["gap"] < 0.5 else 2,
        why=lambda seen: f"{seen.figures['right']:.0%} of their neighbours in the large batch are T cells.",
        at={"tau": 0.0, "holds": "T cells only"},
    ),
    observe=observe,
    figures=(
        Figure(
            "right",
            "Neighbours of the right type",
            "share",
            good="high",
            help="Of the 15 cells of the large batch nearest to each cell of the small one.",
        ),
        Figure("gap", "Gap left within types", "score", good="low"),
        Figure("theta_small", "theta of the small batch", help="theta · (1 − exp(−(cells / (clusters · tau))²))."),
        Figure("theta_large", "theta of the large batch"),
    ),
    explain=explain,
    misreading=(
        "Thirty cells among hundreds are easily overlooked, and scores that average over cells hardly see them. The "
        "large batch looks well either way."
    ),
    check=Question(
        "With tau 50: is theta lowered for the small batch alone?",
        ("Yes: the large batch has enough cells", "No: for the large batch, too"),
        answer=lambda seen: 0 if seen.figures["theta_large"] > 0.99 * _THETA else 1,
        why=lambda seen: (
            f"{_CELLS - _SMALL} cells over {_CLUSTERS} clusters are {(_CELLS - _SMALL) / _CLUSTERS:.0f} per cluster, "
            f"against a tau of {seen.figures['tau']:g}: theta is {seen.figures['theta_large']:.2f} for the large batch "
            f"and {seen.figures['theta_small']:.2f} for the small one."
        ),
        at={"tau": 50.0},
    ),
    claims=(
        Claim("With tau 10, the small batch finds its type", {"tau": 10.0}, "right", at_least=0.93),
        Claim("and hardly a gap is left", {"tau": 10.0}, "gap", at_most=0.13),
        Claim("With tau 0, it is drawn among other types", {"tau": 0.0}, "right", at_most=_LOST),
        Claim("and off its own", {"tau": 0.0}, "gap", at_least=0.17),
        Claim(
            "A small copy of the large batch needs no tau",
            {"tau": 0.0, "holds": "all three types"},
            "right",
            at_least=0.9,
        ),
    ),
    method="harmony",
)
