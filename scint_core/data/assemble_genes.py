"""The genes that several files share, and what to do where they name them differently."""

from __future__ import annotations

import pandas as pd

from scint_core.contract.findings import Finding
from scint_core.data.formats.part import Part
from scint_core.data.guard import quoted
from scint_core.data.read_genes import gene_naming, without_version
from scint_core.data.read_names import unique_names
from scint_core.errors import FileError


def share_genes(parts: list[Part], findings: list[Finding]) -> pd.Index:
    """Genes of all parts, in the order of the first; Ensembl versions are cut off where that makes genes shared.

    Raises `FileError` naming the two files and how each names its genes if nothing is shared.
    """
    _cut_versions(parts, findings)
    shared = _shared(parts)
    if len(shared) == 0:
        raise FileError(_nothing_shared(parts))
    fewest = min(part.adata.n_vars for part in parts)
    if len(shared) == max(part.adata.n_vars for part in parts):
        return shared
    sizes = ", ".join(f"{part.adata.n_vars:,} in {quoted(part.label)}" for part in parts[:6])
    message = f"The files share {len(shared):,} genes ({sizes}); the others are left out."
    if len(shared) < 0.5 * fewest:
        findings.append(Finding("warning", message, f"Check that the files name their genes alike: {_namings(parts)}."))
    else:
        findings.append(Finding("info", message))
    return shared


def _shared(parts: list[Part]) -> pd.Index:
    names = parts[0].adata.var_names
    for part in parts[1:]:
        names = names[names.isin(part.adata.var_names)]
    return names


def _cut_versions(parts: list[Part], findings: list[Finding]) -> None:
    """Cut Ensembl versions off in the files that have them, if more genes are shared for it."""
    versioned = [part for part in parts if gene_naming(part.adata.var_names) == "Ensembl ids with version"]
    if not versioned:
        return
    before = len(_shared(parts))
    old = [part.adata.var_names for part in versioned]
    for part in versioned:
        part.adata.var_names = unique_names(without_version(part.adata.var_names), "gene", quoted(part.label), [])
    after = len(_shared(parts))
    if after > before:
        shown = ", ".join(quoted(part.label) for part in versioned[:5])
        findings.append(
            Finding(
                "warning",
                f"The version suffix of the Ensembl ids in {shown} was cut off: that makes "
                f"{after:,} genes shared between the files instead of {before:,}.",
            )
        )
        return
    for part, names in zip(versioned, old, strict=True):
        part.adata.var_names = names


def _namings(parts: list[Part]) -> str:
    return ", ".join(
        f"{quoted(part.label)} has {gene_naming(part.adata.var_names)} such as {quoted(part.adata.var_names[0], 30)}"
        for part in parts[:4]
    )


def _nothing_shared(parts: list[Part]) -> str:
    """Why, and which column of var would help."""
    for part in parts:
        others = set().union(*(p.adata.var_names for p in parts if p is not part))
        for column in part.adata.var:
            values = set(map(str, part.adata.var[column]))
            if len(values & others) > 0.5 * min(len(values), len(others)):
                return (
                    f"the files have no genes in common: {_namings(parts)}; column {quoted(column)} of var in "
                    f"{quoted(part.label)} names them like the other files, choose it for the gene names"
                )
    return (
        f"the files have no genes in common: {_namings(parts)}; choose for each file the column of var that holds "
        "the same kind of names, or convert one of them"
    )
