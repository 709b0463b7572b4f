"""Times every method and the peers that are installed: `python -m benchmarks.methods` in the project's folder.

Every run is a process of its own, on one thread unless told otherwise; the tools take turns. `benchmarks/results/`
keeps all runs in `methods.json`, a table of their medians in `methods.md`.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks.crew import add_scheduler, crew
from benchmarks.dataset import simulated
from benchmarks.machine import Figures, Machine, MeasurementError, in_words
from benchmarks.peers import PEERS
from benchmarks.report import write

FIGURES = ("wall_s", "cpu_s", "peak_mb")


@dataclass(frozen=True)
class Round:
    """One run of every tool on the data in a file."""

    data: Path
    only: list[str] | None
    threads: int
    timeout: float
    peers_python: str


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cells", type=int, nargs="+", default=[2000, 10000])
    parser.add_argument("--genes", type=int, default=2000)
    parser.add_argument("--runs", type=int, default=3, help="runs of which the median is shown")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--only", nargs="+", metavar="TOOL", help="names of methods or packages (default: all)")
    parser.add_argument("--peers-python", default=sys.executable, help="the Python that the peers are installed in")
    parser.add_argument("--timeout", type=float, default=1800, help="seconds after which a run is given up")
    add_scheduler(parser)
    return parser.parse_args()


def tools(wanted: list[str] | None, peers_python: str) -> Iterator[tuple[str, str]]:
    """What is to be timed, and the Python to do it with: every method, and the peers that are installed."""
    from scint_core.methods import all_methods

    for name in all_methods():
        if wanted is None or name in wanted:
            yield f"ours:{name}", sys.executable
    for name in PEERS:
        if (wanted is None or name in wanted) and can_import(peers_python, name):
            yield f"peer:{name}", peers_python


def can_import(python: str, package: str) -> bool:
    """Whether a package is installed for a Python."""
    return subprocess.run([python, "-c", f"import {package}"], capture_output=True).returncode == 0


def measure(machine: Machine, task: Round) -> dict[str, Figures]:
    """The figures of every tool; where one fails, its `error` says how."""
    found: dict[str, Figures] = {}
    for tool, python in tools(task.only, task.peers_python):
        try:
            found[tool] = machine.measured(
                "measure", tool, task.data, python=python, threads=task.threads, timeout=task.timeout
            )
        except MeasurementError as error:
            found[tool] = {"error": str(error)}
        print(f"{task.data.stem:>7} {tool:<20} {found[tool]}", flush=True)
    return found


def entry(tool: str, n_cells: int, n_genes: int, runs: list[dict[str, Any]]) -> dict[str, Any]:
    """All runs of one tool at one size, and the medians of those that ended well."""
    kind, name = tool.split(":")
    good = [run for run in runs if "error" not in run]
    return {
        "tool": name,
        "ours": kind == "ours",
        "peer_of": list(PEERS[name].methods) if kind == "peer" else [],
        "cells": n_cells,
        "genes": n_genes,
        "runs": runs,
        "median": {figure: median(run[figure] for run in good) for figure in FIGURES} if good else None,
    }


def table(report: dict[str, Any]) -> str:
    """The medians as a markdown table."""
    lines = [
        "# Time and memory of the methods",
        "",
        "Whole runs at default parameters on simulated counts of two batches, each in a process of its own; imports",
        f"and compilation are not counted. {in_words(report['machines'])}, {report['threads']} thread(s) used. Median "
        "of the runs; peak memory is that of the whole process.",
        "",
        "| cells × genes | tool | version | peer of | wall s | CPU s | peak MB |",
        "|---|---|---|---|---|---|---|",
    ]
    for row in report["results"]:
        size, name = f"{row['cells']:,} × {row['genes']:,}", row["tool"] if row["ours"] else f"*{row['tool']}*"
        version, peer_of = row["runs"][0].get("version", "–"), ", ".join(row["peer_of"]) or "–"
        figures = _figures(row)
        lines.append(f"| {size} | {name} | {version} | {peer_of} | {figures} |")
    return "\n".join(lines) + "\n"


def _figures(row: dict[str, Any]) -> str:
    if row["median"] is None:
        return f"{row['runs'][0]['error']} | – | –"
    return "{wall_s:.2f} | {cpu_s:.2f} | {peak_mb:.0f}".format(**row["median"])


def main() -> None:
    """Measure, and write both files anew after every round."""
    options = arguments()
    with crew(options.scheduler) as measuring:
        sizes = {measuring.folder / f"{n_cells}.npz": n_cells for n_cells in options.cells}
        for data, n_cells in sizes.items():
            simulated(n_cells, options.genes).save(data)
        rounds = [
            Round(data, options.only, options.threads, options.timeout, options.peers_python)
            for data in sizes for _ in range(options.runs)
        ]  # fmt: skip
        runs: dict[tuple[int, str], list[Figures]] = {}
        for task, found in measuring.each(measure, rounds):
            for tool, figures in found.items():
                runs.setdefault((sizes[task.data], tool), []).append(figures)
            results = entries(runs, options.genes)
            report = {"machines": measuring.machines, "threads": options.threads, "results": results}
            write("methods", report, table(report))


def entries(runs: dict[tuple[int, str], list[Figures]], n_genes: int) -> list[dict[str, Any]]:
    """All that is measured, by size and then in the order of the tools."""
    return [
        entry(tool, n_cells, n_genes, runs[n_cells, tool]) for n_cells, tool in sorted(runs, key=lambda key: key[0])
    ]


if __name__ == "__main__":
    main()
