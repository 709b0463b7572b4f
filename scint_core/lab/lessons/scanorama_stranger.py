"""Scanorama leaves a batch that shares nothing where it is, as long as all others have better partners."""

from __future__ import annotations

import numpy as np

from scint_core.contract import FloatArray, IntArray
from scint_core.lab.lesson import Bench, Claim, Figure, Lesson, Question, Slider
from scint_core.lab.measures import (
    are_right,
    cell_maps,
    codes,
    kept_pairs,
    pairs_by_type,
    purity,
    right_share,
    with_batches_in_order,
)
from scint_core.lab.pictures import Observation
from scint_core.lab.truth import oblique, places
from scint_core.numerics.normalize import unit_rows

_STRANGER = "batch 3"
_ORDERS = {
    "first": (_STRANGER, "batch 1", "batch 2"),
    "middle": ("batch 1", _STRANGER, "batch 2"),
    "last": ("batch 1", "batch 2", _STRANGER),
}
_FAR = 0.9  # share of the distance to the nearest type from which on a batch has stayed away


def observe(bench: Bench, method: str, place: str) -> Observation:
    """Scanorama or MNN on two batches with the same types, and a third with another, as the first, second or last."""
    world = bench.world("strange_batch", gap=9.0, n_cells=300, n_genes=60)
    world = with_batches_in_order(world, _ORDERS[place])
    if method == "scanorama":
        run = bench.integrate(world, "scanorama", n_dims=10)
        values = unit_rows(np.asarray(world.X))  # Scanorama corrects cells of length 1
    else:
        run = bench.integrate(world, "mnn", cos_norm_in=False, cos_norm_out=False)
        values = np.asarray(world.X)
    assert run.expression is not None
    pairs, cell_type = kept_pairs(run), codes(world, "cell_type")
    before, after = np.asarray(world.obsm["place"]), places(world, run.expression, values)
    name = "Scanorama" if method == "scanorama" else "MNN"
    titles = ("Before, with the pairs", f"After {name}")
    return Observation(
        pictures=(
            *cell_maps(world, titles, (oblique(before), oblique(after)), pairs),
            pairs_by_type(world, pairs),
        ),
        figures={
            "wrong": float((~are_right(pairs, cell_type)).sum()),
            "right": right_share(pairs, cell_type),
            "kept": _distance(after, cell_type) / _distance(before, cell_type),
            "purity": purity(run.expression, cell_type),
            "scanorama": float(method == "scanorama"),
        },
        notes=run.notes,
    )


def _distance(places: FloatArray, cell_type: IntArray) -> float:
    """Distance of the last type, that of the strange batch, from the nearest other one."""
    *others, strange = (places[cell_type == t].mean(axis=0) for t in np.unique(cell_type))
    return float(min(np.linalg.norm(strange - other) for other in others))


def explain(seen: Observation) -> str:
    """What the truth says about what was seen."""
    wrong, kept, pure = int(seen.figures["wrong"]), seen.figures["kept"], seen.figures["purity"]
    if not seen.figures["scanorama"]:
        return (
            "MNN merges every batch with what has been merged so far, whether they share something or not. "
            f"{wrong:,} pairs join different types. The monocytes end at "
            f"{kept:.0%} of their distance from the nearest other type, and {pure:.0%} of a cell's neighbours are of "
            "its type."
        )
    if kept > _FAR:
        return (
            "A cell of Scanorama chooses partners among all earlier batches together, and among all later ones. "
            "Monocytes choose somebody, but are chosen by nobody: T cells and B cells find their like on the other "
            f"side of batch 3. {wrong} wrong pairs, no score above alpha, and batch 3 is returned as it is."
        )
    return (
        "The monocytes are at the end of the order, and that is enough to undo the protection: the batch next to them "
        "has batch 3 alone on that side, so that its cells must choose monocytes. Those that are chosen back make "
        f"{wrong} wrong pairs, the score is above alpha, and the monocytes come to {kept:.0%} of their distance. "
        f"They were moved for no reason, even though {pure:.0%} of a cell's neighbours are still of its type."
    )


LESSON = Lesson(
    name="scanorama-stranger",
    chapter="scanorama",
    position=20,
    title="A batch that shares nothing",
    setting=(
        "Batch 1 and batch 2 hold T cells and B cells. Batch 3 holds monocytes, which nobody else has. Scanorama need "
        "not join a batch, MNN must. The second slider says where batch 3 stands in the order of the batches. The maps "
        "show the plane of the types at an angle, so that shifts can be seen."
    ),
    sliders=(
        Slider("method", "Method", ("mnn", "scanorama"), default="scanorama", names=("MNN", "Scanorama")),
        Slider("place", "Place of batch 3 in the order", ("first", "middle", "last"), default="middle"),
    ),
    prediction=Question(
        "Batch 3 comes second of three. What does Scanorama do with it?",
        ("It joins it to the nearest type", "It leaves it where it is", "It moves it half way"),
        answer=lambda seen: 1 if seen.figures["kept"] > _FAR else 2 if seen.figures["kept"] > 0.2 else 0,
        why=lambda seen: (
            f"The monocytes keep {seen.figures['kept']:.0%} of their distance to the nearest other type, with "
            f"{int(seen.figures['wrong'])} wrong pairs."
        ),
        at={"method": "scanorama", "place": "middle"},
    ),
    observe=observe,
    figures=(
        Figure("wrong", "Pairs of different types", "count", good="low", help="Pairs that moved cells."),
        Figure("right", "Pairs of the same type", "share", good="high"),
        Figure("kept", "Distance kept by batch 3", "share", good="high", help="From the nearest other type."),
        Figure("purity", "Neighbours of the same type", "share", good="high"),
    ),
    explain=explain,
    misreading=(
        "That Scanorama leaves a batch alone is no proof that it shares nothing, and that it joins one is no proof "
        "that it shares something: both depend on which other batches a cell can choose from."
    ),
    check=Question(
        "The same three batches, and Scanorama again. Batch 3 comes last. Does it keep its distance?",
        ("Yes: the order of batches does not matter", "No: it is joined to the batch before it"),
        answer=lambda seen: 0 if seen.figures["kept"] > _FAR else 1,
        why=lambda seen: (
            f"It keeps {seen.figures['kept']:.0%}. Batch 2 has batch 3 alone after it: its cells choose monocytes, for "
            f"want of another, and {int(seen.figures['wrong'])} of these choices are mutual."
        ),
        at={"method": "scanorama", "place": "last"},
    ),
    claims=(
        Claim("Between its partners, no pair is wrong", {"place": "middle"}, "wrong", at_most=0),
        Claim("and batch 3 stays where it is", {"place": "middle"}, "kept", at_least=0.95),
        Claim("At the end of the order, wrong pairs are found", {"place": "last"}, "wrong", at_least=200),
        Claim("and it is moved", {"place": "last"}, "kept", at_most=0.6),
        Claim("as at the beginning", {"place": "first"}, "kept", at_most=0.6),
        Claim("though types stay apart", {"place": "last"}, "purity", at_least=0.97),
        Claim("MNN forces it in", {"method": "mnn", "place": "middle"}, "kept", at_most=0.6),
        Claim("and mixes types", {"method": "mnn", "place": "middle"}, "purity", at_most=0.95),
        Claim("most of all where it comes first", {"method": "mnn", "place": "first"}, "purity", at_most=0.7),
    ),
    method="scanorama",
)
