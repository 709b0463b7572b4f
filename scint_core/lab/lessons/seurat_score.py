"""Seurat: the score of an anchor protects from stray ones, and not from those of a whole population."""

from __future__ import annotations

from typing import Any

import numpy as np

from scint_core.contract import Anchors, BoolArray, CrossNeighbors, MutualPairs, Neighbors
from scint_core.lab.lesson import Bench, Claim, Figure, Lesson, Question, Slider
from scint_core.lab.measures import are_right, cell_maps, centroid_gap, codes, kept_pairs, step_results, type_distances
from scint_core.lab.pictures import Histograms, Observation
from scint_core.lab.truth import oblique, places
from scint_core.numerics.anchors import score_anchors

_PARAMS: dict[str, Any] = {"n_ccs": 10, "k_filter": None, "n_features": 100, "max_features": 100}


def scored_alike(
    pairs: MutualPairs,
    kept: BoolArray,
    near: CrossNeighbors,
    within_left: Neighbors,
    within_right: Neighbors,
    k: int,
) -> Anchors:
    """The anchors with a score of 1 for each that is kept, in the place of `score_anchors`."""
    scored = score_anchors(pairs, kept, near, within_left, within_right, k)
    return Anchors(scored.left, scored.right, scored.kept, scored.shared, kept.astype(np.float64))


def observe(bench: Bench, score: str, k_anchor: int, wrong: str) -> Observation:
    """Seurat v3 without its filter, anchors scored or all alike."""
    shared = 3 if wrong == "stray" else 2
    world = bench.world("plane_clouds", shared=shared, gap=4.0, shift=2.0, n_cells=300)
    swaps = {} if score == "on" else {score_anchors: scored_alike}
    run = bench.integrate(world, "seurat_v3", swaps=swaps, k_anchor=k_anchor, **_PARAMS)
    assert run.expression is not None
    batch, cell_type, pairs = codes(world, "batch"), codes(world, "cell_type"), kept_pairs(run)
    right = are_right(pairs, cell_type)
    before, after = np.asarray(world.obsm["place"]), places(world, run.expression)
    true_distances = type_distances(np.asarray(world.obsm["biology"]), cell_type)
    anchors = step_results(run, Anchors)[0]
    is_right = cell_type[batch == 0][anchors.left] == cell_type[batch == 1][anchors.right]
    support = {"right": anchors.shared[is_right].astype(float), "wrong": anchors.shared[~is_right].astype(float)}
    return Observation(
        pictures=(
            *cell_maps(world, ("Before, with the anchors",), (oblique(before),), pairs),
            Histograms("Neighbours that anchors share", support, "shared neighbours"),
            *cell_maps(world, ("After Seurat",), (oblique(after),)),
        ),
        figures={
            "right": float(right.mean()),
            "weight": float(pairs.score[right].sum() / pairs.score.sum()),
            "gap": centroid_gap(run.expression, batch, cell_type),
            "closest": float((type_distances(after, cell_type) / true_distances).min()),
            "scored": float(score == "on"),
            "stray": float(wrong == "stray"),
        },
        notes=run.notes,
    )


def explain(seen: Observation) -> str:
    """What the truth says about what was seen."""
    right, weight, gap = seen.figures["right"], seen.figures["weight"], seen.figures["gap"]
    where = (
        "Both batches hold all three types. Wrong anchors are strays: single cells that lie among another type in the "
        "shared space."
        if seen.figures["stray"]
        else "Monocytes are in batch 2 alone. All their anchors are wrong, and they are a whole population. There are "
        "strays besides."
    )
    if not seen.figures["scored"]:
        means = f"All anchors count the same: {right:.0%} of them are right, and so much of the weight they have."
    else:
        means = (
            "The score counts how many neighbours the two cells of an anchor have in common. "
            f"{right:.0%} of the anchors are right, and they have {weight:.0%} of the weight."
        )
    end = (
        f"A gap of {gap:.2f} is left within types, and the two nearest types end at {seen.figures['closest']:.0%} of "
        "their true distance."
    )
    if seen.figures["scored"] and not seen.figures["stray"]:
        return (
            f"{where} {means} That is little more: the neighbours of a monocyte are monocytes, which all lie beside "
            f"the same cells of batch 1, so that its wrong anchors share neighbours as well. {end}"
        )
    return f"{where} {means} {end}"


LESSON = Lesson(
    name="seurat-score",
    chapter="seurat",
    position=40,
    title="What a score protects from",
    setting=(
        "Two batches, three cell types, and a shared space with more axes than the types need, so that some anchors "
        "are wrong. The filter is off. Seurat scores each anchor by the neighbours that its two cells share, and lets "
        "anchors with a low score count little. Give all the score 1, and raise the number of anchors. Then take the "
        "monocytes out of batch 1."
    ),
    sliders=(
        Slider("score", "Score", ("off", "on"), default="on", names=("all 1", "shared neighbours")),
        Slider("k_anchor", "Neighbours for an anchor (k_anchor)", (5, 20, 40), default=20, help="Seurat takes 5."),
        Slider(
            "wrong",
            "Where wrong anchors come from",
            ("stray", "population"),
            default="stray",
            names=("strays", "a type in batch 2 alone"),
        ),
    ),
    prediction=Question(
        "Monocytes are in batch 2 alone. Does the score protect them from being drawn to another type?",
        ("Yes, nearly as if there were no wrong anchors", "Partly", "No: they end as near to it as with scores of 1"),
        answer=lambda seen: 0 if seen.figures["closest"] > 0.85 else 1 if seen.figures["closest"] > 0.65 else 2,
        why=lambda seen: (
            f"They end at {seen.figures['closest']:.0%} of their true distance. Their wrong anchors share neighbours "
            f"as well, and the right ones have {seen.figures['weight']:.0%} of the weight."
        ),
        at={"score": "on", "k_anchor": 20, "wrong": "population"},
    ),
    observe=observe,
    figures=(
        Figure("right", "Anchors of the same type", "share", good="high"),
        Figure("weight", "Weight that they have", "share", good="high", help="Their part of the sum of all scores."),
        Figure("gap", "Gap left within types", "score", good="low"),
        Figure("closest", "Distance kept by two types", "share", good="high", help="Of the two that came closest."),
    ),
    explain=explain,
    misreading=(
        "A high score does not mean that an anchor is right. It is a rank among the anchors of the same two batches: "
        "the best of them have 1, even where all are wrong."
    ),
    check=Question(
        "With strays only and k_anchor 20, the gap within types is below 0.1. Now all scores are 1. What becomes of "
        "the gap?",
        (
            "It stays: strays cancel each other out",
            "It grows, to less than 0.3",
            "It grows to more than 0.3",
        ),
        answer=lambda seen: 0 if seen.figures["gap"] < 0.11 else 1 if seen.figures["gap"] < 0.3 else 2,
        why=lambda seen: (
            f"It is {seen.figures['gap']:.2f}, since strays draw every cell towards the other types, "
            "which does not cancel out."
        ),
        at={"score": "off", "k_anchor": 20, "wrong": "stray"},
    ),
    claims=(
        Claim("One anchor in five is wrong", {}, "right", at_least=0.72, at_most=0.85),
        Claim("The score gives right ones more weight", {}, "weight", at_least=0.86),
        Claim("so that types come together", {}, "gap", at_most=0.1),
        Claim("Without the score they do so less", {"score": "off"}, "gap", at_least=0.12),
        Claim("With many anchors it is worse", {"score": "off", "k_anchor": 40}, "gap", at_least=0.28),
        Claim("and the score halves it", {"k_anchor": 40}, "gap", at_most=0.2),
        Claim("A missing type draws types together", {"score": "off", "wrong": "population"}, "closest", at_most=0.6),
        Claim("and the score does not prevent it", {"wrong": "population"}, "closest", at_most=0.6),
        Claim("as it hardly moves the weight", {"wrong": "population"}, "weight", at_most=0.7),
    ),
    method="seurat_v3",
)
