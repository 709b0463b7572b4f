"""MNN's k, and the rarest type that both batches hold."""

from __future__ import annotations

from scint_core.lab.lesson import Bench, Claim, Figure, Lesson, Question, Slider
from scint_core.lab.measures import cell_maps, codes, kept_pairs, right_share
from scint_core.lab.pictures import Observation
from scint_core.lab.truth import aslant, misplaced, places

_GOOD = 0.97  # share of right pairs
_FEW = 5  # a k below which vectors are noise
_SHARE = 0.95  # of T cells in the first batch
_SECOND = {"mirrored": 1 - _SHARE, "alike": _SHARE}


def observe(bench: Bench, k: int, second: str) -> Observation:
    """MNN with this k on two types, of which one is rare in each batch."""
    world = bench.world("two_types", share_first=_SHARE, share_second=_SECOND[second])
    run = bench.integrate(world, "mnn", cos_norm_in=False, cos_norm_out=False, k=k)
    assert run.expression is not None
    pairs = kept_pairs(run)
    before, after = places(world, world.X), places(world, run.expression)
    return Observation(
        pictures=cell_maps(world, ("Before, with the pairs", "After MNN"), (aslant(before), aslant(after)), pairs),
        figures={
            "k": float(k),
            "rarest": float(world.uns["simulation"]["cells"].min()),
            "alike": float(second == "alike"),
            "right": right_share(pairs, codes(world, "cell_type")),
            "misplaced": misplaced(world, after),
        },
        notes=run.notes,
    )


def explain(seen: Observation) -> str:
    """What the truth says about what was seen."""
    k, rarest, right, misplaced = (seen.figures[name] for name in ("k", "rarest", "right", "misplaced"))
    if right < _GOOD:
        return (
            f"A T cell of the first batch asks for its {k:.0f} nearest in the second, which has only {rarest:.0f} T "
            "cells: the rest of the list is B cells. They in turn find too few B cells in the first batch and list T "
            f"cells. So both agree, and {1 - right:.0%} of the pairs are wrong. Cells end {misplaced:.1f} from where "
            "they belong."
        )
    if k < _FEW:
        return (
            f"The pairs are right ({right:.0%}), but there are few of them: each vector is the difference of one or "
            f"two cells and carries their noise. Cells end {misplaced:.1f} from where they belong; a few more "
            "neighbours would average it out."
        )
    if seen.figures["alike"] and k > rarest:
        return (
            f"k is {k:.0f}, the rare type has {rarest:.0f} cells in each batch, and yet {right:.0%} of the pairs are "
            "right. A rare cell does list cells of the other type, but these find enough of their own and do not list "
            "it back. Neighbours must be *mutual*: that is what the M is for."
        )
    return (
        f"k is {k:.0f}, and the rarest type has {rarest:.0f} cells in a batch. So a cell can fill its list from "
        f"its own type: {right:.0%} of the pairs are right, and cells end {misplaced:.1f} from where they belong."
    )


LESSON = Lesson(
    name="mnn-neighbors",
    chapter="mnn",
    position=50,
    title="More neighbours than there are",
    setting=(
        "Both batches hold T cells and B cells. The first has 95 % T cells; the second has 95 % B cells (mirrored) or "
        "95 % T cells (alike). The rare type has ten cells in a batch. Slide k, the number of neighbours that a cell "
        "may choose from, beyond it."
    ),
    sliders=(
        Slider("k", "k, neighbours", (2, 5, 10, 15, 20, 40, 80), default=5),
        Slider(
            "second", "Second batch", tuple(_SECOND), default="mirrored", names=("95 % B cells", "95 % T cells"),
        ),
    ),
    prediction=Question(
        "The rare type has ten cells, k is 40, and the proportions are mirrored. What becomes of the pairs?",
        ("More of them, and all right", "About half of them wrong or more", "A few wrong ones, under 10 %"),
        answer=lambda seen: 0 if seen.figures["right"] > _GOOD else 2 if seen.figures["right"] > 0.9 else 1,
        why=lambda seen: f"{seen.figures['right']:.0%} are right: k is above {seen.figures['rarest']:.0f}.",
        at={"k": 40, "second": "mirrored"},
    ),
    observe=observe,
    figures=(
        Figure("rarest", "Cells of the rarest type", "count"),
        Figure("right", "Pairs of the same type", "share", good="high"),
        Figure("misplaced", "From where cells belong, after", "distance", good="low"),
    ),
    explain=explain,
    misreading=(
        "The number of pairs grows with k all the time, also when the new ones are wrong. Many pairs are no sign of "
        "good ones."
    ),
    check=Question(
        "k is 40 again, but now *both* batches have 95 % T cells. Are more than 97 % of the pairs right?",
        ("Yes", "No, k is still above the ten rare cells"),
        answer=lambda seen: 0 if seen.figures["right"] > _GOOD else 1,
        why=lambda seen: (
            f"{seen.figures['right']:.0%} are right. A rare B cell lists T cells, but every T cell finds 40 of its own "
            "and lists none back."
        ),
        at={"k": 40, "second": "alike"},
    ),
    claims=(
        Claim("Below the rarest type pairs are right", {"k": 5}, "right", at_least=0.97),
        Claim("and cells come to where they belong", {"k": 5}, "misplaced", at_most=1.0),
        Claim("Above it, a good part is wrong", {"k": 20}, "right", at_most=0.85),
        Claim("far above it, most are", {"k": 80}, "right", at_most=0.35),
        Claim("and cells end far off", {"k": 80}, "misplaced", at_least=2.5),
        Claim(
            "Alike proportions protect: false choices are not mutual", {"k": 80, "second": "alike"}, "right",
            at_least=0.97,
        ),
    ),
    method="mnn",
)  # fmt: skip
