"""Times reruns with one parameter changed: `python -m benchmarks.reuse` in the project's folder.

Every method is a process of its own, on one thread. `benchmarks/results/reuse.json` keeps all runs, `reuse.md` a table
of what a rerun takes of its first run, of what the step cache costs that first run, and of the bounds of both.
"""

from __future__ import annotations

import argparse
import json
from dataclasses import dataclass
from pathlib import Path
from statistics import mean, median
from typing import Any

from benchmarks.crew import add_scheduler, crew
from benchmarks.dataset import simulated
from benchmarks.machine import Figures, Machine, in_words
from benchmarks.report import write

OVERHEAD_BOUND = 0.05
"""What the cache may cost a first run, as a share of the run without it."""


@dataclass(frozen=True)
class Setting:
    """A method with the parameters of its first run, and changes of one parameter with the share that each may take."""

    method: str
    params: dict[str, Any]
    changes: tuple[tuple[str, Any, Any, float], ...]  # parameter, value of the first run, of the rerun, bound

    @property
    def label(self) -> str:
        return ", ".join([self.method, *(f"`{name}` {value}" for name, value in self.params.items())])


SETTINGS = (
    Setting("seurat_v3", {}, (("k_weight", 100, 50, 0.3), ("sd_weight", 1.0, 2.0, 0.3), ("k_filter", 200, 100, 0.5))),
    Setting("fastmnn", {}, (("ndist", 3.0, 2.0, 0.5),)),
    Setting("mnn", {"var_adj": False}, (("sigma", 1.0, 0.5, 0.5),)),
    Setting("mnn", {"var_adj": True}, (("sigma", 1.0, 0.5, 0.9),)),
    Setting("scanorama", {}, (("sigma", 15.0, 10.0, 0.6),)),
)


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cells", type=int, default=5000)
    parser.add_argument("--genes", type=int, default=2000)
    parser.add_argument("--rounds", type=int, default=5, help="rounds, of which the medians are shown")
    parser.add_argument("--only", nargs="+", metavar="METHOD", help="names of methods (default: all)")
    add_scheduler(parser)
    return parser.parse_args()


def measure(machine: Machine, task: tuple[Setting, Path, int]) -> Figures:
    """All runs of one setting on the data in a file, in so many rounds."""
    setting, data, rounds = task
    changes = [{name: value} for name, _, value, _ in setting.changes]
    return machine.measured("reuse_runs", data, rounds, json.dumps([setting.method, setting.params, changes]))


def summary(setting: Setting, runs: dict[str, Any]) -> dict[str, Any]:
    """The runs of a setting with their medians, and the ratios that are bounded."""
    first = [mean_of(pair) for pair in zip(runs["first"][::2], runs["first"][1::2], strict=True)]  # one per round
    reruns = [
        {**rerun, "parameter": name, "before": before, "after": after, "bound": bound,
         "median_s": seconds(rerun["runs"]), **ratios(rerun["runs"], first)}
        for rerun, (name, before, after, bound) in zip(runs["reruns"], setting.changes, strict=True)
    ]  # fmt: skip
    medians = {"without_median_s": seconds(runs["without"]), "first_median_s": seconds(runs["first"])}
    keeping = median(run["keeping_s"] / run["cpu_s"] for run in runs["first"])
    overhead = {**ratios(runs["first"], runs["without"]), "keeping": keeping}
    return {**runs, "label": setting.label, **medians, **overhead, "reruns": reruns}


def seconds(runs: list[dict[str, float]]) -> float:
    """The median of what the runs took."""
    return median(run["wall_s"] for run in runs)


def mean_of(runs: tuple[dict[str, float], ...]) -> dict[str, float]:
    """What the runs took on average."""
    return {name: mean(run[name] for run in runs) for name in runs[0]}


def ratios(runs: list[dict[str, float]], others: list[dict[str, float]]) -> dict[str, float]:
    """The median share that a run takes of the other one of its round: of its seconds, and of the processor's."""
    rounds = list(zip(runs, others, strict=True))
    return {
        clock: median(run[f"{clock}_s"] / other[f"{clock}_s"] for run, other in rounds) for clock in ("wall", "cpu")
    }


def table(report: dict[str, Any]) -> str:
    """The medians as a markdown page."""
    lines = [
        "# What a rerun with one parameter changed takes",
        "",
        "A first run leaves the results of its steps in the step cache; the rerun computes only the steps that the "
        f"changed parameter acts on. {report['cells']:,} simulated cells of two batches × {report['genes']:,} genes. "
        f"{in_words(report['machines'])}, one thread used; medians of {report['rounds']} rounds, each with two first "
        "runs, two without the cache and a rerun of every kind, in one process per method. Times are of whole runs, "
        "from the data in memory to the result; imports and compilation are not counted. Other work may run on the "
        "machine meanwhile: the ratio of processor times is next to blind to it.",
        "",
        "| method | changed | first run s | rerun s | rerun / first | by processor | bound | as a fresh run |",
        "|---|---|---|---|---|---|---|---|",
        *(_rerun_line(row, rerun) for row in report["results"] for rerun in row["reruns"]),
        "",
        "What keeping the results costs a first run: keys (hashing the data), looking up and writing. Timed directly, "
        "as the processor's seconds in these three over those of the whole run, and as the difference of two whole "
        "runs, which is noise where other work runs on the machine.",
        "",
        "| method | timed directly | bound | no cache s | first run s | difference | by processor |",
        "|---|---|---|---|---|---|---|",
        *(_overhead_line(row) for row in report["results"]),
        "",
        "What the reruns computed, with the seconds of each step:",
        "",
        *(_computed_line(row, rerun) for row in report["results"] for rerun in row["reruns"]),
    ]
    return "\n".join(lines) + "\n"


def _rerun_line(row: dict[str, Any], rerun: dict[str, Any]) -> str:
    same = "byte for byte" if rerun["identical"] else "**differs**"
    ratio = " | ".join(_against(rerun[clock], rerun["bound"], f"{rerun[clock]:.2f}") for clock in ("wall", "cpu"))
    times = f"{row['first_median_s']:.2f} | {rerun['median_s']:.2f}"
    return f"| {row['label']} | {_changed(rerun)} | {times} | {ratio} | {rerun['bound']} | {same} |"


def _overhead_line(row: dict[str, Any]) -> str:
    direct = _against(row["keeping"], OVERHEAD_BOUND, f"{row['keeping']:.1%}")
    times = (
        f"{row['without_median_s']:.2f} | {row['first_median_s']:.2f} | {row['wall'] - 1:+.1%} | {row['cpu'] - 1:+.1%}"
    )
    return f"| {row['label']} | {direct} | {OVERHEAD_BOUND:.0%} | {times} |"


def _computed_line(row: dict[str, Any], rerun: dict[str, Any]) -> str:
    steps = "; ".join(f"{title} {seconds:.2f}" for title, seconds in rerun["computed"].items())
    return f"- {row['label']}, {_changed(rerun)}: {steps}."


def _changed(rerun: dict[str, Any]) -> str:
    return f"`{rerun['parameter']}` {rerun['before']:g} → {rerun['after']:g}"


def _against(value: float, bound: float, text: str) -> str:
    """The text of a figure, bold where it is above its bound."""
    return text if value <= bound else f"**{text}**"


def main() -> None:
    """Measure, and write both files anew after every setting."""
    options = arguments()
    sizes = {"cells": options.cells, "genes": options.genes, "rounds": options.rounds}
    settings = [setting for setting in SETTINGS if options.only is None or setting.method in options.only]
    found: dict[str, Figures] = {}
    with crew(options.scheduler) as measuring:
        data = measuring.folder / "data.npz"
        simulated(options.cells, options.genes).save(data)
        for (setting, *_), runs in measuring.each(measure, [(s, data, options.rounds) for s in settings]):
            found[setting.label] = summary(setting, runs)
            results = [found[s.label] for s in settings if s.label in found]
            report = {"machines": measuring.machines, **sizes, "results": results}
            write("reuse", report, table(report))
    print(table(report))


if __name__ == "__main__":
    main()
