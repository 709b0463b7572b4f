"""fastMNN: where there is no batch effect, it takes biology for one."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from scint_core.contract import BatchVector, LostVariance, MultiBatchPca
from scint_core.lab.lesson import Bench, Claim, Figure, Lesson, Question, Slider
from scint_core.lab.measures import cell_maps, codes, mixing, step_results, type_distances
from scint_core.lab.pictures import Histograms, Observation
from scint_core.lab.truth import places
from scint_core.numerics.batch_vector import unit

_AXES = ("what tells types apart", "what tells types apart")
_MUCH = 0.1  # share of a batch's variance from which on the loss is worth a warning
_AGREE = 0.6  # relative size of the batch vector from which on the pairs agree on one direction
_MIXED = 0.7


def observe(bench: Bench, shift: float, skip: float) -> Observation:
    """fastMNN on batches that are a known distance apart, or none."""
    world = bench.world("plane_clouds", gap=8.0, shift=shift, n_cells=300, n_genes=60)
    run = bench.integrate(world, "fastmnn", cos_norm=False, n_pcs=10, min_batch_skip=skip)
    assert run.embedding is not None
    placed = np.concatenate(step_results(run, MultiBatchPca)[0].scores)
    effect, lost = step_results(run, BatchVector)[0], step_results(run, LostVariance)[0]
    before, after = np.asarray(world.obsm["place"])[:, :2], places(world, run.embedding, placed)[:, :2]
    batch, cell_type = codes(world, "batch"), codes(world, "cell_type")
    along = -placed @ unit(effect.vector)
    map_before, map_after = cell_maps(world, ("Before, and what moves", "After fastMNN"), (before, after), axes=_AXES)
    by_type = {name: along[cell_type == t] for t, name in enumerate(world.obs["cell_type"].cat.categories)}
    return Observation(
        pictures=(
            replace(map_before, arrows=after - before),
            map_after,
            Histograms("Before, along the batch vector", by_type, "place along the batch vector"),
        ),
        figures={
            "size": float(lost.batch_size[0]),
            "lost": float(lost.total.max()),
            "closest": float((type_distances(run.embedding, cell_type) / type_distances(placed, cell_type)).min()),
            "mixing": mixing(run.embedding, batch),
            "skipped": float(lost.skipped[0]),
        },
        notes=run.notes,
    )


def explain(seen: Observation) -> str:
    """What the truth says about what was seen."""
    size, lost, mixed = (seen.figures[name] for name in ("size", "lost", "mixing"))
    if seen.figures["skipped"]:
        rest = (
            f"The batches are mixed to {mixed:.0%} of what is possible, as they were before."
            if mixed > _MIXED
            else f"But the batch effect was real: the batches are mixed to {mixed:.0%} only. The bound is too high."
        )
        return (
            f"The batch vector has a relative size of {size:.2f}, which is below the bound, so the merge was skipped: "
            f"nothing was centred, nothing moved, and no variance is lost. {rest}"
        )
    if lost > _MUCH:
        return (
            "The simulation put no batch effect into these data. Pairs are found all the same, and their vectors point "
            f"in all directions: their mean has a relative size of {size:.2f}. fastMNN centres along it as if it were "
            f"a batch effect. What lies along it is biology: {lost:.0%} of a batch's variance is gone, and two "
            f"types are at {seen.figures['closest']:.0%} of the distance that they had."
        )
    return (
        f"The vectors of the pairs agree: their mean has a relative size of {size:.2f}, where 1 is perfect agreement. "
        f"It points along the batch effect, in which no type differs from another, so that centring takes {lost:.0%} "
        "of a batch's variance and the types keep their distances."
        if size > _AGREE
        else f"The batch effect is as small as the clouds are wide. The mean vector has a relative size of {size:.2f} "
        f"only, and its direction is partly chance: {lost:.0%} of a batch's variance is lost."
    )


LESSON = Lesson(
    name="fastmnn-no-effect",
    chapter="fastmnn",
    position=20,
    title="No batch effect to remove",
    setting=(
        "Two batches hold the same three cell types, 8 apart. The second batch is shifted at a right angle to all that "
        "tells types apart, so that you look along its shift in these maps. Slide the shift down to 0: the two batches "
        "are then two samples of the same thing. The second slider lets fastMNN skip a merge whose vectors disagree."
    ),
    sliders=(
        Slider("shift", "Length of the batch effect", (0.0, 0.5, 1.0, 2.0, 4.0), default=4.0),
        Slider(
            "skip",
            "Skip a batch vector smaller than",
            (0.0, 0.3, 0.95),
            default=0.0,
            help="min_batch_skip: the relative size of the batch vector below which a merge is left uncorrected.",
        ),
    ),
    prediction=Question(
        "There is no batch effect. What does fastMNN take from the data?",
        ("Nothing: there is nothing to correct", "A little: less than with a batch effect", "More than with one"),
        answer=lambda seen: 0 if seen.figures["lost"] < 0.001 else 1 if seen.figures["lost"] < 0.05 else 2,
        why=lambda seen: (
            f"{seen.figures['lost']:.0%} of a batch's variance is lost, and a relative size of "
            f"{seen.figures['size']:.2f} says that the pairs did not agree on any direction."
        ),
        at={"shift": 0.0, "skip": 0.0},
    ),
    observe=observe,
    figures=(
        Figure("size", "Relative size of the batch vector", "score", help="1: all pairs agree on one shift."),
        Figure("lost", "Variance lost", "share", good="low", help="Share of a batch's variance that centring took."),
        Figure("closest", "Distance kept by two types", "share", good="high", help="Of the two that came closest."),
        Figure("mixing", "Mixing of batches", "score", good="high"),
    ),
    explain=explain,
    misreading=(
        "Batches that are well mixed after the correction do not show that it was needed: here they were as well mixed "
        "before. Only the variance lost and the size of the batch vector tell."
    ),
    check=Question(
        "The shift is 2, and fastMNN skips every batch vector smaller than 0.95. What becomes of the batches?",
        ("They are mixed: the shift is real", "They stay apart", "They are mixed, but lose variance"),
        answer=lambda seen: 1 if seen.figures["mixing"] < _MIXED else 0 if seen.figures["lost"] < _MUCH else 2,
        why=lambda seen: (
            f"The vector has a size of {seen.figures['size']:.2f}, which is below 0.95: the merge is skipped, and the "
            f"batches are mixed to {seen.figures['mixing']:.0%}. Even a real effect gives no vector of size 1, since "
            "partners differ by chance as well."
        ),
        at={"shift": 2.0, "skip": 0.95},
    ),
    claims=(
        Claim("A true shift gives a batch vector on which pairs agree", {"shift": 4.0}, "size", at_least=0.95),
        Claim("and costs next to no variance", {"shift": 4.0}, "lost", at_most=0.03),
        Claim("Types keep their distances", {"shift": 4.0}, "closest", at_least=0.95),
        Claim("and batches are mixed", {"shift": 4.0}, "mixing", at_least=0.8),
        Claim("Without a batch effect the vector is small", {"shift": 0.0}, "size", at_most=0.2),
        Claim("much variance is lost", {"shift": 0.0}, "lost", at_least=0.1),
        Claim("and two types come closer", {"shift": 0.0}, "closest", at_most=0.92),
        Claim("Skipping small vectors loses nothing", {"shift": 0.0, "skip": 0.3}, "lost", at_most=0.0),
        Claim("and leaves a half-unit shift to be corrected", {"shift": 0.5, "skip": 0.3}, "skipped", at_most=0.0),
        Claim("Too high a bound leaves a true shift", {"shift": 2.0, "skip": 0.95}, "mixing", at_most=0.3),
    ),
    method="fastmnn",
)
