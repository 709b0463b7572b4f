"""MNN: mutual-nearest-neighbour correction of expression (Haghverdi et al. 2018)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from scint_core.contract import (
    BoolArray,
    FloatArray,
    IntArray,
    Matrix,
    Method,
    MutualPairs,
    Outcome,
    Params,
    Problem,
    Step,
    Tree,
    lowered,
    param,
)
from scint_core.errors import DataError, ParameterError
from scint_core.numerics.correction import add_shift, stack_cells
from scint_core.numerics.kernels import smooth_pair_vectors
from scint_core.numerics.merge_order import (
    Merge,
    Node,
    all_pairs,
    merge_tree,
    merges_by_pairs,
    planned_merges,
)
from scint_core.numerics.mutual import mean_pair_vectors, mutual_pairs, neighborhood_size
from scint_core.numerics.neighbors import cross_neighbors, ladder_size
from scint_core.numerics.normalize import batch_rows, cosine_normalize, output_lengths, row_lengths
from scint_core.numerics.subspace import remove_biology
from scint_core.numerics.variance_adjustment import stretch_to_reference


@dataclass(frozen=True)
class MnnParams(Params):
    """Parameters of MNN; names follow `batchelor::mnnCorrect`."""

    presets: ClassVar[Mapping[str, Mapping[str, Any]]] = {
        "talk": {"k": 20, "sigma": 1.0, "var_adj": False, "correct_all": True},
        "reference": {"k": 20, "sigma": 0.1, "var_adj": True, "correct_all": False},
    }

    k: int = param(
        20,
        low=1,
        slider=(3, 100),
        unit="cells",
        help="How many nearest neighbours in the other batch each cell may choose its partners from.",
        larger="more pairs and steadier vectors; batches that are further apart still find partners.",
        risk="too large pairs cells of different types; too small leaves few pairs, found only where batches touch.",
        source="the talk, as batchelor",
    )
    sigma: float = param(
        1.0,
        low=0,
        open_low=True,
        slider=(0.01, 10.0),
        unit="squared distance",
        help="How far a pair's vector reaches: its weight falls as exp(−d²/sigma) with the distance d.",
        larger="smoother: neighbouring cell types share one vector, in the end the whole batch does.",
        risk="too small follows the noise of single pairs; too large misses batch effects that differ between types.",
        source="the talk (sigma² = 1); batchelor uses 0.1",
    )
    cos_norm_in: bool = param(
        True,
        help="Scale every cell to length 1 before cells are compared.",
        risk="without it, cells with more reads lie further out and are paired by depth.",
        source="the talk, as batchelor",
    )
    cos_norm_out: bool = param(
        True,
        help="Return corrected values on the scale of length-1 cells. Off: on the scale of the log values.",
        risk="off computes all vectors and their lengthening a second time, on the log scale.",
        source="batchelor",
        advanced=True,
    )
    var_adj: bool = param(
        True,
        help="Lengthen each vector until the spread of the two batches along it agrees.",
        risk="off, two wide clouds of cells meet only at their surfaces; on, noise in the vectors grows with them.",
        source="batchelor; the talk's slide leaves it out",
    )
    svd_dim: int = param(
        0,
        low=0,
        slider=(0, 10),
        unit="dimensions",
        help="How many main directions of each batch count as biology and are taken out of the vectors. 0: none.",
        larger="more biology is protected from the correction.",
        risk="a batch effect along those directions is left in.",
        source="batchelor",
        advanced=True,
    )
    prop_k: float | None = param(
        None,
        low=0,
        high=1,
        open_low=True,
        open_high=True,
        slider=(0.005, 0.2),
        unit="share of a batch",
        help="Raise k to this share of the cells that are searched, so that big batches get more neighbours.",
        larger="more pairs in big batches.",
        risk="too large pairs cells of different types.",
        source="batchelor",
        advanced=True,
        none_means="k everywhere",
    )
    merge_order: Tree | None = param(
        None,
        help="Batches in the order of merging, the first is the reference; groups are merged among themselves first.",
        risk="a batch merged before one that shares its cell types is paired with the wrong ones.",
        source="the talk and batchelor: as the batches come",
        none_means="as the batches come",
    )
    auto_merge: bool = param(
        False,
        help="Always merge the two batches with the most pairs next.",
        risk="the count favours big batches, and every two batches must be searched.",
        source="batchelor",
    )
    correct_all: bool = param(
        False,
        help="Return all genes corrected. Pairs and weights still come from the highly variable genes.",
        risk="takes time and memory for every gene.",
        source="batchelor; the talk corrects all genes",
    )

    def validate(self) -> None:
        """A fixed order and an automatic one exclude each other."""
        if self.auto_merge and self.merge_order is not None:
            raise ParameterError("parameter 'auto_merge' is True, but 'merge_order' is given: choose one of the two")


@dataclass(frozen=True)
class Side:
    """One side of a merge: the cells of one or more batches, stacked."""

    values: tuple[FloatArray, ...]  # cells × compared genes; where they differ from it, cells × returned genes
    profiled: IntArray  # rows with any expression: only those may be paired


def run(problem: Problem, p: MnnParams, step: Step) -> Outcome:
    """Find mutual nearest neighbours, smooth their differences, correct, append to the reference, batch after batch."""
    planned_merges(p.merge_order, problem.batch_names)  # refuses a wrong order before anything is computed
    step.expect(_number_of_steps(problem, p))
    sides: dict[Node, Side] = {(b,): side for b, side in enumerate(_normalized_batches(problem, p, step))}
    found: dict[Merge, MutualPairs] = {}

    def count_pairs(left: Node, right: Node) -> int:
        if p.auto_merge:
            step.stage("comparison", len(found) + 1, of=(problem.n_batches - 1) ** 2, sides=(left, right))
        found[left, right] = _find_pairs(sides[left], sides[right], p, step)
        return len(found[left, right].left)

    merges: list[Merge] = []
    for left, right in _merges(problem, p, count_pairs):
        step.stage("merge", len(merges) + 1, of=problem.n_batches - 1, sides=(left, right))
        if not p.auto_merge:
            count_pairs(left, right)
        pairs, reference, target = found[left, right], sides.pop(left), sides.pop(right)
        merged = []
        for fixed, moving, compared in zip(reference.values, target.values, _compared(problem, p), strict=True):
            vectors = step("Average the differences of paired cells", mean_pair_vectors, fixed, moving, pairs)
            about = "Smooth the differences with a Gaussian kernel"
            shift = step(about, smooth_pair_vectors, target.values[0], vectors, sigma=p.sigma)
            if p.svd_dim:
                about = "Take biological directions out of the vectors"
                shift = step(about, remove_biology, shift, fixed, moving, pairs, compared, svd_dim=p.svd_dim)
            stretch = None
            if p.var_adj:
                about = "Lengthen the vectors until the spread agrees"
                stretch = step(about, stretch_to_reference, moving, shift, fixed, compared, sigma=p.sigma)
            corrected = step("Move every cell by its vector", add_shift, moving, shift, stretch)
            merged.append(step("Append the corrected cells to the reference", stack_cells, fixed, corrected))
        profiled = np.concatenate([reference.profiled, target.profiled + len(reference.values[0])])
        sides[left + right] = Side(tuple(merged), profiled)
        merges.append((left, right))
    return _outcome(problem, p, sides[left + right], merges, found)


def _normalized_batches(problem: Problem, p: MnnParams, step: Step) -> list[Side]:
    """One side per batch, its cells on the unit sphere where asked for."""
    lengths = step("Measure the length of every cell", row_lengths, problem.expression)
    spaces = [(problem.expression, lengths, p.cos_norm_in)]
    if _two_spaces(p):
        values = problem.all_expression if p.correct_all else problem.expression
        scales = lengths
        if p.correct_all and p.cos_norm_out:
            scales = step("Measure the length of cells without compared genes", output_lengths, lengths, values)
        spaces.append((values, scales, p.cos_norm_out))
    sides = []
    for b, name in enumerate(problem.batch_names):
        start, stop = int(problem.bounds[b]), int(problem.bounds[b + 1])
        rows = tuple(_rows(*space, name, start, stop, step) for space in spaces)
        sides.append(Side(rows, _profiled(name, lengths[start:stop])))
    return sides


def _two_spaces(p: MnnParams) -> bool:
    """Whether the returned values differ from those that cells are compared by."""
    return p.correct_all or p.cos_norm_in != p.cos_norm_out


def _rows(
    values: Matrix, lengths: FloatArray, cosine: bool, batch: str, start: int, stop: int, step: Step
) -> FloatArray:
    """The cells of one batch as a dense array, of length 1 where `cosine`."""
    if cosine:
        return step(f"Cosine-normalise batch '{batch}'", cosine_normalize, values, lengths, start=start, stop=stop)
    return step(f"Take batch '{batch}' as it is", batch_rows, values, start=start, stop=stop)


def _profiled(batch: str, lengths: FloatArray) -> IntArray:
    """Rows of a batch that have any expression in the compared genes."""
    rows = np.flatnonzero(lengths > 0)
    if len(rows) == 0:
        raise DataError(
            f"batch '{batch}' has no cell with a value other than 0 in the genes compared: leave the batch out or "
            "choose genes that it expresses"
        )
    return rows


def _merges(problem: Problem, p: MnnParams, count_pairs: Callable[[Node, Node], int]) -> Iterable[Merge]:
    """The merges in their order, which may depend on the pairs found."""
    if p.auto_merge:
        return merges_by_pairs(problem.n_batches, count_pairs)
    return planned_merges(p.merge_order, problem.batch_names)


def _find_pairs(left: Side, right: Side, p: MnnParams, step: Step) -> MutualPairs:
    """Mutual nearest neighbours of two sides, as rows of the sides."""
    a, b = _comparable(left), _comparable(right)
    k_left, k_right = neighborhood_size(len(a), p.k, p.prop_k), neighborhood_size(len(b), p.k, p.prop_k)
    size = ladder_size(max(k_left, k_right), max(len(a), len(b)))
    near = step("Find the nearest neighbours on the other side", cross_neighbors, a, b, k=size)
    pairs = step("Keep the mutual ones", mutual_pairs, near, k_left=k_left, k_right=k_right)
    return MutualPairs(left.profiled[pairs.left], right.profiled[pairs.right])


def _comparable(side: Side) -> FloatArray:
    """The cells of a side that may be paired."""
    cells = side.values[0]
    return cells if len(side.profiled) == len(cells) else cells[side.profiled]


def _compared(problem: Problem, p: MnnParams) -> list[IntArray]:
    """For every space, the columns that cells are compared by."""
    every = np.arange(len(problem.genes))
    if not p.correct_all:
        return [every, every] if _two_spaces(p) else [every]
    return [every, problem.positions]


def _outcome(
    problem: Problem, p: MnnParams, merged: Side, merges: list[Merge], found: Mapping[Merge, MutualPairs]
) -> Outcome:
    """Everything in the problem's order of cells."""
    left, right = merges[-1]
    rows = problem.cells_of(left + right)
    profiled = np.zeros(problem.n_cells, dtype=np.bool_)
    profiled[rows[merged.profiled]] = True
    return Outcome(
        expression=problem.gathered(left + right, merged.values[-1]),
        genes=problem.all_genes if p.correct_all else problem.genes,
        pairs=all_pairs(merges, found, problem.cells_of),
        merges=merge_tree(merges),
        notes=(*foresee(problem, p), *_cells_without_profile(problem, ~profiled)),
    )


def foresee(problem: Problem, p: MnnParams) -> tuple[str, ...]:
    """Where a batch is smaller than the parameters ask for."""
    notes: list[str] = []
    for name, size in zip(problem.batch_names, problem.batch_sizes.tolist(), strict=True):
        notes += lowered("k", p.k, size, f"batch '{name}' has {size} cells")
    return tuple(notes)


def _cells_without_profile(problem: Problem, unprofiled: BoolArray) -> tuple[str, ...]:
    """One sentence per batch with cells that cannot be paired."""
    empty = np.bincount(problem.batch[unprofiled], minlength=problem.n_batches)
    return tuple(
        f"{count} of the cells of batch '{name}' have no expression in the genes compared: they are corrected, "
        "but take no part in the pairing"
        for name, count in zip(problem.batch_names, empty.tolist(), strict=True)
        if count
    )


def _number_of_steps(problem: Problem, p: MnnParams) -> int:
    """How many steps a run has."""
    batches, spaces = problem.n_batches, 1 + _two_spaces(p)
    searches = (batches - 1) ** 2 if p.auto_merge else batches - 1
    corrections = spaces * (batches - 1) * (4 + bool(p.svd_dim) + p.var_adj)
    return 1 + (p.correct_all and p.cos_norm_out) + spaces * batches + 2 * searches + corrections


METHOD = Method(
    name="mnn",
    label="MNN",
    family="first generation",
    position=10,
    output="genes",
    relates_pairs=True,
    summary=(
        "Cells that are each other's nearest neighbours across two batches are taken to be of the same state; their "
        "differences, smoothed over the batch, are the correction of every gene."
    ),
    citation=(
        "Haghverdi L, Lun ATL, Morgan MD, Marioni JC. Batch effects in single-cell RNA-sequencing data are corrected "
        "by matching mutual nearest neighbors. Nature Biotechnology 36, 421–427 (2018). doi:10.1038/nbt.4091"
    ),
    Params=MnnParams,
    run=run,
    foresee=foresee,
)
