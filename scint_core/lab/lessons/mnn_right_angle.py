"""MNN's second assumption: the batch effect lies at a right angle to biology."""

from __future__ import annotations

import numpy as np

from scint_core.lab.lesson import Bench, Claim, Figure, Lesson, Question, Slider
from scint_core.lab.measures import cell_maps, codes, kept_pairs, right_share
from scint_core.lab.pictures import Observation
from scint_core.lab.truth import aslant, misplaced, places

_GOOD = 0.95  # share of right pairs above which a few wrong ones are not worth a word
_SHIFT = _GAP = 5.0  # the batch effect is as long as types are apart


def observe(bench: Bench, angle: int) -> Observation:
    """MNN on three types in a plane, with a batch effect at this angle to the plane."""
    world = bench.world("plane_clouds", angle=angle, shift=_SHIFT, gap=_GAP)
    run = bench.integrate(world, "mnn", cos_norm_in=False, cos_norm_out=False, k=10)
    assert run.expression is not None
    pairs = kept_pairs(run)
    before, after = places(world, world.X), places(world, run.expression)
    return Observation(
        pictures=cell_maps(world, ("Before, with the pairs", "After MNN"), (aslant(before), aslant(after)), pairs),
        figures={
            "along": float(_SHIFT * np.cos(np.deg2rad(angle))),
            "right": right_share(pairs, codes(world, "cell_type")),
            "misplaced": misplaced(world, after),
        },
        notes=run.notes,
    )


def explain(seen: Observation) -> str:
    """What the truth says about what was seen."""
    along, right, misplaced = (seen.figures[name] for name in ("along", "right", "misplaced"))
    if right > _GOOD:
        return (
            f"The batch effect is {_SHIFT:g} long, and {along:.1f} of it lies in the plane of the types. What "
            "leaves the plane lengthens all distances between the batches alike, so the nearest stay the nearest: "
            f"{right:.0%} of the pairs are right, and cells end {misplaced:.1f} from where they belong. Types are "
            f"{_GAP:g} apart."
        )
    return (
        f"{along:.1f} of the batch effect's length of {_SHIFT:g} lies in the plane of the types, so that it carries a "
        f"type towards the place of another, {_GAP:g} away. Only {right:.0%} of the pairs are right, and cells end "
        f"{misplaced:.1f} from where they belong. MNN looks at distances only: to it, a batch effect along biology is "
        "biology."
    )


LESSON = Lesson(
    name="mnn-right-angle",
    chapter="mnn",
    position=30,
    title="The batch effect at a right angle",
    setting=(
        "Three cell types lie in a plane, all of them in both batches. The batch effect is as long as the types are "
        "apart. At 90° it leaves the plane; slide the angle down to 0° to lay it into the plane."
    ),
    sliders=(Slider("angle", "Angle to the plane of the types (°)", (0, 15, 30, 45, 60, 75, 90), default=90),),
    prediction=Question(
        "The same batch effect, just as long, but within the plane (0°). How many of the pairs are right?",
        ("As many as before", "About half", "Less than a third"),
        answer=lambda seen: [seen.figures["right"] > share for share in (0.8, 1 / 3, -1)].index(True),
        why=lambda seen: f"{seen.figures['right']:.0%}: the length did not change, the direction did.",
        at={"angle": 0},
    ),
    observe=observe,
    figures=(
        Figure("along", "Batch effect within the plane", "distance"),
        Figure("right", "Pairs of the same type", "share", good="high"),
        Figure("misplaced", "From where cells belong, after", "distance", good="low"),
    ),
    explain=explain,
    misreading=(
        "At 0° two of the clouds lie on each other before anything is done. They are not of one type: look at the "
        "colours, which MNN does not know."
    ),
    check=Question(
        "At 60°, half of the batch effect's length lies in the plane. Are all pairs still right?",
        ("Yes, more than 95 %", "No, but more than half", "No, less than half"),
        answer=lambda seen: [seen.figures["right"] > share for share in (_GOOD, 0.5, -1)].index(True),
        why=lambda seen: (
            f"{seen.figures['right']:.0%} are right: wide of a right angle, wrong pairs come among the right ones."
        ),
        at={"angle": 60},
    ),
    claims=(
        Claim("At a right angle all pairs are right", {"angle": 90}, "right", at_least=0.97),
        Claim("and cells come to where they belong", {"angle": 90}, "misplaced", at_most=0.8),
        Claim("Almost a right angle is enough", {"angle": 75}, "right", at_least=0.97),
        Claim("In the plane few pairs are right", {"angle": 0}, "right", at_most=0.3),
        Claim("and cells end far from where they belong", {"angle": 0}, "misplaced", at_least=2.0),
        Claim("At 45° a good part of the pairs is wrong", {"angle": 45}, "right", at_most=0.75),
    ),
    method="mnn",
)
