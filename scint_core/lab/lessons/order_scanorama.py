"""The order of batches for Scanorama: all pairs of batches are searched, and still the order is not quite nothing."""

from __future__ import annotations

from typing import Any

import numpy as np

from scint_core.contract import AlignmentScores, Embedding, FloatArray
from scint_core.export import Integration
from scint_core.lab.lesson import Bench, Claim, Figure, Lesson, Question, Slider
from scint_core.lab.measures import (
    NEIGHBORS,
    cell_maps,
    codes,
    in_cell_order,
    kept_pairs,
    right_share,
    step_results,
    with_batches_in_order,
)
from scint_core.lab.pictures import Matrix, Observation
from scint_core.lab.truth import oblique, places
from scint_core.numerics.kept_neighbors import kept_neighbors

_ORDERS = ("1, 2, 3", "1, 3, 2", "2, 1, 3", "2, 3, 1", "3, 1, 2", "3, 2, 1")
_WORLDS: dict[str, tuple[str, dict[str, Any]]] = {
    "chain": ("chained_batches", {"shift": 2.0}),
    "common": ("bridged_batches", {"shift": 2.0, "common": 0.3}),
    "stranger": ("strange_batch", {"shift": 4.0}),
}
_NAMES = ("batch 1", "batch 2", "batch 3")
_LITTLE = 0.005  # change of a score, as a share of cells, up to which nothing has changed


def observe(bench: Bench, order: str, world: str) -> Observation:
    """Scanorama on three batches in some order, beside the same in the order 1, 2, 3."""
    scenario, knobs = _WORLDS[world]
    given = bench.world(scenario, gap=9.0, n_cells=300, n_genes=60, **knobs)
    ordered = with_batches_in_order(given, [f"batch {number}" for number in order.split(", ")])
    usual, run = (bench.integrate(cells, "scanorama", n_dims=10) for cells in (given, ordered))
    assert usual.embedding is not None
    assert run.embedding is not None
    pairs, scores = kept_pairs(run), _scores_by_name(run)
    placed = in_cell_order(ordered, step_results(run, Embedding)[0].coordinates)
    views = [oblique(cells) for cells in (ordered.obsm["place"], places(ordered, run.embedding, placed))]
    return Observation(
        pictures=(
            Matrix("Alignment scores", scores, _NAMES, _NAMES, written="share"),
            *cell_maps(given, ("Before, with the matches used", "After Scanorama"), views, pairs),
        ),
        figures={
            "scores": float(np.abs(scores - _scores_by_name(usual)).max()),
            "same": float(kept_neighbors(usual.embedding, run.embedding, NEIGHBORS).mean()),
            "right": right_share(pairs, codes(given, "cell_type")),
            "world": float(list(_WORLDS).index(world)),
        },
        notes=run.notes,
    )


def _scores_by_name(run: Integration) -> FloatArray:
    """The scores of batches 1, 2 and 3, whatever their order in the run."""
    at = [run.batch_names.index(name) for name in _NAMES]
    return np.asarray(step_results(run, AlignmentScores)[0].score[np.ix_(at, at)])


def explain(seen: Observation) -> str:
    """What the truth says about what was seen."""
    change, same, right = seen.figures["scores"], seen.figures["same"], seen.figures["right"]
    split = (
        "Scanorama searches before it joins anything, and every two batches are compared. But a cell looks for 20 "
        "neighbours among all earlier batches together, and for 20 among all later ones: who stands on which side "
        "depends on the order."
    )
    result = (
        f"Against the order 1, 2, 3, the largest change of a score is {change:.3f}, and {same:.1%} of a cell's "
        f"neighbours are the same. {right:.0%} of the matches are right."
    )
    if change <= _LITTLE and seen.figures["world"] == 0:
        return f"{split} In the chain no type is in more than two batches, so that no cell has to divide them. {result}"
    if change <= _LITTLE:
        return (
            f"{split} In this order, every batch has the same ones on its two sides as in 1, 2, 3. Only which batch "
            f"stays where it is still depends on it. {result}"
        )
    if seen.figures["world"] == 1:
        return (
            f"{split} Monocytes are in all three batches. The batch in the middle finds 20 on either side, the outer "
            f"ones divide theirs between two batches. {result}"
        )
    return (
        f"{split} Here that decides which false matches come about. Batch 3 shares nothing. With the other two "
        "on either side of it, they find each other and nobody chooses it back. At an end of the order, the batch "
        f"beside it has nobody else to choose on that side. {result}"
    )


LESSON = Lesson(
    name="order-scanorama",
    chapter="order",
    position=20,
    title="Who comes first, with Scanorama",
    setting=(
        "Three batches, in any of their six orders, and three worlds: a chain, in which each batch shares one type "
        "with the next; a type that all three hold; and a batch 3 that shares nothing. Scanorama matches all batches "
        "before it joins any. Does the order matter? Scores and neighbours are compared with those in the order "
        "1, 2, 3."
    ),
    sliders=(
        Slider("order", "Order of the batches", _ORDERS, default="1, 3, 2"),
        Slider(
            "world",
            "What the batches share",
            ("chain", "common", "stranger"),
            default="chain",
            names=("a chain", "a type in all three", "nothing with batch 3"),
        ),
    ),
    prediction=Question(
        "In the chain, MNN failed when batch 1 met batch 3 before batch 2 came. And Scanorama, in the order 1, 3, 2?",
        ("It fails in the same way", "Its result changes a little", "Nothing changes, or next to nothing"),
        answer=lambda seen: 0 if seen.figures["right"] < 0.9 else 2 if seen.figures["same"] > 0.99 else 1,
        why=lambda seen: (
            f"Scores change by {seen.figures['scores']:.3f} at most, {seen.figures['same']:.1%} of a cell's neighbours "
            f"are the same, and {seen.figures['right']:.1%} of the matches are right. Links are taken by their score, "
            "not by the order of the batches."
        ),
        at={"order": "1, 3, 2", "world": "chain"},
    ),
    observe=observe,
    figures=(
        Figure("scores", "Largest change of a score", "number", good="low", help="Against the order 1, 2, 3."),
        Figure("same", "Neighbours as in the order 1, 2, 3", "share", good="high"),
        Figure("right", "Matches of the same type", "share", good="high"),
    ),
    explain=explain,
    misreading=(
        "Small differences between two orders are no sign of an error: they come from how the neighbours are divided "
        "between earlier and later batches, and from which batch stays where it is."
    ),
    check=Question(
        "A type is in all three batches. You turn the order round: 3, 2, 1 instead of 1, 2, 3. Do the scores change?",
        ("Yes: batch 3 comes first now", "No: earlier and later only change places"),
        answer=lambda seen: 1 if seen.figures["scores"] <= _LITTLE else 0,
        why=lambda seen: (
            f"The largest change of a score is {seen.figures['scores']:.3f}. Every batch has the same ones on its two "
            "sides, and both directions are searched alike."
        ),
        at={"order": "3, 2, 1", "world": "common"},
    ),
    claims=(
        *(
            Claim(f"In a chain no score changes in the order {order}", {"order": order}, "scores", at_most=0)
            for order in _ORDERS
        ),
        Claim("and so are the neighbours", {"order": "1, 3, 2"}, "same", at_least=0.98),
        Claim("with right matches", {"order": "1, 3, 2"}, "right", at_least=0.99),
        Claim("With a type in all three, the scores change", {"world": "common"}, "scores", at_least=0.005),
        Claim("by little", {"world": "common"}, "scores", at_most=0.15),
        Claim("as do the neighbours", {"world": "common"}, "same", at_least=0.93, at_most=0.99),
        Claim("and matches stay right", {"world": "common"}, "right", at_least=0.99),
        Claim("The mirror image changes no score", {"world": "common", "order": "3, 2, 1"}, "scores", at_most=0),
        Claim("With a stranger, a score may change from 0 to 1", {"world": "stranger"}, "scores", at_least=0.7),
        Claim("the order 1, 3, 2 keeps it out", {"world": "stranger"}, "right", at_least=0.99),
        Claim(
            "the order 1, 2, 3 does not", {"world": "stranger", "order": "1, 2, 3"}, "right", at_least=0.4, at_most=0.75
        ),
    ),
    method="scanorama",
)
