"""The order of merges for MNN: the same batches, and another result."""

from __future__ import annotations

import numpy as np

from scint_core.lab.lesson import Bench, Claim, Figure, Lesson, Question, Slider
from scint_core.lab.measures import (
    cell_maps,
    centroid_gap,
    codes,
    kept_pairs,
    pairs_by_type,
    purity,
    right_share,
    with_batches_in_order,
)
from scint_core.lab.pictures import Observation
from scint_core.lab.truth import oblique, places
from scint_core.numerics.pair_table import pairs_at

_ORDERS = ("1, 2, 3", "2, 1, 3", "2, 3, 1", "3, 2, 1", "1, 3, 2", "3, 1, 2")


def observe(bench: Bench, order: str) -> Observation:
    """MNN on a chain of three batches, merged in some order."""
    given = bench.world("chained_batches", gap=9.0, shift=2.0, n_cells=300, n_genes=60)
    world = with_batches_in_order(given, [f"batch {number}" for number in order.split(", ")])
    run = bench.integrate(world, "mnn", cos_norm_in=False, cos_norm_out=False)
    assert run.expression is not None
    pairs, cell_type = kept_pairs(run), codes(world, "cell_type")
    first = pairs_at(pairs, pairs.merge == 0)
    before, after = np.asarray(world.obsm["place"]), places(world, run.expression)
    return Observation(
        pictures=(
            *cell_maps(world, ("Before, with the pairs", "After MNN"), (oblique(before), oblique(after)), pairs),
            pairs_by_type(world, first, "Pairs of the first merge"),
        ),
        figures={
            "right": right_share(pairs, cell_type),
            "first_right": right_share(first, cell_type),
            "first": float(len(first)),
            "gap": centroid_gap(run.expression, codes(world, "batch"), cell_type),
            "purity": purity(run.expression, cell_type),
        },
        notes=run.notes,
    )


def explain(seen: Observation) -> str:
    """What the truth says about what was seen."""
    first, right = int(seen.figures["first"]), seen.figures["right"]
    if seen.figures["first_right"] > 0.5:
        return (
            "The first merge takes two batches that share a type: "
            f"{seen.figures['first_right']:.0%} of its {first} pairs are right. The third batch then finds its own "
            f"shared type in what is merged. Over both merges {right:.0%} of the pairs are right, and a gap of "
            f"{seen.figures['gap']:.2f} is left within types."
        )
    return (
        f"Batch 1 and batch 3 come first, and they share nothing. MNN finds {first} pairs all the same, none of them "
        "right, and lays one batch onto the other. When batch 2 comes, its B cells belong to one part of the pile and "
        f"its monocytes to another, which now lie in one place. Over both merges {right:.0%} of the pairs are right, "
        f"and a gap of {seen.figures['gap']:.2f} is left within types."
    )


LESSON = Lesson(
    name="order-mnn",
    chapter="order",
    position=10,
    title="Who comes first, with MNN",
    setting=(
        "Batch 1 holds T cells and B cells, batch 2 holds B cells and monocytes, batch 3 holds monocytes and NK cells. "
        "MNN takes the first two, corrects the second onto the first, and then corrects the third onto both. The "
        "cells are always the same: change only the order in which the batches come."
    ),
    sliders=(Slider("order", "Order of the batches", _ORDERS, default="1, 2, 3"),),
    prediction=Question(
        "The six orders of these three batches: does the order decide whether types come together?",
        (
            "No: in the end all batches are merged",
            "Yes: batch 2, which is like both others, must come first",
            "Yes: batch 2 must be among the first two",
        ),
        answer=lambda seen: 2 if seen.figures["right"] > 0.9 else 1,
        why=lambda seen: (
            f"With batch 1 first and batch 2 second, {seen.figures['right']:.0%} of the pairs are right. Batch 2 need "
            "not come first, it must only be there before batch 1 meets batch 3."
        ),
        at={"order": "1, 2, 3"},
    ),
    observe=observe,
    figures=(
        Figure("right", "Pairs of the same type", "share", good="high", help="Over both merges."),
        Figure("first_right", "In the first merge", "share", good="high"),
        Figure("gap", "Gap left within types", "score", good="low"),
        Figure("purity", "Neighbours of the same type", "share", good="high"),
    ),
    explain=explain,
    misreading=(
        "That two orders both look well does not mean that they give the same: the first batch stays where it is and "
        "all others move to it, so that the map as a whole follows the first batch."
    ),
    check=Question(
        "Batch 3 first, batch 1 second, batch 2 last. How many pairs of the first merge are right?",
        ("None", "About half", "All"),
        answer=lambda seen: 0 if seen.figures["first_right"] < 0.1 else 1 if seen.figures["first_right"] < 0.9 else 2,
        why=lambda seen: (
            f"{seen.figures['first_right']:.0%} of {int(seen.figures['first'])}: batch 3 and batch 1 share no type, so "
            "no pair can be right."
        ),
        at={"order": "3, 1, 2"},
    ),
    claims=(
        *(
            Claim(f"In the order {order} all pairs are right", {"order": order}, "right", at_least=0.97)
            for order in _ORDERS[:4]
        ),
        Claim("and types come together", {"order": "1, 2, 3"}, "gap", at_most=0.1),
        *(
            Claim(f"In the order {order} the first merge has no right pair", {"order": order}, "first_right", at_most=0)
            for order in _ORDERS[4:]
        ),
        Claim("which later merges do not mend", {"order": "1, 3, 2"}, "right", at_most=0.45),
        Claim("types are torn apart", {"order": "1, 3, 2"}, "gap", at_least=0.3),
        Claim("and lie on others", {"order": "1, 3, 2"}, "purity", at_most=0.92),
    ),
    method="mnn",
)
