"""Scanorama: two batches with nothing in common are joined through a third, which also prevents false matches."""

from __future__ import annotations

import numpy as np
from anndata import AnnData

from scint_core.contract import AlignmentScores, Embedding
from scint_core.lab.lesson import Bench, Claim, Figure, Lesson, Question, Slider
from scint_core.lab.measures import (
    cell_maps,
    codes,
    in_cell_order,
    kept_pairs,
    right_share,
    step_results,
    type_distances,
)
from scint_core.lab.pictures import Matrix, Observation
from scint_core.lab.truth import oblique, places

_MIDDLE = 1
_NONE = 0.02  # score up to which two batches have no match to speak of


def observe(bench: Bench, middle: int, k: int) -> Observation:
    """Scanorama on a chain of three batches, of whose middle one only some cells were measured."""
    world = _with_part_of_middle(bench.world("chained_batches", gap=9.0, shift=2.0, n_cells=300, n_genes=60), middle)
    run = bench.integrate(world, "scanorama", k=k, n_dims=10)
    assert run.embedding is not None
    scores, cell_type, pairs = step_results(run, AlignmentScores)[0].score, codes(world, "cell_type"), kept_pairs(run)
    placed = in_cell_order(world, step_results(run, Embedding)[0].coordinates)
    before, after = np.asarray(world.obsm["place"]), places(world, run.embedding, placed)
    views = (oblique(before), oblique(after))
    true_distances = type_distances(np.asarray(world.obsm["biology"]), cell_type)
    return Observation(
        pictures=(
            Matrix("Alignment scores", scores, run.batch_names, run.batch_names, written="share"),
            *cell_maps(world, ("Before, with the matches used", "After Scanorama"), views, pairs),
        ),
        figures={
            "ends": float(scores[0, -1]),
            "right": right_share(pairs, cell_type),
            "closest": float((type_distances(after, cell_type) / true_distances).min()),
            "cells": float(middle),
            "k": float(k),
        },
        notes=run.notes,
    )


def _with_part_of_middle(world: AnnData, n: int) -> AnnData:
    """The world with the first `n` cells of its middle batch."""
    in_middle = codes(world, "batch") == _MIDDLE
    part = world[~in_middle | (np.cumsum(in_middle) <= n)].copy()
    part.obs["batch"] = part.obs["batch"].cat.remove_unused_categories()
    return part


def explain(seen: Observation) -> str:
    """What the truth says about what was seen."""
    ends, right, closest = seen.figures["ends"], seen.figures["right"], seen.figures["closest"]
    n, k = int(seen.figures["cells"]), int(seen.figures["k"])
    if ends <= _NONE:
        return (
            f"Batch 1 and batch 3 share no type, and their score is {ends:.2f}. Batch 2 has about {n // 2} B cells for "
            f"the one and {n // 2} monocytes for the other, and {k} neighbours are asked for: these find their like, "
            f"and nobody chooses a T cell or an NK cell back. {right:.0%} of the matches are right. Both ends are "
            "joined to batch 2 and so to each other, and the types lie where they should."
        )
    why = (
        "Batch 2 is missing. Batch 1 and batch 3 have nobody else to choose"
        if n == 0
        else f"Batch 2 has about {n // 2} cells of each of its types, and {k} neighbours are asked for: for the rest "
        "of its choices a cell has to look further"
    )
    return (
        f"{why}, and mutual choices between different types come about. The score of batch 1 and batch 3, which share "
        f"nothing, is {ends:.2f}. {right:.0%} of the matches are right, and two types end at {closest:.0%} of their "
        "true distance."
    )


LESSON = Lesson(
    name="scanorama-chain",
    chapter="scanorama",
    position=30,
    title="Joined through the middle",
    setting=(
        "Batch 1 holds T cells and B cells, batch 2 holds B cells and monocytes, batch 3 holds monocytes and NK cells. "
        "So batch 1 and batch 3 have nothing in common. Take cells out of batch 2, the one that links them. The maps "
        "show the plane of the types at an angle, so that shifts can be seen."
    ),
    sliders=(
        Slider("middle", "Cells in batch 2", (0, 10, 20, 40, 60, 100), default=100, help="The others have 100 each."),
        Slider("k", "Neighbours asked for (k)", (5, 20), default=20),
    ),
    prediction=Question(
        "Batch 2 is left out. Batch 1 and batch 3 share no type. What does Scanorama do?",
        ("It leaves them apart", "It joins them by wrong matches", "It joins some of their cells, mostly rightly"),
        answer=lambda seen: 0 if seen.figures["ends"] <= 0.1 else 1 if seen.figures["right"] < 0.5 else 2,
        why=lambda seen: (
            f"Their score is {seen.figures['ends']:.2f}, far above alpha (0.1), and {seen.figures['right']:.0%} of the "
            "matches are right. With two batches Scanorama looks for mutual neighbours as MNN does."
        ),
        at={"middle": 0, "k": 20},
    ),
    observe=observe,
    figures=(
        Figure("ends", "Score of batches 1 and 3", "score", good="low", help="They share no type."),
        Figure("right", "Matches of the same type", "share", good="high"),
        Figure("closest", "Distance kept by two types", "share", good="high", help="Of the two that came closest."),
    ),
    explain=explain,
    misreading=(
        "A high score does not say that two batches share cells. It says that cells chose each other, which they also "
        "do where there is nobody else to choose."
    ),
    check=Question(
        "Batch 2 has 20 cells, 10 of each type. You lower k from 20 to 5. Do batch 1 and batch 3 still match?",
        ("Yes, as before: nothing has changed between them", "Next to nothing is left of it"),
        answer=lambda seen: 1 if seen.figures["ends"] <= 0.1 else 0,
        why=lambda seen: (
            f"Their score is {seen.figures['ends']:.2f}. Ten cells of a type are enough for those who look for five: "
            "nobody has to look further. Matches between strangers come from a k above what a shared type can offer."
        ),
        at={"middle": 20, "k": 5},
    ),
    claims=(
        Claim("With batch 2, the ends have no match", {"middle": 100}, "ends", at_most=0.02),
        Claim("all matches are right", {"middle": 100}, "right", at_least=0.99),
        Claim("and types lie where they should", {"middle": 100}, "closest", at_least=0.95),
        Claim("Without it, strangers match", {"middle": 0}, "ends", at_least=0.8),
        Claim("no match is right", {"middle": 0}, "right", at_most=0.0),
        Claim("and two types are laid on each other", {"middle": 0}, "closest", at_most=0.2),
        Claim("Fewer cells of a type than k do not help", {"middle": 20}, "ends", at_least=0.7),
        Claim("with a smaller k they do", {"middle": 20, "k": 5}, "ends", at_most=0.1),
    ),
    method="scanorama",
)
