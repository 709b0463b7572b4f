"""`evaluate`: scores of embeddings of the same cells, side by side."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from anndata import AnnData

from scint_core.contract import FloatArray, Problem
from scint_core.data.problem import PCA_KEY, problem_from
from scint_core.errors import DataError
from scint_core.export.integration import UNS_KEY
from scint_core.methods import all_methods
from scint_core.metrics import BATCH_WEIGHT, controls, evaluate_embeddings
from scint_core.metrics.evaluation import Scale

UNINTEGRATED = "unintegrated"


def evaluate(
    adata: AnnData,
    keys: Sequence[str],
    batch_key: str = "batch",
    label_key: str | None = None,
    *,
    extra: Sequence[str] = (),
    batch_weight: float = BATCH_WEIGHT,
    scale: Scale = "raw",
    show_controls: bool = False,
    seed: int = 0,
) -> pd.DataFrame:
    """Scores of the embeddings `obsm[key]`, one row per key, scIB's names as columns.

    Reads those embeddings, `obsm["X_pca"]` and the two columns of `obs`, never X. A score that cannot be had (no label
    column, one batch) is NaN; cells without a label are left out of what needs labels.

    - `extra`: metrics beyond the default columns, by name (`scint_core.metrics.METRICS`).
    - `batch_weight`: what `Batch correction` counts in `Total`, 0 to 1; the rest is `Bio conservation`'s. 0.4 in
      Luecken et al. (2022).
    - `scale`: "raw", or "min-max": every metric runs from 0 to 1 over the rows of this table, so the numbers depend on
      which rows those are; a metric that is the same in all of them is NaN and left out of the means.
    - `show_controls`: adds the rows `unintegrated` (`X_pca`, where it is not among the keys), `shuffled` (its cells
      dealt out at random) and `perfect labels`; the last two depend on `seed`.

    The table's `attrs` say what should be known: `notes` (sentences by row and column), `saw labels` (rows whose method
    was given labels, so that their bio scores are optimistic), and with min-max `scaled over` and
    `left out as constant`.

    Raises `DataError` for a key or column that is missing or an embedding that is not finite, and `ParameterError` for
    an unknown metric or scale or a weight outside 0 to 1.
    """
    keys = [keys] if isinstance(keys, str) else list(keys)
    if not keys:
        raise DataError("keys is empty: name at least one embedding of obsm")
    problem = problem_from(adata, batch_key, label_key)
    embeddings = {key: embedding_in(adata, key) for key in keys}
    before = embedding_in(adata, PCA_KEY) if PCA_KEY in adata.obsm else None
    batch, label = columns_of(problem)
    if show_controls:
        embeddings |= _control_rows(before, label, PCA_KEY in keys, seed)
    table = evaluate_embeddings(embeddings, batch, label, before, extra=extra, batch_weight=batch_weight, scale=scale)
    table.attrs["saw labels"] = [key for key in keys if saw_labels(adata, key, label_key)]
    return table


def columns_of(problem: Problem) -> tuple[pd.Categorical, pd.Categorical | None]:
    """Batch and label (None without labels) of every cell by name, in the caller's order: what metrics take."""
    codes, label_codes = problem.groups_in_input_order()
    batch = pd.Categorical.from_codes(codes, problem.batch_names)
    return batch, None if label_codes is None else pd.Categorical.from_codes(label_codes, problem.label_names)


def _control_rows(
    before: FloatArray | None, label: pd.Categorical | None, before_is_a_row: bool, seed: int
) -> dict[str, FloatArray]:
    if before is None:
        raise DataError(f"obsm['{PCA_KEY}'] does not exist, which the control rows are made from: run scint.preprocess")
    rows = controls(before, label, seed=seed)
    return rows if before_is_a_row else {UNINTEGRATED: before, **rows}


def embedding_in(adata: AnnData, key: str) -> FloatArray:
    """The embedding `obsm[key]` as an array, unchecked. Raises `DataError` where there is none."""
    if key not in adata.obsm:
        there = ", ".join(f"'{name}'" for name in adata.obsm) or "none at all"
        raise DataError(f"obsm['{key}'] does not exist: the data hold {there}")
    found = adata.obsm[key]
    return found.toarray() if hasattr(found, "toarray") else np.asarray(found)


def saw_labels(adata: AnnData, key: str, label_key: str | None) -> bool:
    """Whether the method that wrote this embedding was given labels: by what it declares, or by what it was told."""
    for method in all_methods().values():
        if method.obsm_key == key:
            record: dict[str, Any] = adata.uns.get(UNS_KEY, {}).get(method.name, {})
            return method.labels != "ignored" or label_key in _covariates(record)
    return False


def _covariates(record: dict[str, Any]) -> list[str]:
    """Columns whose effect a method was told to keep, as `Integration.write` records them."""
    return list(json.loads(record.get("params", {}).get("covariates", "[]")))
