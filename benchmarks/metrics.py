"""Times the metrics beside scib-metrics, and compares their numbers: run `python -m benchmarks.metrics`.

Every run is a process of its own, timed from its start: imports count. `benchmarks/results/metrics.json` keeps all
runs, `metrics.md` tables of their medians and of the largest differences on real data.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks.crew import Crew, add_scheduler, crew
from benchmarks.machine import ROOT, Figures, Machine, in_words
from benchmarks.methods import can_import
from benchmarks.metrics_data import real, simulated
from benchmarks.report import kept, write

DATA = ROOT.parent / "shared" / "data"
SETS = ("pbmc_3p5p_tiny", "kang_pbmc_labelled", "cellbench_mixology", "splatter_simul1", "splatter_simul5")
METHODS = ("unintegrated", "harmony", "scanorama", "mnn")
CLUSTERED = ("KMeans NMI", "KMeans ARI", "Leiden NMI", "Leiden ARI")
OURS_FOR = {"Graph connectivity": "Graph connectivity directed", "KBET": "KBET single precision"}
"""Our name for what a column of scib-metrics holds, where it differs."""
NOT_COMPILED = "ours, nothing compiled"


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
    add_scheduler(parser)
    return parser.parse_args()


@dataclass(frozen=True)
class Turn:
    """One run of each tool on the data in a file. `smallest` is another such file, for what is compiled at first."""

    data: Path
    smallest: Path
    peer: bool
    options: argparse.Namespace


def take_turns(machine: Machine, turn: Turn) -> dict[str, Figures]:
    """The figures of scint, first where nothing is compiled, and of scib-metrics where it is timed and installed."""
    options = turn.options
    with tempfile.TemporaryDirectory() as cache:
        shared: dict[str, Any] = {"threads": options.threads, "timeout": options.timeout, "cache": cache}
        found = {
            NOT_COMPILED: machine.measured("metrics_run", "ours", turn.smallest, **shared),
            "ours": machine.measured("metrics_run", "ours", turn.data, **shared),
        }
        if turn.peer and can_import(options.peers_python, "scib_metrics"):
            found["peer"] = machine.measured("metrics_run", "peer", turn.data, python=options.peers_python, **shared)
    print(turn.data.stem, {tool: round(figures["process_s"], 1) for tool, figures in found.items()}, flush=True)
    return found


def speed(options: argparse.Namespace, measuring: Crew) -> Iterator[list[dict[str, Any]]]:
    """Runs of both at every size, up to every turn: first those of scint where nothing is compiled."""
    files = {n_cells: measuring.folder / f"{n_cells}.npz" for n_cells in sorted(options.cells)}
    for n_cells, file in files.items():
        simulated(n_cells).save(file)
    smallest = min(files)
    turns = [
        Turn(file, files[smallest], n_cells <= options.peer_up_to, options)
        for n_cells, file in files.items() for _ in range(options.runs if n_cells <= 20_000 else 1)
    ]  # fmt: skip
    runs: dict[tuple[int, str], list[Figures]] = {(smallest, NOT_COMPILED): []}
    for turn, found in measuring.each(take_turns, turns):
        for tool, figures in found.items():
            n_cells = smallest if tool == NOT_COMPILED else int(turn.data.stem)
            runs.setdefault((n_cells, tool), []).append(figures)
        yield [{"tool": tool, "cells": n, **summary(runs[n, tool])} for n, tool in sorted(runs, key=lambda key: key[0])]


def summary(runs: list[dict[str, Any]]) -> dict[str, Any]:
    """Medians of the seconds from start to end, of CPU seconds, and of peak memory above what the input took."""
    above = [run["peak_mb"] - run["before_mb"] for run in runs]
    without_scores = [{name: value for name, value in run.items() if name != "scores"} for run in runs]
    return {
        "seconds": median(run["process_s"] for run in runs),
        "cpu_s": median(run["cpu_s"] for run in runs),
        "above_input_mb": median(above),
        "runs": without_scores,
    }


def agreement(options: argparse.Namespace, measuring: Crew) -> Iterator[list[dict[str, Any]]]:
    """Scores of both on real data: one entry per data set and method."""
    files = {}
    for number, (name, data) in enumerate(real(options.data, SETS, METHODS)):
        files[name] = measuring.folder / f"real{number}.npz"
        data.save(files[name])
    for _, found in measuring.each(score, [Scoring(tuple(files.values()), options)]):
        yield [
            {"data": name, "ours": found["ours"][str(path)], "peer": found["peer"][str(path)]}
            for name, path in files.items()
        ]


@dataclass(frozen=True)
class Scoring:
    """The data sets in some files, to be scored by both tools."""

    files: tuple[Path, ...]
    options: argparse.Namespace


def score(machine: Machine, task: Scoring) -> dict[str, dict[str, Any]]:
    """The scores of every file by both tools, with what each has of the other's."""
    shared: dict[str, Any] = {"threads": task.options.threads, "timeout": task.options.timeout}
    ours = machine.measured("metrics_run", "ours_in_full", *task.files, **shared)
    peer = machine.measured("metrics_run", "peer_in_full", *task.files, python=task.options.peers_python, **shared)
    return {"ours": ours["scores"], "peer": peer["scores"]}


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
    lines = [
        "# Metrics: time, memory and agreement",
        "",
        f"{in_words(report['machines'])}, {report['threads']} threads allowed. scint "
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
    report = {**kept("metrics"), "threads": options.threads}
    with crew(options.scheduler) as measuring:
        for part, work in (("agreement", agreement), ("speed", speed)):
            if part not in options.parts:
                continue
            for found in work(options, measuring):
                report |= {"machines": measuring.machines, part: found}
                write("metrics", report, page(report))


if __name__ == "__main__":
    main()
