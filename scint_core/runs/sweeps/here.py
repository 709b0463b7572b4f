"""A sweep in the caller's process: run by run, nothing kept but embeddings and scores."""

from __future__ import annotations

import time

from scint_core.contract import Problem
from scint_core.errors import IntegrationError
from scint_core.export import Integration
from scint_core.methods import find_method
from scint_core.metrics import measure
from scint_core.runs.evaluate import columns_of
from scint_core.runs.integrate import run_method
from scint_core.runs.progress import Report, share
from scint_core.runs.sweeps.grid import Grid, Point
from scint_core.runs.sweeps.result import Found, of_steps
from scint_core.runs.trace import NoTrace

_RUNNING = 0.7  # of a run's time, where it is scored too


def runs_here(
    problem: Problem, grid: Grid, cells: tuple[str, ...], batch_key: str, scored: bool, report: Report
) -> list[Found]:
    """Do every run of a grid; what they leave comes back in the grid's order."""
    found: dict[int, Found] = {}
    for number, i in enumerate(grid.working_order):
        part = share(report, number / len(grid), (number + 1) / len(grid))
        name = f"run {number + 1} of {len(grid)}"
        found[i] = _found(problem, grid.points[i], cells, batch_key, scored, _named(part, name))
    return [found[i] for i in range(len(grid))]


def _found(
    problem: Problem, point: Point, cells: tuple[str, ...], batch_key: str, scored: bool, report: Report
) -> Found:
    """What one run leaves; one that fails leaves its sentence."""
    started = time.perf_counter()
    try:
        run = _run(problem, point, cells, batch_key, share(report, 0.0, _RUNNING if scored else 1.0))
    except IntegrationError as error:
        return Found({"seconds": time.perf_counter() - started, "error": str(error)})
    row = {"seconds": time.perf_counter() - started, **of_steps(run.steps)}
    if scored:
        report(_RUNNING, "measuring")
    return Found(row, run.coordinates, _scores(problem, run) if scored else {})


def _run(problem: Problem, point: Point, cells: tuple[str, ...], batch_key: str, report: Report) -> Integration:
    method = find_method(point.method)
    params = method.Params.create(point.params)
    return run_method(
        method, params, problem, cells=cells, batch_key=batch_key, seed=point.seed, report=report, trace=NoTrace()
    )


def _named(report: Report, name: str) -> Report:
    return lambda fraction, status: report(fraction, f"{name}: {status}")


def _scores(problem: Problem, run: Integration) -> dict[str, float]:
    batch, label = columns_of(problem)
    results = measure(run.coordinates, batch, label, problem.to_input_order(problem.pca))
    return {name: result.score for name, result in results.items()}
