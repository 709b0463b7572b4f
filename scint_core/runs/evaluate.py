"""`evaluate`: scores of embeddings of the same cells, side by side."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from anndata import AnnData

from scint_core.data.problem import PCA_KEY, problem_from
from scint_core.errors import DataError
from scint_core.metrics import evaluate_embeddings


def evaluate(
    adata: AnnData, keys: Sequence[str], batch_key: str = "batch", label_key: str | None = None
) -> pd.DataFrame:
    """Scores of the embeddings `obsm[key]`, one row per key, scIB's names as columns.

    Reads those embeddings, `obsm["X_pca"]` and the two columns of `obs`, never X. A score that cannot be had (no label
    column, one batch) is NaN. Raises `DataError` for a key or column that is missing.
    """
    keys = [keys] if isinstance(keys, str) else list(keys)
    problem = problem_from(adata, batch_key, label_key)
    embeddings = {key: _embedding(adata, key) for key in keys}
    batch, labels = problem.groups_in_input_order()
    before = _embedding(adata, PCA_KEY) if PCA_KEY in adata.obsm else None
    return evaluate_embeddings(embeddings, batch, labels, before)


def _embedding(adata: AnnData, key: str) -> np.ndarray:
    if key not in adata.obsm:
        there = ", ".join(f"'{name}'" for name in adata.obsm) or "none at all"
        raise DataError(f"obsm['{key}'] does not exist: the data hold {there}")
    return np.asarray(adata.obsm[key])
