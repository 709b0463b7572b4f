"""fastMNN: mutual nearest neighbours among principal components, with a batch vector per merge (Lun 2018)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from scint_core.contract import (
    BatchVector,
    FloatArray,
    LostVariance,
    Method,
    MultiBatchPca,
    MutualPairs,
    Outcome,
    Params,
    Problem,
    Step,
    Tree,
    lowered,
    param,
)
from scint_core.errors import ParameterError
from scint_core.numerics.batch_vector import batch_vector, centre_along, losses_by_merge, lost_variance
from scint_core.numerics.correction import add_shift, stack_cells
from scint_core.numerics.merge_order import Merge, Node, all_pairs, merge_tree, merges_by_pairs, planned_merges
from scint_core.numerics.mutual import mean_pair_vectors, mutual_pairs, neighborhood_size
from scint_core.numerics.neighbors import cross_neighbors, ladder_size
from scint_core.numerics.normalize import row_lengths
from scint_core.numerics.tricube import local_mean, nearest_paired, tricube_weights
from scint_core.preprocess.multi_batch_pca import is_exact, multi_batch_pca

MUCH_LOST = 0.1
"""Share of a batch's variance from which on a merge is worth a note that biology may have gone with it."""


@dataclass(frozen=True)
class FastMnnParams(Params):
    """Parameters of fastMNN; names follow `batchelor::fastMNN`, with `n_pcs` for its `d`."""

    presets: ClassVar[Mapping[str, Mapping[str, Any]]] = {
        "talk": {"k": 20, "n_pcs": 50},
        "reference": {"k": 20, "n_pcs": 50, "ndist": 3.0, "min_batch_skip": 0.0},
    }

    k: int = param(
        20,
        low=1,
        slider=(3, 100),
        unit="cells",
        help="How many nearest neighbours in the other batch each cell may choose its partners from, and from how many "
        "paired cells of its own batch each cell's correction is averaged.",
        larger="more pairs and smoother corrections: batches mix more.",
        risk="larger than the smallest population shared by two batches, it pairs that population with another one.",
        source="the talk, as batchelor",
    )
    n_pcs: int | None = param(
        50,
        low=1,
        slider=(5, 100),
        unit="components",
        help="How many principal components cells are compared and corrected in.",
        larger="more of the biology is kept, and more noise.",
        risk="too few lose small populations; too many drown neighbourhoods in noise.",
        source="the talk, as batchelor (d)",
        none_means="all there are",
    )
    cos_norm: bool = param(
        True,
        help="Scale every cell to length 1 before the principal components are found.",
        risk="without it, cells with more reads lie further out and are paired by depth.",
        source="the talk, as batchelor",
    )
    ndist: float = param(
        3.0,
        low=0,
        open_low=True,
        slider=(0.5, 10),
        unit="median distances",
        help="How far a pair's vector reaches: weights fall to 0 at this many times the median distance of the nearest "
        "paired cells.",
        larger="the nearest paired cells weigh more evenly.",
        risk="too small follows the noise of single pairs.",
        source="batchelor; the talk says locally weighted",
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
        larger="more pairs and smoother corrections in big batches.",
        risk="too large pairs cells of different types.",
        source="batchelor",
        advanced=True,
        none_means="k everywhere",
    )
    min_batch_skip: float = param(
        0.0,
        low=0,
        slider=(0, 1),
        unit="relative size of the batch vector",
        help="Leave a merge uncorrected where its batch effect is smaller than this: 1 where all pairs agree on one "
        "shift, near 0 where they point anywhere.",
        larger="more merges are left uncorrected.",
        risk="0 corrects along a random direction where there is no batch effect; above about 0.5 real ones are left.",
        source="batchelor",
        advanced=True,
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

    def validate(self) -> None:
        """A fixed order and an automatic one exclude each other."""
        if self.auto_merge and self.merge_order is not None:
            raise ParameterError("parameter 'auto_merge' is True, but 'merge_order' is given: choose one of the two")


@dataclass(frozen=True)
class Side:
    """One side of a merge: the cells of one or more batches, stacked, and the vectors they were centred along."""

    cells: FloatArray  # cells × components
    vectors: tuple[FloatArray, ...] = ()


@dataclass(frozen=True)
class Match:
    """Two sides made comparable, and their pairs as rows of the sides."""

    reference: FloatArray
    target: FloatArray
    pairs: MutualPairs


def run(problem: Problem, p: FastMnnParams, step: Step) -> Outcome:
    """Reduce all batches together; then pair, centre along the batch vector, correct and append, batch after batch."""
    plan = planned_merges(p.merge_order, problem.batch_names)  # refuses a wrong order before anything is computed
    step.expect(_most_steps(p, plan))
    reduced = _reduce(problem, p, step)
    sides: dict[Node, Side] = {(b,): Side(cells) for b, cells in enumerate(reduced.scores)}
    matches: dict[Merge, Match] = {}
    compared = 0

    def count_pairs(left: Node, right: Node) -> int:
        nonlocal compared
        compared += 1
        if p.auto_merge:
            step.stage("comparison", compared, of=(problem.n_batches - 1) ** 2, sides=(left, right))
        matches[left, right] = _match(sides[left], sides[right], p, step)
        return len(matches[left, right].pairs.left)

    sizes = tuple(problem.batch_sizes.tolist())
    found: dict[Merge, MutualPairs] = {}
    losses: list[FloatArray] = []
    effects: list[BatchVector] = []
    for left, right in merges_by_pairs(problem.n_batches, count_pairs) if p.auto_merge else plan:
        step.stage("merge", len(found) + 1, of=problem.n_batches - 1, sides=(left, right))
        if not p.auto_merge:
            count_pairs(left, right)
        match, before = matches[left, right], (sides[left].cells, sides[right].cells)
        reference, target, pairs = match.reference, match.target, match.pairs
        vectors = step("Average the differences of paired cells", mean_pair_vectors, reference, target, pairs)
        effect = step("Average them into the batch vector", batch_vector, vectors, reference, target)
        along = () if is_skipped(effect, p) else (effect.vector,)
        if along:
            reference = step("Centre the reference along the batch vector", centre_along, reference, along)
            target = step("Centre the target along the batch vector", centre_along, target, along)
        about, after = "Measure the variance that this took", (reference, target)
        losses.append(step(about, lost_variance, before, after, batches=left + right, sizes=sizes))
        if along:
            target = _correct(reference, target, pairs, p, step)
        cells = step("Append the target to the reference", stack_cells, reference, target)
        sides[left + right] = Side(cells, sides[left].vectors + sides[right].vectors + along)
        found[left, right] = pairs
        effects.append(effect)
        _forget((left, right), sides, matches)
    skipped = tuple(is_skipped(effect, p) for effect in effects)
    step.stage()
    lost = step("Add up the variance lost", losses_by_merge, tuple(losses), tuple(effects), skipped=skipped)
    return _outcome(problem, p, reduced, cells, found, lost)


def _reduce(problem: Problem, p: FastMnnParams, step: Step) -> MultiBatchPca:
    """The principal components of all batches together."""
    lengths = step("Measure the length of every cell", row_lengths, problem.expression) if p.cos_norm else None
    most = _most_components(problem)
    n_pcs = most if p.n_pcs is None else min(p.n_pcs, most)
    seed = 0 if is_exact(problem.n_cells, len(problem.genes)) else step.seed("multi-batch PCA")
    about = "Find components to which every batch contributes alike"
    return step(about, multi_batch_pca, problem.expression, lengths, problem.bounds, n_pcs=n_pcs, seed=seed)


def _match(left: Side, right: Side, p: FastMnnParams, step: Step) -> Match:
    """Centre each side along the vectors that the other one was centred along, then find the pairs."""
    reference, target = left.cells, right.cells
    if left.vectors:
        target = step("Centre the target along earlier batch vectors", centre_along, target, left.vectors)
    if right.vectors:
        reference = step("Centre the reference along earlier batch vectors", centre_along, reference, right.vectors)
    k_left = neighborhood_size(len(reference), p.k, p.prop_k)
    k_right = neighborhood_size(len(target), p.k, p.prop_k)
    size = ladder_size(max(k_left, k_right), max(len(reference), len(target)))
    near = step("Find the nearest neighbours on the other side", cross_neighbors, reference, target, k=size)
    pairs = step("Keep the mutual ones", mutual_pairs, near, k_left=k_left, k_right=k_right)
    return Match(reference, target, pairs)


def _forget(merged: Merge, sides: dict[Node, Side], matches: dict[Merge, Match]) -> None:
    """Drop the two sides of a merge, and what they were compared with."""
    for node in merged:
        del sides[node]
    for merge in [merge for merge in matches if set(merge) & set(merged)]:
        del matches[merge]


def is_skipped(effect: BatchVector, p: FastMnnParams) -> bool:
    """Whether a merge is left uncorrected: its batch vector is too small, or has no direction."""
    return effect.size < p.min_batch_skip or effect.size == 0


def _correct(reference: FloatArray, target: FloatArray, pairs: MutualPairs, p: FastMnnParams, step: Step) -> FloatArray:
    """The target moved towards the reference, each cell by the vectors of the paired cells next to it."""
    vectors = step("Average the differences of the same pairs again", mean_pair_vectors, reference, target, pairs)
    k, paired = neighborhood_size(len(target), p.k, p.prop_k), len(vectors.cells)
    size = ladder_size(k, paired)
    near = step("Find the nearest paired cells of every cell", nearest_paired, target, vectors, k=size)
    weights = step("Weigh them by their distance", tricube_weights, near, k=min(k, paired), ndist=p.ndist)
    shift = step("Average their vectors", local_mean, weights, vectors)
    return step("Move every cell by its vector", add_shift, target, shift)


def _outcome(
    problem: Problem,
    p: FastMnnParams,
    reduced: MultiBatchPca,
    corrected: FloatArray,
    found: Mapping[Merge, MutualPairs],
    lost: LostVariance,
) -> Outcome:
    """Everything in the problem's order of cells."""
    merges = list(found)
    left, right = merges[-1]
    return Outcome(
        embedding=problem.gathered(left + right, corrected),
        pairs=all_pairs(merges, found, problem.cells_of),
        merges=merge_tree(merges),
        notes=(*foresee(problem, p), *_notes_on_components(problem, p, reduced), *_notes_on_merges(problem, lost)),
    )


def foresee(problem: Problem, p: FastMnnParams) -> tuple[str, ...]:
    """Where a batch, or the whole data set, is smaller than the parameters ask for."""
    notes: list[str] = []
    for name, size in zip(problem.batch_names, problem.batch_sizes.tolist(), strict=True):
        notes += lowered("k", p.k, size, f"batch '{name}' has {size} cells")
    reason = f"there are {problem.n_cells} cells and {len(problem.genes)} genes to compare them by"
    return (*notes, *lowered("n_pcs", p.n_pcs or 1, _most_components(problem), reason))


def _most_components(problem: Problem) -> int:
    """As many components as centred cells can have."""
    return min(len(problem.genes), problem.n_cells - 1)


def _notes_on_components(problem: Problem, p: FastMnnParams, reduced: MultiBatchPca) -> tuple[str, ...]:
    """Whether there are fewer components than foreseen, or approximate ones."""
    found = reduced.rotation.shape[1]
    wanted = min(p.n_pcs or found, _most_components(problem))
    notes = lowered("n_pcs", wanted, found, f"the cells differ in {found} directions only")
    if is_exact(problem.n_cells, len(problem.genes)):
        return notes
    sizes = f"{problem.n_cells} cells × {len(problem.genes)} genes"
    return (*notes, f"the principal components are approximate: {sizes} are too many for exact ones")


def _notes_on_merges(problem: Problem, lost: LostVariance) -> tuple[str, ...]:
    """Merges that were skipped, and batches that lost much of their variance."""
    notes = [
        f"merge {t + 1} was left uncorrected: its batch vector has a relative size of {lost.batch_size[t]:.2f}"
        for t in np.flatnonzero(lost.skipped)
    ]
    notes += [
        f"merge {t + 1} took {lost.lost_var[t, b]:.0%} of the variance of batch '{problem.batch_names[b]}': biology "
        "may lie along its batch effect, or there is no batch effect"
        for t, b in np.argwhere(lost.lost_var > MUCH_LOST)
    ]
    return tuple(notes)


def _most_steps(p: FastMnnParams, plan: Sequence[Merge]) -> int:
    """How many steps a run has where no merge is skipped; with an automatic order, at most."""
    searches, repeats = len(plan), sum((len(left) > 1) + (len(right) > 1) for left, right in plan)
    if p.auto_merge:
        searches, repeats = searches**2, searches * (searches - 1)
    return p.cos_norm + 1 + 2 * searches + repeats + 11 * len(plan) + 1


METHOD = Method(
    name="fastmnn",
    label="fastMNN",
    family="talk",
    position=20,
    output="low-dimensional",
    relates_pairs=True,
    summary=(
        "Mutual nearest neighbours are found among principal components of all batches; variation along the mean "
        "batch effect is taken out of both sides, and local vectors correct what is left."
    ),
    citation=(
        "Haghverdi L, Lun ATL, Morgan MD, Marioni JC. Batch effects in single-cell RNA-sequencing data are corrected "
        "by matching mutual nearest neighbors. Nature Biotechnology 36, 421–427 (2018). doi:10.1038/nbt.4091. "
        "Lun ATL. Further MNN algorithm development (2018). "
        "https://marionilab.github.io/FurtherMNN2018/theory/description.html"
    ),
    Params=FastMnnParams,
    run=run,
    foresee=foresee,
)
