"""A sweep beside separate runs: `python -m benchmarks.sweep` in the project's folder.

Twenty runs of seurat_v3 over `k_filter` × `k_weight`, as one sweep and as twenty runs that know nothing of each other,
the cache emptied before each. Nothing is scored, so that like is compared with like. Writes
`benchmarks/results/sweep.json` and `sweep.md`.
"""

from __future__ import annotations

import argparse
import json
import os
from typing import Any

from benchmarks.crew import add_scheduler, crew
from benchmarks.machine import Figures, Machine, in_words
from benchmarks.report import write

GRID = {"k_filter": [50, 100, 200, 300], "k_weight": [20, 50, 100, 150, 200]}
BOUND = 0.25


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cells", type=int, default=5000)
    parser.add_argument("--genes", type=int, default=2000)
    add_scheduler(parser)
    return parser.parse_args()


def measure(machine: Machine, size: tuple[int, int]) -> Figures:
    """Both ways on simulated cells × genes, with all threads of the machine."""
    return machine.measured("sweep_runs", *size, json.dumps(GRID), threads=os.cpu_count() or 1)


def page(report: dict[str, Any]) -> str:
    """The figures as a markdown page."""
    return "\n".join(
        [
            "# A sweep beside separate runs",
            "",
            f"{report['runs']} runs of seurat_v3 over `k_filter` × `k_weight`, {report['cells']:,} simulated cells of "
            f"two batches × {report['genes']:,} genes: one `scint.sweep` without scores, as many `scint.integrate`, "
            f"each with an empty cache. {in_words(report['machines'])}.",
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
    """Measure both in one process, and write the page."""
    options = arguments()
    with crew(options.scheduler) as measuring:
        for (n_cells, n_genes), figures in measuring.each(measure, [(options.cells, options.genes)]):
            report = {"machines": measuring.machines, "cells": n_cells, "genes": n_genes, **figures}
            write("sweep", report, page(report))
            print(page(report))


if __name__ == "__main__":
    main()
