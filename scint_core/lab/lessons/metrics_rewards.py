"""What the numbers reward: scores of a result that did nothing, of one that ruins biology, and of a perfect one."""

from __future__ import annotations

import numpy as np
import pandas as pd
from anndata import AnnData

from scint_core.contract import FloatArray
from scint_core.lab.lesson import Bench, Claim, Figure, Lesson, Question, Slider
from scint_core.lab.measures import cell_maps, flat
from scint_core.lab.pictures import Bars, Observation
from scint_core.lab.truth import places
from scint_core.metrics import METRICS, PERFECT_LABELS, SHUFFLED, controls, measure, with_aggregates

_NAMES = {"none": "Unintegrated", "mnn": "MNN", "shuffled": "Shuffled", "perfect": "Perfect"}
_METRICS = tuple(name for name, metric in METRICS.items() if metric.aggregated)  # of the means
_LOW, _HIGH = 0.5, 0.8  # scores below and above which a mean is bad or good


def observe(bench: Bench, result: str) -> Observation:
    """The scores of four results on three wide types, one of them shown."""
    world = bench.world("plane_clouds", width=1.0, n_cells=200)
    run = bench.integrate(world, "mnn", cos_norm_in=False, cos_norm_out=False, k=10)
    assert run.expression is not None
    before = places(world, world.X)
    ends = controls(before, world.obs["cell_type"], seed=bench.seed)
    results = dict(
        zip(_NAMES, (before, places(world, run.expression), ends[SHUFFLED], ends[PERFECT_LABELS]), strict=True)
    )
    scores = with_aggregates(pd.DataFrame({name: _scores(world, cells, before) for name, cells in results.items()}).T)
    groups = {"batches mixed": "Batch correction", "biology kept": "Bio conservation"}
    bars = Bars(
        "Means of the scores", tuple(_NAMES[name] for name in results),
        {said: scores[column].to_numpy(dtype=np.float64) for said, column in groups.items()}, y_title="score",
    )  # fmt: skip
    shown = scores.loc[result]
    return Observation(
        pictures=(*cell_maps(world, (_NAMES[result],), flat(results[result])), bars),
        figures={
            "batch": float(shown["Batch correction"]),
            "bio": float(shown["Bio conservation"]),
            "total": float(shown["Total"]),
            "nothing": float(scores.loc["none", "Total"]),
            "best": float(scores["Total"].max()),
        },
    )


def _scores(world: AnnData, cells: FloatArray, before: FloatArray) -> dict[str, float]:
    found = measure(cells, world.obs["batch"], world.obs["cell_type"], before, metrics=_METRICS)
    return {name: result.score for name, result in found.items()}


def explain(seen: Observation) -> str:
    """What the truth says about what was seen."""
    batch, bio, total = seen.figures["batch"], seen.figures["bio"], seen.figures["total"]
    scores = f"Batches {batch:.2f}, biology {bio:.2f}, total {total:.2f} (0.4 of the first and 0.6 of the second)"
    if bio < _LOW:
        return (
            f"{scores}. The cells' places were dealt out anew at random. Nothing mixes batches better, and no type "
            "is left. Scores of mixing alone cannot tell this from a good result; those of biology do, against labels."
        )
    if batch < _LOW:
        return (
            f"{scores}. Nothing was done, so types are as they were, and batches lie apart. Scores of biology alone "
            "reward doing nothing; and the total of doing nothing is not near 0, but the floor to compare others with."
        )
    if total < seen.figures["best"]:
        return (
            f"{scores}. Batches were brought together and types kept. The total is short of the best here, "
            f"{seen.figures['best']:.2f}, as real types have a width and MNN moves cells with some noise."
        )
    return (
        f"{scores}. Each cell was put where its label says, which no method may do: this is the ceiling. It is not 1 "
        "throughout, as batches lie at random and not in perfect order, and a chance neighbour counts."
    )


LESSON = Lesson(
    name="metrics-rewards",
    chapter="metrics",
    position=10,
    title="What a number rewards",
    setting=(
        "Four results for the same cells: nothing done, MNN, the cells' places shuffled at random, and a perfect one "
        "made from the labels. Each has a score for mixed batches and one for kept biology, the means of scIB's "
        "metrics. Look at each."
    ),
    sliders=(Slider("result", "Result", tuple(_NAMES), default="mnn", names=tuple(_NAMES.values())),),
    prediction=Question(
        "The places of all cells are shuffled at random. How do the batch metrics score that?",
        ("Badly: it is rubbish", "In the middle", "Very well"),
        answer=lambda seen: [seen.figures["batch"] < score for score in (_LOW, _HIGH, np.inf)].index(True),
        why=lambda seen: f"{seen.figures['batch']:.2f}: no method mixes batches better than chance does.",
        at={"result": "shuffled"},
    ),
    observe=observe,
    figures=(
        Figure("batch", "Batches mixed", "score", good="high"),
        Figure("bio", "Biology kept", "score", good="high"),
        Figure("total", "Total", "score", good="high", help="0.4 of the first and 0.6 of the second."),
        Figure("nothing", "Total of doing nothing", "score"),
    ),
    explain=explain,
    misreading=(
        "A total is no mark out of 1. Hold it against what doing nothing scores on the same cells, and what a perfect "
        "result would."
    ),
    check=Question(
        "Which has the higher total: shuffling all cells, or doing nothing?",
        ("Shuffling: batches are mixed at last", "Doing nothing: biology is kept"),
        answer=lambda seen: 0 if seen.figures["total"] > seen.figures["nothing"] else 1,
        why=lambda seen: (
            f"Shuffling has {seen.figures['total']:.2f}, doing nothing {seen.figures['nothing']:.2f}: the best mixing, "
            f"{seen.figures['batch']:.2f}, does not make up for {seen.figures['bio']:.2f} of biology."
        ),
        at={"result": "shuffled"},
    ),
    claims=(
        Claim("Shuffled cells mix batches very well", {"result": "shuffled"}, "batch", at_least=0.85),
        Claim("and keep no biology", {"result": "shuffled"}, "bio", at_most=0.3),
        Claim("Doing nothing keeps biology", {"result": "none"}, "bio", at_least=0.8),
        Claim("and mixes no batches", {"result": "none"}, "batch", at_most=0.4),
        Claim("MNN mixes batches", {"result": "mnn"}, "batch", at_least=0.75),
        Claim("and keeps biology", {"result": "mnn"}, "bio", at_least=0.8),
        Claim("The perfect result is the ceiling", {"result": "perfect"}, "total", at_least=0.93, at_most=1.0),
    ),
)
