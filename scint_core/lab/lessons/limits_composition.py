"""Linear correction takes different proportions of types for a batch effect; pairs of cells do not."""

from __future__ import annotations

from typing import Any

import numpy as np
from anndata import AnnData

from scint_core.contract import FloatArray
from scint_core.lab.lesson import Bench, Claim, Figure, Lesson, Question, Slider
from scint_core.lab.measures import cell_maps, codes
from scint_core.lab.pictures import Observation
from scint_core.lab.truth import aslant, places

_GAP, _SHIFT = 5.0, 2.0
_METHODS: dict[str, dict[str, Any]] = {
    "limma": {},
    "combat": {},
    "mnn": {"cos_norm_in": False, "cos_norm_out": False, "k": 10},
}


def observe(bench: Bench, share: float) -> Observation:
    """limma, ComBat and MNN on two types in opposite proportions."""
    world = bench.world("two_types", share_first=share, share_second=round(1 - share, 2), gap=_GAP, shift=_SHIFT)
    cells = {"before": places(world, world.X)}
    for method, params in _METHODS.items():
        run = bench.integrate(world, method, **params)
        assert run.expression is not None
        cells[method] = places(world, run.expression)
    shown = [aslant(cells[name]) for name in ("before", "limma", "mnn")]
    return Observation(
        pictures=cell_maps(world, ("Before", "After limma", "After MNN"), shown),
        figures={"share": share, **{name: _apart(world, where) for name, where in cells.items()}},
    )


def _apart(world: AnnData, cells: FloatArray) -> float:
    """Distance of the centres of the two batches' T cells."""
    batch, t_cell = codes(world, "batch"), (world.obs["cell_type"] == "T cell").to_numpy()
    return float(np.linalg.norm(cells[t_cell & (batch == 0)].mean(axis=0) - cells[t_cell & (batch == 1)].mean(axis=0)))


def explain(seen: Observation) -> str:
    """What the truth says about what was seen."""
    share, before, limma, combat, mnn = (seen.figures[n] for n in ("share", "before", "limma", "combat", "mnn"))
    if share == 0.5:
        return (
            "Both batches are half T cells, half B cells. So their means differ by the batch effect alone, and limma "
            f"and ComBat remove it: T cells were {before:.1f} apart, now {limma:.1f} and {combat:.1f}. MNN leaves "
            f"{mnn:.1f}, as its vectors carry the noise of single cells."
        )
    by_proportion = (2 * share - 1) * _GAP
    return (
        f"The batches hold {share:.0%} and {1 - share:.0%} T cells, so their means lie {by_proportion:.1f} apart on "
        "the way from T cells to B cells, without any batch effect. limma and ComBat make the means equal and thereby "
        f"leave T cells {limma:.1f} and {combat:.1f} apart, where they were {before:.1f} before. MNN compares cells "
        f"with cells, not means with means, and leaves {mnn:.1f}."
    )


LESSON = Lesson(
    name="limits-composition",
    chapter="limits",
    position=20,
    title="Means and proportions",
    setting=(
        "Two batches hold T cells and B cells, five apart, and a batch effect of two. limma and ComBat make the means "
        "of batches equal, MNN pairs cells. Slide the share of T cells in batch 1; batch 2 has the opposite share."
    ),
    sliders=(Slider("share", "Share of T cells in batch 1", (0.5, 0.6, 0.7, 0.8, 0.9), default=0.5),),
    prediction=Question(
        "Batch 1 has 90 % T cells, batch 2 has 10 %. How far apart does limma leave the T cells, two before?",
        ("Nearer than before", "As far as before", "Further than before"),
        answer=lambda seen: [
            seen.figures["limma"] < share * seen.figures["before"] for share in (0.8, 1.25, np.inf)
        ].index(True),
        why=lambda seen: f"{seen.figures['before']:.1f} before, {seen.figures['limma']:.1f} after limma.",
        at={"share": 0.9},
    ),
    observe=observe,
    figures=(
        Figure("before", "T cells apart, before", "distance"),
        Figure("limma", "T cells apart, limma", "distance", good="low"),
        Figure("combat", "T cells apart, ComBat", "distance", good="low"),
        Figure("mnn", "T cells apart, MNN", "distance", good="low"),
    ),
    explain=explain,
    misreading=(
        "After limma the batches overlap as a whole, which looks like mixing. It is T cells of one batch that lie near "
        "B cells of the other."
    ),
    check=Question(
        "From which share on does limma make the T cells' distance larger than it was: already at 80 %?",
        ("Yes", "No, only at 90 %"),
        answer=lambda seen: 0 if seen.figures["limma"] > seen.figures["before"] else 1,
        why=lambda seen: (
            f"At 80 % the proportions move the means by {0.6 * _GAP:g}, more than the batch effect of {_SHIFT:g}: "
            f"{seen.figures['before']:.1f} before, {seen.figures['limma']:.1f} after."
        ),
        at={"share": 0.8},
    ),
    claims=(
        Claim("In equal proportions limma removes the batch effect", {"share": 0.5}, "limma", at_most=0.3),
        Claim("and so does ComBat", {"share": 0.5}, "combat", at_most=0.3),
        Claim("In opposite ones limma pushes a type apart", {"share": 0.9}, "limma", at_least=3.5),
        Claim("as does ComBat", {"share": 0.9}, "combat", at_least=3.5),
        Claim("MNN does not", {"share": 0.9}, "mnn", at_most=1.0),
        Claim("here as with equal proportions", {"share": 0.5}, "mnn", at_most=1.0),
    ),
)
