"""Bulk against single cells: proportions of types look like a batch effect where only means are seen."""

from __future__ import annotations

import numpy as np

from scint_core.contract import FloatArray
from scint_core.lab.lesson import Bench, Claim, Figure, Lesson, Question, Slider
from scint_core.lab.measures import cell_maps, codes
from scint_core.lab.pictures import Histograms, Observation
from scint_core.lab.truth import aslant

_DIFFERS = 4.0  # standard errors; of a hundred genes that are the same, none is expected beyond
_SOME = 0.05  # share of the genes


def observe(bench: Bench, share: float, shift: float) -> Observation:
    """Differences of genes between two batches in opposite proportions: of their means, and of each type's."""
    world = bench.world("two_types", share_first=share, share_second=round(1 - share, 2), shift=shift)
    values, batch = np.asarray(world.X, dtype=np.float64), codes(world, "batch")
    t_cell = (world.obs["cell_type"] == "T cell").to_numpy()
    first, second = batch == 0, batch == 1
    compared = {
        "whole batches": (values[first], values[second]),
        "T cells": (values[first & t_cell], values[second & t_cell]),
        "B cells": (values[first & ~t_cell], values[second & ~t_cell]),
    }
    differences = {name: b.mean(axis=0) - a.mean(axis=0) for name, (a, b) in compared.items()}
    differ = {name: float((np.abs(t_values(a, b)) > _DIFFERS).mean()) for name, (a, b) in compared.items()}
    return Observation(
        pictures=(
            cell_maps(world, ("Single cells",), (aslant(world.obsm["place"]),))[0],
            Histograms("Batch 2 minus batch 1", differences, "difference of a gene's mean", mark=0.0),
        ),
        figures={
            "share": share,
            "shift": shift,
            "bulk": differ["whole batches"],
            "within": (differ["T cells"] + differ["B cells"]) / 2,
        },
    )


def t_values(a: FloatArray, b: FloatArray) -> FloatArray:
    """Difference of the means of every gene of `a` and `b` (both cells × genes), in standard errors (genes,)."""
    error = np.sqrt(a.var(axis=0, ddof=1) / len(a) + b.var(axis=0, ddof=1) / len(b))
    return np.asarray((b.mean(axis=0) - a.mean(axis=0)) / error)


def explain(seen: Observation) -> str:
    """What the truth says about what was seen."""
    share, shift, bulk, within = (seen.figures[name] for name in ("share", "shift", "bulk", "within"))
    mixed = f"{share:.0%} T cells in batch 1, {1 - share:.0%} in batch 2"
    if bulk > _SOME and within <= _SOME:
        return (
            f"{mixed}. As a bulk sample, {bulk:.0%} of the genes differ between the batches. Cell by cell, "
            f"{within:.0%} of them differ in any type: no cell was measured differently. The means differ because the "
            "mixtures do. A correction made for bulk would remove that, and biology with it. This is why some avoid "
            "the words 'batch effect' here: what differs between samples is part technique, part mixture."
        )
    if within > _SOME and share > 0.5:
        return (
            f"{mixed}, and a batch effect of {shift:g}. In bulk {bulk:.0%} of the genes differ, within a type "
            f"{within:.0%}. The second is the batch effect, the first is that and the proportions in one number: from "
            "the means alone nobody can say how much is which."
        )
    if within > _SOME:
        return (
            f"{mixed}, and a batch effect of {shift:g}. It moves all types alike, so bulk samples and single cells "
            f"tell the same: {bulk:.0%} and {within:.0%} of the genes differ. For this case bulk methods are made."
        )
    return (
        f"{mixed}, and no batch effect. {bulk:.0%} of the genes differ in bulk, {within:.0%} within a type: nothing "
        "to correct, whichever way one looks."
    )


LESSON = Lesson(
    name="integration-bulk-or-cells",
    chapter="integration",
    position=20,
    title="Batch effect, or another mixture?",
    setting=(
        "Two batches hold T cells and B cells. A bulk measurement sees the mean of a batch only. Slide the share of T "
        "cells in batch 1, batch 2 has the opposite share; then add a batch effect that is real."
    ),
    sliders=(
        Slider("share", "Share of T cells in batch 1", (0.5, 0.6, 0.7, 0.8, 0.9), default=0.5),
        Slider("shift", "Length of the batch effect", (0.0, 1.0, 2.0), default=0.0),
    ),
    prediction=Question(
        "Batch 1 has 90 % T cells, batch 2 has 10 %; there is no batch effect. In how many genes do the means differ?",
        ("In none: no cell is measured differently", "In a few, under 10 %", "In a third or more"),
        answer=lambda seen: [seen.figures["bulk"] <= share for share in (0.01, 0.1, 1)].index(True),
        why=lambda seen: f"In {seen.figures['bulk']:.0%}, while within a type {seen.figures['within']:.0%} do.",
        at={"share": 0.9, "shift": 0.0},
    ),
    observe=observe,
    figures=(
        Figure("bulk", "Genes that differ in bulk", "share", help="By more than four standard errors."),
        Figure("within", "Genes that differ within a type", "share"),
    ),
    explain=explain,
    misreading=(
        "A wide distribution of differences is no measure of a batch effect. It is one only if the same cells, of the "
        "same types, are compared."
    ),
    check=Question(
        "Half and half in both batches, and a batch effect of 2. Which comparison finds genes that differ?",
        ("Bulk only", "Within types only", "Both"),
        answer=lambda seen: (
            2 if min(seen.figures["bulk"], seen.figures["within"]) > _SOME else int(seen.figures["bulk"] <= _SOME)
        ),
        why=lambda seen: f"{seen.figures['bulk']:.0%} in bulk and {seen.figures['within']:.0%} within types.",
        at={"share": 0.5, "shift": 2.0},
    ),
    claims=(
        Claim("In equal proportions no mean differs", {"share": 0.5}, "bulk", at_most=0.02),
        Claim("In opposite ones many do", {"share": 0.9}, "bulk", at_least=0.33),
        Claim("though none does within a type", {"share": 0.9}, "within", at_most=0.02),
        Claim("A batch effect shows within types", {"shift": 2.0}, "within", at_least=0.2),
        Claim("and in bulk as well", {"shift": 2.0}, "bulk", at_least=0.2),
    ),
)
