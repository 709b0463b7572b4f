"""MNN's third assumption: the batch effect varies far less from cell to cell than types differ."""

from __future__ import annotations

from scint_core.lab.lesson import Bench, Claim, Figure, Lesson, Question, Slider
from scint_core.lab.measures import cell_maps, codes, kept_pairs, right_share
from scint_core.lab.pictures import Observation
from scint_core.lab.truth import aslant, misplaced, places

_PURE = 0.9  # share of right pairs below which false matches count
_GAP = 5.0


def observe(bench: Bench, drift: float) -> Observation:
    """MNN on three types, each of which the batch effect also moves by this share of the way to the next."""
    world = bench.world("plane_clouds", drift=drift, gap=_GAP, shift=3.0)
    run = bench.integrate(world, "mnn", cos_norm_in=False, cos_norm_out=False, k=10)
    assert run.expression is not None
    pairs = kept_pairs(run)
    before, after = places(world, world.X), places(world, run.expression)
    return Observation(
        pictures=cell_maps(world, ("Before, with the pairs", "After MNN"), (aslant(before), aslant(after)), pairs),
        figures={
            "variation": drift * _GAP,
            "biology": _GAP,
            "right": right_share(pairs, codes(world, "cell_type")),
            "misplaced": misplaced(world, after),
        },
        notes=run.notes,
    )


def explain(seen: Observation) -> str:
    """What the truth says about what was seen."""
    variation, right, misplaced = (seen.figures[name] for name in ("variation", "right", "misplaced"))
    ratio = f"The batch effect moves every type by {variation:.1f} of its own, and types are {_GAP:g} apart"
    if right >= _PURE:
        return (
            f"{ratio}. So every cell still has its own type nearest: {right:.0%} of the pairs are right, and cells end "
            f"{misplaced:.1f} from where they belong. That the batch effect is not the same for all types does not "
            "matter: pairs are local, and so are their vectors."
        )
    if variation < _GAP / 2:
        return (
            f"{ratio}. The clouds have come so near to the wrong ones that their rims are paired: only {right:.0%} of "
            f"the pairs are right. Cells end {misplaced:.1f} from where they belong."
        )
    return (
        f"{ratio}. That is half of the way or more, and the next type is now at least as near as the own one: "
        f"{right:.0%} of the pairs are right. Cells end {misplaced:.1f} from where they belong. The false ones are "
        "mutual neighbours like the right ones: MNN has nothing to tell them by."
    )


LESSON = Lesson(
    name="mnn-variation",
    chapter="mnn",
    position=40,
    title="A batch effect that varies",
    setting=(
        "The second batch is lifted out of the plane of three types, which does no harm. On top of it each type is "
        "moved towards the place of the next. Slide that part of the batch effect up until types are confused."
    ),
    sliders=(
        Slider(
            "drift", "Variation of the batch effect, as a share of the types' distance",
            (0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.7), default=0.1,
        ),
    ),
    prediction=Question(
        "Each type is moved by 30 % of the way to the next one. How many of the pairs are right?",
        ("More than nine in ten", "About seven in ten", "About one in two"),
        answer=lambda seen: [seen.figures["right"] > share for share in (_PURE, 0.6, -1)].index(True),
        why=lambda seen: f"{seen.figures['right']:.0%}: the own type is still much nearer than any other.",
        at={"drift": 0.3},
    ),
    observe=observe,
    figures=(
        Figure("variation", "How far types are moved apart", "distance"),
        Figure("biology", "How far types are apart", "distance"),
        Figure("right", "Pairs of the same type", "share", good="high"),
        Figure("misplaced", "From where cells belong, after", "distance", good="low"),
    ),
    explain=explain,
    misreading=(
        "At 0.7 the picture after MNN is nearly as tidy as at 0: three clouds, batches mixed. Look at the colours: "
        "every cloud holds two types, one from each batch."
    ),
    check=Question(
        "At 0.4 of the way, the own type is still nearer than the next. Are at least 95 % of the pairs right?",
        ("Yes, as the own type is nearer", "No, as clouds have a width"),
        answer=lambda seen: 0 if seen.figures["right"] >= 0.95 else 1,
        why=lambda seen: (
            f"{seen.figures['right']:.0%} are right. The variation must stay far below the distance of types, because "
            "their rims meet before their centres do."
        ),
        at={"drift": 0.4},
    ),
    claims=(
        Claim("Little variation does no harm", {"drift": 0.1}, "right", at_least=0.97),
        Claim("and types are corrected each by its own", {"drift": 0.2}, "misplaced", at_most=0.8),
        Claim("Near half of the way false matches appear", {"drift": 0.4}, "right", at_most=0.95),
        Claim("At half of the way fewer than nine in ten are right", {"drift": 0.5}, "right", at_most=0.7),
        Claim("Beyond it none is right", {"drift": 0.7}, "right", at_most=0.05),
        Claim("and types lie on each other", {"drift": 0.7}, "misplaced", at_least=4.0),
    ),
    method="mnn",
)  # fmt: skip
