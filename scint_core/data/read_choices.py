"""What the user says about one file: where the counts are, which columns name genes, batches and cell types."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from anndata import AnnData

from scint_core.contract.findings import Finding
from scint_core.data.findings_batches import UNKNOWN, text_category
from scint_core.data.formats.floats import as_floats, guard_finite
from scint_core.data.formats.part import Part
from scint_core.data.guard import quoted
from scint_core.data.read_names import unique_names
from scint_core.errors import FileError

BATCH, LABEL = "batch", "celltype"
"""Columns of obs that the chosen batch and label end in."""


@dataclass(frozen=True)
class FileChoice:
    """Answers for one file.

    `counts`: "X", "layer:NAME" or "raw" (X of `raw`, with its genes). `gene_column`: column of var that names the
    genes, None for the names as they are. `batch_column`, `label_column`: columns of obs. `one_batch`: the whole file
    is one batch, named after the file.
    """

    counts: str = "X"
    gene_column: str | None = None
    batch_column: str | None = None
    label_column: str | None = None
    one_batch: bool = False


def apply_choice(part: Part, choice: FileChoice, several: bool) -> None:
    """Bring `part` into the form in which parts are put together, as `choice` says. Raises `FileError`.

    With several files, a file without a batch column is one batch.
    """
    _choose_counts(part, choice.counts)
    if choice.gene_column is not None:
        _name_genes(part, choice.gene_column)
    obs = part.adata.obs
    if choice.batch_column is not None and not choice.one_batch:
        _set_column(obs, BATCH, text_category(_column(obs, choice.batch_column, part)), choice.batch_column)
    elif choice.one_batch or several:
        name_batch(part)
    if choice.label_column is not None:
        _set_column(obs, LABEL, text_category(_column(obs, choice.label_column, part)), choice.label_column)


def name_batch(part: Part) -> None:
    """The whole part is one batch, called by its label; a batch column that was there is kept."""
    obs = part.adata.obs
    if BATCH in obs:
        part.findings.append(
            Finding(
                "info",
                f"Column 'batch' of file {part.file} is kept as 'batch_original'; 'batch' holds the name of the file.",
            )
        )
    _set_column(obs, BATCH, pd.Categorical([part.label] * len(obs)), None)


def settle_x(part: Part) -> None:
    """Make sure that X is there and finite; a file without X gives its counts or `raw` instead."""
    adata = part.adata
    if adata.X is None:
        source = "layer:counts" if "counts" in adata.layers else "raw"
        if source == "raw" and adata.raw is None:
            raise FileError(f"file {part.file} holds no matrix X and no counts: export it again")
        _choose_counts(part, source)
        adata = part.adata
        if adata.X is None:
            adata.X = adata.layers.pop("counts")
        part.findings.append(Finding("info", f"File {part.file} has no X; its {source} is used."))
    where = f"X in file {part.file}"
    guard_finite(adata.X, where, adata.obs_names, adata.var_names)
    if "counts" in adata.layers:
        adata.layers["counts"] = as_floats(adata.layers["counts"], f"layer 'counts' in file {part.file}")
        guard_finite(adata.layers["counts"], where.replace("X", "layer 'counts'", 1), adata.obs_names, adata.var_names)


def _choose_counts(part: Part, counts: str) -> None:
    """Put the chosen counts where methods look for them: layers["counts"], or X itself."""
    adata = part.adata
    if counts == "X":
        if adata.X is not None and "counts" in adata.layers:
            del adata.layers["counts"]  # it would win over X, which the user says holds the counts
    elif counts == "raw":
        _take_raw(part)
    else:
        name = counts.removeprefix("layer:")
        if not counts.startswith("layer:") or name not in adata.layers:
            there = ", ".join(map(quoted, adata.layers)) or "none"
            raise FileError(f"file {part.file} has no layer {quoted(name)} for the counts: its layers are {there}")
        adata.layers["counts"] = adata.layers.pop(name)
    _replace_broken_x(part)


def _take_raw(part: Part) -> None:
    """Counts from `raw`: as a layer if its genes are those of X, else `raw` takes the place of X."""
    adata = part.adata
    if adata.raw is None:
        raise FileError(f"file {part.file} has no 'raw' for the counts: choose X or a layer")
    if list(adata.raw.var_names) == list(adata.var_names):
        adata.layers["counts"] = adata.raw.X
        return
    part.findings.append(
        Finding(
            "info",
            f"X of file {part.file} is taken from 'raw', with its "
            f"{adata.raw.n_vars:,} genes instead of {adata.n_vars:,}; layers are left out.",
        )
    )
    part.adata = AnnData(
        X=as_floats(adata.raw.X, f"raw.X in file {part.file}"),
        obs=adata.obs,
        var=adata.raw.var.copy(),
        obsm=dict(adata.obsm),
        obsp=dict(adata.obsp),
        uns=dict(adata.uns),
    )


def _replace_broken_x(part: Part) -> None:
    """Values that are not finite in X do not matter once counts are chosen from elsewhere."""
    adata = part.adata
    if adata.X is None or "counts" not in adata.layers:
        return
    stored = adata.X if isinstance(adata.X, np.ndarray) else adata.X.data
    if not np.isfinite(stored).all():
        adata.X = as_floats(adata.layers.pop("counts"), f"layer 'counts' in file {part.file}")
        part.findings.append(
            Finding(
                "info", f"X of file {part.file} holds values that are not finite; the chosen counts take its place."
            )
        )


def _name_genes(part: Part, column: str) -> None:
    """Take gene names from a column of var; a gene without a name there keeps its own."""
    var = part.adata.var
    if column not in var:
        raise FileError(
            f"file {part.file} has no column {quoted(column)} in var to name its genes: it has "
            f"{', '.join(map(quoted, list(var.columns)[:8])) or 'none'}"
        )
    given = pd.Series(np.asarray(var[column].astype(object)), index=var.index)
    missing = given.isna() | given.astype(str).str.strip().str.lower().isin(UNKNOWN)
    var["names_original"] = var.index.to_numpy()
    names = np.where(missing, var.index.to_numpy(dtype=object), given.astype(str))
    part.adata.var_names = unique_names(names, "gene", part.file, part.findings)


def _column(obs: pd.DataFrame, column: str, part: Part) -> Any:
    if column not in obs:
        raise FileError(
            f"file {part.file} has no column {quoted(column)} in obs: it has "
            f"{', '.join(map(quoted, list(obs.columns)[:8])) or 'none'}"
        )
    return obs[column]


def _set_column(obs: pd.DataFrame, key: str, values: Any, source: str | None) -> None:
    """Write obs[key]; what was there under that name is kept as <key>_original, unless it is the source."""
    if key in obs and key != source:
        original = f"{key}_original"
        while original in obs:
            original += "_"
        obs[original] = obs[key]
    obs[key] = pd.Categorical(values)
