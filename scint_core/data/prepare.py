"""The public `preprocess`: from raw counts to log values, variable genes and principal components."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
import scipy.sparse as sp
from anndata import AnnData

from scint_core.contract import FloatArray, IntArray, Matrix, Params, Sparse, param
from scint_core.data.notices import notice
from scint_core.data.problem import COUNTS_LAYER, PCA_KEY, column_of
from scint_core.errors import DataError
from scint_core.numerics.values import holds_counts, negative, not_finite, not_whole, stored_values
from scint_core.preprocess.hvg import rank_variable_genes, select_integration_features, vst
from scint_core.preprocess.normalise import log_normalise
from scint_core.preprocess.pca import pca

_LARGEST_LOG = 30.0  # e³⁰ counts in one cell: larger values cannot be logarithms


@dataclass(frozen=True)
class PreprocessParams(Params):
    """What `preprocess` can be told; the same declaration checks a call and makes the form."""

    n_top_genes: int = param(
        2000,
        low=1,
        slider=(200, 5000),
        unit="genes",
        source="Seurat v3 and the talk",
        help="Number of highly variable genes, chosen over all batches.",
        larger="keeps weaker genes: more biology of rare types, more noise.",
        risk="Too few genes lose cell types; more than there are is lowered with a note.",
    )
    min_genes: int = param(
        0,
        low=0,
        slider=(0, 1000),
        unit="genes",
        source="scint: no cell is dropped unless asked",
        help="Cells with fewer detected genes are dropped; 0 keeps every cell.",
        larger="drops more cells of poor quality.",
        risk="Small cell types and platelets have few genes and go first.",
    )
    n_pcs: int = param(
        50,
        low=1,
        slider=(10, 100),
        unit="components",
        source="scanpy, Seurat and fastMNN",
        help="Number of principal components of the variable genes.",
        larger="keeps finer differences between cells, and more noise.",
        risk="More than the data allow is lowered with a note.",
    )


def preprocess(
    adata: AnnData, batch_key: str = "batch", n_top_genes: int = 2000, min_genes: int = 0, n_pcs: int = 50
) -> AnnData:
    """A copy of `adata` ready for integration; the input is not changed.

    Counts are `layers["counts"]`, else X where it is whole and non-negative. The copy holds them in
    `layers["counts"]`, ln(1 + 10⁴ · share of the cell's counts) in X, the `n_top_genes` most variable genes in
    `var["highly_variable"]` (with `highly_variable_rank`, 0 the best, NaN for the others, and
    `highly_variable_nbatches`), principal components of those genes in `obsm["X_pca"]` (float32), their variance in
    `uns["pca"]`, and what was done in `uns["scint"]["preprocess"]`. Genes are ranked batch by batch
    (`obs[batch_key]`) with Seurat's `vst` and merged by vote. Where there are no counts, X is taken as log values
    and stays as it is, with a warning.

    Only `min_genes` above 0 drops cells. A cell without counts stays a row of zeros, with a warning. Sizes larger
    than the data allow are lowered with a `DataWarning`.

    Raises `DataError` for a missing batch column, cells without a batch, NaN, negative values, data without cells,
    genes or variation, or a batch that `min_genes` empties; `ParameterError` for an impossible size.
    """
    p = PreprocessParams.create({"n_top_genes": n_top_genes, "min_genes": min_genes, "n_pcs": n_pcs})
    batch = _batches(adata, batch_key)
    values, are_counts, notes = _values_of(adata)
    keep = _cells_to_keep(values, batch, p.min_genes)
    if not keep.all():
        notes.append(f"{(~keep).sum()} of {len(keep)} cells were dropped: they have fewer than {min_genes} genes")
        adata, values, batch = adata[keep], values[keep], batch[keep]
    prepared = adata.to_memory() if adata.isbacked else adata.copy()
    if are_counts:
        prepared.layers[COUNTS_LAYER] = values
        prepared.X = log_normalise(values)
        notes += _empty_cells(values)
    chosen = _mark_variable_genes(prepared, values, batch, p.n_top_genes, notes)
    _add_components(prepared, chosen, p.n_pcs, notes)
    _record(prepared, {"batch_key": batch_key, **p.to_dict(), "counts": are_counts, "notes": notes})
    for note in notes:
        notice(note)
    return prepared


def _batches(adata: AnnData, batch_key: str) -> pd.Series:
    """The batch of every cell, as text."""
    if adata.n_obs < 2 or adata.n_vars == 0:
        raise DataError(
            f"the data hold {adata.n_obs} cells × {adata.n_vars} genes: at least two cells and one gene are needed"
        )
    column = column_of(adata, batch_key)
    missing = int(column.isna().sum())
    if missing:
        raise DataError(
            f"column '{batch_key}' is missing (NaN) for {missing} cells: give every cell a batch or leave them out"
        )
    return column.astype(str)


def _values_of(adata: AnnData) -> tuple[Matrix, bool, list[str]]:
    """Counts and True, or the log values of X and False; with a note on what was taken on trust."""
    if COUNTS_LAYER in adata.layers:
        counts = _checked(adata.layers[COUNTS_LAYER], f"layers['{COUNTS_LAYER}']")
        fractions = not_whole(stored_values(counts))
        note = f"layers['{COUNTS_LAYER}'] holds {fractions} values that are not whole: they are used as they are"
        return counts, True, [note] if fractions else []
    if adata.X is None:
        raise DataError(f"X is empty and there is no layers['{COUNTS_LAYER}']: put raw counts in one of them")
    values = _checked(adata.X, "X")
    if holds_counts(values):
        return values, True, []
    note = (
        f"X holds no whole counts and there is no layers['{COUNTS_LAYER}']: X is taken as log values and left as it "
        "is, and variable genes are ranked on it"
    )
    largest = float(values.max())
    if largest > _LARGEST_LOG:
        note += f"; but values up to {largest:g} are no logarithms, so give raw counts in layers['{COUNTS_LAYER}']"
    return values, False, [note]


def _checked(matrix: Matrix, name: str) -> Matrix:
    """A copy by rows (or dense) of values that are finite and not negative."""
    copied = _copy_by_rows(matrix) if sp.issparse(matrix) else np.array(matrix)
    values = stored_values(copied)
    bad = not_finite(values)
    if bad:
        raise DataError(f"{name} holds {bad} missing (NaN) or infinite values: fill them in or leave those cells out")
    below = negative(values)
    if below:
        raise DataError(
            f"{name} holds {below} negative values, the lowest {values.min():g}: scaled or corrected data cannot be "
            f"preprocessed again, give raw counts in layers['{COUNTS_LAYER}']"
        )
    return copied


def _copy_by_rows(matrix: Sparse) -> Sparse:
    rows = sp.csr_matrix(matrix, copy=True)
    rows.sum_duplicates()
    return rows


def _cells_to_keep(values: Matrix, batch: pd.Series, min_genes: int) -> np.ndarray:
    """Which cells have at least `min_genes` genes above zero; refuses to empty a batch."""
    detected = np.asarray((values > 0).sum(axis=1)).ravel()  # (cells,)
    keep = detected >= min_genes
    emptied = sorted(set(batch) - set(batch[keep]))
    if emptied:
        most = detected[(batch == emptied[0]).to_numpy()].max()
        raise DataError(
            f"parameter 'min_genes' is {min_genes} and leaves batch '{emptied[0]}' without cells: its best cell has "
            f"{most} genes, lower 'min_genes' or leave the batch out"
        )
    return keep


def _empty_cells(counts: Matrix) -> list[str]:
    empty = int((np.asarray(counts.sum(axis=1)).ravel() == 0).sum())
    return [f"{empty} cells have no counts at all: they stay as rows of zeros"] if empty else []


def _mark_variable_genes(
    prepared: AnnData, values: Matrix, batch: pd.Series, n_top_genes: int, notes: list[str]
) -> IntArray:
    """Positions of the variable genes, which are also marked in the gene table."""
    rankings = _rankings(values, batch, n_top_genes, notes)
    chosen = select_integration_features(rankings, n_top_genes, prepared.var_names.astype(str).tolist())
    if len(chosen) == 0:
        raise DataError("no gene has a value above zero: the matrix is empty, check that the right layer was loaded")
    if len(chosen) < n_top_genes:
        notes.append(f"'n_top_genes' was lowered from {n_top_genes} to {len(chosen)}: no more genes have values")
    rank = np.full(prepared.n_vars, np.nan)
    rank[chosen] = np.arange(len(chosen))
    prepared.var["highly_variable"] = ~np.isnan(rank)
    prepared.var["highly_variable_rank"] = rank
    listed = np.concatenate(rankings)
    prepared.var["highly_variable_nbatches"] = np.bincount(listed, minlength=prepared.n_vars)
    return np.sort(chosen)


def _rankings(values: Matrix, batch: pd.Series, n: int, notes: list[str]) -> list[IntArray]:
    """One ranked list of genes per batch with at least two cells; one over all cells where no batch has."""
    cells_of = batch.reset_index(drop=True).groupby(batch.to_numpy(), sort=False).indices
    single = [name for name, cells in cells_of.items() if len(cells) < 2]
    if single:
        notes.append(f"batches of one cell take no part in choosing genes: {', '.join(map(repr, single))}")
    groups = [cells for cells in cells_of.values() if len(cells) > 1] or [np.arange(len(batch))]
    return [rank_variable_genes(vst(values[cells]), n) for cells in groups]


def _add_components(prepared: AnnData, genes: IntArray, n_pcs: int, notes: list[str]) -> None:
    found = pca(prepared.X[:, genes], n_pcs)
    n = found.scores.shape[1]
    if n == 0:
        raise DataError("all cells are equal in every gene: there is nothing to compare, check what was loaded")
    if n < n_pcs:
        notes.append(f"'n_pcs' was lowered from {n_pcs} to {n}: the data have no more dimensions")
    prepared.obsm[PCA_KEY] = _float32(found.scores)
    prepared.uns["pca"] = {"variance": found.variance, "variance_ratio": found.variance_ratio}
    prepared.varm.pop("PCs", None)  # loadings of an older PCA would belong to other components


def _float32(array: FloatArray) -> FloatArray:
    return np.ascontiguousarray(array, dtype=np.float32)


def _record(prepared: AnnData, entry: dict[str, object]) -> None:
    """What was done, as strings, numbers and arrays: the only things every h5ad reader understands."""
    entry["notes"] = np.array(entry["notes"], dtype=object)
    prepared.uns["scint"] = {**prepared.uns.get("scint", {}), "preprocess": entry}
