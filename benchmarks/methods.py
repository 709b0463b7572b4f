"""Times every method and the peers that are installed: `python -m benchmarks.methods` in the project's folder.

Every run is a process of its own, on one thread unless told otherwise. `benchmarks/results/methods.json` keeps all
runs, `methods.md` a table of their medians.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks.dataset import simulated
from benchmarks.peers import PEERS

RESULTS = Path(__file__).parent / "results"
FIGURES = ("wall_s", "cpu_s", "peak_mb")
THREAD_VARIABLES = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS")


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cells", type=int, nargs="+", default=[2000, 10000])
    parser.add_argument("--genes", type=int, default=2000)
    parser.add_argument("--runs", type=int, default=3, help="runs of which the median is shown")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--only", nargs="+", metavar="TOOL", help="names of methods or packages (default: all)")
    parser.add_argument("--peers-python", default=sys.executable, help="the Python that the peers are installed in")
    parser.add_argument("--timeout", type=float, default=1800, help="seconds after which a run is given up")
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


def run_once(tool: str, python: str, data: Path, options: argparse.Namespace, cache: Path) -> dict[str, Any]:
    """One measurement; where it fails, `error` says how."""
    environment = {**os.environ, **dict.fromkeys(THREAD_VARIABLES, str(options.threads)), "SCINT_CACHE": str(cache)}
    command = [python, "-m", "benchmarks.measure", tool, str(data)]
    try:
        done = subprocess.run(
            command, env=environment, cwd=RESULTS.parents[1], capture_output=True, text=True, timeout=options.timeout
        )
    except subprocess.TimeoutExpired:
        return {"error": f"took more than {options.timeout:.0f} s"}
    if done.returncode:
        lines = done.stderr.strip().splitlines()
        return {"error": lines[-1] if lines else f"ended with status {done.returncode}"}
    figures: dict[str, Any] = json.loads(done.stdout)
    return figures


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


def machine(threads: int) -> dict[str, Any]:
    """What the numbers were measured on."""
    return {
        "system": platform.system(),
        "machine": platform.machine(),
        "cores": os.cpu_count(),
        "threads": threads,
        "python": platform.python_version(),
    }


def table(report: dict[str, Any]) -> str:
    """The medians as a markdown table."""
    where = report["machine"]
    lines = [
        "# Time and memory of the methods",
        "",
        "Whole runs at default parameters on simulated counts of two batches, each in a process of its own; imports",
        f"and compilation are not counted. {where['system']} on {where['machine']}, {where['cores']} cores, "
        f"{where['threads']} thread(s) used. Median of the runs; peak memory is that of the whole process.",
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
    """Measure, and write both files anew after every tool."""
    options = arguments()
    chosen = list(tools(options.only, options.peers_python))
    report: dict[str, Any] = {"machine": machine(options.threads), "results": []}
    RESULTS.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        for n_cells in options.cells:
            data = Path(folder) / f"{n_cells}.npz"
            simulated(n_cells, options.genes).save(data)
            for tool, python in chosen:
                runs = [run_once(tool, python, data, options, Path(folder) / "cache") for _ in range(options.runs)]
                report["results"].append(entry(tool, n_cells, options.genes, runs))
                print(f"{n_cells:>7} {tool:<20} {report['results'][-1]['median'] or runs[0]}", flush=True)
                (RESULTS / "methods.json").write_text(json.dumps(report, indent=1) + "\n")
                (RESULTS / "methods.md").write_text(table(report))


if __name__ == "__main__":
    main()
