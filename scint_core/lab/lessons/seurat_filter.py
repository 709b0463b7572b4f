"""Seurat: the filter of anchors drops what expression does not support, in one direction."""

from __future__ import annotations

from typing import Any

import numpy as np

from scint_core.lab.lesson import Bench, Claim, Figure, Lesson, Question, Slider
from scint_core.lab.measures import (
    are_right,
    cell_maps,
    centroid_gap,
    codes,
    right_share,
    type_distances,
    with_batches_in_order,
)
from scint_core.lab.pictures import Observation
from scint_core.lab.truth import oblique, places
from scint_core.numerics.pair_table import pairs_at

_ORDERS = {"second": ("batch 1", "batch 2"), "first": ("batch 2", "batch 1")}  # batch 2 holds monocytes
_OFF = 0
_PARAMS: dict[str, Any] = {"n_ccs": 5, "n_features": 100, "max_features": 100}


def observe(bench: Bench, k_filter: int, side: str) -> Observation:
    """Seurat v3 on two batches, of which one holds a type that the other lacks, as the first or the second of them."""
    given = bench.world("plane_clouds", shared=2, gap=4.0, shift=2.0, n_cells=300)
    world = with_batches_in_order(given, _ORDERS[side])
    run = bench.integrate(world, "seurat_v3", k_filter=None if k_filter == _OFF else k_filter, **_PARAMS)
    assert run.expression is not None
    assert run.pairs is not None
    found, cell_type = run.pairs, codes(world, "cell_type")
    right, kept, dropped = are_right(found, cell_type), found.kept, pairs_at(found, ~found.kept)
    before, after = np.asarray(world.obsm["place"]), places(world, run.expression)
    true_distances = type_distances(np.asarray(world.obsm["biology"]), cell_type)
    return Observation(
        pictures=(
            *cell_maps(given, ("Anchors that were kept",), (oblique(before),), pairs_at(found, kept)),
            *cell_maps(given, ("Anchors that were dropped",), (oblique(before),), dropped),
            *cell_maps(given, ("After Seurat",), (oblique(after),)),
        ),
        figures={
            "right": right_share(pairs_at(found, kept), cell_type),
            "right_kept": float(kept[right].mean()),
            "wrong_kept": float(kept[~right].mean()),
            "closest": float((type_distances(after, cell_type) / true_distances).min()),
            "gap": centroid_gap(run.expression, codes(world, "batch"), cell_type),
            "found_right": float(right.mean()),
            "found": float(len(found)),
            "k_filter": float(k_filter),
            "second": float(side == "second"),
        },
        notes=run.notes,
    )


def explain(seen: Observation) -> str:
    """What the truth says about what was seen."""
    right, kept_right, kept_wrong = (seen.figures[name] for name in ("right", "right_kept", "wrong_kept"))
    found = (
        f"Of {int(seen.figures['found'])} anchors found in the shared space, {seen.figures['found_right']:.0%} are "
        "right. The others join monocytes, which one batch lacks, with T cells or B cells."
    )
    end = (
        f"The two nearest types end at {seen.figures['closest']:.0%} of their true distance, and a gap of "
        f"{seen.figures['gap']:.2f} is left within types."
    )
    if not seen.figures["k_filter"]:
        return f"{found} The filter is off, and all of them are used. {end}"
    result = (
        f"It keeps {kept_right:.0%} of the right anchors and {kept_wrong:.0%} of the wrong ones; {right:.0%} of those "
        "kept are right."
    )
    if not seen.figures["second"]:
        return (
            f"{found} The filter asks each cell of the batch named first for its {int(seen.figures['k_filter'])} "
            "nearest in the other one, by expression. Here the monocytes are the ones that are asked, and each has "
            f"so many nearest, though none is like it. {result} {end}"
        )
    return (
        f"{found} The filter asks each cell of batch 1 for its {int(seen.figures['k_filter'])} nearest in batch 2, by "
        "expression. Batch 2 holds 50 cells of each type: as long as fewer are asked for, a T cell or B cell names "
        f"its own type, and no monocyte. {result} {end}"
    )


LESSON = Lesson(
    name="seurat-filter",
    chapter="seurat",
    position=20,
    title="Anchors without support",
    setting=(
        "Two batches hold T cells and B cells. One of them also holds monocytes, which the other lacks. Seurat finds "
        "anchors in the shared space, then asks expression: an anchor is kept if its second cell is among the k_filter "
        "nearest of its first cell. Switch the filter off. Then change which batch comes first."
    ),
    sliders=(
        Slider("k_filter", "k_filter", (10, 30, 60, _OFF), default=30, names=("10", "30", "60", "off")),
        Slider(
            "side",
            "The batch with monocytes is named",
            ("second", "first"),
            default="second",
            help="The filter starts from the cells of the batch named first.",
        ),
    ),
    prediction=Question(
        "The filter is off. What do anchors with monocytes do to the result?",
        (
            "Nothing: the correction averages over many anchors",
            "They draw the monocytes towards another type",
            "They take the monocytes out of the data",
        ),
        answer=lambda seen: 0 if seen.figures["closest"] > 0.8 else 1,
        why=lambda seen: (
            f"The two nearest types end at {seen.figures['closest']:.0%} of their true distance: monocytes are in "
            "anchors with T cells and B cells, and in no others."
        ),
        at={"k_filter": _OFF, "side": "second"},
    ),
    observe=observe,
    figures=(
        Figure("right", "Kept anchors of the same type", "share", good="high"),
        Figure("right_kept", "Right anchors that are kept", "share", good="high"),
        Figure("wrong_kept", "Wrong anchors that are kept", "share", good="low"),
        Figure("closest", "Distance kept by two types", "share", good="high", help="Of the two that came closest."),
    ),
    explain=explain,
    misreading=(
        "That many anchors are dropped is no sign that they were wrong: at k_filter 10 most of the dropped ones are "
        "right. And that few are dropped is no sign that those left are right."
    ),
    check=Question(
        "k_filter is 30, and now the batch with monocytes is named first. What does the filter do?",
        (
            "The same: it drops nearly all wrong anchors",
            "It keeps more of the wrong anchors than of the right ones",
            "It drops all anchors with monocytes, and some right ones",
        ),
        answer=lambda seen: (
            1
            if seen.figures["wrong_kept"] > seen.figures["right_kept"]
            else 0
            if seen.figures["right_kept"] > 0.5
            else 2
        ),
        why=lambda seen: (
            f"It keeps {seen.figures['wrong_kept']:.0%} of the wrong and {seen.figures['right_kept']:.0%} of the right "
            "ones. A monocyte that is asked for its 30 nearest names 30, whoever they are; the test runs in one "
            "direction only."
        ),
        at={"k_filter": 30, "side": "first"},
    ),
    claims=(
        Claim("At 30 nearly all kept anchors are right", {"k_filter": 30}, "right", at_least=0.97),
        Claim("the wrong ones are dropped", {"k_filter": 30}, "wrong_kept", at_most=0.05),
        Claim("at the cost of right ones", {"k_filter": 30}, "right_kept", at_least=0.5, at_most=0.75),
        Claim("and types keep their distance", {"k_filter": 30}, "closest", at_least=0.8),
        Claim("Above the size of a type wrong ones stay", {"k_filter": 60}, "wrong_kept", at_least=0.2),
        Claim("Off, many anchors are wrong", {"k_filter": _OFF}, "right", at_most=0.8),
        Claim("and the types come together", {"k_filter": _OFF}, "closest", at_most=0.65),
        Claim("From the other side wrong anchors stay", {"side": "first"}, "wrong_kept", at_least=0.6),
        Claim("and fewer right ones", {"side": "first"}, "right_kept", at_most=0.6),
        Claim("so that shared types do not come together", {"side": "first"}, "gap", at_least=0.2),
        Claim("as they do otherwise", {"side": "second"}, "gap", at_most=0.15),
    ),
    method="seurat_v3",
)
