"""`integrate`: one method on one data set, in the caller's process."""

from __future__ import annotations

import platform
import sys
from importlib import metadata
from typing import Any

import anndata
import numpy as np
import scipy

from scint_core.contract import FloatArray, Method, Outcome, Pairs, Params, Problem
from scint_core.contract.version import VERSION
from scint_core.data.problem import problem_from
from scint_core.errors import DataError, ParameterError, ResultError
from scint_core.export import Integration
from scint_core.methods import find_method
from scint_core.runs.cache import StepCache
from scint_core.runs.keys import Keys
from scint_core.runs.notes import notes_on
from scint_core.runs.progress import Progress, Report
from scint_core.runs.step import StepRunner
from scint_core.runs.trace import Axes, MemoryTrace, TraceStore


def integrate(
    adata: anndata.AnnData,
    method: str,
    *,
    batch_key: str = "batch",
    label_key: str | None = None,
    seed: int = 0,
    report: Report | None = None,
    **params: Any,
) -> Integration:
    """Integrate the batches of `adata` with one method; `adata` is not changed.

    `method` is a name of `scint.methods()`; `batch_key` and `label_key` are columns of `obs`; `params` are the
    method's parameters by name. `report(fraction, status)` is called as the run goes on: `fraction` never falls, stays
    at most 0.99 until the end and is 1.0 on return; an exception raised in it ends the run and reaches the caller.
    The same seed gives the same result. Steps already done with the same arguments are taken from the step cache.

    Raises `MethodError`, `ParameterError` or `DataError` with a sentence that names what is at fault.
    """
    chosen = find_method(method)
    parameters = chosen.Params.create(params)
    problem = problem_from(adata, batch_key, label_key)
    return run_method(
        chosen,
        parameters,
        problem,
        cells=tuple(adata.obs_names.astype(str)),
        batch_key=batch_key,
        seed=seed,
        report=report,
    )


def run_method(
    method: Method,
    params: Params,
    problem: Problem,
    *,
    cells: tuple[str, ...],
    batch_key: str,
    seed: int = 0,
    report: Report | None = None,
    trace: TraceStore | None = None,
    cache: StepCache | None = None,
    keys: Keys | None = None,
) -> Integration:
    """Run a method on a problem and bring its outcome into the caller's order of cells (`cells`, by name).

    `keys` handed from run to run spare the later ones from reading the problem's arrays anew.
    """
    check_batches(method, problem, batch_key)
    progress, keys = Progress(report), keys or Keys()
    step = StepRunner(
        seed=_checked_seed(seed),
        cache=cache or StepCache(),
        keys=keys,
        trace=trace or MemoryTrace(Axes(problem, keys)),
        progress=progress,
    )
    outcome = method.run(problem, params, step)
    check_outcome(method, outcome, problem)
    integration = _integration(method, params, problem, outcome, step, cells, seed)
    progress.finish()
    return integration


def check_batches(method: Method, problem: Problem, batch_key: str) -> None:
    """Refuse too few batches, and batches too small for any method to say something about."""
    if problem.n_batches < method.min_batches:
        raise DataError(
            f"column '{batch_key}' holds one value, '{problem.batch_names[0]}': integration needs at least two "
            "batches, pick another column"
        )
    name, size = problem.smallest_batch()
    if method.min_batches > 1 and size < method.min_batch_cells:
        cells = "cell" if size == 1 else "cells"
        raise DataError(
            f"batch '{name}' of column '{batch_key}' has {size} {cells}: {method.label} needs at least "
            f"{method.min_batch_cells}, leave the batch out or join it with another"
        )


def check_outcome(method: Method, outcome: Outcome, problem: Problem) -> None:
    """Refuse a result that is not finite or not of the problem's shape."""
    if outcome.embedding is None and outcome.expression is None:
        raise ResultError(f"{method.label} returned neither an embedding nor expression values")
    for name, array in (("embedding", outcome.embedding), ("expression", outcome.expression)):
        if array is None:
            continue
        if array.ndim != 2 or len(array) != problem.n_cells:
            raise ResultError(f"{method.label} returned an {name} of shape {array.shape} for {problem.n_cells} cells")
        bad = array.size - np.count_nonzero(np.isfinite(array))
        if bad:
            raise ResultError(
                f"{method.label} returned {bad} values in its {name} that are not finite: report this with "
                "the parameters"
            )
    if outcome.expression is not None and outcome.expression.shape[1] != len(outcome.genes):
        raise ResultError(
            f"{method.label} returned {outcome.expression.shape[1]} columns for {len(outcome.genes)} genes"
        )


def _integration(
    method: Method,
    params: Params,
    problem: Problem,
    outcome: Outcome,
    step: StepRunner,
    cells: tuple[str, ...],
    seed: int,
) -> Integration:
    notes = dict.fromkeys((*notes_on(problem), *method.foresee(problem, params), *outcome.notes))
    predictions = outcome.predictions
    if predictions is not None:
        predictions = predictions.iloc[np.argsort(problem.order)].set_axis(list(cells))
    return Integration(
        method=method.name,
        params=params.to_dict(),
        seed=seed,
        embedding=_returned(problem, outcome.embedding),
        expression=_returned(problem, outcome.expression),
        genes=outcome.genes,
        pairs=None if outcome.pairs is None else pairs_in_input_order(problem, outcome.pairs),
        predictions=predictions,
        notes=tuple(notes),
        steps=tuple(step.records),
        versions=versions(),
        obsm_key=method.obsm_key,
        cells=cells,
        batch_names=problem.batch_names,
        merges=outcome.merges,
        extra_embeddings={key: _back(problem, array) for key, array in outcome.extra_embeddings.items()},
    )


def _back(problem: Problem, array: FloatArray) -> FloatArray:
    """Rows in the caller's order, as float32."""
    return problem.to_input_order(array, np.float32)


def _returned(problem: Problem, array: FloatArray | None) -> FloatArray | None:
    return None if array is None else _back(problem, array)


def pairs_in_input_order(problem: Problem, pairs: Pairs) -> Pairs:
    """Pairs whose positions are the caller's."""
    return Pairs(problem.order[pairs.left], problem.order[pairs.right], pairs.merge, pairs.score, pairs.kept)


def _checked_seed(seed: int) -> int:
    if isinstance(seed, bool) or not isinstance(seed, int | np.integer) or seed < 0:
        raise ParameterError(f"parameter 'seed' is {seed!r}: it must be a whole number of at least 0")
    return int(seed)


def versions() -> dict[str, str]:
    """What computed a result; torch where it took part."""
    torch = {"torch": metadata.version("torch")} if "torch" in sys.modules else {}
    return {
        "scint": VERSION,
        "python": platform.python_version(),
        "numpy": np.__version__,
        "scipy": scipy.__version__,
        "anndata": metadata.version("anndata"),
        **torch,
    }
