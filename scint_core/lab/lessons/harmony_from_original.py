"""Harmony corrects the original components in every iteration; from its own last result, corrections pile up."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeVar

import numpy as np

from scint_core.contract import FloatArray, IntArray
from scint_core.lab.lesson import Bench, Claim, Figure, Lesson, Question, Slider
from scint_core.lab.measures import (
    cell_maps,
    centroid_gap,
    codes,
    flat,
    in_cell_order,
    own_type_share,
    results_of,
)
from scint_core.lab.pictures import Curves, Observation
from scint_core.numerics.cluster_regression import correct_clusters

T = TypeVar("T")

_GAP = 5.0  # distance between two types
_ITERATIONS = 12
_FED_BACK = {"original": None, "last result": {correct_clusters: "coordinates"}}


def observe(bench: Bench, source: str, iterations: int) -> Observation:
    """Both ways of correcting, iteration by iteration; the chosen one in the maps."""
    world = bench.world("plane_clouds", n_cells=300, n_genes=60, gap=_GAP, width=0.8, shift=2.0, shared=1)
    settings: dict[str, Any] = {"theta": 4.0, "sigma": 0.2, "lamb": 20.0, "n_clusters": 9, "epsilon_harmony": 0.0}
    runs = {
        way: bench.integrate(world, "harmony", fed_back=fed_back, max_iter=_ITERATIONS, **settings)
        for way, fed_back in _FED_BACK.items()
    }
    ways = {
        way: [in_cell_order(world, corrected.coordinates) for corrected in results_of(run, correct_clusters)]
        for way, run in runs.items()
    }
    before = bench.integrate(world, "harmony", max_iter=0).embedding
    assert before is not None
    batch, cell_type = codes(world, "batch"), codes(world, "cell_type")
    alone = ~world.obs["shared_type"].to_numpy()
    drift = {way: _drift(before, results, np.where(alone, cell_type, -1)) for way, results in ways.items()}
    after = {way: _at(results, iterations) for way, results in ways.items()}
    return Observation(
        pictures=(
            *cell_maps(world, ("Before", "After"), flat(before, after[source])),
            Curves("How far unshared types moved", np.arange(1.0, _ITERATIONS + 1), drift, "iteration",
                   "share of the distance between types", at=float(iterations)),
        ),
        figures={
            "drift": float(drift[source][iterations - 1]),
            "pure": float(own_type_share(after[source], cell_type)[alone].mean()),
            "gap": centroid_gap(after[source], batch, cell_type),
            "ran": float(min(iterations, len(ways[source]))),
            "fed_back": float(source == "last result"),
            "ways_differ": float(np.abs(after["original"] - after["last result"]).max()),
        },
        notes=runs[source].notes,
    )  # fmt: skip


def _at(results: Sequence[T], iteration: int) -> T:
    """The result of an iteration, the last one where the run ended before it."""
    return results[min(iteration, len(results)) - 1]


def _drift(before: FloatArray, results: Sequence[FloatArray], cell_type: IntArray) -> FloatArray:
    """How far the centroids of types (−1: none) have moved by each iteration, over the distance between two types."""
    moved = [_at(results, i + 1) - before for i in range(_ITERATIONS)]
    types = [t for t in np.unique(cell_type) if t >= 0]
    return np.array([np.mean([np.linalg.norm(m[cell_type == t].mean(axis=0)) for t in types]) for m in moved]) / _GAP


def explain(seen: Observation) -> str:
    """What has become of the types that one batch alone holds."""
    drift, pure, gap, ran = (seen.figures[name] for name in ("drift", "pure", "gap", "ran"))
    iterations = "the first iteration" if ran == 1 else f"{ran:.0f} iterations"
    moved = (
        f"By {iterations}, B cells and monocytes have moved by {drift:.0%} of the distance between types, and "
        f"{pure:.0%} of their neighbours are of their own type. T cells, which both batches hold, keep a gap of "
        f"{gap:.0%}."
    )
    if not seen.figures["fed_back"]:
        return (
            f"{moved} Every iteration takes one set of offsets off the *original* components. New clusters change "
            "which offsets these are; they are never added to those of the iteration before."
        )
    if ran == 1:
        return f"{moved} The first iteration starts from the original components either way, so nothing differs yet."
    if pure < 0.8:
        return (
            f"{moved} Each iteration took offsets off what the last one had left. B cells of one batch and monocytes "
            "of the other came a little nearer, shared more clusters for it, and were taken for two batches of one "
            "type. "
            "The simulation knows that they are two types."
        )
    return (
        f"{moved} Each iteration takes offsets off what the last one has left, so that corrections add up. The penalty "
        "`lamb`, which holds a single correction back, holds nothing back when corrections are repeated."
    )


LESSON = Lesson(
    name="harmony-from-original",
    chapter="harmony",
    position=20,
    title="Always from the original",
    setting=(
        "T cells are in both batches, B cells in the second alone, monocytes in the first alone. Harmony clusters the "
        "corrected cells, but corrects the *original* components. Let it correct its own last result instead, which it "
        "never does, and follow the iterations."
    ),
    sliders=(
        Slider(
            "source",
            "What is corrected",
            tuple(_FED_BACK),
            default="original",
            help="Harmony corrects the original components. 'Last result' is a mistake made on purpose.",
        ),
        Slider("iterations", "Iterations", (1, 2, 4, 8, _ITERATIONS), default=_ITERATIONS),
    ),
    prediction=Question(
        "Corrections start from the last result. Where are B cells and monocytes after twelve iterations?",
        ("Where they were", "On top of each other", "Further from each other than before"),
        answer=lambda seen: 1 if seen.figures["pure"] < 0.8 else 0 if seen.figures["drift"] < 0.15 else 2,
        why=lambda seen: (
            f"They moved by {seen.figures['drift']:.0%} of the distance between types; {seen.figures['pure']:.0%} of "
            "their neighbours are of their own type, and half would be a perfect mix."
        ),
        at={"source": "last result", "iterations": _ITERATIONS},
    ),
    observe=observe,
    figures=(
        Figure("drift", "Unshared types moved by", "share", good="low", help="Of the distance between two types."),
        Figure("pure", "Own type around them", "share", good="high", help="Of the 15 nearest neighbours."),
        Figure("gap", "Gap left in T cells", "score", good="low"),
        Figure("ran", "Iterations run", "count"),
    ),
    explain=explain,
    misreading=(
        "The wrong way closes the gap in T cells better. Mixing alone would choose it: what it costs shows only where "
        "types are known."
    ),
    check=Question(
        "After one iteration, do the two ways differ?",
        ("Yes, a little already", "No, they are the same"),
        answer=lambda seen: 0 if seen.figures["ways_differ"] > 0 else 1,
        why=lambda seen: (
            f"The largest difference of a coordinate is {seen.figures['ways_differ']:.2g}: the first iteration has no "
            "last result to start from."
        ),
        at={"iterations": 1},
    ),
    claims=(
        Claim("From the original, unshared types hardly move", {"source": "original"}, "drift", at_most=0.15),
        Claim("and stay pure", {"source": "original"}, "pure", at_least=0.95),
        Claim("Both ways begin alike", {"iterations": 1}, "ways_differ", at_most=0.0),
        Claim("From the last result, they are far away in the end", {"source": "last result"}, "drift", at_least=0.4),
        Claim("on top of each other", {"source": "last result"}, "pure", at_most=0.65),
        Claim("while the gap of the shared type closes", {"source": "last result"}, "gap", at_most=0.05),
        Claim("The drift takes time", {"source": "last result", "iterations": 2}, "drift", at_most=0.3),
    ),
    method="harmony",
)
