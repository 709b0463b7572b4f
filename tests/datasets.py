"""Small data sets for tests of whole runs."""

from __future__ import annotations

from functools import cache

import numpy as np
import pandas as pd
from anndata import AnnData

import scint_core as scint

TYPES = ("T cell", "B cell", "NK cell")


@cache
def _counts(n_batches: int, cells: int, genes: int, seed: int) -> AnnData:
    """Gamma-Poisson counts of three types in every batch, with a factor per gene and batch."""
    rng = np.random.default_rng(seed)
    base = rng.gamma(1.0, 1.0, genes)
    per_type = base * np.exp(rng.normal(0, 0.9, (len(TYPES), genes)))
    per_batch = np.exp(rng.normal(0, 0.4, (n_batches, genes)))
    label = rng.integers(len(TYPES), size=n_batches * cells)
    batch = np.repeat(np.arange(n_batches), cells)
    mean = per_type[label] * per_batch[batch]
    counts = rng.poisson(mean * rng.gamma(4.0, 0.25, mean.shape) * 2).astype(np.float32)
    obs = pd.DataFrame(
        {
            "batch": pd.Categorical.from_codes(batch, [f"batch {b}" for b in range(n_batches)]),
            "celltype": pd.Categorical.from_codes(label, list(TYPES)),
        },
        index=[f"cell_{i:04d}" for i in rng.permutation(n_batches * cells)],
    )
    return AnnData(counts, obs=obs, var=pd.DataFrame(index=[f"gene_{g:03d}" for g in range(genes)]))


def counts(n_batches: int = 2, cells: int = 60, genes: int = 80, seed: int = 0) -> AnnData:
    """Raw counts: `n_batches` × `cells` cells, interleaved names, categories for batch and type."""
    return _counts(n_batches, cells, genes, seed).copy()


@cache
def _prepared(n_batches: int, cells: int, genes: int, seed: int, n_top_genes: int) -> AnnData:
    return scint.preprocess(counts(n_batches, cells, genes, seed), batch_key="batch", n_top_genes=n_top_genes, n_pcs=15)


def prepared(n_batches: int = 2, cells: int = 60, genes: int = 80, seed: int = 0, n_top_genes: int = 50) -> AnnData:
    """The same, preprocessed."""
    return _prepared(n_batches, cells, genes, seed, n_top_genes).copy()
