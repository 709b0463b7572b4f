"""A sweep in the caller's process: run by run, nothing kept but embeddings and scores."""

from __future__ import annotations

import time
from concurrent.futures import Future, ThreadPoolExecutor, wait
from typing import Any

from scint_core.contract import FloatArray, Problem
from scint_core.errors import IntegrationError
from scint_core.export import Integration
from scint_core.methods import find_method
from scint_core.metrics import measure
from scint_core.runs.cache import RememberingCache, StepCache
from scint_core.runs.evaluate import columns_of
from scint_core.runs.integrate import run_method
from scint_core.runs.keys import Keys
from scint_core.runs.progress import Report, share
from scint_core.runs.sweeps.grid import Grid, Point
from scint_core.runs.sweeps.result import Found, of_steps
from scint_core.runs.trace import NoTrace

Row = dict[str, Any]
"""What the table says of a run beside its place."""

_RUNNING = 0.7  # of a run's time, where it is scored too


def runs_here(
    problem: Problem, grid: Grid, cells: tuple[str, ...], batch_key: str, scored: bool, report: Report
) -> list[Found]:
    """Do every run of a grid; what they leave comes back in the grid's order.

    The coordinates of a run are found beside the steps of the next, but no later one: until then it holds all values.
    """
    rows, scores = dict[int, Row](), dict[int, dict[str, float]]()
    coordinates, cache, keys = dict[int, Future[FloatArray]](), RememberingCache(), Keys()
    with ThreadPoolExecutor(1) as beside:
        for number, i in enumerate(grid.working_order):
            part = share(report, number / len(grid), (number + 1) / len(grid))
            told = _named(part, f"run {number + 1} of {len(grid)}")
            running = share(told, 0.0, _RUNNING if scored else 1.0)
            rows[i], run = _run(problem, grid.points[i], cells, batch_key, cache, keys, running)
            if run is None:
                continue
            wait(coordinates.values())
            coordinates[i] = beside.submit(getattr, run, "coordinates")
            if scored:
                told(_RUNNING, "measuring")
                scores[i] = _scores(problem, coordinates[i].result())
    return [
        Found(rows[i], coordinates[i].result() if i in coordinates else None, scores.get(i, {}))
        for i in range(len(grid))
    ]


def _run(
    problem: Problem,
    point: Point,
    cells: tuple[str, ...],
    batch_key: str,
    cache: StepCache,
    keys: Keys,
    report: Report,
) -> tuple[Row, Integration | None]:
    """What the table says of one run, and the run; of one that fails its sentence alone."""
    started = time.perf_counter()
    method = find_method(point.method)
    try:
        run = run_method(
            method, method.Params.create(point.params), problem, cells=cells, batch_key=batch_key, seed=point.seed,
            report=report, trace=NoTrace(), cache=cache, keys=keys,
        )  # fmt: skip
    except IntegrationError as error:
        return {"seconds": time.perf_counter() - started, "error": str(error)}, None
    return {"seconds": time.perf_counter() - started, **of_steps(run.steps)}, run


def _named(report: Report, name: str) -> Report:
    return lambda fraction, status: report(fraction, f"{name}: {status}")


def _scores(problem: Problem, coordinates: FloatArray) -> dict[str, float]:
    batch, label = columns_of(problem)
    results = measure(coordinates, batch, label, problem.to_input_order(problem.pca))
    return {name: result.score for name, result in results.items()}
