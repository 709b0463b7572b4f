"""scANVI beside scvi-tools: `python -m benchmarks.scanvi --peers-python PYTHON` in the project's folder.

Seconds per epoch on simulated counts, and on two data sets with half of the labels hidden the labels found and the
scores of both latent spaces. Every run is a process of its own; both tools train on the same counts, labels and
numbers of epochs, one after the other. Writes `benchmarks/results/scanvi.json` and `scanvi.md`.
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

import numpy as np
import pandas as pd
import scipy.sparse as sp
from anndata import AnnData

from benchmarks.crew import Crew, add_scheduler, crew
from benchmarks.dataset import Dataset, load, simulated
from benchmarks.machine import ROOT, Figures, Machine, in_words
from benchmarks.report import kept, write
from benchmarks.scanvi_runs import hidden

SHARED = ROOT.parent / "shared"
SETS = {
    "sim": ("golden/python/sim3x300x200.h5ad", "label", 100),
    "kang": ("data/kang_pbmc_labelled.h5ad", "celltype", 100),
}
"""Name → file, column of types, epochs of scVI."""
EPOCHS_SCANVI = 20
TOOLS = ("ours", "peer")


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cells", type=int, nargs="*", default=[5000, 20000])
    parser.add_argument("--genes", type=int, default=2000)
    parser.add_argument("--threads", type=int, nargs="+", default=[1, 2])
    parser.add_argument("--runs", type=int, default=3, help="runs of which the median is shown")
    parser.add_argument("--seeds", type=int, nargs="*", default=[0, 1, 2])
    parser.add_argument("--sets", nargs="*", choices=tuple(SETS), default=list(SETS))
    parser.add_argument("--peers-python", default=sys.executable, help="the Python that scvi-tools is installed in")
    add_scheduler(parser)
    return parser.parse_args()


def python_of(tool: str, options: argparse.Namespace) -> str:
    """The Python that a tool is installed in."""
    return sys.executable if tool == "ours" else options.peers_python


# Time


@dataclass(frozen=True)
class Size:
    """The data in a file, to be trained on with so many threads."""

    data: Path
    threads: int
    options: argparse.Namespace


def train(machine: Machine, size: Size) -> dict[str, list[Figures]]:
    """Seconds per epoch of both tools, taking turns."""
    runs: dict[str, list[Figures]] = {tool: [] for tool in TOOLS}
    arguments = (size.data, "--threads", size.threads)
    for _ in range(size.options.runs):
        for tool in TOOLS:
            python = python_of(tool, size.options)
            found = machine.measured("scanvi_runs", "seconds", tool, *arguments, python=python, threads=size.threads)
            runs[tool].append(found)
    return runs


def seconds(options: argparse.Namespace, measuring: Crew) -> list[dict[str, Any]]:
    """Seconds per epoch of both tools at every size and number of threads."""
    sizes = []
    for n_cells in options.cells:
        data = measuring.folder / f"{n_cells}.npz"
        simulated(n_cells, options.genes).save(data)
        sizes += [Size(data, threads, options) for threads in options.threads]
    found = {}
    for size, runs in measuring.each(train, sizes):
        for tool, figures in runs.items():
            middle = {name: median(figure[name] for figure in figures) for name in figures[0]}
            found[size.data, size.threads, tool] = {
                "cells": int(size.data.stem), "threads": size.threads, "tool": tool, "median": middle, "runs": figures,
            }  # fmt: skip
            print(size.data.stem, size.threads, tool, middle, flush=True)
    return [found[size.data, size.threads, tool] for size in sizes for tool in TOOLS]


# Results


def real(name: str) -> Dataset:
    """A data set beside the project: counts of its 2,000 most variable genes at most."""
    import scint_core as scint

    file, label, _ = SETS[name]
    adata = scint.preprocess(scint.read(SHARED / file), batch_key="batch")
    adata = adata[:, adata.var["highly_variable"]]
    counts = sp.csr_matrix(adata.layers["counts"], dtype=np.float32)
    batch, types = (pd.Categorical(adata.obs[key]).codes.astype(np.int64) for key in ("batch", label))
    return Dataset(counts, counts, np.asarray(adata.obsm["X_pca"]), batch, types)


@dataclass(frozen=True)
class Training:
    """The data set `name` in a file, to be trained on from a seed."""

    name: str
    data: Path
    seed: int
    options: argparse.Namespace

    def out(self, tool: str) -> Path:
        """Where a tool leaves what it found."""
        return self.data.with_name(f"{self.name}-{self.seed}-{tool}.npz")


def integrate(machine: Machine, training: Training) -> dict[str, Figures]:
    """Both tools, one after the other: what they found is left in files."""
    epochs = ("--epochs", SETS[training.name][2], EPOCHS_SCANVI)
    found = {}
    for tool in TOOLS:
        arguments = (tool, training.data, "--seed", training.seed, "--out", training.out(tool), *epochs)
        found[tool] = machine.measured("scanvi_runs", "result", *arguments, python=python_of(tool, training.options))
    return found


def results(options: argparse.Namespace, measuring: Crew) -> list[dict[str, Any]]:
    """Labels found and scores of both tools, one entry per data set, seed and tool."""
    trainings = []
    for name in options.sets:
        data = measuring.folder / f"{name}.npz"
        real(name).save(data)
        trainings += [Training(name, data, seed, options) for seed in options.seeds]
    found = {}
    for training, figures in measuring.each(integrate, trainings):
        for tool in TOOLS:
            entry = {"set": training.name, "seed": training.seed, "tool": tool, "cpu_s": figures[tool]["cpu_s"]}
            print(entry, flush=True)
            entry |= scores(load(training.data), training.out(tool), training.seed)
            found[training.name, training.seed, tool] = entry
    return [found[training.name, training.seed, tool] for training in trainings for tool in TOOLS]


def scores(data: Dataset, out: Path, seed: int) -> dict[str, Any]:
    """Share of the hidden labels that were found, and the scores of both latent spaces."""
    import scint_core as scint

    with np.load(out) as found:
        right = found["label"] == [f"type {code}" for code in data.cell_type]
        adata = AnnData(
            sp.csr_matrix((len(right), 1), dtype=np.float32),
            obs=pd.DataFrame(
                {"batch": data.batch.astype(str), "type": data.cell_type.astype(str)},
                index=[f"cell {i:06d}" for i in range(len(right))],
            ),
            obsm={"X_pca": data.pca, "scvi": found["scvi"], "scanvi": found["scanvi"]},
        )
    table = scint.evaluate(adata, ["scvi", "scanvi"], batch_key="batch", label_key="type")
    shown = {f"{model} {column}": table.loc[model, column] for model in table.index for column in table.columns}
    return {"hidden": float(right[hidden(len(right), seed)].mean()), "scores": shown}


# The page

_SHOWN = (
    "iLISI",
    "KBET",
    "BRAS",
    "cLISI",
    "Silhouette label",
    "Isolated labels",
    "Batch correction",
    "Bio conservation",
)


def page(report: dict[str, Any]) -> str:
    """All results as a markdown page."""
    lines = [
        "# scANVI beside scvi-tools",
        "",
        f"{in_words(report['machines'])}; scvi-tools {report['peer']}, both on the "
        "CPU. Made by `benchmarks/scanvi.py`: every run is a process of its own, the tools take turns; medians.",
        "",
        "## Seconds per epoch",
        "",
        "Wall / CPU seconds of one epoch at default parameters (zinb, minibatches of 128), two thousand genes, two "
        "batches, five types, half of the labels hidden.",
        "",
        "| cells | threads | scVI | scvi-tools | ratio | scANVI | scvi-tools | ratio |",
        "|---|---|---|---|---|---|---|---|",
        *_time_rows(report["seconds"]),
        "",
        "## Labels and scores",
        "",
        f"Half of the labels hidden, scVI with 100 epochs and scANVI with {EPOCHS_SCANVI}, seeds "
        f"{', '.join(map(str, report['seeds']))}: mean over the seeds, with the standard deviation over them.",
        "",
        *_score_rows(report["results"]),
    ]
    return "\n".join(lines) + "\n"


def _time_rows(entries: list[dict[str, Any]]) -> Iterator[str]:
    for own, other in zip(entries[::2], entries[1::2], strict=True):
        row = f"| {own['cells']:,} | {own['threads']} |"
        for model in ("scvi", "scanvi"):
            pairs = [(entry["median"][f"{model}_wall_s"], entry["median"][f"{model}_cpu_s"]) for entry in (own, other)]
            ratio = pairs[0][0] / pairs[1][0]
            row += "".join(f" {wall:.2f} / {cpu:.2f} |" for wall, cpu in pairs) + f" {ratio:.2f} |"
        yield row


def _score_rows(entries: list[dict[str, Any]]) -> Iterator[str]:
    for name in dict.fromkeys(entry["set"] for entry in entries):
        yield f"**{name}**"
        yield ""
        yield "| | hidden labels found | CPU s | model | " + " | ".join(_SHOWN) + " |"
        yield "|---|---|---|---|" + "---|" * len(_SHOWN)
        for model in ("scvi", "scanvi"):
            for tool in TOOLS:
                runs = [entry for entry in entries if entry["set"] == name and entry["tool"] == tool]
                shown = [_mean([run["scores"][f"{model} {column}"] for run in runs]) for column in _SHOWN]
                label = "scint" if tool == "ours" else "scvi-tools"
                found, cpu = _mean([run["hidden"] for run in runs]), np.mean([run["cpu_s"] for run in runs])
                yield f"| {label} | {found} | {cpu:.0f} | {model} | " + " | ".join(shown) + " |"
        yield ""


def _mean(values: list[float]) -> str:
    return f"{np.mean(values):.3f} ± {np.std(values):.3f}"


def main() -> None:
    """Measure, and write both files; what is not measured anew (no sizes, no data sets) stays as it was."""
    options = arguments()
    version = "from importlib.metadata import version; print(version('scvi-tools'))"
    peer = subprocess.run([options.peers_python, "-c", version], capture_output=True, text=True, check=True)
    measured_before = {"seconds": [], "results": []} | kept("scanvi")
    report = {**measured_before, "peer": peer.stdout.strip(), "seeds": options.seeds}
    with crew(options.scheduler) as measuring:
        for part, work, wanted in (("results", results, options.sets), ("seconds", seconds, options.cells)):
            if wanted:
                report |= {part: work(options, measuring), "machines": measuring.machines}
    write("scanvi", report, page(report))


if __name__ == "__main__":
    main()
