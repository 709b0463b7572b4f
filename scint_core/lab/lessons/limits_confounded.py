"""Confounded design: one condition in each batch, and no method can tell a batch effect from biology."""

from __future__ import annotations

from typing import Any

import numpy as np
from anndata import AnnData

from scint_core.contract import FloatArray, IntArray
from scint_core.export import Integration
from scint_core.lab.lesson import Bench, Claim, Figure, Lesson, Question, Slider
from scint_core.lab.measures import cell_maps, codes
from scint_core.lab.pictures import Observation
from scint_core.lab.truth import aslant, places

_DIFFERENCE = 4.0
_METHODS: dict[str, dict[str, Any]] = {
    "limma": {},
    "mnn": {"cos_norm_in": False, "cos_norm_out": False, "k": 10},
    "harmony": {},
}
_NAMES = {"limma": "limma", "mnn": "MNN", "harmony": "Harmony"}
_SMALL = 0.5  # an eighth of the difference


def observe(bench: Bench, technical: float, method: str) -> Observation:
    """A method on two batches whose difference is a batch effect to this share, and biology for the rest."""
    world = bench.world("one_condition_each", technical=technical, difference=_DIFFERENCE)
    run = bench.integrate(world, method, **_METHODS[method])
    before, after = places(world, world.X), _placed(bench, world, run)
    batch = codes(world, "batch")
    left, truth = _between(after, batch), (1 - technical) * _DIFFERENCE
    return Observation(
        pictures=cell_maps(
            world,
            ("Before", f"After {_NAMES[method]}", "Biology, in truth"),
            (aslant(before), aslant(after), aslant(world.obsm["biology"])),
        ),
        figures={"before": _between(before, batch), "after": left, "truth": truth, "wrong": abs(left - truth)},
        notes=run.notes,
    )


def _placed(bench: Bench, world: AnnData, run: Integration) -> FloatArray:
    """The result in the space of the world's places (cells × 3)."""
    if run.expression is not None:
        return places(world, run.expression)
    before = bench.integrate(world, "unintegrated").embedding
    assert before is not None
    assert run.embedding is not None
    return places(world, run.embedding, before)


def _between(cells: FloatArray, batch: IntArray) -> float:
    """Distance of the centres of the two batches."""
    return float(np.linalg.norm(cells[batch == 0].mean(axis=0) - cells[batch == 1].mean(axis=0)))


def explain(seen: Observation) -> str:
    """What the truth says about what was seen."""
    after, truth, wrong = seen.figures["after"], seen.figures["truth"], seen.figures["wrong"]
    did = f"The batches were {_DIFFERENCE:g} apart, and the method left {after:.1f}"
    share = "none" if truth == 0 else "all" if truth == _DIFFERENCE else f"{truth:g}"
    known = f"In truth {share} of it is biology"
    if wrong <= _SMALL:
        verdict = f"{known}, so this answer happens to be right."
    elif after < truth:
        verdict = f"{known}: the method removed what the illness does to cells."
    else:
        verdict = f"{known}: the method left a batch effect that looks like illness."
    return (
        f"{did}. {verdict} Move the share that is technical: the values of the cells do not change by it, so neither "
        "does the result, only whether it is right. What tells the two apart is not in the data but in the design: "
        "batches that hold both conditions."
    )


LESSON = Lesson(
    name="limits-confounded",
    chapter="limits",
    position=10,
    title="When batch is condition",
    setting=(
        "All cells of healthy donors are in batch 1, all cells of ill donors in batch 2. The difference between them "
        "is partly technical, partly the illness. Slide the share, which only the simulation knows, and try three "
        "methods."
    ),
    sliders=(
        Slider("technical", "Share of the difference that is technical", (0.0, 0.25, 0.5, 0.75, 1.0), default=1.0),
        Slider("method", "Method", tuple(_METHODS), default="limma", names=tuple(_NAMES.values())),
    ),
    prediction=Question(
        "Nothing of the difference is technical: all of it is the illness. What does limma leave of it?",
        ("All of it: there is no batch effect", "About half", "Nothing"),
        answer=lambda seen: [seen.figures["after"] > share * _DIFFERENCE for share in (0.75, 0.25, -1)].index(True),
        why=lambda seen: (
            f"{seen.figures['after']:.1f} of {_DIFFERENCE:g} is left. The cells have the same values as when all of it "
            "is technical, so every method does the same."
        ),
        at={"technical": 0.0, "method": "limma"},
    ),
    observe=observe,
    figures=(
        Figure("before", "Between batches, before", "distance"),
        Figure("after", "Between batches, after", "distance"),
        Figure("truth", "Biology in it", "distance"),
        Figure("wrong", "Error of the answer", "distance", good="low"),
    ),
    explain=explain,
    misreading=(
        "A method that mixes the batches has not found that they are alike, and one that leaves them apart has not "
        "found that they differ. Each does what it always does."
    ),
    check=Question(
        "Harmony leaves these batches apart. Does it know that the difference is biology?",
        ("Yes: it is right where all of it is biology", "No: it leaves a batch effect just the same"),
        answer=lambda seen: 1 if seen.figures["after"] > 0.75 * _DIFFERENCE else 0,
        why=lambda seen: (
            f"With nothing but a batch effect it leaves {seen.figures['after']:.1f} of {_DIFFERENCE:g} as well: it "
            "moves cells within groups of similar ones, and here no group holds both batches."
        ),
        at={"technical": 1.0, "method": "harmony"},
    ),
    claims=(
        Claim("limma removes a batch effect", {"technical": 1.0}, "after", at_most=0.1),
        Claim("and, just the same, biology", {"technical": 0.0}, "after", at_most=0.1),
        Claim("which is an error as large as the difference", {"technical": 0.0}, "wrong", at_least=3.8),
        Claim("So does MNN", {"technical": 0.0, "method": "mnn"}, "wrong", at_least=2.8),
        Claim("Harmony leaves biology", {"technical": 0.0, "method": "harmony"}, "wrong", at_most=0.5),
        Claim("and, just the same, a batch effect", {"technical": 1.0, "method": "harmony"}, "wrong", at_least=3.5),
    ),
)
