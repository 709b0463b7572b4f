"""ComBat: a shift and a scale of every gene in every batch, shrunk towards other genes (Johnson et al. 2007)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from scint_core.contract import (
    BatchEffects,
    EffectPriors,
    LinearFit,
    Method,
    Outcome,
    Params,
    Problem,
    StandardGenes,
    Step,
    param,
)
from scint_core.errors import DataError, ParameterError
from scint_core.numerics.empirical_bayes import (
    adjusted_cells,
    effect_priors,
    shrunk_by_other_genes,
    shrunk_by_priors,
    shrunk_means,
    standardised_effects,
)
from scint_core.numerics.linear_model import batch_indicators, compared_means, covariate_design, fit_every_gene


@dataclass(frozen=True)
class CombatParams(Params):
    """Parameters of ComBat; defaults follow `sva::ComBat`."""

    presets: ClassVar[Mapping[str, Mapping[str, Any]]] = {"talk": {}, "reference": {}}

    covariates: tuple[str, ...] = param(
        (),
        names_of="columns",
        help=(
            "Columns of the cell table whose effect is kept, such as a treatment or the cell type (sva's mod). Numbers "
            "act in proportion, anything else as categories."
        ),
        risk="without them, a difference in composition between the batches is taken for a batch effect and removed.",
        source="sva (no mod)",
    )
    mean_only: bool = param(
        False,
        help="Adjust the mean of every batch only, not its variance.",
        risk="on, batches keep different spreads; off, small batches get unsteady scales.",
        source="sva (mean.only)",
    )
    parametric: bool = param(
        True,
        help="Take shifts and scales of the genes to follow a normal and an inverse gamma distribution. Off: none.",
        risk="off takes time for many genes; on is wrong where the genes fall into groups.",
        source="sva (par.prior)",
        advanced=True,
    )
    reference_batch: str | None = param(
        None,
        help="The batch that all others are brought to. It is returned as it is.",
        risk="a poor batch as reference spreads its faults.",
        source="sva (ref.batch)",
        none_means="all batches meet in their mean",
    )


def run(problem: Problem, p: CombatParams, step: Step) -> Outcome:
    """Standardise the genes, estimate every batch's shift and scale, shrink them, and take them out."""
    reference = reference_position(problem, p)
    columns = [problem.source.column(name) for name in p.covariates]
    kept, names = covariate_design(columns, p.covariates)
    indicators = batch_indicators(problem.batch, problem.n_batches)
    design = np.hstack([indicators, kept.reshape(problem.n_cells, -1)])
    terms = (*(f"batch {name}" for name in problem.batch_names), *names)
    values, bounds = problem.expression, problem.bounds

    step.expect(5 + (p.parametric or p.mean_only))
    fit = step("Fit a linear model to every gene", fit_every_gene, values, design, terms=terms)
    refuse_confounded(p, fit)
    about = "Standardise the genes, and estimate every batch's shift and scale"
    standard, effects = step(about, standardised_effects, values, fit, bounds, reference=reference)
    refuse_constant(standard)
    shrunk = _shrunk(problem, p, effects, standard, step)
    about = "Take the shifts and scales out"
    corrected = step(about, adjusted_cells, values, fit, standard, shrunk, bounds, reference=reference)
    step("Compare the batches' means", compared_means, values, corrected, bounds)
    return Outcome(expression=corrected, genes=problem.genes, notes=left_alone(standard))


def _shrunk(
    problem: Problem, p: CombatParams, effects: BatchEffects, standard: StandardGenes, step: Step
) -> BatchEffects:
    """Shifts and scales drawn towards those of other genes."""
    if not p.parametric:
        about = "Shrink them towards those of all other genes"
        return step(about, shrunk_by_other_genes, effects, standard, problem.bounds, mean_only=p.mean_only)
    priors: EffectPriors = step("Find what the genes have in common", effect_priors, effects, standard)
    about = "Shrink them towards what the genes have in common"
    if p.mean_only:
        return step(about, shrunk_means, effects, standard, priors)
    return step(about, shrunk_by_priors, effects, standard, priors, problem.bounds)


def reference_position(problem: Problem, p: CombatParams) -> int | None:
    """The position of the reference batch, or `ParameterError` naming the batches there are."""
    if p.reference_batch is None:
        return None
    if p.reference_batch not in problem.batch_names:
        there = ", ".join(f"'{name}'" for name in problem.batch_names)
        raise ParameterError(
            f"parameter 'reference_batch' names '{p.reference_batch}', which is no batch: the batches are {there}"
        )
    return problem.batch_names.index(p.reference_batch)


def refuse_confounded(p: CombatParams, fit: LinearFit) -> None:
    """Raise `DataError` where the covariates cannot be told from the batches or from one another."""
    lost = [term for term, estimable in zip(fit.terms, fit.estimable, strict=True) if not estimable]
    if lost:
        columns = ", ".join(f"'{name}'" for name in p.covariates)
        raise DataError(
            f"covariates {columns} cannot be told from the batches or from one another ({', '.join(lost)}): leave out "
            "what the batches determine"
        )


def refuse_constant(standard: StandardGenes) -> None:
    """Raise `DataError` where no gene varies in all batches."""
    if not standard.adjusted.any():
        raise DataError(
            "none of the genes varies in every batch, so that no scale can be estimated: leave out the smallest batch, "
            "or choose more genes"
        )


def left_alone(standard: StandardGenes) -> tuple[str, ...]:
    """One sentence on the genes that were not adjusted."""
    count = int((~standard.adjusted).sum())
    return (f"{count} genes are left as they are: each has one value throughout some batch",) if count else ()


METHOD = Method(
    name="combat",
    label="ComBat",
    family="bulk",
    position=90,
    output="genes",
    relates_pairs=False,
    summary=(
        "Every batch has a shift and a scale for each gene, steadied by what its other genes show, and both are taken "
        "out. It assumes that all batches have the same composition."
    ),
    citation=(
        "Johnson WE, Li C, Rabinovic A. Adjusting batch effects in microarray expression data using empirical Bayes "
        "methods. Biostatistics 8, 118–127 (2007). doi:10.1093/biostatistics/kxj037"
    ),
    Params=CombatParams,
    run=run,
)
