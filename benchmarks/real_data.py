"""Every method on real data: mixing and purity, before and after. Run as `python -m benchmarks.real_data`.

Reads the data sets beside the project, writes `docs/methods/results.md`. Mixing is the share of a cell's 30 nearest
neighbours that are of another batch, over what chance would give where every type were mixed; purity the share that
are of its own type.
"""

from __future__ import annotations

import argparse

import pandas as pd

from benchmarks.crew import add_scheduler, crew
from benchmarks.machine import ROOT, Figures, Machine
from benchmarks.real_data_runs import NEIGHBORS

DATA = ROOT.parent / "shared" / "data"
PAGE = ROOT / "docs" / "methods" / "results.md"
SETS = ("cellbench_mixology", "kang_pbmc_labelled", "splatter_simul1", "splatter_simul5")
LOST = 0.05  # purity; a method that loses more is explained

ABOUT = f"""# Results on real data

Mixing / purity, at default parameters after `scint.preprocess` with defaults; made by `benchmarks/real_data.py`.
Mixing is the share of a cell's {NEIGHBORS} nearest neighbours that are of another batch, over what chance would give
among the cells of its type (1 is fully mixed); purity is the share of its own type. A star marks a method that mixes
less than `unintegrated` or loses more than {LOST} of purity; see below.
"""
STARS = "## What the stars mean"


def page(table: pd.DataFrame, explained: str) -> str:
    """The page: what was measured, the table, and what the marked entries mean."""
    header = "| method | " + " | ".join(table.columns) + " |\n|" + "---|" * (len(table.columns) + 1)
    rows = zip(table.index, table.to_numpy(), strict=True)
    lines = [f"| `{method}` | " + " | ".join(row) + " |" for method, row in rows]
    return "\n".join([ABOUT, header, *lines, "", explained])


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    add_scheduler(parser)
    return parser.parse_args()


def measure(machine: Machine, name: str) -> Figures:
    """Mixing and purity of every method on a data set, which every machine has beside the project."""
    return machine.measured("real_data_runs", DATA / f"{name}.h5ad")["methods"]


def marked(found: dict[str, Figures]) -> pd.DataFrame:
    """One row per method, one column per data set: the figures in words, with a star where they are to be explained."""
    columns = {}
    for name in SETS:
        before = found[name]["unintegrated"]
        columns[name] = {
            method: f"{mixing:.2f} / {purity:.3f}{'*' if mixing < before[0] or purity < before[1] - LOST else ''}"
            for method, (mixing, purity) in found[name].items()
        }
    return pd.DataFrame(columns)


def main() -> None:
    """Measure, and keep what the page explains below its table."""
    options = arguments()
    with crew(options.scheduler) as measuring:
        found = dict(measuring.each(measure, SETS))
    old = PAGE.read_text() if PAGE.exists() else ""
    explained = old[old.index(STARS) :] if STARS in old else f"{STARS}\n"
    PAGE.write_text(page(marked(found), explained))


if __name__ == "__main__":
    main()
