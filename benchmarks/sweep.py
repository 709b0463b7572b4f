"""A sweep beside separate runs: `python -m benchmarks.sweep` in the project's folder.

Twenty runs of seurat_v3 over `k_filter` × `k_weight`, as one sweep and as twenty runs that know nothing of each other,
the cache emptied before each. Nothing is scored, so that like is compared with like. Writes
`benchmarks/results/sweep.json` and `sweep.md`.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
from anndata import AnnData

import scint_core as scint
from benchmarks.dataset import simulated
from benchmarks.methods import RESULTS, machine
from benchmarks.ours import as_anndata

GRID = {"k_filter": [50, 100, 200, 300], "k_weight": [20, 50, 100, 150, 200]}
BOUND = 0.25


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cells", type=int, default=5000)
    parser.add_argument("--genes", type=int, default=2000)
    return parser.parse_args()


def swept(adata: AnnData) -> tuple[float, scint.Sweep]:
    """Seconds of one sweep, starting with an empty cache."""
    started = time.perf_counter()
    found = scint.sweep(adata, "seurat_v3", GRID, scores=False)
    return time.perf_counter() - started, found


def separate(adata: AnnData, cache: Path) -> tuple[float, list[np.ndarray]]:
    """Seconds of as many runs one by one, emptying the cache before each."""
    seconds, results = 0.0, []
    for k_filter in GRID["k_filter"]:
        for k_weight in GRID["k_weight"]:
            shutil.rmtree(cache / "steps", ignore_errors=True)
            started = time.perf_counter()
            run = scint.integrate(adata, "seurat_v3", k_filter=k_filter, k_weight=k_weight)
            results.append(run.coordinates)
            seconds += time.perf_counter() - started
    return seconds, results


def page(report: dict[str, Any]) -> str:
    """The figures as a markdown page."""
    where = report["machine"]
    return "\n".join(
        [
            "# A sweep beside separate runs",
            "",
            f"{report['runs']} runs of seurat_v3 over `k_filter` × `k_weight`, {report['cells']:,} simulated cells of "
            f"two batches × {report['genes']:,} genes: one `scint.sweep` without scores, as many `scint.integrate`, "
            f"each with an empty cache. {where['system']} on {where['machine']}, {where['cores']} cores.",
            "",
            "| one sweep s | separate runs s | sweep / separate | bound | results |",
            "|---|---|---|---|---|",
            f"| {report['sweep_s']:.1f} | {report['separate_s']:.1f} | {report['sweep_s'] / report['separate_s']:.2f} "
            f"| {BOUND} | {'byte for byte the same' if report['identical'] else '**differ**'} |",
            "",
            f"Steps reused: {report['reused']:,} of {report['steps']:,}.",
            "",
        ]
    )


def main() -> None:
    """Measure both in one process, compare their results, and write the page."""
    options = arguments()
    with tempfile.TemporaryDirectory() as folder:
        os.environ["SCINT_CACHE"] = folder
        adata = as_anndata(simulated(options.cells, options.genes))
        scint.integrate(adata[::10].copy(), "seurat_v3")  # imports and compilation
        sweep_s, found = swept(adata)
        separate_s, results = separate(adata, Path(folder))
    identical = all(np.array_equal(a, b) for a, b in zip(found.embeddings, results, strict=True))
    report = {
        "machine": machine(os.cpu_count() or 1), "cells": options.cells, "genes": options.genes, "runs": len(found),
        "sweep_s": sweep_s, "separate_s": separate_s, "identical": identical,
        "steps": int(found.table["steps"].sum()), "reused": int(found.table["reused"].sum()),
    }  # fmt: skip
    (RESULTS / "sweep.json").write_text(json.dumps(report, indent=1) + "\n")
    (RESULTS / "sweep.md").write_text(page(report))
    print(page(report))


if __name__ == "__main__":
    main()
