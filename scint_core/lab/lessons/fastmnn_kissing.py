"""fastMNN: wide clouds meet only at their surfaces, unless both are centred along the batch vector first."""

from __future__ import annotations

import numpy as np

from scint_core.contract import BatchVector, FloatArray, LostVariance, MultiBatchPca
from scint_core.lab.lesson import Bench, Claim, Figure, Lesson, Question, Slider
from scint_core.lab.measures import cell_maps, codes, kept_pairs, step_results
from scint_core.lab.pictures import Histograms, Observation
from scint_core.lab.truth import places
from scint_core.numerics.batch_vector import centre_along, unit

_AXES = ("what tells types apart", "batch effect")
_SEEN = [0, 2]  # dimensions of the world that are drawn: the second holds the batch effect
_NOTHING = 0.02  # share of the shift below which none is left


def uncentred(cells: FloatArray, vectors: tuple[FloatArray, ...]) -> FloatArray:  # noqa: ARG001
    """The cells as they are, in the place of `centre_along`."""
    return cells


def observe(bench: Bench, centring: str, width: float, shift: float) -> Observation:
    """fastMNN with and without centring on clouds of some width, some way apart."""
    world = bench.world("plane_clouds", gap=12.0, width=width, shift=shift, n_cells=300, n_genes=60)
    swaps = {} if centring == "on" else {centre_along: uncentred}
    run = bench.integrate(world, "fastmnn", swaps=swaps, cos_norm=False, n_pcs=10)
    assert run.embedding is not None
    placed = np.concatenate(step_results(run, MultiBatchPca)[0].scores)
    before, after = np.asarray(world.obsm["place"])[:, _SEEN], places(world, run.embedding, placed)[:, _SEEN]
    second = codes(world, "batch") == 1
    effect = step_results(run, BatchVector)[0]
    along = (-run.embedding @ unit(effect.vector)).round(3)  # from batch 1 to batch 2
    kept = [np.std(along[~second]) / np.std(effect.left), np.std(along[second]) / np.std(effect.right)]
    maps = cell_maps(world, ("Before, with the pairs", "After fastMNN"), (before, after), kept_pairs(run), _AXES)
    halves = {"batch 1": along[~second], "batch 2": along[second]}
    return Observation(
        pictures=(*maps, Histograms("After, along the batch vector", halves, "place along the batch vector")),
        figures={
            "left": float(after[second, 1].mean() - after[~second, 1].mean()) / shift,
            "vector": float(np.linalg.norm(effect.vector)) / shift,
            "width": float(np.mean(kept)),
            "lost": float(step_results(run, LostVariance)[0].total.max()),
        },
        notes=run.notes,
    )


def explain(seen: Observation) -> str:
    """What the truth says about what was seen."""
    vector, left = seen.figures["vector"], seen.figures["left"]
    surfaces = (
        "Mutual neighbours lie where the two batches face each other, at their surfaces. The vectors between them say "
        f"that the batches are {vector:.0%} as far apart as the simulation put them."
    )
    if abs(left) > _NOTHING:
        return (
            f"{surfaces} Moved by that much, the clouds touch but do not lie on each other: {left:.0%} of the shift is "
            "left. The wider the clouds, the more is left."
        )
    return (
        f"{surfaces} Centring mends it: every cell is moved along the mean of these vectors to the middle of its own "
        "side. Each batch is flat in that direction, and the same pairs now measure the distance between the two "
        "middles. Nothing of the shift is left. The price is what varied within a batch in that direction: "
        f"{seen.figures['lost']:.0%} of its variance."
    )


LESSON = Lesson(
    name="fastmnn-kissing",
    chapter="fastmnn",
    position=10,
    title="Clouds that only kiss",
    setting=(
        "Two batches hold the same three cell types, as round clouds. The second batch is moved by a known distance, "
        "at a right angle to everything that tells types apart. fastMNN centres both batches along the mean vector of "
        "the pairs before it corrects. Switch that off, and change how wide the clouds are and how far apart."
    ),
    sliders=(
        Slider("centring", "Centring along the batch vector", ("off", "on"), default="on"),
        Slider(
            "width", "Width of a cloud", (0.5, 1.0, 2.0), default=2.0, help="Sd in every direction; types are 12 apart."
        ),
        Slider("shift", "Length of the batch effect", (4.0, 8.0, 12.0), default=8.0),
    ),
    prediction=Question(
        "Without centring, every cell is moved by the vectors of the pairs near it. Where do the batches end?",
        ("On each other", "Next to each other, with part of the shift left", "Where they were"),
        answer=lambda seen: 0 if abs(seen.figures["left"]) <= _NOTHING else 1 if seen.figures["left"] < 0.9 else 2,
        why=lambda seen: f"{seen.figures['left']:.0%} of the shift is left between the middles of the two batches.",
        at={"centring": "off", "width": 2.0, "shift": 8.0},
    ),
    observe=observe,
    figures=(
        Figure("left", "Part of the shift that is left", "share", good="low"),
        Figure("vector", "Shift as the pairs measure it", "share", good="high", help="Mean vector over true shift."),
        Figure("width", "Width kept along the batch vector", "share", good="high"),
        Figure("lost", "Variance lost", "share", good="low", help="Share of a batch's variance that centring took."),
    ),
    explain=explain,
    misreading=(
        "After centring, both batches are flat along the batch vector. That is made by the method and no finding: "
        "whatever varied there within a type, technical or not, is gone."
    ),
    check=Question(
        "With centring on: how wide is a cloud along the batch vector after the correction?",
        ("As wide as before", "About half as wide", "It has no width there any more"),
        answer=lambda seen: 0 if seen.figures["width"] > 0.75 else 1 if seen.figures["width"] > 0.25 else 2,
        why=lambda seen: (
            f"{seen.figures['width']:.1%} of the width is kept: all cells of a side were moved to its middle."
        ),
        at={"centring": "on"},
    ),
    claims=(
        Claim("With centring nothing of the shift is left", {"centring": "on"}, "left", at_most=0.02),
        Claim("and a batch is flat along the batch vector", {"centring": "on"}, "width", at_most=0.001),
        Claim("Without it, wide clouds only touch", {"centring": "off"}, "left", at_least=0.25),
        Claim("since pairs understate the shift", {"centring": "off"}, "vector", at_most=0.75),
        Claim("and keep their width", {"centring": "off"}, "width", at_least=0.7),
        Claim(
            "Narrow clouds hardly need it",
            {"centring": "off", "width": 0.5, "shift": 12.0},
            "left",
            at_least=0.03,
            at_most=0.12,
        ),
    ),
    method="fastmnn",
)
