"""Seurat: a batch smaller than k_filter is not filtered at all, and one not much larger hardly."""

from __future__ import annotations

from typing import Any

import numpy as np
from anndata import AnnData

from scint_core.lab.lesson import Bench, Claim, Figure, Lesson, Question, Slider
from scint_core.lab.measures import are_right, cell_maps, codes, right_share, type_distances
from scint_core.lab.pictures import Observation
from scint_core.lab.truth import oblique, places
from scint_core.numerics.pair_table import pairs_at

_GENES: dict[str, Any] = {"n_features": 100, "max_features": 100}  # all there are
_STRICT = 10  # the k_filter that others are compared with


def observe(bench: Bench, cells: int, k_filter: int) -> Observation:
    """Seurat v3 with some cells of a second batch, beside the same with a strict filter."""
    world = _with_part_of_second(bench.world("plane_clouds", shared=2, gap=4.0, shift=2.0, n_cells=300), cells)
    run, strict = (bench.integrate(world, "seurat_v3", n_ccs=5, k_filter=k, **_GENES) for k in (k_filter, _STRICT))
    assert run.expression is not None
    assert run.pairs is not None
    assert strict.pairs is not None
    found, cell_type = run.pairs, codes(world, "cell_type")
    right, kept, spared = are_right(found, cell_type), found.kept, found.kept & ~strict.pairs.kept
    before, after = np.asarray(world.obsm["place"]), places(world, run.expression)
    true_distances = type_distances(np.asarray(world.obsm["biology"]), cell_type)
    return Observation(
        pictures=(
            *cell_maps(world, ("Anchors that were kept",), (oblique(before),), pairs_at(found, kept)),
            *cell_maps(world, ("Of these, 10 would drop",), (oblique(before),), pairs_at(found, spared)),
            *cell_maps(world, ("After Seurat",), (oblique(after),)),
        ),
        figures={
            "right": right_share(pairs_at(found, kept), cell_type),
            "dropped": float((~kept).sum()),
            "wrong_kept": float(kept[~right].mean()),
            "would": float((spared & ~right).sum()),
            "closest": float((type_distances(after, cell_type) / true_distances).min()),
            "cells": float(cells),
            "k_filter": float(k_filter),
        },
        notes=run.notes,
    )


def _with_part_of_second(world: AnnData, n: int) -> AnnData:
    """The world with the first `n` cells of its second batch, whose types are mixed."""
    in_second = codes(world, "batch") == 1
    return world[~in_second | (np.cumsum(in_second) <= n)].copy()


def explain(seen: Observation) -> str:
    """What the truth says about what was seen."""
    cells, k, wrong = int(seen.figures["cells"]), int(seen.figures["k_filter"]), seen.figures["wrong_kept"]
    end = (
        f"{seen.figures['right']:.0%} of the anchors kept are right, and the two nearest types end at "
        f"{seen.figures['closest']:.0%} of their true distance."
    )
    if cells < k:
        return (
            f"Batch 2 has {cells} cells, fewer than the {k} neighbours that the filter asks for. Seurat skips it: all "
            f"anchors are kept. A filter with k_filter {_STRICT} would have dropped {int(seen.figures['would'])} wrong "
            f"ones. {end} A note of the run says that the filter was skipped."
        )
    of_type = cells // 3
    if k > of_type:
        return (
            f"Batch 2 has about {of_type} cells of each type. A cell that is asked for its {k} nearest of the "
            f"{cells} names all of its own type, and others to fill the list: {wrong:.0%} of the wrong anchors pass. "
            f"The filter runs, but protects less than it seems to. {end}"
        )
    return (
        f"Batch 2 has about {of_type} cells of each type, and a cell is asked for its {k} nearest of the {cells}. "
        f"Mostly they are of its own type, and {wrong:.0%} of the wrong anchors pass. {end}"
    )


LESSON = Lesson(
    name="seurat-small-batch",
    chapter="seurat",
    position=30,
    title="Too small to be filtered",
    setting=(
        "Batch 1 holds T cells and B cells, 150 in all. Batch 2 holds both, and monocytes, a third each. Take cells "
        "out of batch 2. Seurat's own k_filter is 200; these batches are small, so it is 50 here. The second map shows "
        "which of the anchors kept a stricter filter, of 10, would drop."
    ),
    sliders=(
        Slider("cells", "Cells in batch 2", (40, 60, 100, 150), default=150),
        Slider("k_filter", "k_filter", (10, 20, 50), default=50),
    ),
    prediction=Question(
        "Batch 2 has 40 cells, and k_filter is 50. How many anchors does the filter drop?",
        ("None", "Most of the wrong ones", "All: no cell has 50 neighbours there"),
        answer=lambda seen: 0 if seen.figures["dropped"] == 0 else 1 if seen.figures["right"] > 0 else 2,
        why=lambda seen: (
            f"{int(seen.figures['dropped'])}. The filter is skipped, and {1 - seen.figures['right']:.0%} of the "
            "anchors are wrong."
        ),
        at={"cells": 40, "k_filter": 50},
    ),
    observe=observe,
    figures=(
        Figure("right", "Kept anchors of the same type", "share", good="high"),
        Figure("wrong_kept", "Wrong anchors that are kept", "share", good="low"),
        Figure("would", "Wrong ones that 10 would drop", "count", good="low"),
        Figure("closest", "Distance kept by two types", "share", good="high", help="Of the two that came closest."),
    ),
    explain=explain,
    misreading=(
        "That the filter ran does not mean that it protects. Where a batch is hardly larger than k_filter, nearly "
        "every cell is among the nearest, and no note says so."
    ),
    check=Question(
        "Batch 2 has 60 cells, more than the 50 of k_filter, so that the filter runs. What does it do?",
        ("It drops most of the wrong anchors", "It drops about half of them", "It drops next to none of them"),
        answer=lambda seen: 2 if seen.figures["wrong_kept"] > 0.8 else 1 if seen.figures["wrong_kept"] > 0.35 else 0,
        why=lambda seen: (
            f"{seen.figures['wrong_kept']:.0%} of the wrong anchors are kept. To be among the nearest 50 of 60 is no "
            "test."
        ),
        at={"cells": 60, "k_filter": 50},
    ),
    claims=(
        Claim("In a large batch the filter holds", {"cells": 150}, "right", at_least=0.93),
        Claim("and types keep their distance", {"cells": 150}, "closest", at_least=0.65),
        Claim("In one smaller than k_filter it is skipped", {"cells": 40}, "dropped", at_most=0),
        Claim("wrong anchors are used", {"cells": 40}, "right", at_most=0.82),
        Claim("which a smaller k_filter would drop", {"cells": 40}, "would", at_least=25),
        Claim("and types come together", {"cells": 40}, "closest", at_most=0.6),
        Claim("In one little larger it runs for nothing", {"cells": 60}, "wrong_kept", at_least=0.85),
        Claim("A smaller k_filter helps", {"cells": 60, "k_filter": 10}, "right", at_least=0.97),
    ),
    method="seurat_v3",
)
