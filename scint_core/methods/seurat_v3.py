"""Seurat v3: anchors in a space shared by two batches, corrected by their weighted differences (Stuart et al. 2019)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from scint_core.contract import (
    Anchors,
    BoolArray,
    FloatArray,
    Matrix,
    Method,
    MutualPairs,
    Outcome,
    Params,
    Problem,
    SampleTree,
    SharedSpace,
    Step,
    lowered,
    param,
)
from scint_core.errors import DataError
from scint_core.numerics.anchor_weights import (
    anchor_weights,
    nearest_anchor_cells,
    subtract_anchor_vectors,
    weighting_space,
)
from scint_core.numerics.anchors import (
    all_anchors,
    anchors_between,
    mutual_anchors,
    neighbors_by_expression,
    pairs_of_anchors,
    score_anchors,
    supported_anchors,
)
from scint_core.numerics.correction import stack_cells
from scint_core.numerics.neighbors import cross_neighbors, ladder_size, nearest_neighbors
from scint_core.numerics.normalize import batch_rows, unit_rows
from scint_core.numerics.sample_tree import Node, sample_tree
from scint_core.numerics.scaling import scale_genes
from scint_core.numerics.shared_space import canonical_vectors, joint_components, top_features
from scint_core.preprocess.hvg import rank_variable_genes, select_integration_features, vst

_NUMBERS = {
    "n_features": 2000,
    "k_anchor": 5,
    "k_filter": 200,
    "max_features": 200,
    "k_score": 30,
    "k_weight": 100,
    "sd_weight": 1.0,
}


@dataclass(frozen=True)
class SeuratV3Params(Params):
    """Parameters of Seurat v3; names follow `FindIntegrationAnchors` and `IntegrateData`."""

    presets: ClassVar[Mapping[str, Mapping[str, Any]]] = {
        "talk": _NUMBERS,
        "reference": {**_NUMBERS, "n_ccs": 30, "reduction": "cca"},
    }

    n_features: int = param(
        2000,
        low=2,
        slider=(200, 5000),
        unit="genes",
        help="How many genes cells are compared by and corrected in. Genes marked as highly variable are used instead "
        "where there are any (all of them).",
        larger="more genes are corrected; slower.",
        risk="too many add noise to every distance; too few miss what tells types apart.",
        source="the talk, as Seurat",
    )
    n_ccs: int = param(
        30,
        low=1,
        slider=(2, 50),
        unit="dimensions",
        help="How many dimensions the space shared by two batches has, and the one that weights are measured in.",
        larger="finer differences between cells count.",
        risk="the last dimensions hold noise, or what only looks alike; too few merge related types.",
        source="Seurat; the talk gives none",
    )
    k_anchor: int = param(
        5,
        low=1,
        slider=(1, 50),
        unit="cells",
        help="How many nearest neighbours in the other batch each cell may choose its anchors from.",
        larger="more anchors, stronger mixing.",
        risk="too large pairs cells of different types; too small leaves few anchors.",
        source="the talk, as Seurat (MNN: 20)",
    )
    k_filter: int | None = param(
        200,
        low=1,
        slider=(5, 400),
        unit="cells",
        help="An anchor is kept if its right cell is among this many nearest neighbours of its left cell by "
        "expression. Skipped for two batches of which one has fewer cells.",
        larger="fewer anchors are dropped.",
        risk="too small drops right anchors as well; off, whatever the shared space brought together stays.",
        source="the talk, as Seurat",
        none_means="no anchor is dropped",
    )
    max_features: int = param(
        200,
        low=1,
        slider=(20, 1000),
        unit="genes",
        help="Bound on the number of genes that the filter compares cells by (at least twice n_ccs).",
        larger="the filter looks at more genes.",
        risk="too many bring the batch effect back into the comparison; too few decide by chance.",
        source="the talk, as Seurat",
        advanced=True,
    )
    k_score: int = param(
        30,
        low=1,
        slider=(5, 100),
        unit="cells",
        help="How many neighbours in each batch are compared to score an anchor.",
        larger="smoother scores.",
        risk="too small scores by chance; larger than a cell type, it compares across types.",
        source="the talk, as Seurat",
    )
    k_weight: int = param(
        100,
        low=1,
        slider=(5, 400),
        unit="anchors",
        help="How many of the nearest anchors every cell is corrected by.",
        larger="a smoother correction.",
        risk="too large blurs batch effects that differ between types; too small follows single anchors.",
        source="the talk, as Seurat",
    )
    sd_weight: float = param(
        1.0,
        low=0,
        open_low=True,
        slider=(0.1, 10.0),
        help="Bends the weights: w = 1 − exp(−D·S·sd²/4), nearly proportional to D·S at 1. The talk calls it the "
        "bandwidth of a Gaussian kernel.",
        larger="weights saturate, so that near and far anchors count alike.",
        risk="far above 1, distance and score hardly matter any more.",
        source="the talk, as Seurat 4; Seurat 3 divided by 2·sd² instead",
        advanced=True,
    )
    reduction: str = param(
        "cca",
        choices=("cca", "pca"),
        help="The shared space: cca finds what varies in both batches, pca what varies most in either.",
        risk="pca keeps the batch effect in the space, so that fewer and worse anchors are found; cca can align types "
        "that only resemble each other.",
        source="the talk, as Seurat",
    )


Pair = tuple[int, int]
"""Two batches, the first named first."""


def run(problem: Problem, p: SeuratV3Params, step: Step) -> Outcome:
    """Find, filter and score anchors for every two batches; then merge from the most alike, correcting by anchors."""
    step.expect(_number_of_steps(problem, p))
    values, genes, notes = _features(problem, p, step)
    n_axes = _n_axes(problem, p, len(genes))
    nodes: dict[Node, FloatArray] = {
        (b,): step(f"Take batch '{name}' as it is", batch_rows, values, start=rows.start, stop=rows.stop)
        for b, (name, rows) in enumerate(zip(problem.batch_names, _rows(problem), strict=True))
    }
    found = _anchors_of_every_pair(problem, p, values, n_axes, nodes, step)
    every, pairs, sizes = tuple(found.values()), tuple(found), tuple(problem.batch_sizes.tolist())
    tree = step("Order the merges by the share of anchors", sample_tree, every, pairs, sizes=sizes)
    for merge, (left, right) in enumerate(_merges(tree), start=1):
        step.stage("merge", merge, of=problem.n_batches - 1, sides=(left, right))
        about = "Gather the anchors between the two sides"
        anchors = step(about, anchors_between, every, pairs, reference=left, query=right, sizes=sizes)
        way_out = "raise 'k_filter' (None keeps all) or 'k_anchor', or leave out a batch unlike the others"
        _refuse_nothing(problem, left + right, anchors.score, "anchor", way_out)
        reference, query = nodes.pop(left), nodes.pop(right)
        about = "Project both sides on their principal components"
        pcs = step(about, weighting_space, reference, query, n=n_axes)
        n_anchor_cells = len(np.unique(anchors.right))
        k = min(p.k_weight, n_anchor_cells)
        notes += lowered("k_weight", p.k_weight, k, f"{_named(problem, right)} has {k} cells with an anchor")
        about, size = "Find the nearest anchor cells of every query cell", ladder_size(k, n_anchor_cells)
        near = step(about, nearest_anchor_cells, pcs, anchors, n_reference=len(reference), k=size)
        weights = step("Weigh the anchors", anchor_weights, near, anchors, k=k, sd=p.sd_weight)
        about = "Subtract the weighted differences of the anchors"
        corrected = step(about, subtract_anchor_vectors, reference, query, anchors, weights)
        nodes[left + right] = step("Append the corrected cells to the reference", stack_cells, reference, corrected)
    return _outcome(problem, p, nodes, genes, found, tree, notes)


def _features(problem: Problem, p: SeuratV3Params, step: Step) -> tuple[Matrix, tuple[str, ...], tuple[str, ...]]:
    """The values that are integrated (cells × genes), their genes, and what there is to say about the choice."""
    if not _chooses_features(problem, p):
        return problem.expression, problem.genes, ()
    values = problem.all_expression
    counts = problem.counts
    ranked = [
        rank_variable_genes(
            step(f"Find the variable genes of batch '{name}'", vst, (values if counts is None else counts)[rows]),
            p.n_features,
        )
        for name, rows in zip(problem.batch_names, _rows(problem), strict=True)
    ]
    about = "Choose the genes that most batches list"
    chosen = np.sort(step(about, select_integration_features, tuple(ranked), p.n_features, problem.all_genes))
    notes = lowered("n_features", p.n_features, len(chosen), f"{len(chosen)} genes vary in any batch")
    if counts is None:
        notes += ("variable genes were chosen on log values, because the data hold no counts",)
    return values[:, chosen], tuple(problem.all_genes[i] for i in chosen), notes


def _chooses_features(problem: Problem, p: SeuratV3Params) -> bool:
    """Whether genes are neither marked nor so few that all are used."""
    return not problem.genes_marked and len(problem.all_genes) > p.n_features


def _anchors_of_every_pair(
    problem: Problem, p: SeuratV3Params, values: Matrix, n_axes: int, batches: Mapping[Node, FloatArray], step: Step
) -> dict[Pair, Anchors]:
    """The scored anchors of every two batches: (0, 1), (0, 2), (1, 2), (0, 3) ..., in the order of Seurat's table."""
    scaled = [
        step(f"Scale the genes of batch '{name}'", scale_genes, values, start=rows.start, stop=rows.stop)
        for name, rows in zip(problem.batch_names, _rows(problem), strict=True)
    ]
    title, reduce = {
        "cca": ("Find the canonical vectors of the two batches", canonical_vectors),
        "pca": ("Find the principal components of the two batches", joint_components),
    }[p.reduction]
    found: dict[Pair, Anchors] = {}
    for i, j in _pairs_of_batches(problem):
        step.stage("pair", len(found) + 1, of=len(_pairs_of_batches(problem)), sides=((i,), (j,)))
        space = step(title, reduce, scaled[i], scaled[j], n=n_axes)
        way_out = "choose genes that vary in both, or leave one of the batches out"
        _refuse_nothing(problem, (i, j), space.strength, "dimension", way_out)
        found[i, j] = _find_anchors(space, batches[i,], batches[j,], p, step)
    step.stage()
    return found


def _find_anchors(
    space: SharedSpace, left_values: FloatArray, right_values: FloatArray, p: SeuratV3Params, step: Step
) -> Anchors:
    """Anchors of two batches: mutual neighbours in the shared space, filtered by expression and scored."""
    left = step("Bring every left cell to length 1", unit_rows, space.left)
    right = step("Bring every right cell to length 1", unit_rows, space.right)
    k_within, k_across = p.k_score, max(p.k_anchor, p.k_score)
    size = ladder_size(k_across, max(len(left), len(right)))
    near = step("Find the nearest neighbours in the other batch", cross_neighbors, left, right, k=size)
    about = "Find the nearest neighbours within the batch"
    within_left, within_right = (
        step(about, nearest_neighbors, side, side, k=ladder_size(k_within, len(side))) for side in (left, right)
    )
    pairs = step("Find the anchors: mutual neighbours", mutual_anchors, left, right, near, k=p.k_anchor)
    kept = _filter(pairs, space, left_values, right_values, p, step)
    about = "Score the anchors by shared neighbours"
    return step(about, score_anchors, pairs, kept, near, within_left, within_right, k=p.k_score)


def _filter(
    pairs: MutualPairs, space: SharedSpace, left: FloatArray, right: FloatArray, p: SeuratV3Params, step: Step
) -> BoolArray:
    """Which anchors are supported by expression; all where the filter is off or a batch too small for it."""
    if p.k_filter is None or min(len(left), len(right)) < p.k_filter:
        return step("Keep all anchors", all_anchors, pairs)
    top = step("Choose the genes that follow the dimensions", top_features, space, max_features=p.max_features)
    size = ladder_size(p.k_filter, len(right))
    about = "Find the neighbours of anchor cells by expression"
    near = step(about, neighbors_by_expression, pairs, left, right, top, k=size)
    return step("Drop anchors without support by expression", supported_anchors, pairs, near, k=p.k_filter)


def _refuse_nothing(problem: Problem, batches: Sequence[int], found: FloatArray, what: str, way_out: str) -> None:
    if len(found) == 0:
        raise DataError(f"{_named(problem, batches)} have no {what} in common: {way_out}")


def _outcome(
    problem: Problem,
    p: SeuratV3Params,
    nodes: Mapping[Node, FloatArray],
    genes: tuple[str, ...],
    found: Mapping[Pair, Anchors],
    tree: SampleTree,
    notes: tuple[str, ...],
) -> Outcome:
    """Everything in the problem's order of cells."""
    ((node, stacked),) = nodes.items()
    return Outcome(
        expression=problem.gathered(node, stacked),
        genes=genes,
        pairs=pairs_of_anchors(found, problem.bounds, tree.merges),
        merges=tree.merges,
        notes=(*foresee(problem, p), *dict.fromkeys(notes)),
    )


def foresee(problem: Problem, p: SeuratV3Params) -> tuple[str, ...]:
    """Where batches have fewer cells, or the data fewer genes, than the parameters ask for."""
    n_genes = p.n_features if _chooses_features(problem, p) else len(problem.genes)
    notes: list[str] = []
    if not problem.genes_marked:
        notes += lowered("n_features", p.n_features, n_genes, f"the data hold {n_genes} genes")
    smallest, size = problem.smallest_batch()
    why = f"batch '{smallest}' has {size} cells" if size <= n_genes else f"cells are compared by {n_genes} genes"
    notes += lowered("n_ccs", p.n_ccs, _n_axes(problem, p, n_genes), why)
    notes += lowered("max_features", p.max_features, n_genes, f"cells are compared by {n_genes} genes")
    for name, cells in zip(problem.batch_names, problem.batch_sizes.tolist(), strict=True):
        because = f"batch '{name}' has {cells} cells"
        notes += lowered("k_anchor", p.k_anchor, cells, because)
        notes += lowered("k_score", p.k_score, cells, because)
        if p.k_filter is not None and cells < p.k_filter:
            notes.append(f"the filter of anchors is skipped: {because}, k_filter is {p.k_filter}")
    return tuple(notes)


def _n_axes(problem: Problem, p: SeuratV3Params, n_genes: int) -> int:
    """Dimensions of every space: below the cells of the smallest batch and the genes."""
    return max(1, min(p.n_ccs, problem.smallest_batch()[1] - 1, n_genes - 1))


def _rows(problem: Problem) -> list[slice]:
    """The rows of every batch."""
    return [slice(a, b) for a, b in zip(problem.bounds[:-1].tolist(), problem.bounds[1:].tolist(), strict=True)]


def _pairs_of_batches(problem: Problem) -> list[Pair]:
    """Every two batches: (0, 1), (0, 2), (1, 2), (0, 3) ..."""
    return [(i, j) for j in range(problem.n_batches) for i in range(j)]


def _merges(tree: SampleTree) -> list[tuple[Node, Node]]:
    """Reference and query of every merge."""
    return list(zip(tree.merges.left, tree.merges.right, strict=True))


def _named(problem: Problem, batches: Sequence[int]) -> str:
    """The batches as a phrase: "batch 'A'", "batches 'A', 'B'"."""
    names = ", ".join(f"'{problem.batch_names[b]}'" for b in batches)
    return f"batch {names}" if len(batches) == 1 else f"batches {names}"


def _number_of_steps(problem: Problem, p: SeuratV3Params) -> int:
    """How many steps a run has."""
    sizes, batches = problem.batch_sizes, problem.n_batches
    steps = (batches + 1) * _chooses_features(problem, p) + 2 * batches  # features, the batches, scaling
    for i, j in _pairs_of_batches(problem):
        filtered = p.k_filter is not None and min(sizes[i], sizes[j]) >= p.k_filter
        steps += 8 + (3 if filtered else 1)
    return steps + 1 + 6 * (batches - 1)


METHOD = Method(
    name="seurat_v3",
    label="Seurat v3",
    family="talk",
    position=40,
    output="genes",
    relates_pairs=True,
    summary=(
        "Mutual nearest neighbours in a space of what two batches share are filtered, scored and used as anchors; "
        "every cell is corrected by the weighted differences of the anchors near it."
    ),
    citation=(
        "Stuart T, Butler A, Hoffman P, Hafemeister C, Papalexi E, Mauck WM, Hao Y, Stoeckius M, Smibert P, Satija R. "
        "Comprehensive integration of single-cell data. Cell 177, 1888–1902 (2019). doi:10.1016/j.cell.2019.05.031"
    ),
    Params=SeuratV3Params,
    run=run,
    foresee=foresee,
    counts="used",
)
