"""Every method on real data: mixing and purity, before and after. Run as `python -m benchmarks.real_data`.

Reads the data sets beside the project, writes `docs/methods/results.md`. Mixing is the share of a cell's 30 nearest
neighbours that are of another batch, over what chance would give where every type were mixed; purity the share that
are of its own type.
"""

from __future__ import annotations

import warnings
from pathlib import Path

import numpy as np
import pandas as pd
from anndata import AnnData

import scint_core as scint
from scint_core.numerics.neighbors import nearest_neighbors

ROOT = Path(__file__).resolve().parents[1]
DATA = ROOT.parent / "shared" / "data"
PAGE = ROOT / "docs" / "methods" / "results.md"
SETS = ("cellbench_mixology", "kang_pbmc_labelled", "splatter_simul1", "splatter_simul5")
NEIGHBORS = 30
LOST = 0.05  # purity; a method that loses more is explained


def prepared(name: str) -> AnnData:
    """A data set, preprocessed with defaults."""
    return scint.preprocess(scint.read(DATA / f"{name}.h5ad"), batch_key="batch")


def mixing_and_purity(coordinates: np.ndarray, batch: np.ndarray, label: np.ndarray) -> tuple[float, float]:
    """Mixing (1 is chance) and purity (1 is a cell's own type only) of cells × d."""
    cells = np.asarray(coordinates, dtype=np.float64)
    near = nearest_neighbors(cells, cells, NEIGHBORS + 1).indices[:, 1:]  # cells × 30, without the cell itself
    other = (batch[near] != batch[:, None]).mean(axis=1)
    by_chance = np.empty(len(cells))
    for kind in np.unique(label):
        of_kind = label == kind
        share = pd.Series(batch[of_kind]).value_counts(normalize=True)
        by_chance[of_kind] = 1 - share.reindex(batch[of_kind]).to_numpy()
    mixable = by_chance > 0  # cells of a type that another batch has too
    return float(other[mixable].mean() / by_chance[mixable].mean()), float((label[near] == label[:, None]).mean())


def results() -> pd.DataFrame:
    """One row per method, two columns per data set."""
    rows: dict[str, dict[str, str]] = {}
    for name in SETS:
        adata = prepared(name)
        batch, label = adata.obs["batch"].astype(str).to_numpy(), adata.obs["celltype"].astype(str).to_numpy()
        before = None
        for method in scint.methods():
            result = scint.integrate(adata, method, label_key="celltype")
            mixing, purity = mixing_and_purity(result.coordinates, batch, label)
            before = before or (mixing, purity)
            mark = "*" if mixing < before[0] or purity < before[1] - LOST else ""
            rows.setdefault(method, {})[name] = f"{mixing:.2f} / {purity:.3f}{mark}"
    return pd.DataFrame.from_dict(rows, orient="index")[list(SETS)]


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


def main() -> None:
    """Measure, and keep what the page explains below its table."""
    warnings.simplefilter("ignore")
    old = PAGE.read_text() if PAGE.exists() else ""
    explained = (
        old[old.index("## What the stars mean") :] if "## What the stars mean" in old else "## What the stars mean\n"
    )
    PAGE.write_text(page(results(), explained))


if __name__ == "__main__":
    main()
