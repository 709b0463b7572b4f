"""Seurat: CCA looks for what varies in both batches, PCA for what varies most."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from scint_core.contract import SharedSpace
from scint_core.lab.lesson import Bench, Claim, Figure, Lesson, Question, Slider
from scint_core.lab.measures import cell_maps, codes, in_cell_order, kept_pairs, mixing, right_share, step_results
from scint_core.lab.pictures import Observation
from scint_core.lab.truth import places

_AXES = ("what tells types apart", "what only batch 2 shows")
_SEEN = [0, 3]  # dimensions of the world that are drawn
_GOOD = 0.9
_REACHED = 0.92  # share of the cells of batch 2 in an anchor from which on none are cut off


def observe(bench: Bench, reduction: str, own: float, n_ccs: int) -> Observation:
    """Seurat v3 on two batches of the same types, the second of which also varies in a way of its own."""
    world = bench.world("one_sided_variation", own=own, n_cells=300, n_genes=150)
    run = bench.integrate(
        world, "seurat_v3", reduction=reduction, n_ccs=n_ccs, k_filter=None, n_features=150, max_features=150
    )
    assert run.expression is not None
    batch, pairs = codes(world, "batch"), kept_pairs(run)
    space = step_results(run, SharedSpace)[0]
    axes = in_cell_order(world, np.concatenate([space.left, space.right])[:, :2].astype(np.float32))
    before, after = np.asarray(world.obsm["place"])[:, _SEEN], places(world, run.expression)[:, _SEEN]
    titles, names = ("The shared space, with anchors",), (f"{space.axis} 1", f"{space.axis} 2")
    (found,) = cell_maps(world, titles, (axes,), pairs, names)
    return Observation(
        pictures=(
            *cell_maps(world, ("Before",), (before,), axes=_AXES),
            replace(found, frame="space"),
            *cell_maps(world, ("After Seurat",), (after,), axes=_AXES),
        ),
        figures={
            "anchors": float(len(pairs)),
            "right": right_share(pairs, codes(world, "cell_type")),
            "reach": len(np.unique(pairs.right)) / int((batch == 1).sum()),
            "mixing": mixing(run.expression, batch),
            "kept": float(after[batch == 1, 1].std() / before[batch == 1, 1].std()),
            "pca": float(reduction == "pca"),
            "own": own,
            "n_ccs": float(n_ccs),
        },
        notes=run.notes,
    )


def explain(seen: Observation) -> str:
    """What the truth says about what was seen."""
    right, reach, n = seen.figures["right"], seen.figures["reach"], int(seen.figures["n_ccs"])
    result = (
        f"{int(seen.figures['anchors'])} anchors are found, {right:.0%} of them right, and {reach:.0%} of the cells of "
        "batch 2 are in one."
    )
    if seen.figures["own"] == 0:
        begin = "Nothing varies in batch 2 alone, so that CCA and PCA find the same two directions, those of the types."
    elif seen.figures["pca"] and reach > _REACHED:
        begin = (
            "PCA asks what varies most. The path of batch 2 varies less than the types do, and is given none of the "
            "axes."
        )
    elif seen.figures["pca"]:
        begin = (
            "PCA asks what varies most. That is the path of batch 2, along which batch 1 does not vary: it takes an "
            "axis. Cells far out on it have no partner there."
        )
    else:
        begin = (
            "CCA asks what varies in both batches together. The path of batch 2 has no counterpart in batch 1 and is "
            "left out, however long it is: its cells meet their types all along it."
        )
    if n > 2 and not seen.figures["pca"] and right <= _GOOD:
        rest = (
            f"But the types need two axes, and {n} were asked for: the others hold what looks alike in both batches by "
            "chance, and every axis counts the same."
        )
    elif seen.figures["pca"] and right <= _GOOD:
        rest = "Of two axes one is left for three types, and some of them lie on one another."
    elif seen.figures["pca"] and seen.figures["own"] and reach <= _REACHED:
        rest = f"With {n} axes there is room for the types besides: the anchors that are found are right, but few."
    else:
        rest = ""
    kept = f"After the correction {seen.figures['kept']:.0%} of the path is left." if seen.figures["own"] else ""
    return " ".join(sentence for sentence in (begin, result, rest, kept) if sentence)


LESSON = Lesson(
    name="seurat-cca",
    chapter="seurat",
    position=10,
    title="What both batches show",
    setting=(
        "Two batches hold the same three types. In batch 2 all cells also lie spread along a path of their own, as if "
        "they had responded to something to some degree; in batch 1 nobody has. Seurat looks for anchors in a space "
        "that it finds by CCA. Take PCA in its place, and change how long the path is and how many axes the space has."
    ),
    sliders=(
        Slider("reduction", "The shared space", ("pca", "cca"), default="cca", names=("PCA", "CCA")),
        Slider("own", "Length of the path of batch 2", (0.0, 5.0, 12.0), default=12.0, help="Types are 3 apart."),
        Slider("n_ccs", "Axes of the space", (2, 3, 10), default=2),
    ),
    prediction=Question(
        "The path of batch 2 is four times as long as two types are apart, and the space has two axes. With PCA?",
        ("Anchors are as right as with CCA", "Fewer anchors are right", "No anchors are found"),
        answer=lambda seen: 2 if seen.figures["anchors"] == 0 else 0 if seen.figures["right"] > _GOOD else 1,
        why=lambda seen: (
            f"{int(seen.figures['anchors'])} anchors, {seen.figures['right']:.0%} of them right: the path takes one of "
            "the two axes."
        ),
        at={"reduction": "pca", "own": 12.0, "n_ccs": 2},
    ),
    observe=observe,
    figures=(
        Figure("right", "Anchors of the same type", "share", good="high"),
        Figure("reach", "Cells of batch 2 in an anchor", "share", good="high"),
        Figure("mixing", "Mixing of batches", "score"),
        Figure("kept", "Path of batch 2 that is left", "share", good="high", help="Its width after over before."),
    ),
    explain=explain,
    misreading=(
        "Well mixed batches are not always good news. The path of batch 2 may be biology that this batch alone shows: "
        "what mixes the batches so well with CCA has taken most of it away."
    ),
    check=Question(
        "The space of CCA does not hold the path of batch 2. How much of the path is left in the corrected cells?",
        ("All of it: what CCA does not see is not corrected", "About half", "Less than a third"),
        answer=lambda seen: 0 if seen.figures["kept"] > 0.8 else 1 if seen.figures["kept"] > 1 / 3 else 2,
        why=lambda seen: (
            f"{seen.figures['kept']:.0%}. A cell far out on the path has an anchor in batch 1, where nobody lies on "
            "it, so that the difference of the two holds the path, and this difference is subtracted."
        ),
        at={"reduction": "cca", "own": 12.0, "n_ccs": 2},
    ),
    claims=(
        Claim("CCA finds right anchors", {"reduction": "cca"}, "right", at_least=0.9),
        Claim("for nearly all cells of batch 2", {"reduction": "cca"}, "reach", at_least=0.92),
        Claim("and batches are mixed", {"reduction": "cca"}, "mixing", at_least=0.9),
        Claim("PCA with two axes pairs the wrong types", {"reduction": "pca"}, "right", at_most=0.8),
        Claim("and leaves many cells out", {"reduction": "pca"}, "reach", at_most=0.87),
        Claim("With three axes its anchors are right", {"reduction": "pca", "n_ccs": 3}, "right", at_least=0.95),
        Claim("but reach few cells", {"reduction": "pca", "n_ccs": 3}, "reach", at_most=0.75),
        Claim("so that batches are not mixed", {"reduction": "pca", "n_ccs": 3}, "mixing", at_most=0.75),
        Claim("With CCA, little of the path is left", {"reduction": "cca"}, "kept", at_most=0.3),
        Claim("with PCA, most of it", {"reduction": "pca", "n_ccs": 3}, "kept", at_least=0.6),
        Claim("Without the path PCA does as well", {"reduction": "pca", "own": 0.0}, "right", at_least=0.95),
        Claim("Ten axes are too many for CCA", {"reduction": "cca", "n_ccs": 10}, "right", at_most=0.92),
    ),
    method="seurat_v3",
)
