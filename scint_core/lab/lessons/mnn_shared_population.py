"""MNN's first assumption: at least one population is in both batches."""

from __future__ import annotations

import numpy as np

from scint_core.lab.lesson import Bench, Claim, Figure, Lesson, Question, Slider
from scint_core.lab.measures import cell_maps, codes, kept_pairs, right_share
from scint_core.lab.pictures import Observation
from scint_core.lab.truth import aslant, places

_NONE = 0.02  # share of right pairs below which none are meant
_GAP = 5.0  # distance of neighbouring types


def observe(bench: Bench, shared: int) -> Observation:
    """MNN on types A, B and C on a line, of which the batches share some."""
    world = bench.world("line_clouds", shared=shared, gap=_GAP)
    run = bench.integrate(world, "mnn", cos_norm_in=False, cos_norm_out=False, k=10)
    assert run.expression is not None
    pairs, cell_type, batch = kept_pairs(run), codes(world, "cell_type"), codes(world, "batch")
    before, after = places(world, world.X), places(world, run.expression)
    first = after[(cell_type == 0) & (batch == 0)].mean(axis=0)
    last = after[(cell_type == 2) & (batch == 1)].mean(axis=0)
    return Observation(
        pictures=cell_maps(world, ("Before, with the pairs", "After MNN"), (aslant(before), aslant(after)), pairs),
        figures={
            "pairs": float(len(pairs)),
            "right": right_share(pairs, cell_type),
            "distance": float(np.linalg.norm(first - last)),
            "truth": 2 * _GAP,
        },
        notes=run.notes,
    )


def explain(seen: Observation) -> str:
    """What the truth says about what was seen."""
    pairs, right, distance = int(seen.figures["pairs"]), seen.figures["right"], seen.figures["distance"]
    truth = seen.figures["truth"]
    if right > _NONE:
        return (
            f"MNN found {pairs:,} pairs, and {right:.0%} of them join cells of the same type, which the simulation "
            "knows. What is in one batch alone is in no pair, and moves with the cells that are: A of the first batch "
            f"and C of the second are {distance:.1f} apart now, in truth {truth:g}. One shared type is enough."
        )
    return (
        f"No type is in both batches, and still MNN found {pairs:,} pairs: every cell has *some* nearest neighbour, "
        f"and some of these choices are mutual. All of them join A with C. The two types are {distance:.1f} apart now, "
        f"in truth {truth:g}, and nothing in the result says that they should not have been brought together."
    )


LESSON = Lesson(
    name="mnn-shared-population",
    chapter="mnn",
    position=20,
    title="Something must be shared",
    setting=(
        "Three cell types lie on a line: A, B in the middle, C. The second batch is shifted at a right angle to it. "
        "Slide the number of types that both batches hold from three to one (A and B against B and C), then to none "
        "(A against C)."
    ),
    sliders=(
        Slider(
            "shared", "Types in both batches", (0, 1, 2, 3), default=3,
            help="1 is A and B against B and C; 0 is A against C.",
        ),
    ),
    prediction=Question(
        "No type is in both batches. How many pairs does MNN find?",
        ("None: nothing matches", "Some, most of them right", "Some, all of them wrong"),
        answer=lambda seen: 0 if seen.figures["pairs"] == 0 else 2 if seen.figures["right"] <= _NONE else 1,
        why=lambda seen: f"{int(seen.figures['pairs']):,} pairs, {seen.figures['right']:.0%} of them right.",
        at={"shared": 0},
    ),
    observe=observe,
    figures=(
        Figure("pairs", "Pairs found", "count"),
        Figure("right", "Pairs of the same type", "share", good="high"),
        Figure("distance", "From A of batch 1 to C of batch 2", "distance"),
        Figure("truth", "The same in truth", "distance"),
    ),
    explain=explain,
    misreading=(
        "A well mixed picture is no proof. With nothing in common the batches lie as neatly on each other as with "
        "everything in common, and all of it is wrong."
    ),
    check=Question(
        "A and B are in the first batch, B and C in the second. After MNN, how far is A from C?",
        ("About as far as in truth", "Less than half as far", "They lie on each other"),
        answer=lambda seen: [seen.figures["distance"] > f * seen.figures["truth"] for f in (0.5, 0.1, -1)].index(True),
        why=lambda seen: (
            f"{seen.figures['distance']:.1f} of {seen.figures['truth']:g}: B alone is paired, and C moves as B does."
        ),
        at={"shared": 1},
    ),
    claims=(
        Claim("With all types shared, pairs are right", {"shared": 3}, "right", at_least=0.97),
        Claim("and A stays as far from C as it is", {"shared": 3}, "distance", at_least=9.0, at_most=11.0),
        Claim("One shared type is enough", {"shared": 1}, "right", at_least=0.97),
        Claim("to keep A and C apart", {"shared": 1}, "distance", at_least=8.0, at_most=11.0),
        Claim("With none, pairs are still found", {"shared": 0}, "pairs", at_least=10),
        Claim("and none is right", {"shared": 0}, "right", at_most=0.0),
        Claim("yet A is moved onto C", {"shared": 0}, "distance", at_most=1.0),
    ),
    method="mnn",
)  # fmt: skip
