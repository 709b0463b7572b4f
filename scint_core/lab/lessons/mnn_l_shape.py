"""Two batches shaped like an L, one shifted within the plane that both lie in: the wrong arms are paired."""

from __future__ import annotations

import numpy as np

from scint_core.lab.lesson import Bench, Claim, Figure, Lesson, Question, Slider
from scint_core.lab.measures import cell_maps, codes, kept_pairs, mixing, right_share
from scint_core.lab.pictures import Observation
from scint_core.lab.truth import aslant, misplaced, places

_GOOD = 0.9  # share of right pairs; near the corner of the L an arm passes into the other
_SHIFT = 4.0  # half of the length of an arm


def observe(bench: Bench, angle: int, svd_dim: int) -> Observation:
    """MNN on two L's, the second shifted at this angle to the plane."""
    world = bench.world("l_shape", angle=angle, shift=_SHIFT, length=2 * _SHIFT)
    run = bench.integrate(world, "mnn", cos_norm_in=False, cos_norm_out=False, k=10, svd_dim=svd_dim)
    assert run.expression is not None
    pairs = kept_pairs(run)
    before, after = places(world, world.X), places(world, run.expression)
    return Observation(
        pictures=cell_maps(world, ("Before, with the pairs", "After MNN"), (aslant(before), aslant(after)), pairs),
        figures={
            "right": right_share(pairs, codes(world, "cell_type")),
            "mixing": mixing(after, codes(world, "batch")),
            "misplaced": misplaced(world, after),
            "taken_out": float(svd_dim),
        },
        notes=run.notes,
    )


def explain(seen: Observation) -> str:
    """What the truth says about what was seen."""
    right, misplaced = seen.figures["right"], seen.figures["misplaced"]
    if right > _GOOD:
        return (
            f"{right:.0%} of the pairs join cells of the same arm; the others lie near the corner, where the arms are "
            f"one. Cells end {misplaced:.1f} from where they belong, and were {_SHIFT:g} away. The shift lengthens all "
            "distances alike, so every cell still finds its like."
        )
    if seen.figures["taken_out"]:
        return (
            f"The pairs are as wrong as without it: {right:.0%} are right. But MNN took the two main directions of "
            "each batch for biology and moved no cell along them. So no arm was bent, and the part of the shift that "
            f"lies in the plane was left in: cells are {misplaced:.1f} from where they belong."
        )
    return (
        "The shift in the plane pushes one arm of the second L across the other arm of the first. Where they cross, "
        f"cells of different arms are neighbours: {right:.0%} of the pairs are right. Each part of the L is moved "
        f"to what it happens to lie near, and cells end {misplaced:.1f} from where they belong."
    )


LESSON = Lesson(
    name="mnn-l-shape",
    chapter="mnn",
    position=15,
    title="An L upon an L",
    setting=(
        "Both batches are the same L of cells, in one plane. The second is shifted by half of an arm's length. At 90° "
        "the shift leaves the plane, at 0° it pushes the second L across the first. Slide the angle down, then let MNN "
        "take the main directions of each batch for biology."
    ),
    sliders=(
        Slider("angle", "Angle to the plane of the L (°)", (0, 30, 60, 90), default=90),
        Slider(
            "svd_dim", "Directions taken for biology", (0, 2), default=0,
            help="MNN moves no cell along these main directions of each batch (`svd_dim`).",
        ),
    ),
    prediction=Question(
        "The second L is pushed within the plane (0°). Which arms are paired?",
        ("Each with itself, almost always", "Right and wrong ones alike", "Always the wrong ones"),
        answer=lambda seen: [seen.figures["right"] > share for share in (_GOOD, 0.1, -1)].index(True),
        why=lambda seen: f"{seen.figures['right']:.0%} of the pairs join cells of the same arm.",
        at={"angle": 0, "svd_dim": 0},
    ),
    observe=observe,
    figures=(
        Figure("right", "Pairs of the same arm", "share", good="high"),
        Figure("mixing", "Mixing of batches", "score", good="high"),
        Figure("misplaced", "From where cells belong, after", "distance", good="low"),
    ),
    explain=explain,
    misreading=(
        "Two L's that cross have many pairs, and they lie closer together afterwards. Closer is not correct: follow "
        "the lines from arm to arm."
    ),
    check=Question(
        "At 0°, with two directions taken for biology: how far do cells end from where they belong?",
        ("Near 0: the shift is removed", "About as far as the shift is long", "Twice as far"),
        answer=lambda seen: [seen.figures["misplaced"] < f * _SHIFT for f in (0.5, 1.5, np.inf)].index(True),
        why=lambda seen: (
            f"{seen.figures['misplaced']:.1f}, the shift is {_SHIFT:g} long. What is taken for biology is neither bent "
            "nor corrected, and here the whole batch effect lies in it."
        ),
        at={"angle": 0, "svd_dim": 2},
    ),
    claims=(
        Claim("Out of the plane, arms are paired with themselves", {"angle": 90}, "right", at_least=0.9),
        Claim("and cells come to where they belong", {"angle": 90}, "misplaced", at_most=0.5),
        Claim("Within the plane the wrong arm is paired", {"angle": 0}, "right", at_most=0.7),
        Claim("and cells are moved to the wrong places", {"angle": 0}, "misplaced", at_least=2.5),
        Claim(
            "With biology taken out, the shift in the plane stays", {"angle": 0, "svd_dim": 2}, "misplaced",
            at_least=3.8, at_most=4.2,
        ),
        Claim("while one out of it is still removed", {"angle": 90, "svd_dim": 2}, "misplaced", at_most=0.5),
    ),
    method="mnn",
)  # fmt: skip
