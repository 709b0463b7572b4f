"""limma's removeBatchEffect: the batch part of a linear model is subtracted (Ritchie et al. 2015)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from scint_core.contract import LinearFit, Method, Outcome, Params, Problem, Step, param
from scint_core.numerics.linear_model import (
    batch_contrasts,
    compared_means,
    covariate_design,
    fit_every_gene,
    without_terms,
)


@dataclass(frozen=True)
class LimmaParams(Params):
    """Parameters of limma's `removeBatchEffect`."""

    presets: ClassVar[Mapping[str, Mapping[str, Any]]] = {"talk": {}, "reference": {}}

    covariates: tuple[str, ...] = param(
        (),
        names_of="columns",
        help=(
            "Columns of the cell table whose effect is kept, such as a treatment or the cell type (limma's design). "
            "Numbers act in proportion, anything else as categories."
        ),
        risk="without them, a difference in composition between the batches is taken for a batch effect and removed.",
        source="limma (no design)",
    )


def run(problem: Problem, p: LimmaParams, step: Step) -> Outcome:
    """Fit covariates and batches to every gene, and subtract what is the batches'."""
    columns = [problem.source.column(name) for name in p.covariates]
    kept, names = covariate_design(columns, p.covariates)
    contrasts = batch_contrasts(problem.batch, problem.n_batches)
    level = np.ones((problem.n_cells, 1))
    design = np.hstack([level, kept.reshape(problem.n_cells, -1), contrasts])
    terms = ("level", *names, *(f"batch {name}" for name in problem.batch_names[:-1]))

    step.expect(3)
    fit = step("Fit a linear model to every gene", fit_every_gene, problem.expression, design, terms=terms)
    first = 1 + len(names)
    corrected = step("Take the batches' part off", without_terms, problem.expression, fit, first=first)
    step("Compare the batches' means", compared_means, problem.expression, corrected, problem.bounds)
    return Outcome(expression=corrected, genes=problem.genes, notes=confounded(problem, p, fit, first))


def confounded(problem: Problem, p: LimmaParams, fit: LinearFit, first: int) -> tuple[str, ...]:
    """One sentence where batches cannot be told from covariates."""
    lost = int((~fit.estimable[first:]).sum())
    if not lost:
        return ()
    columns = ", ".join(f"'{name}'" for name in p.covariates)
    return (
        f"{lost} of the {problem.n_batches - 1} differences between batches cannot be told from the covariates "
        f"{columns} and are left in",
    )


METHOD = Method(
    name="limma",
    label="limma",
    family="bulk",
    position=80,
    output="genes",
    relates_pairs=False,
    summary=(
        "A linear model of every gene gives each batch a shift, which is subtracted. It assumes that all batches have "
        "the same composition."
    ),
    citation=(
        "Ritchie ME, Phipson B, Wu D, Hu Y, Law CW, Shi W, Smyth GK. limma powers differential expression analyses for "
        "RNA-sequencing and microarray studies. Nucleic Acids Research 43, e47 (2015). doi:10.1093/nar/gkv007"
    ),
    Params=LimmaParams,
    run=run,
)
