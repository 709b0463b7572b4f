"""What the lessons on scANVI share: a small world of counts, and a training that is short enough to repeat."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from anndata import AnnData

from scint_core.contract import FloatArray, IntArray
from scint_core.export import Integration
from scint_core.lab.lesson import Bench
from scint_core.lab.measures import codes

CELLS = 600
GIVEN = "label given"
SCVI = "X_scVI"

_TRAINING: dict[str, Any] = {
    "n_latent": 5, "epochs_scvi": 50, "epochs_scanvi": 10, "lr": 3e-3, "kl_warmup": 25, "device": "cpu",
}  # fmt: skip


def two_donors(bench: Bench) -> AnnData:
    """Raw counts of three cell types from two donors, with a batch effect that scVI removes."""
    return bench.world(
        "two_batches", n_cells=CELLS, n_genes=200, n_types=3, type_effect=1.0, depth=500.0, batch_effect=0.25
    )


def trained(bench: Bench, world: AnnData, given: IntArray, classification_ratio: float) -> Integration:
    """scANVI with the labels `given` (cells,), positions in the categories of `cell_type`, −1 for unknown."""
    labelled = world.copy()
    labelled.obs[GIVEN] = pd.Categorical.from_codes(given, world.obs["cell_type"].cat.categories)
    return bench.integrate(labelled, "scanvi", label_key=GIVEN, classification_ratio=classification_ratio, **_TRAINING)


def spaces(run: Integration) -> tuple[FloatArray, FloatArray]:
    """The latent spaces of scVI, which no label has shaped, and of scANVI (cells × d each)."""
    assert run.embedding is not None
    return run.extra_embeddings[SCVI], run.embedding


def predicted(world: AnnData, run: Integration) -> IntArray:
    """The predicted type of every cell (cells,), a position in the categories of `cell_type`."""
    assert run.predictions is not None
    return np.asarray(pd.Categorical(run.predictions["label"], world.obs["cell_type"].cat.categories).codes)


def some(bench: Bench, among: IntArray, share: float, part: str) -> IntArray:
    """A random share of the cells `among`; a larger share holds all of a smaller one."""
    order = np.random.default_rng([bench.seed, *part.encode()]).permutation(among)
    return np.asarray(order[: round(share * len(among))])


def by_donor(world: AnnData, found: IntArray) -> tuple[FloatArray, tuple[str, ...]]:
    """How cells of every type and donor were predicted (rows × types, rows sum to 1), and the names of the rows."""
    batch, cell_type = codes(world, "batch"), codes(world, "cell_type")
    types, donors = world.obs["cell_type"].cat.categories, world.obs["batch"].cat.categories
    places = [(t, b) for t in range(len(types)) for b in range(len(donors))]
    rows = [np.bincount(found[(cell_type == t) & (batch == b)], minlength=len(types)) for t, b in places]
    shares = np.stack([row / max(row.sum(), 1) for row in rows])
    return shares, tuple(f"{types[t]}, {donors[b]}" for t, b in places)
