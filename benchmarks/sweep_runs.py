"""A sweep and as many separate runs, in one process: `python -m benchmarks.sweep_runs cells genes grid`.

`grid` is JSON. Prints the seconds of both, whether their results agree, and how many steps the sweep reused, as JSON.
"""

from __future__ import annotations

import contextlib
import json
import sys
import time
from itertools import product
from typing import Any

import numpy as np
from anndata import AnnData

import scint_core as scint
from benchmarks.dataset import simulated
from benchmarks.ours import as_anndata, forget_steps

METHOD = "seurat_v3"
Values = dict[str, list[Any]]


def main(n_cells: str, n_genes: str, values: str) -> None:
    """Measure and print."""
    with contextlib.redirect_stdout(sys.stderr):
        adata = as_anndata(simulated(int(n_cells), int(n_genes)))
        scint.integrate(adata[::10].copy(), METHOD)  # imports and compilation
        figures = measure(adata, json.loads(values))
    print(json.dumps(figures))


def measure(adata: AnnData, values: Values) -> dict[str, Any]:
    """Seconds of both ways and what they have in common."""
    sweep_s, found = swept(adata, values)
    separate_s, results = separate(adata, values)
    return {
        "runs": len(found), "sweep_s": sweep_s, "separate_s": separate_s,
        "identical": all(np.array_equal(a, b) for a, b in zip(found.embeddings, results, strict=True)),
        "steps": int(found.table["steps"].sum()), "reused": int(found.table["reused"].sum()),
    }  # fmt: skip


def swept(adata: AnnData, values: Values) -> tuple[float, scint.Sweep]:
    """Seconds of one sweep, starting with an empty cache."""
    forget_steps()
    started = time.perf_counter()
    found = scint.sweep(adata, METHOD, values, scores=False)
    return time.perf_counter() - started, found


def separate(adata: AnnData, values: Values) -> tuple[float, list[np.ndarray]]:
    """Seconds of as many runs one by one, emptying the cache before each."""
    seconds, results = 0.0, []
    for point in product(*values.values()):
        forget_steps()
        started = time.perf_counter()
        run = scint.integrate(adata, METHOD, **dict(zip(values, point, strict=True)))
        results.append(run.coordinates)
        seconds += time.perf_counter() - started
    return seconds, results


if __name__ == "__main__":
    main(*sys.argv[1:])
