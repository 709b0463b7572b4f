"""What a file holds, for the form that asks where its counts are and which columns name batches and cell types."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import scipy.sparse as sp

from scint_core.data.findings_batches import batch_candidates, label_candidates
from scint_core.data.findings_values import ValuesKind, values_kind
from scint_core.data.formats.h5ad import anndata_shape, has_x, is_anndata
from scint_core.data.formats.kind import recognise
from scint_core.data.formats.open_file import guarded_hdf5, read_file, said_as_file_error
from scint_core.data.formats.part import Part
from scint_core.data.formats.store import is_group
from scint_core.data.formats.tables import old_categories, read_table
from scint_core.data.guard import quoted
from scint_core.data.read_choices import FileChoice
from scint_core.data.read_genes import gene_naming
from scint_core.data.read_names import base_name, clean_label

_SAMPLE_VALUES = 100_000
_COUNTS_LAYERS = ("counts", "raw_counts", "rawcounts", "count", "umi")


@dataclass(frozen=True)
class ColumnSummary:
    """A column of obs or var: its number of distinct values and the first of them as texts."""

    name: str
    n_distinct: int
    examples: tuple[str, ...]


@dataclass(frozen=True)
class FileSummary:
    """What one file holds.

    `matrices` are the answers `FileChoice.counts` may take ("X", "layer:NAME", "raw"), each with the kind of its
    values as far as a sample of them tells. `n_samples` is above 1 for a zip with several samples, each a batch of its
    own. `guess` is the choice to offer first.
    """

    name: str
    label: str
    n_cells: int
    n_genes: int
    n_samples: int
    matrices: dict[str, ValuesKind]
    obs_columns: tuple[ColumnSummary, ...]
    var_columns: tuple[ColumnSummary, ...]
    gene_names: tuple[str, ...]
    gene_naming: str
    guess: FileChoice

    @property
    def layers(self) -> tuple[str, ...]:
        """Names of the layers."""
        return tuple(key.removeprefix("layer:") for key in self.matrices if key.startswith("layer:"))

    @property
    def has_raw(self) -> bool:
        """Whether the file keeps a second matrix in `raw`."""
        return "raw" in self.matrices


def summarise(path: str | os.PathLike[str], name: str) -> FileSummary:
    """Describe the file at `path`, which the user calls `name`, for the form of the data page.

    Of an .h5ad only the two tables and a sample of each matrix are read; any other file is read as a whole. Raises
    `FileError` as `read` does.
    """
    file = quoted(base_name(name))
    with said_as_file_error(file):
        if recognise(Path(path), name) == "hdf5":
            with guarded_hdf5(Path(path), file) as root:
                if is_anndata(root):
                    return _of_anndata(root, name, file)
        return _of_parts(read_file(Path(path), name), name)


def _of_anndata(root: Any, name: str, file: str) -> FileSummary:
    anndata_shape(root, file)
    obs, var = read_table(root["obs"], "obs", file, []), read_table(root["var"], "var", file, [])
    if "uns" in root and is_group(root["uns"]):
        old_categories(obs, root["uns"])
    found = {"X": root["X"] if has_x(root) else None}
    layers = root.get("layers")
    found |= {f"layer:{key}": layers[key] for key in layers} if layers is not None and is_group(layers) else {}
    raw = root["raw"].get("X") if "raw" in root and is_group(root["raw"]) else root.get("raw.X")
    found["raw"] = raw
    kinds = {key: values_kind(_sample(element)) for key, element in found.items() if element is not None}
    return _summary(name, obs, var, kinds, 1)


def _sample(element: Any) -> Any:
    """The first stored values of a matrix on disk, as a flat array."""
    if is_group(element):
        return np.asarray(element["data"][:_SAMPLE_VALUES]) if "data" in element else np.zeros(0)
    if len(element.shape) != 2:
        return np.zeros(0)
    return np.asarray(element[: max(1, _SAMPLE_VALUES // max(1, element.shape[1]))]).ravel()


def _of_parts(parts: list[Part], name: str) -> FileSummary:
    """Of files without a cheap way in. Several samples are described by the first, cells counted over all."""
    adata = parts[0].adata
    kinds = {"X": values_kind(adata.X)} if adata.X is not None else {}
    kinds |= {f"layer:{key}": values_kind(_values(layer)) for key, layer in adata.layers.items()}
    kinds |= {"raw": values_kind(_values(adata.raw.X))} if adata.raw is not None else {}
    obs = pd.concat([part.adata.obs for part in parts])
    return _summary(name, obs, adata.var, kinds, len(parts))


def _values(X: Any) -> Any:
    return X if sp.issparse(X) else np.asarray(X)


def _summary(
    name: str, obs: pd.DataFrame, var: pd.DataFrame, matrices: dict[str, ValuesKind], n_samples: int
) -> FileSummary:
    batch, label = batch_candidates(obs), label_candidates(obs)
    guess = FileChoice(
        counts=_guess_counts(matrices),
        batch_column=next(iter(batch), None),
        label_column=next(iter(label), None),
        one_batch=not batch,
    )
    return FileSummary(
        name=base_name(name),
        label=clean_label(name),
        n_cells=len(obs),
        n_genes=len(var),
        n_samples=n_samples,
        matrices=matrices,
        obs_columns=_columns(obs),
        var_columns=_columns(var),
        gene_names=tuple(str(g) for g in var.index[:8]),
        gene_naming=gene_naming(var.index),
        guess=guess,
    )


def _guess_counts(matrices: dict[str, ValuesKind]) -> str:
    """A layer called like counts, else X, else `raw`, else any layer, whichever first holds counts; X if none does."""
    named = [f"layer:{name}" for name in _COUNTS_LAYERS]
    for key in (*named, "X", "raw", *matrices):
        if matrices.get(key) == "counts":
            return key
    return "X"


def _columns(table: pd.DataFrame) -> tuple[ColumnSummary, ...]:
    return tuple(_column(str(key), table[key]) for key in table)


def _column(name: str, values: pd.Series[Any]) -> ColumnSummary:
    distinct = values.dropna().unique()
    return ColumnSummary(name, len(distinct), tuple(str(v) for v in distinct[:5]))
