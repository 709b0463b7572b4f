"""Seurat v2: canonical vectors of two batches, warped onto each other one by one (Butler et al. 2018)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from scint_core.contract import (
    FloatArray,
    Metagenes,
    Method,
    Outcome,
    Params,
    Problem,
    SharedSpace,
    Step,
    lowered,
    param,
)
from scint_core.errors import DataError
from scint_core.numerics.biweight import biweight_columns
from scint_core.numerics.metagenes import join_aligned, matched_values, metagenes
from scint_core.numerics.scaling import scale_genes
from scint_core.numerics.shared_space import canonical_vectors
from scint_core.numerics.warping import warp

_NUMBERS = {"n_ccs": 20, "num_possible_genes": 2000, "num_genes": 30}


@dataclass(frozen=True)
class SeuratV2Params(Params):
    """Parameters of Seurat v2; names follow `RunCCA` and `AlignSubspace`."""

    presets: ClassVar[Mapping[str, Mapping[str, Any]]] = {"talk": _NUMBERS, "reference": _NUMBERS}

    n_ccs: int = param(
        20,
        low=1,
        slider=(2, 50),
        unit="dimensions",
        help="How many canonical vectors are found and aligned.",
        larger="finer differences between cells count.",
        risk="the last dimensions hold noise, or what no gene follows in both batches, and cannot be aligned.",
        source="Seurat 2; the talk gives none",
    )
    num_possible_genes: int = param(
        2000,
        low=1,
        slider=(50, 5000),
        unit="genes",
        help="How many genes, those with the highest loadings in both batches, may enter a metagene.",
        larger="genes with lower loadings may be chosen.",
        risk="too few leave out genes that follow the dimension in both batches.",
        source="Seurat 2",
        advanced=True,
    )
    num_genes: int = param(
        30,
        low=1,
        slider=(5, 200),
        unit="genes",
        help="How many genes are summed to a metagene.",
        larger="smoother curves, to which genes contribute that follow the dimension less closely.",
        risk="too few follow the noise of single genes.",
        source="Seurat 2",
    )


def run(problem: Problem, p: SeuratV2Params, step: Step) -> Outcome:
    """Find canonical vectors of the largest batch with every other one, and warp each of them onto the largest."""
    largest, *others = _by_size(problem)
    step.expect(_number_of_steps(problem, p))
    scaled, weighed = _scaled_batches(problem, step)
    spaces = _shared_spaces(problem, p, step, scaled)
    n_axes = min(len(space.strength) for space in spaces)
    _refuse_no_axes(problem, n_axes)
    aligned: list[tuple[FloatArray, ...]] = []
    for b, space in zip(others, spaces, strict=True):
        columns = []
        for k in range(n_axes):
            about = f"batch '{problem.batch_names[b]}', dimension"
            step.stage(about, k + 1, of=n_axes, sides=((largest,), (b,)))
            curves = _metagenes(problem, p, step, (largest, b), scaled, weighed, space, k)
            path = step("Warp the metagenes onto each other", warp, curves)
            about = "Give every cell the value of the cells it is matched with"
            columns.append(step(about, matched_values, space, path, dimension=k))
        aligned.append(tuple(columns))
    step.stage(sides=((largest,), tuple(others)))
    joined = step("Put the aligned batches together", join_aligned, tuple(spaces), tuple(aligned))
    return Outcome(embedding=problem.gathered([largest, *others], joined), notes=foresee(problem, p))


def _shared_spaces(problem: Problem, p: SeuratV2Params, step: Step, scaled: list[FloatArray]) -> list[SharedSpace]:
    """The canonical vectors of the largest batch with every other one."""
    largest, *others = _by_size(problem)
    spaces = []
    for number, b in enumerate(others, start=1):
        step.stage("pair", number, of=len(others), sides=((largest,), (b,)))
        about = "Find the canonical vectors of the two batches"
        spaces.append(step(about, canonical_vectors, scaled[largest], scaled[b], n=_n_axes(problem, p)))
    return spaces


def _scaled_batches(problem: Problem, step: Step) -> tuple[list[FloatArray], list[FloatArray]]:
    """The genes of every batch scaled, and the same with outlying cells weighed down (cells × genes each)."""
    scaled, weighed = [], []
    for b, name in enumerate(problem.batch_names):
        start, stop = int(problem.bounds[b]), int(problem.bounds[b + 1])
        about = f"Scale the genes of batch '{name}'"
        scaled.append(step(about, scale_genes, problem.expression, start=start, stop=stop))
        weighed.append(step(f"Weigh down outlying cells of batch '{name}'", biweight_columns, scaled[-1]))
    return scaled, weighed


def _metagenes(
    problem: Problem,
    p: SeuratV2Params,
    step: Step,
    pair: tuple[int, int],
    scaled: list[FloatArray],
    weighed: list[FloatArray],
    space: SharedSpace,
    dimension: int,
) -> Metagenes:
    """The curves of one dimension, or `DataError` where there are none to warp."""
    reference, b = pair
    curves = step(
        "Sum the genes that follow the dimension in both batches",
        metagenes,
        scaled[reference],
        scaled[b],
        weighed[reference],
        weighed[b],
        space,
        dimension=dimension,
        num_possible_genes=p.num_possible_genes,
        num_genes=p.num_genes,
    )
    if min(np.ptp(curves.left), np.ptp(curves.right)) == 0:
        way_out = f"lower 'n_ccs' to {dimension}" if dimension else "choose other genes or leave the batch out"
        raise DataError(
            f"batch '{problem.batch_names[b]}' cannot be aligned with batch '{problem.batch_names[reference]}' in "
            f"dimension {dimension + 1}, which no gene follows in both: {way_out}"
        )
    return curves


def _refuse_no_axes(problem: Problem, n_axes: int) -> None:
    if n_axes == 0:
        raise DataError(
            f"batch '{problem.batch_names[_by_size(problem)[0]]}' and another one have no dimension in common: choose "
            "genes that vary in every batch, or leave a batch out"
        )


def _by_size(problem: Problem) -> list[int]:
    """The batches, largest first, of equal ones the first first."""
    return [int(b) for b in np.argsort(-problem.batch_sizes, kind="stable")]


def _n_axes(problem: Problem, p: SeuratV2Params) -> int:
    """Dimensions of the space: below the cells of the smallest batch and the genes."""
    return max(1, min(p.n_ccs, problem.smallest_batch()[1] - 1, len(problem.genes) - 1))


def foresee(problem: Problem, p: SeuratV2Params) -> tuple[str, ...]:
    """Where a batch has fewer cells, or the data fewer genes, than the parameters ask for."""
    n_genes, (smallest, size) = len(problem.genes), problem.smallest_batch()
    by_genes = f"cells are compared by {n_genes} genes"
    why = f"batch '{smallest}' has {size} cells" if size <= n_genes else by_genes
    return (
        *lowered("n_ccs", p.n_ccs, _n_axes(problem, p), why),
        *lowered("num_possible_genes", p.num_possible_genes, n_genes, by_genes),
        *lowered("num_genes", p.num_genes, n_genes, by_genes),
    )


def _number_of_steps(problem: Problem, p: SeuratV2Params) -> int:
    """How many steps a run has, where no dimension is missing."""
    return 2 * problem.n_batches + (problem.n_batches - 1) * (1 + 3 * _n_axes(problem, p)) + 1


METHOD = Method(
    name="seurat_v2",
    label="Seurat v2",
    family="first generation",
    position=30,
    output="low-dimensional",
    relates_pairs=False,
    summary=(
        "Directions along which batches vary together are found by canonical correlation; along each of them the "
        "smaller batch is stretched and squeezed until the genes that follow it run alike."
    ),
    citation=(
        "Butler A, Hoffman P, Smibert P, Papalexi E, Satija R. Integrating single-cell transcriptomic data across "
        "different conditions, technologies, and species. Nature Biotechnology 36, 411–420 (2018). "
        "doi:10.1038/nbt.4096"
    ),
    Params=SeuratV2Params,
    run=run,
    foresee=foresee,
)
