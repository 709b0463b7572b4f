"""MNN's sigma: how far a pair's vector reaches."""

from __future__ import annotations

import numpy as np

from scint_core.contract import FloatArray, IntArray
from scint_core.lab.lesson import Bench, Claim, Figure, Lesson, Question, Slider
from scint_core.lab.measures import cell_maps, centroid_gap, codes
from scint_core.lab.pictures import CellMap, Observation
from scint_core.lab.truth import aslant, misplaced, places

_NOISY, _LEFT = 0.55, 0.13  # spread of the vectors, gap within types: beyond them too narrow, too wide


def observe(bench: Bench, sigma: float) -> Observation:
    """MNN with this kernel width on three types with a batch effect of their own each."""
    world = bench.world("plane_clouds", drift=0.25, shift=3.0)
    run = bench.integrate(world, "mnn", cos_norm_in=False, cos_norm_out=False, k=20, sigma=sigma)
    assert run.expression is not None
    batch, cell_type = codes(world, "batch"), codes(world, "cell_type")
    before, after = places(world, world.X), places(world, run.expression)
    return Observation(
        pictures=_pictures(cell_maps(world, ("Before, with vectors", "After MNN"), (aslant(before), aslant(after)))),
        figures={
            "gap": centroid_gap(after, batch, cell_type),
            "noise": noise((after - before)[batch == 1], cell_type[batch == 1]),
            "misplaced": misplaced(world, after),
        },
        notes=run.notes,
    )


def _pictures(maps: tuple[CellMap, ...]) -> tuple[CellMap, ...]:
    """The maps before and after, with the vectors of the moved cells on the first."""
    before, after = maps
    assert before.shape is not None
    vectors = after.layout - before.layout
    vectors[before.shape.codes == 0] = np.nan
    return CellMap(before.title, before.layout, before.colour, before.shape, arrows=vectors), after


def noise(vectors: FloatArray, cell_type: IntArray) -> float:
    """Root mean square distance of the vectors (cells × d) from the mean of their type, mean over the types."""
    of_types = [vectors[cell_type == t] for t in np.unique(cell_type)]
    return float(np.mean([np.sqrt(((v - v.mean(axis=0)) ** 2).sum(axis=1).mean()) for v in of_types]))


def explain(seen: Observation) -> str:
    """What the truth says about what was seen."""
    gap, spread, misplaced = seen.figures["gap"], seen.figures["noise"], seen.figures["misplaced"]
    if gap > _LEFT:
        return (
            "Too wide: a cell's vector is an average over pairs of other types too, so types are moved alike. In truth "
            "each has a batch effect of its own, and what differs is left: a type lies "
            f"{gap:.0%} of the types' distance from itself. Cells end {misplaced:.1f} from where they belong."
        )
    if spread > _NOISY:
        return (
            f"Too narrow: a cell follows the pair next to it, and a pair is two single cells with all their noise. In "
            f"truth the cells of a type have one and the same batch effect; here their vectors differ by {spread:.1f}. "
            f"Types lie on themselves (gap {gap:.0%}), but cells end {misplaced:.1f} from where they belong."
        )
    return (
        f"The kernel averages over pairs of the own type and few others. The vectors of a type differ by {spread:.1f} "
        f"only, types lie on themselves (gap {gap:.0%}), and cells end {misplaced:.1f} from where they belong."
    )


LESSON = Lesson(
    name="mnn-kernel-width",
    chapter="mnn",
    position=60,
    title="How far a vector reaches",
    setting=(
        "Each of three types has a batch effect of its own, the same for all its cells. MNN smooths the vectors of the "
        "pairs with a kernel: a pair at distance d counts with exp(−d²/σ). Slide σ from narrow to wide."
    ),
    sliders=(Slider("sigma", "σ, squared distance", (0.01, 0.1, 1.0, 10.0, 100.0, 1000.0), default=1.0),),
    prediction=Question(
        "σ is a thousand, much wider than the types are apart. What becomes of the three batch effects?",
        (
            "All three are removed: more pairs, better vectors",
            "Their average is removed, the differences stay",
            "Nothing is removed",
        ),
        answer=lambda seen: 0 if seen.figures["gap"] < _LEFT else 1 if seen.figures["gap"] < 0.5 else 2,
        why=lambda seen: (
            f"A type is {seen.figures['gap']:.0%} of the types' distance from itself: all cells were moved by one "
            f"vector, or nearly (they differ by {seen.figures['noise']:.1f})."
        ),
        at={"sigma": 1000.0},
    ),
    observe=observe,
    figures=(
        Figure("gap", "Gap left within types", "share", good="low"),
        Figure("noise", "Spread of a type's vectors", "distance", good="low", help="0 in truth."),
        Figure("misplaced", "From where cells belong, after", "distance", good="low"),
    ),
    explain=explain,
    misreading=(
        "At 0.01 the clouds lie on each other too. That each cell was moved by another vector is seen in the arrows, "
        "not in the clouds."
    ),
    check=Question(
        "Batch effects differ between types, so a vector should not reach far. Is 0.01 still better than 1?",
        ("Yes, the narrower the better", "No, it is worse"),
        answer=lambda seen: 0 if seen.figures["misplaced"] < 0.5 else 1,
        why=lambda seen: (
            f"At 0.01 cells end {seen.figures['misplaced']:.1f} from where they belong, at 1 at most 0.5. The vectors "
            f"of a type differ by {seen.figures['noise']:.1f} where they should be the same."
        ),
        at={"sigma": 0.01},
    ),
    claims=(
        Claim("At 1, types lie on themselves", {"sigma": 1.0}, "gap", at_most=0.1),
        Claim("and cells where they belong", {"sigma": 1.0}, "misplaced", at_most=0.5),
        Claim("Too wide leaves what differs between types", {"sigma": 1000.0}, "gap", at_least=0.2),
        Claim("and moves all cells alike", {"sigma": 1000.0}, "noise", at_most=0.2),
        Claim("Too narrow gives the cells of a type vectors that differ", {"sigma": 0.01}, "noise", at_least=0.55),
        Claim("and puts them further from where they belong", {"sigma": 0.01}, "misplaced", at_least=0.6),
    ),
    method="mnn",
)
