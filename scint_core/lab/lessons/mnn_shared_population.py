"""MNN's first assumption: at least one population is in both batches."""

from __future__ import annotations

from scint_core.lab.lesson import Bench, Claim, Figure, Lesson, Question, Slider
from scint_core.lab.measures import cell_maps, centroid_gap, codes, flat, kept_pairs, mixing, right_share
from scint_core.lab.pictures import Observation

_GONE = 0.02  # share of right pairs below which none are meant


def observe(bench: Bench, shared: int) -> Observation:
    """MNN on two batches that share some of three types."""
    world = bench.world("plane_clouds", shared=shared)
    run = bench.integrate(world, "mnn", cos_norm_in=False, cos_norm_out=False, k=10)
    assert run.expression is not None
    pairs = kept_pairs(run)
    batch, cell_type = codes(world, "batch"), codes(world, "cell_type")
    before, after = flat(world.X, run.expression)
    return Observation(
        pictures=cell_maps(world, ("Before, with the pairs", "After MNN"), (before, after), pairs),
        figures={
            "pairs": float(len(pairs)),
            "right": right_share(pairs, cell_type),
            "mixing": mixing(run.expression, batch),
            "gap": centroid_gap(run.expression, batch, cell_type),
        },
        notes=run.notes,
    )


def explain(seen: Observation) -> str:
    """What the truth says about what was seen."""
    pairs, right = int(seen.figures["pairs"]), seen.figures["right"]
    if right > _GONE:
        return (
            f"MNN found {pairs:,} pairs, and {right:.0%} of them join cells of the same type, which the simulation "
            "knows. Types that one batch alone holds stay where they are: none of their cells is the nearest of a cell "
            "that also chooses it."
        )
    return (
        f"No type is in both batches, and still MNN found {pairs:,} pairs: every cell has *some* nearest neighbour, "
        "and some of these choices are mutual. All of them are wrong. The batches were moved onto each other all the "
        "same, and nothing in the result says that they should not have been."
    )


LESSON = Lesson(
    name="mnn-shared-population",
    chapter="mnn",
    position=20,
    title="Something must be shared",
    setting=(
        "Two batches hold up to three cell types. The second batch is shifted at a right angle to everything that "
        "tells types apart. Slide the number of types that both batches hold down to none."
    ),
    sliders=(
        Slider("shared", "Types in both batches", (0, 2, 3), default=3, help="Other types are in one batch alone."),
    ),
    prediction=Question(
        "No type is in both batches. How many pairs does MNN find?",
        ("None: nothing matches", "As many as before, all right", "Some, all of them wrong"),
        answer=lambda seen: 0 if seen.figures["pairs"] == 0 else 2 if seen.figures["right"] <= _GONE else 1,
        why=lambda seen: f"{int(seen.figures['pairs']):,} pairs, {seen.figures['right']:.0%} of them right.",
        at={"shared": 0},
    ),
    observe=observe,
    figures=(
        Figure("pairs", "Pairs found", "count"),
        Figure("right", "Pairs of the same type", "share", good="high"),
        Figure("mixing", "Mixing of batches", "score"),
        Figure("gap", "Gap left within types", "score", good="low"),
    ),
    explain=explain,
    misreading=(
        "A well mixed picture is no proof: with nothing in common it looks as good, and is wrong from end to end."
    ),
    check=Question(
        "Where the sliders stand now: are more than nine in ten pairs right?",
        ("Yes", "No"),
        answer=lambda seen: 0 if seen.figures["right"] > 0.9 else 1,
        why=lambda seen: f"{seen.figures['right']:.1%} of the pairs join cells of the same type.",
    ),
    claims=(
        Claim("With all types shared, pairs are right", {"shared": 3}, "right", at_least=0.97),
        Claim("and every type is brought onto itself", {"shared": 3}, "gap", at_most=0.15),
        Claim("Two of three are enough", {"shared": 2}, "right", at_least=0.97),
        Claim("With none, pairs are still found", {"shared": 0}, "pairs", at_least=10),
        Claim("and none is right", {"shared": 0}, "right", at_most=0.0),
        Claim("yet batches are mixed", {"shared": 0}, "mixing", at_least=0.1),
    ),
    method="mnn",
)
