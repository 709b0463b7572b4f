"""Times the metrics beside scib-metrics, and compares their numbers: run `python -m benchmarks.metrics`.

Every run is a process of its own, timed from its start: imports count. `benchmarks/results/metrics.json` keeps all
runs, `metrics.md` tables of their medians and of the largest differences on real data.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks.methods import RESULTS, THREAD_VARIABLES, can_import, machine
from benchmarks.metrics_data import real, simulated

DATA = Path(__file__).resolve().parents[2] / "shared" / "data"
SETS = ("pbmc_3p5p_tiny", "kang_pbmc_labelled", "cellbench_mixology", "splatter_simul1", "splatter_simul5")
METHODS = ("unintegrated", "harmony", "scanorama", "mnn")
CLUSTERED = ("KMeans NMI", "KMeans ARI", "Leiden NMI", "Leiden ARI")
OURS_FOR = {"Graph connectivity": "Graph connectivity directed", "KBET": "KBET single precision"}
"""Our name for what a column of scib-metrics holds, where it differs."""


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cells", type=int, nargs="+", default=[5_000, 20_000, 50_000, 100_000])
    parser.add_argument("--peer-up-to", type=int, default=20_000, help="cells up to which scib-metrics is timed")
    parser.add_argument("--runs", type=int, default=3, help="runs of which the median is shown, up to 20,000 cells")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--peers-python", default=sys.executable, help="the Python that scib-metrics is installed in")
    parser.add_argument("--timeout", type=float, default=3600, help="seconds after which a run is given up")
    parser.add_argument("--data", type=Path, default=DATA, help="folder of the real data sets")
    parser.add_argument("--parts", nargs="+", choices=("speed", "agreement"), default=["speed", "agreement"])
    return parser.parse_args()


def run_once(tool: str, python: str, files: list[Path], options: argparse.Namespace, cache: Path) -> dict[str, Any]:
    """One process: what it printed, and `seconds` from its start to its end. Raises if it fails."""
    environment = {
        **os.environ, **dict.fromkeys(THREAD_VARIABLES, str(options.threads)), "SCINT_CACHE": str(cache),
    }  # fmt: skip
    started = time.perf_counter()
    done = subprocess.run(
        [python, "-m", "benchmarks.metrics_run", tool, *map(str, files)],
        env=environment, cwd=RESULTS.parents[1], capture_output=True, text=True, timeout=options.timeout, check=True,
    )  # fmt: skip
    return {"seconds": time.perf_counter() - started, **json.loads(done.stdout)}


def speed(options: argparse.Namespace, folder: Path) -> list[dict[str, Any]]:
    """Runs of both at every size, taking turns; the first of all fills the cache of compiled code and is kept apart."""
    results = []
    for n_cells in options.cells:
        file = folder / f"{n_cells}.npz"
        simulated(n_cells).save(file)
        tools = [("ours", sys.executable)]
        if n_cells <= options.peer_up_to and can_import(options.peers_python, "scib_metrics"):
            tools.append(("peer", options.peers_python))
        runs: dict[str, list[dict[str, Any]]] = {tool: [] for tool, _ in tools}
        if not results:
            results.append({"tool": "ours, nothing compiled", "cells": n_cells, **summary(
                [run_once("ours", sys.executable, [file], options, folder / "cache")]
            )})  # fmt: skip
        for _ in range(options.runs if n_cells <= 20_000 else 1):
            for tool, python in tools:
                runs[tool].append(run_once(tool, python, [file], options, folder / "cache"))
        for tool, found in runs.items():
            results.append({"tool": tool, "cells": n_cells, **summary(found)})
            print(tool, n_cells, {k: v for k, v in results[-1].items() if k != "runs"}, flush=True)
    return results


def summary(runs: list[dict[str, Any]]) -> dict[str, Any]:
    """Medians of the seconds from start to end, of CPU seconds, and of peak memory above what the input took."""
    above = [run["peak_mb"] - run["before_mb"] for run in runs]
    kept = [{name: value for name, value in run.items() if name != "scores"} for run in runs]
    return {
        "seconds": median(run["seconds"] for run in runs),
        "cpu_s": median(run["cpu_s"] for run in runs),
        "above_input_mb": median(above),
        "runs": kept,
    }


def agreement(options: argparse.Namespace, folder: Path) -> list[dict[str, Any]]:
    """Scores of both on real data: one entry per data set and method."""
    files = {}
    for number, (name, data) in enumerate(real(options.data, SETS, METHODS)):
        files[name] = folder / f"real{number}.npz"
        data.save(files[name])
    paths = list(files.values())
    mine = run_once("ours_in_full", sys.executable, paths, options, folder / "cache")["scores"]
    theirs = run_once("peer_in_full", options.peers_python, paths, options, folder / "cache")["scores"]
    return [{"data": name, "ours": mine[str(path)], "peer": theirs[str(path)]} for name, path in files.items()]


def differences(results: list[dict[str, Any]]) -> list[tuple[str, float, float, str]]:
    """For every column of scib-metrics: the median and the largest difference, and where that is."""
    rows = []
    for column in results[0]["peer"]:
        name = OURS_FOR.get(column, column)
        if name in results[0]["ours"] and column not in ("Batch correction", "Bio conservation", "Total"):
            off = {result["data"]: abs(result["ours"][name] - result["peer"][column]) for result in results}
            furthest = max(off, key=off.__getitem__)
            rows.append((name, median(off.values()), off[furthest], furthest))
    return rows


def page(report: dict[str, Any]) -> str:
    """Both tables as markdown."""
    where = report["machine"]
    lines = [
        "# Metrics: time, memory and agreement",
        "",
        f"{where['system']} on {where['machine']}, {where['cores']} cores, {where['threads']} threads allowed. scint "
        "computes its whole default table (15 metrics), scib-metrics its own (10 metrics). "
        "Seconds are from the start of a process to its end, imports and compilation included, median of the runs. "
        "scint's compiled code is on disk from an earlier run, except in the first line. The tools take turns, so that "
        "other work on the machine slows both alike. Memory is the peak above the process with the input loaded.",
        "",
        "| cells × 50 | tool | seconds | CPU s | MB above input |",
        "|---|---|---|---|---|",
    ]
    for row in report.get("speed", []):
        name = row["tool"].replace("ours", "scint").replace("peer", "*scib-metrics*")
        lines.append(
            f"| {row['cells']:,} | {name} | {row['seconds']:.1f} | {row['cpu_s']:.1f} | {row['above_input_mb']:.0f} |"
        )
    lines += [
        "",
        f"## Agreement on real data: {len(report.get('agreement', []))} embeddings",
        "",
        f"Data sets {', '.join(SETS)}, each as {', '.join(METHODS)} leave it, with default parameters. scib-metrics is "
        "given exact neighbours for all but kBET, for which it searches approximately by itself.",
        "",
        "| metric | median difference | largest | where |",
        "|---|---|---|---|",
    ]
    for name, middle, most, where_most in differences(report["agreement"]) if report.get("agreement") else []:
        lines.append(f"| {name} | {middle:.0e} | {most:.1e} | {where_most} |")
    return "\n".join(lines) + "\n"


def main() -> None:
    """Measure, and write both files; a part that is not measured keeps what was measured before."""
    options = arguments()
    kept = RESULTS / "metrics.json"
    report: dict[str, Any] = json.loads(kept.read_text()) if kept.exists() else {}
    report["machine"] = machine(options.threads)
    with tempfile.TemporaryDirectory() as name:
        for part, work in (("agreement", agreement), ("speed", speed)):
            if part in options.parts:
                report[part] = work(options, Path(name))
                kept.write_text(json.dumps(report, indent=1) + "\n")
                (RESULTS / "metrics.md").write_text(page(report))


if __name__ == "__main__":
    main()
