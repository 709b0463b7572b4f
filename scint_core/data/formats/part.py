"""`Part`: what one file (or one sample of a zip) holds, before it is put together with others."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
from anndata import AnnData

from scint_core.contract.findings import Finding
from scint_core.data.formats.floats import as_floats
from scint_core.data.guard import guard_size
from scint_core.data.read_names import unique_names
from scint_core.errors import FileError


@dataclass
class Part:
    """One sample: `label` becomes its batch, `file` is the quoted file name for sentences.

    `findings` tell what reading had to decide or change. `has_metadata` is True for formats that carry a table about
    the cells (.h5ad, zarr, .loom), where a missing batch column is worth a word; a plain matrix (10x, text) is one
    sample by its nature.
    """

    label: str
    file: str
    adata: AnnData
    findings: list[Finding] = field(default_factory=list)
    has_metadata: bool = False


@dataclass
class Elements:
    """Everything else an AnnData may hold, by its usual names."""

    layers: Mapping[str, Any] = field(default_factory=dict)
    obsm: Mapping[str, Any] = field(default_factory=dict)
    varm: Mapping[str, Any] = field(default_factory=dict)
    obsp: Mapping[str, Any] = field(default_factory=dict)
    varp: Mapping[str, Any] = field(default_factory=dict)
    uns: Mapping[str, Any] = field(default_factory=dict)
    raw: Mapping[str, Any] | None = None


def make_part(
    label: str,
    file: str,
    X: Any,
    obs: pd.DataFrame,
    var: pd.DataFrame,
    findings: list[Finding] | None = None,
    elements: Elements | None = None,
    has_metadata: bool = False,
) -> Part:
    """A part from a matrix (cells × genes) and its two tables, with unique names and X as floats.

    `file` is the quoted name for sentences. Raises `FileError` if the shape does not fit the tables or the limits.
    """
    said = list(findings or [])
    rest = elements or Elements()
    if X is not None and tuple(X.shape) != (len(obs), len(var)):
        raise FileError(
            f"the shape of X in file {file} is {X.shape[0]} x {X.shape[1]}, which does not match its "
            f"{len(obs)} cell names and {len(var)} gene names"
        )
    guard_size(len(obs), len(var), file)
    obs.index = unique_names(obs.index, "cell", file, said)
    var.index = unique_names(var.index, "gene", file, said)
    adata = AnnData(
        X=None if X is None else as_floats(X, f"X in file {file}"),
        obs=obs,
        var=var,
        layers=dict(rest.layers),
        obsm=dict(rest.obsm),
        varm=dict(rest.varm),
        obsp=dict(rest.obsp),
        varp=dict(rest.varp),
        uns=dict(rest.uns),
        raw=rest.raw,
    )
    return Part(label, file, adata, said, has_metadata)


def plain_table(names: Any, columns: Mapping[str, Any] | None = None) -> pd.DataFrame:
    """A table of cells or genes with text names and the given columns."""
    return pd.DataFrame(dict(columns or {}), index=pd.Index(np.asarray(names, dtype=object), dtype=object))
