"""fastMNN: a first merge of batches with nothing in common spoils all later ones."""

from __future__ import annotations

from typing import Any

import numpy as np

from scint_core.contract import MultiBatchPca
from scint_core.lab.lesson import Bench, Claim, Figure, Lesson, Question, Slider
from scint_core.lab.measures import (
    cell_maps,
    centroid_gap,
    codes,
    kept_pairs,
    pairs_by_type,
    purity,
    right_share,
    step_results,
)
from scint_core.lab.pictures import Observation
from scint_core.lab.truth import oblique, places
from scint_core.numerics.pair_table import pairs_at

_ORDERS: dict[str, dict[str, Any]] = {
    "given": {"merge_order": ("batch 1", "batch 2", "batch 3")},
    "diverse": {"merge_order": ("batch 3", "batch 1", "batch 2")},
    "auto": {"auto_merge": True},
}


def observe(bench: Bench, order: str, common: float) -> Observation:
    """fastMNN on two batches with little in common and a third that holds the types of both."""
    world = bench.world("bridged_batches", gap=8.0, common=common, n_cells=300, n_genes=60)
    run = bench.integrate(world, "fastmnn", cos_norm=False, n_pcs=10, **_ORDERS[order])
    assert run.embedding is not None
    assert run.merges is not None
    batch, cell_type = codes(world, "batch"), codes(world, "cell_type")
    placed = np.concatenate(step_results(run, MultiBatchPca)[0].scores)
    views = [oblique(cells) for cells in (world.obsm["place"], places(world, run.embedding, placed))]
    pairs = kept_pairs(run)
    first = pairs_at(pairs, pairs.merge == 0)
    return Observation(
        pictures=(
            *cell_maps(world, ("Before, with the pairs", "After fastMNN"), views, pairs),
            pairs_by_type(world, first, "Pairs of the first merge"),
        ),
        figures={
            "right": right_share(pairs, cell_type),
            "purity": purity(run.embedding, cell_type),
            "gap": centroid_gap(run.embedding, batch, cell_type),
            "first": float(len(first)),
            "first_right": right_share(first, cell_type),
            "diverse_first": float(2 in run.merges.left[0] + run.merges.right[0]),
        },
        notes=run.notes,
    )


def explain(seen: Observation) -> str:
    """What the truth says about what was seen."""
    first, right, pure = int(seen.figures["first"]), seen.figures["right"], seen.figures["purity"]
    if seen.figures["diverse_first"]:
        return (
            f"The first merge takes in batch 3, which holds the types of both others: its {first} pairs are "
            f"{seen.figures['first_right']:.0%} right. Batch 1 and batch 2 each find their type there, over all merges "
            f"{right:.0%} of the pairs are right, and {pure:.0%} of a cell's neighbours are of its type."
        )
    return (
        f"Batch 1 and batch 2 are merged first. {seen.figures['first_right']:.0%} of {first} pairs join the same type: "
        "a cell without its like on the other side still has a nearest neighbour. The B cells of the one are laid onto "
        "the T cells of the other, and all are flattened along what tells the two apart. Batch 3 would have told "
        f"them apart, but it comes too late: {pure:.0%} of a cell's neighbours are of its type in the end."
    )


LESSON = Lesson(
    name="fastmnn-merge-order",
    chapter="fastmnn",
    position=30,
    title="The wrong batches first",
    setting=(
        "Three batches: batch 1 holds T cells, batch 2 holds B cells, batch 3 holds both, and monocytes. fastMNN "
        "merges two, then adds the third. Choose which come first. The second slider gives the first two batches a "
        "share of monocytes as well. The maps show the plane of the types at an angle, so that shifts can be seen."
    ),
    sliders=(
        Slider(
            "order",
            "Order of merging",
            ("given", "diverse", "auto"),
            default="auto",
            help="auto_merge: the two with the most pairs come next.",
            names=("as the batches come", "the most diverse first", "most pairs first"),
        ),
        Slider("common", "Monocytes in batches 1 and 2", (0.0, 0.1, 0.5), default=0.0, help="Share of each batch."),
    ),
    prediction=Question(
        "Batch 1 and batch 2 share no type and are merged first. Batch 3, which holds both types, is added. And then?",
        (
            "Batch 3 puts it right: both types end apart",
            "The two types end on each other",
            "Batch 1 and batch 2 find no pairs and stay apart",
        ),
        answer=lambda seen: 2 if seen.figures["first"] == 0 else 0 if seen.figures["purity"] > 0.9 else 1,
        why=lambda seen: (
            f"The first merge found {int(seen.figures['first'])} pairs, {seen.figures['first_right']:.0%} right; "
            f"in the end {seen.figures['purity']:.0%} of a cell's neighbours are of its type."
        ),
        at={"order": "given", "common": 0.0},
    ),
    observe=observe,
    figures=(
        Figure("right", "Pairs of the same type", "share", good="high", help="Over all merges."),
        Figure("purity", "Neighbours of the same type", "share", good="high"),
        Figure("gap", "Gap left within types", "score", good="low"),
        Figure("first", "Pairs in the first merge", "count"),
    ),
    explain=explain,
    misreading=(
        "The number of pairs does not show that a merge is sound: two batches with nothing in common find almost as "
        "many as two that share a type."
    ),
    check=Question(
        "Two batches of 100 cells share no type. How many pairs does fastMNN find between them, with k = 20?",
        ("None", "A handful", "Hundreds"),
        answer=lambda seen: 0 if seen.figures["first"] == 0 else 1 if seen.figures["first"] < 100 else 2,
        why=lambda seen: (
            f"{int(seen.figures['first'])} pairs, and none can be right. Each cell chooses 20 neighbours, whoever "
            "they are, and those that face the other batch are chosen by many."
        ),
        at={"order": "given", "common": 0.0},
    ),
    claims=(
        Claim("With the most pairs first, all pairs are right", {"order": "auto"}, "right", at_least=0.98),
        Claim("types stay apart", {"order": "auto"}, "purity", at_least=0.98),
        Claim("and batches come together", {"order": "auto"}, "gap", at_most=0.1),
        Claim("It finds by itself to begin with batch 3", {"order": "auto"}, "diverse_first", at_least=1),
        Claim("The most diverse batch first does as well", {"order": "diverse"}, "right", at_least=0.98),
        Claim("Batches that share nothing find pairs", {"order": "given"}, "first", at_least=300),
        Claim("of which none is right", {"order": "given"}, "first_right", at_most=0.0),
        Claim("later merges do not mend it", {"order": "given"}, "right", at_most=0.5),
        Claim("and types are merged", {"order": "given"}, "purity", at_most=0.85),
        Claim("A few shared cells help", {"order": "given", "common": 0.1}, "right", at_least=0.5),
        Claim("but not enough", {"order": "given", "common": 0.1}, "right", at_most=0.75),
    ),
    method="fastmnn",
)
