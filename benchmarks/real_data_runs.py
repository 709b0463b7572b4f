"""Every method on one real data set, in a process of its own: `python -m benchmarks.real_data_runs file`.

Prints mixing and purity by method, as JSON.
"""

from __future__ import annotations

import json
import sys
import warnings
from pathlib import Path

import numpy as np
import pandas as pd

import scint_core as scint
from scint_core.numerics.neighbors import nearest_neighbors

NEIGHBORS = 30


def main(path: str) -> None:
    """Measure at default parameters, after preprocessing with defaults, and print."""
    warnings.simplefilter("ignore")
    adata = scint.preprocess(scint.read(Path(path)), batch_key="batch")
    batch, label = (adata.obs[key].astype(str).to_numpy() for key in ("batch", "celltype"))
    found = {}
    for method in scint.methods():
        result = scint.integrate(adata, method, label_key="celltype")
        found[method] = mixing_and_purity(result.coordinates, batch, label)
    print(json.dumps({"methods": found}))


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


if __name__ == "__main__":
    main(*sys.argv[1:])
