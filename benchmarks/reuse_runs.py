"""Runs and reruns of one method, in a process of its own: `python -m benchmarks.reuse_runs data.npz rounds setting`.

`setting` is a JSON list: the method, its parameters, and the changes of which each is made to a run of its own. A round
is two runs without the step cache, two first runs with an empty one, and a rerun per change. Prints the seconds of all,
those of the processor, and the processor's seconds that went into keys, looking up and storing, as JSON.
"""

from __future__ import annotations

import contextlib
import json
import os
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
from anndata import AnnData

import scint_core as scint
from benchmarks.dataset import load
from benchmarks.measure import WARM_UP_CELLS
from benchmarks.ours import as_anndata, forget_steps
from scint_core.export import Integration
from scint_core.runs.cache import StepCache
from scint_core.runs.step import StepRunner

_KEEPING = ((StepRunner, "_key"), (StepCache, "load"), (StepCache, "store"))
"""What a run does for the cache alone."""

Parameters = dict[str, Any]
Times = list[dict[str, float]]


def main(path: str, rounds: str, setting: str) -> None:
    """Measure and print."""
    method, params, changes = json.loads(setting)
    data = load(Path(path))
    with contextlib.redirect_stdout(sys.stderr):
        for change in ({}, *changes):
            run(as_anndata(data.part(WARM_UP_CELLS)), method, params | change, cached=False)
        measured = measure(as_anndata(data), method, params, changes, int(rounds))
    print(json.dumps(measured))


def measure(adata: AnnData, method: str, params: Parameters, changes: list[Parameters], rounds: int) -> dict[str, Any]:
    """The times of all runs, and of every change what its rerun computed and whether a fresh run returns the same."""
    without: Times = []
    first: Times = []
    reruns: list[dict[str, Any]] = [{"change": change, "runs": []} for change in changes]
    for number in range(rounds):
        # Either kind comes once after each: a process finds its memory faster in every second run, whichever that is.
        for cached, times in ((True, first), (False, without), (False, without), (True, first)):
            forget_steps()
            times.append(run(adata, method, params, cached=cached)[0])
        for rerun in reruns:
            times_again, again = run(adata, method, params | rerun["change"], cached=True)
            rerun["runs"].append(times_again)
            rerun["computed"] = {step.title: round(step.seconds, 3) for step in again.steps if not step.reused}
            if number == 0:
                fresh = run(adata, method, params | rerun["change"], cached=False)[1]
                rerun["identical"] = all(map(identical, contents(again), contents(fresh)))
    return {"without": without, "first": first, "reruns": reruns}


def run(adata: AnnData, method: str, params: Parameters, *, cached: bool) -> tuple[dict[str, float], Integration]:
    """One run with the step cache or with none, and its seconds, on the wall and of the processor."""
    if cached:
        os.environ.pop("SCINT_CACHE_BYTES", None)
    else:
        os.environ["SCINT_CACHE_BYTES"] = "0"
    with keeping_timed() as keeping:
        wall, cpu = time.perf_counter(), time.process_time()
        integration = scint.integrate(adata, method, batch_key="batch", **params)
        times = {"wall_s": time.perf_counter() - wall, "cpu_s": time.process_time() - cpu}
    return times | {"keeping_s": sum(keeping)}, integration


@contextlib.contextmanager
def keeping_timed() -> Iterator[list[float]]:
    """Collects the processor's seconds of every call that is for the cache alone."""
    found: list[float] = []
    kept = [getattr(owner, name) for owner, name in _KEEPING]
    for (owner, name), function in zip(_KEEPING, kept, strict=True):
        setattr(owner, name, _timed(function, found))
    try:
        yield found
    finally:
        for (owner, name), function in zip(_KEEPING, kept, strict=True):
            setattr(owner, name, function)


def _timed(function: Callable[..., Any], found: list[float]) -> Callable[..., Any]:
    def timed(*args: Any, **kwargs: Any) -> Any:
        started = time.process_time()
        try:
            return function(*args, **kwargs)
        finally:
            found.append(time.process_time() - started)

    return timed


def contents(integration: Integration) -> list[np.ndarray]:
    """Every array of a result: embedding, expression and the parts of the pairs."""
    arrays = (integration.embedding, integration.expression, *vars(integration.pairs).values())
    return [np.asarray(array) for array in arrays if array is not None]


def identical(one: np.ndarray, other: np.ndarray) -> bool:
    """Whether two arrays agree in type, shape and every byte."""
    return one.dtype == other.dtype and one.shape == other.shape and one.tobytes() == other.tobytes()


if __name__ == "__main__":
    main(*sys.argv[1:])
