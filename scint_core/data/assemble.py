"""Put the parts of several files together: cells below one another, the genes that all of them have."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import scipy.sparse as sp
from anndata import AnnData

from scint_core.contract.findings import Finding
from scint_core.data.assemble_genes import share_genes
from scint_core.data.findings_batches import text_category
from scint_core.data.findings_values import values_kind
from scint_core.data.formats.part import Part
from scint_core.data.guard import LIMITS, quoted
from scint_core.data.read_choices import BATCH, LABEL
from scint_core.data.read_names import unique_names
from scint_core.errors import FileError


def assemble(parts: list[Part], findings: list[Finding]) -> AnnData:
    """One AnnData from at least one part, whose `obs["batch"]` is set if there are several.

    Of several parts, X, the layers they share, and obs go on; the table of genes is that of the first. Embeddings,
    graphs and uns of single files do not: they do not describe the whole.
    """
    if len(parts) == 1:
        return parts[0].adata
    if sum(part.adata.n_obs for part in parts) > LIMITS.cells:
        raise FileError(f"the files together hold more cells than the limit of {LIMITS.cells:,}: leave some out")
    genes = share_genes(parts, findings)
    _agree_on_values(parts, findings)
    _separate_batches(parts, findings)
    obs = _joined_obs(parts, findings)
    columns = [part.adata.var_names.get_indexer(genes) for part in parts]
    layers = [key for key in parts[0].adata.layers if all(key in part.adata.layers for part in parts)]
    adata = AnnData(
        X=_stacked([p.adata.X for p in parts], columns),
        obs=obs,
        var=parts[0].adata.var.iloc[columns[0]].copy(),
        layers={key: _stacked([p.adata.layers[key] for p in parts], columns) for key in layers},
    )
    _say_left_out(parts, findings)
    return adata


def _stacked(matrices: list[Any], columns: list[Any]) -> Any:
    """Matrices (cells × genes of each) below one another, columns picked; sparse if one of them is."""
    picked = [X[:, c] for X, c in zip(matrices, columns, strict=True)]
    if any(sp.issparse(X) for X in picked):
        return sp.vstack([sp.csr_matrix(X) for X in picked], format="csr")
    return np.vstack(picked)


def _agree_on_values(parts: list[Part], findings: list[Finding]) -> None:
    """X must hold the same kind of values everywhere: counts take its place where every file has them."""
    kinds = [values_kind(part.adata.X) for part in parts]
    if len(set(kinds)) == 1:
        return
    said = ", ".join(f"{quoted(p.label)} ({kind})" for p, kind in zip(parts, kinds, strict=True))
    if not all("counts" in p.adata.layers or kind == "counts" for p, kind in zip(parts, kinds, strict=True)):
        findings.append(
            Finding(
                "warning",
                f"X holds different kinds of values in the files: {said}.",
                "Say for each file where its counts are: different scales cannot be compared.",
            )
        )
        return
    for part in parts:
        if "counts" in part.adata.layers:
            part.adata.X = part.adata.layers.pop("counts")
    findings.append(
        Finding("info", f"X holds different kinds of values in the files: {said}; the counts of each are used.")
    )


def _separate_batches(parts: list[Part], findings: list[Finding]) -> None:
    """A batch name that two files use means two batches: both get the name of their file in front."""
    names = [set(map(str, part.adata.obs[BATCH].cat.categories)) for part in parts]
    repeated = {name for i, mine in enumerate(names) for other in names[:i] for name in mine & other}
    if not repeated:
        return
    for part in parts:
        column = part.adata.obs[BATCH]
        new = {c: f"{part.label}: {c}" for c in column.cat.categories if c in repeated}
        part.adata.obs[BATCH] = column.cat.rename_categories(new)
    findings.append(
        Finding(
            "info",
            f"Several files have a batch called {quoted(sorted(repeated)[0])}: such batches "
            "are kept apart, with the name of their file in front.",
        )
    )


def _joined_obs(parts: list[Part], findings: list[Finding]) -> pd.DataFrame:
    """All columns of all parts; a cell of a part without the column has no value there."""
    index = pd.Index(np.concatenate([p.adata.obs_names for p in parts]), dtype=object)
    if index.has_duplicates:
        findings.append(
            Finding(
                "info",
                f"{int(index.duplicated().sum()):,} cell names occur in more than one file; "
                "every cell got the name of its file in front.",
            )
        )
        index = pd.Index([f"{p.label}_{name}" for p in parts for name in p.adata.obs_names], dtype=object)
        index = unique_names(index, "cell", "all together", findings)
    _fill_labels(parts, findings)
    keys = dict.fromkeys(key for part in parts for key in part.adata.obs)
    return pd.DataFrame({key: _joined_column(key, parts) for key in keys}, index=index)


def _joined_column(key: str, parts: list[Part]) -> Any:
    """Numbers stay numbers where all parts have them; anything else becomes one category of texts."""
    columns = [part.adata.obs.get(key) for part in parts]
    if all(c is not None and c.dtype.kind in "iuf" for c in columns):
        return np.concatenate([np.asarray(c) for c in columns])
    pieces = [
        pd.Categorical([None] * part.adata.n_obs) if c is None else text_category(c)
        for part, c in zip(parts, columns, strict=True)
    ]
    order = list(dict.fromkeys(category for piece in pieces for category in piece.categories))
    return pd.Categorical(np.concatenate([np.asarray(piece, dtype=object) for piece in pieces]), categories=order)


def _fill_labels(parts: list[Part], findings: list[Finding]) -> None:
    """Cells of a file without labels are 'Unknown', which scANVI takes as unlabelled, if another file has labels."""
    without = [part for part in parts if LABEL not in part.adata.obs]
    if not without or len(without) == len(parts):
        return
    for part in without:
        part.adata.obs[LABEL] = pd.Categorical(["Unknown"] * part.adata.n_obs)
    shown = ", ".join(quoted(part.label) for part in without[:5])
    findings.append(
        Finding(
            "info",
            f"Labels are in some files only; cells of {shown} are labelled 'Unknown'.",
            "Choose their label column if they have one, or let scANVI transfer the labels.",
        )
    )


def _say_left_out(parts: list[Part], findings: list[Finding]) -> None:
    left = {name for part in parts for name in ("obsm", "obsp", "uns", "varm") if len(getattr(part.adata, name))}
    if left:
        findings.append(
            Finding(
                "info",
                f"{', '.join(sorted(left))} of the single files are left out: they do not describe the files together.",
            )
        )
