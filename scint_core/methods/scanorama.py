"""Scanorama: all batches matched against all others, and stitched into panoramas (Hie et al. 2019)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from scint_core.contract import (
    Embedding,
    FloatArray,
    IntArray,
    Matrix,
    MergeTree,
    Method,
    MutualPairs,
    Outcome,
    Pairs,
    PanoramaGraph,
    Params,
    Problem,
    SidedNeighbors,
    Step,
    explained,
    lowered,
    param,
)
from scint_core.errors import DataError, ParameterError
from scint_core.numerics.manhattan import (
    approximate_neighbors_on_both_sides,
    mutual_matches,
    neighbors_on_both_sides,
)
from scint_core.numerics.neighbors import ladder_size
from scint_core.numerics.normalize import row_lengths, unit_profiles
from scint_core.numerics.panorama import alignment_scores, moves, panorama_graph
from scint_core.numerics.translation import (
    divided_by_batch,
    matches_between,
    rejoined,
    translate,
    translation_vectors,
)
from scint_core.preprocess.pca import EXACT_UP_TO, pca

SEARCHED_EXACTLY = 50_000
"""Cells up to which neighbours are searched exactly where `approx` is left open."""


@dataclass(frozen=True)
class ScanoramaParams(Params):
    """Parameters of Scanorama; names and defaults follow the Python package scanorama 1.7."""

    presets: ClassVar[Mapping[str, Mapping[str, Any]]] = {
        "talk": {"k": 20, "n_dims": 100, "features": "all", "min_genes": 600},
        "reference": {"k": 20, "n_dims": 100, "sigma": 15.0, "alpha": 0.1},
    }

    k: int = param(
        20,
        low=1,
        slider=(3, 100),
        unit="cells",
        help="How many nearest neighbours each cell looks for in all earlier batches together, and in all later ones.",
        larger="more matches; batches that are further apart still find some.",
        risk="too large matches cells of different types and links batches that share none.",
        source="the talk, as scanorama (knn)",
    )
    n_dims: int = param(
        100,
        low=1,
        slider=(10, 200),
        unit="dimensions",
        help="Number of principal components that cells are matched and corrected in.",
        larger="finer differences between cells count.",
        risk="too few merge types that differ in a few genes; too many let noise decide the matches.",
        source="the talk, as scanorama (dimred)",
    )
    sigma: float = param(
        15.0,
        low=0,
        open_low=True,
        slider=(0.1, 100.0),
        unit="1 / squared distance",
        help="How local the correction is: a match's weight falls as exp(−sigma d²/2) with the distance d.",
        larger="more local (the other way round than MNN's sigma): a cell follows the matches nearest to it.",
        risk="too small moves a batch as one block; too large follows the noise of single matches.",
        source="scanorama",
    )
    alpha: float = param(
        0.1,
        low=0,
        high=1,
        open_high=True,
        slider=(0.0, 0.9),
        unit="share of matched cells",
        help="Two batches are joined when more than this share of the cells of one of them has a match in the other.",
        larger="fewer batches are joined; those without a link are returned as they are.",
        risk="too small joins unrelated batches by a few chance matches; too large leaves related ones apart.",
        source="scanorama; the talk joins at alpha too, scanorama only above it",
    )
    features: str = param(
        "hvg",
        choices=("hvg", "all"),
        help="Genes that cells are compared by and that are corrected: the highly variable ones, or all.",
        risk="all genes take time and memory, and bring the noise of genes that do not vary.",
        source="common practice; the talk and scanorama take all genes",
    )
    min_genes: int = param(
        0,
        low=0,
        slider=(0, 1000),
        unit="genes",
        help="Cells with fewer genes above zero in the raw counts take no part in the matching. They are corrected.",
        larger="fewer, better cells are matched.",
        risk="too large sets aside types of small cells, or a whole batch, which is refused.",
        source="scanorama, which filters in a script of its own; the talk has 600",
    )
    approx: bool | None = param(
        None,
        help="Search neighbours approximately, which misses a few.",
        risk="matches differ slightly from the exact ones; off takes long for very many cells.",
        source="scint; the talk and scanorama search approximately",
        advanced=True,
        none_means=f"exact up to {SEARCHED_EXACTLY:,} cells, approximate above",
    )


def run(problem: Problem, p: ScanoramaParams, step: Step) -> Outcome:
    """Normalise, reduce, match all batches at once, score them, and join them in the order of their scores."""
    rows = matching_rows(problem, p)
    step.expect(11 + 5 * (problem.n_batches - 1))
    values = problem.all_expression if p.features == "all" else problem.expression
    lengths = step("Measure the length of every cell", row_lengths, values)
    profiles = step("Scale every cell to length 1", unit_profiles, values, lengths)
    seed = step.seed("components") if min(len(rows), profiles.shape[1]) > EXACT_UP_TO else 0
    n_dims = min(p.n_dims, len(rows), profiles.shape[1])
    reduced = step("Reduce the dimensions", reduced_cells, profiles, rows, n_dims=n_dims, seed=seed)

    sizes = np.bincount(problem.batch[rows], minlength=problem.n_batches)
    near = _neighbors(reduced, rows, np.concatenate([[0], sizes.cumsum()]), is_approximate(len(rows), p), p.k, step)
    matches = step("Keep the mutual ones", mutual_matches, near, rows, k=p.k)
    scores = step("Score every two batches by their matches", alignment_scores, matches, problem.batch, sizes)
    graph = step("Link batches into panoramas, best score first", panorama_graph, scores, sizes, alpha=p.alpha)

    links = list(moves(graph))
    step.expect(4 + 5 * len(links))
    spaces = {
        "the embedding": _divided(reduced.coordinates, problem.bounds, "embedding", step),
        "the expression": _divided(profiles, problem.bounds, "expression", step),
    }
    unreached = np.zeros(problem.n_cells, dtype=np.bool_)
    for number, (moved, onto, matched) in enumerate(links, start=1):
        step.stage("merge", number, of=len(links), sides=(onto, moved))
        about = "Collect the matches between the batches"
        between = step(about, matches_between, matches, problem.bounds, moved=moved, onto=onto, matched=matched)
        for name, space in spaces.items():
            moving, fixed = tuple(space[b] for b in moved), tuple(space[b] for b in onto)
            about = f"Smooth the differences of matched cells in {name}"
            translation = step(about, translation_vectors, moving, fixed, between, sigma=p.sigma)
            space.update(zip(moved, step(f"Move the cells in {name}", translate, moving, translation), strict=True))
            unreached[problem.cells_of(moved)] |= translation.mass == 0
    step.stage()
    embedding, expression = (
        step(f"Put {name} back together", rejoined, *(space[b] for b in range(problem.n_batches)))
        for name, space in spaces.items()
    )
    return Outcome(
        embedding=embedding,
        expression=expression,
        genes=problem.all_genes if p.features == "all" else problem.genes,
        pairs=related_pairs(matches, problem.batch, graph),
        merges=joined_batches(graph),
        notes=(*foresee(problem, p), *_notes_on_panoramas(problem, p, graph), *_notes_on_cells(int(unreached.sum()))),
    )


def matching_rows(problem: Problem, p: ScanoramaParams) -> IntArray:
    """Rows of the cells that take part in the matching: those with at least `min_genes` genes above zero."""
    if p.min_genes == 0:
        return np.arange(problem.n_cells)
    if problem.counts is None:
        raise DataError(
            f"parameter 'min_genes' is {p.min_genes}, but the data hold no raw counts to count genes in: put them into "
            "layers['counts'], or set 'min_genes' to 0"
        )
    detected = np.asarray((problem.counts > 0).sum(axis=1)).ravel()
    for name, start, stop in zip(problem.batch_names, problem.bounds[:-1], problem.bounds[1:], strict=True):
        most = int(detected[start:stop].max())
        if most < p.min_genes:
            raise ParameterError(
                f"parameter 'min_genes' is {p.min_genes} and leaves batch '{name}' without cells: its best cell has "
                f"{most} genes, lower 'min_genes' or leave the batch out"
            )
    return np.flatnonzero(detected >= p.min_genes)


@explained(
    "All cells are projected on the directions in which the cells that take part vary most. The decomposition is "
    "exact for up to 4,000 genes.",
    formula=r"X - \mathbf 1 \mu^\top = U S V^\top,\quad E = (X - \mathbf 1 \mu^\top)\, V",
    slide=r"\text{randomised SVD of the merged matrix}",
    parameters=("n_dims", "min_genes"),
)
def reduced_cells(profiles: Matrix, rows: IntArray, n_dims: int, seed: int) -> Embedding:
    """Coordinates of all `profiles` (cells × genes) on the `n_dims` principal axes of the chosen `rows`."""
    fitted = pca(profiles if len(rows) == profiles.shape[0] else profiles[rows], n_dims, seed=seed)
    return Embedding(np.asarray(profiles @ fitted.components.T) - fitted.mean @ fitted.components.T)


def is_approximate(n_cells: int, p: ScanoramaParams) -> bool:
    """Whether neighbours are searched approximately."""
    return n_cells > SEARCHED_EXACTLY if p.approx is None else p.approx


def _neighbors(
    reduced: Embedding, rows: IntArray, bounds: IntArray, approximate: bool, k: int, step: Step
) -> SidedNeighbors:
    """Neighbours of the cells that take part, in the batches before and after their own."""
    size, cells = ladder_size(k, len(rows)), reduced.coordinates
    if approximate:
        seed, about = step.seed("neighbour graph"), "Find neighbours in the other batches, approximately"
        return step(about, approximate_neighbors_on_both_sides, cells, rows, bounds, k=size, seed=seed)
    about = "Find the nearest neighbours in the other batches"
    return step(about, neighbors_on_both_sides, cells, rows, bounds, k=size)


def _divided(cells: Matrix, bounds: IntArray, name: str, step: Step) -> dict[int, FloatArray]:
    """The cells of every batch, by the batch's position."""
    return dict(enumerate(step(f"Divide the {name} by batch", divided_by_batch, cells, bounds)))


def joined_batches(graph: PanoramaGraph) -> MergeTree:
    """The moves that joined batches: those of a panorama onto itself join nothing."""
    joins = [(onto, moved) for moved, onto, _ in moves(graph) if moved != onto]
    return MergeTree(tuple(onto for onto, _ in joins), tuple(moved for _, moved in joins))


def related_pairs(matches: MutualPairs, batch: IntArray, graph: PanoramaGraph) -> Pairs:
    """All matches: `merge` is the one that brought their batches together (−1: none did), `kept` whether they moved
    any cell."""
    n_batches = sum(len(panorama) for panorama in graph.panoramas)
    joined, used = np.full((n_batches, n_batches), -1), np.zeros((n_batches, n_batches), dtype=np.bool_)
    tree = joined_batches(graph)
    for number, (onto, moved) in enumerate(zip(tree.left, tree.right, strict=True)):
        joined[np.ix_(onto, moved)] = joined[np.ix_(moved, onto)] = number
    for a, b in (pair for _, _, matched in moves(graph) for pair in matched):
        used[a, b] = used[b, a] = True
    ends = batch[matches.left], batch[matches.right]
    return Pairs(matches.left, matches.right, joined[ends], np.ones(len(matches.left)), used[ends])


def foresee(problem: Problem, p: ScanoramaParams) -> tuple[str, ...]:
    """What the sizes of the data lower, and which cells are set aside."""
    rows = matching_rows(problem, p)
    sizes = np.bincount(problem.batch[rows], minlength=problem.n_batches)
    n_genes = len(problem.all_genes if p.features == "all" else problem.genes)
    notes = [*lowered("n_dims", p.n_dims, min(len(rows), n_genes), f"{len(rows)} cells to match and {n_genes} genes")]
    for cut in range(1, problem.n_batches):
        for side in (slice(0, cut), slice(cut, None)):
            names, size = problem.batch_names[side], int(sizes[side].sum())
            notes += lowered("k", p.k, size, f"{_named(names)} {size} cells to match")
    for name, size, left in zip(problem.batch_names, problem.batch_sizes.tolist(), sizes.tolist(), strict=True):
        if left < size:
            notes.append(
                f"{size - left} of the cells of batch '{name}' have fewer than {p.min_genes} genes: they are "
                "corrected, but take no part in the matching"
            )
    if is_approximate(len(rows), p):
        notes.append(f"neighbours of {len(rows)} cells are searched approximately")
    return tuple(notes)


def _named(batches: tuple[str, ...]) -> str:
    if len(batches) == 1:
        return f"batch '{batches[0]}' has"
    return "batches " + ", ".join(f"'{name}'" for name in batches) + " together have"


def _notes_on_panoramas(problem: Problem, p: ScanoramaParams, graph: PanoramaGraph) -> tuple[str, ...]:
    """Which batches found no link."""
    alone = [panorama[0] for panorama in graph.panoramas if len(panorama) == 1]
    if len(alone) == problem.n_batches:
        return (f"no two batches have a score above alpha ({p.alpha:g}): all are returned as they are",)
    return tuple(
        f"batch '{problem.batch_names[b]}' has no score above alpha ({p.alpha:g}) with another batch: it is returned "
        "as it is"
        for b in alone
    )


def _notes_on_cells(unreached: int) -> tuple[str, ...]:
    """How many cells lie beyond the reach of the kernel."""
    if not unreached:
        return ()
    return (f"{unreached} cells lie too far from every matched cell for sigma: they follow the nearest matched one",)


METHOD = Method(
    name="scanorama",
    label="Scanorama",
    family="talk",
    position=50,
    output="both",
    relates_pairs=True,
    summary=(
        "Every batch is matched against all others; batches that share enough cells are joined into panoramas, best "
        "matches first, by smoothed differences of matched cells. Unrelated batches stay apart."
    ),
    citation=(
        "Hie B, Bryson B, Berger B. Efficient integration of heterogeneous single-cell transcriptomes using Scanorama. "
        "Nature Biotechnology 37, 685–691 (2019). doi:10.1038/s41587-019-0113-3"
    ),
    Params=ScanoramaParams,
    run=run,
    foresee=foresee,
    counts="used",
)
