"""Where the pairs of MNN lie in their batches: at the edge, or in the middle."""

from __future__ import annotations

import numpy as np

from scint_core.contract import FloatArray, IntArray
from scint_core.lab.lesson import Bench, Claim, Figure, Lesson, Question, Slider
from scint_core.lab.measures import cell_maps, codes, kept_pairs, right_share
from scint_core.lab.pictures import Observation
from scint_core.lab.truth import aslant, places

_LENGTH = 8.0  # of a line of cells
_SHALLOW, _DEEP = 0.3, 0.7  # depths in the line
_LEANS = 0.8  # share of its batch that lies further off: a cell that faces the other batch
_MEET = {"ends": 0.0, "between": 0.25, "middle": 0.5}  # as shares of that length


def observe(bench: Bench, meet: str, shift: float) -> Observation:
    """MNN on two lines that meet somewhere; the second is shifted out of their plane."""
    world = bench.world(
        "meeting_lines", meet=_MEET[meet], shift=shift, length=_LENGTH, n_cells=600, noise=0.05, n_genes=50
    )
    run = bench.integrate(world, "mnn", cos_norm_in=False, cos_norm_out=False, k=10, var_adj=False)
    assert run.expression is not None
    pairs, batch = kept_pairs(run), codes(world, "batch")
    before, after = places(world, world.X), places(world, run.expression)
    paired = np.unique(np.concatenate([pairs.left, pairs.right]))
    return Observation(
        pictures=cell_maps(world, ("Before, with the pairs", "After MNN"), (aslant(before), aslant(after)), pairs),
        figures={
            "pairs": float(len(pairs)),
            "right": right_share(pairs, codes(world, "cell_type")),
            "depth": float(depths(before, batch)[paired].mean()),
            "facing": float(facing(before, batch)[paired].mean()),
        },
        notes=run.notes,
    )


def depths(cells: FloatArray, batch: IntArray) -> FloatArray:
    """How deep in the line of its batch a cell lies (cells,): 0 at an end, 1 half-way."""
    along = cells[np.arange(len(cells)), batch]
    rank = np.empty(len(cells))
    for b in (0, 1):
        rank[batch == b] = _percentiles(along[batch == b])
    return 1 - np.abs(2 * rank - 1)


def facing(cells: FloatArray, batch: IntArray) -> FloatArray:
    """Share of its batch that lies further from the other batch along the shift (cells,): 0.5 is the middle."""
    towards = np.where(batch == 0, cells[:, 2], -cells[:, 2])
    rank = np.empty(len(cells))
    for b in (0, 1):
        rank[batch == b] = _percentiles(towards[batch == b])
    return rank


def _percentiles(values: FloatArray) -> FloatArray:
    """Share of the other values that are smaller (n,)."""
    return np.argsort(np.argsort(values)) / (len(values) - 1)


def explain(seen: Observation) -> str:
    """What the truth says about what was seen."""
    depth, lean, right = seen.figures["depth"], seen.figures["facing"], seen.figures["right"]
    where = "at the ends of the lines" if depth < _SHALLOW else "in the middle of the lines" if depth > _DEEP else ""
    place = f"Paired cells lie {where or 'between the end and the middle of the lines'} (depth {depth:.2f})"
    if lean < _LEANS:
        return (
            f"{place}, where the simulation has cells that both batches hold. MNN does not know where that is: an edge "
            f"or a middle, the pairs are found, and {right:.0%} of them join cells of the part in common."
        )
    return (
        f"{place}, but they are not all of those that the batches have in common. The batches are far apart now, and "
        f"MNN pairs the cells that lean towards the other batch: of a paired cell's batch, {lean:.0%} lies further "
        f"away than it does. Only {right:.0%} of the pairs join cells of the part in common. From the middle of a "
        "batch's thickness few pairs are left: this is the kissing problem, which the chapter on fastMNN returns to."
    )


LESSON = Lesson(
    name="mnn-pairs-depth",
    chapter="mnn",
    position=10,
    title="Pairs at the edge and in the middle",
    setting=(
        "Each batch is a line of cells. Where the lines meet, both hold the same cells; elsewhere each is alone. The "
        "second line is lifted off the plane by the batch effect. Move the place where they meet, then lift the "
        "second line further."
    ),
    sliders=(
        Slider(
            "meet", "The lines meet", tuple(_MEET), default="ends", names=("at their ends", "in between", "half-way")
        ),
        Slider("shift", "Length of the batch effect", (0.5, 1.0, 2.0, 4.0, 8.0), default=1.0),
    ),
    prediction=Question(
        "The lines meet half-way instead of at their ends. Where are the pairs?",
        ("Still at the ends of the lines", "Everywhere on the lines", "In the middle of the lines"),
        answer=lambda seen: [seen.figures["depth"] < depth for depth in (_SHALLOW, _DEEP, np.inf)].index(True),
        why=lambda seen: (
            f"Paired cells have a mean depth of {seen.figures['depth']:.2f}; 0 is an end, 1 is half-way, and all cells "
            "together have 0.5."
        ),
        at={"meet": "middle", "shift": 1.0},
    ),
    observe=observe,
    figures=(
        Figure("pairs", "Pairs found", "count"),
        Figure("right", "Pairs of the part in common", "share", good="high"),
        Figure("depth", "Depth in the line, 0 end, 1 middle", "score"),
        Figure("facing", "Cells of its batch further off", "share", help="50 %: the middle of the batch's thickness."),
    ),
    explain=explain,
    misreading=(
        "Only cells with a line have a partner. The others are moved too, by the vectors of the paired cells nearest "
        "to them."
    ),
    check=Question(
        "The batch effect is eight times as long, at a right angle as before. Which cells are paired now?",
        ("The same ones: a right angle changes no neighbours", "Those that lean towards the other batch", "None"),
        answer=lambda seen: 2 if not seen.figures["pairs"] else int(seen.figures["facing"] > _LEANS),
        why=lambda seen: (
            f"Of a paired cell's batch, {seen.figures['facing']:.0%} lies further away than the cell. Batches have a "
            "thickness: the further apart they are, the more it counts who faces the other."
        ),
        at={"shift": 8.0},
    ),
    claims=(
        Claim("Lines that meet at their ends are paired there", {"meet": "ends"}, "depth", at_most=0.2),
        Claim("Near ones by cells of the part in common", {"shift": 0.5}, "right", at_least=0.75),
        Claim("Lines that meet half-way are paired in the middle", {"meet": "middle"}, "depth", at_least=0.75),
        Claim("Near batches are paired through their thickness", {"shift": 0.5}, "facing", at_most=0.65),
        Claim("Far ones where they face each other", {"shift": 8.0}, "facing", at_least=0.85),
        Claim("and many of those pairs are wrong", {"shift": 8.0}, "right", at_most=0.65),
    ),
    method="mnn",
)
