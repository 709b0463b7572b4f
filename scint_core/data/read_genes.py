"""Gene names: do they look like genes or like cells, which naming do they follow, do two files share them."""

from __future__ import annotations

import re
from collections.abc import Iterable
from itertools import islice
from typing import Literal

import pandas as pd

Naming = Literal["Ensembl ids", "Ensembl ids with version", "symbols"]

_ENSEMBL = re.compile(r"^(ENS[A-Z]*G|FBgn|WBGene)\d{6,}$")
_VERSIONED = re.compile(r"^(ENS[A-Z]*G\d{6,})\.\d+$")
_SYMBOL = re.compile(r"^([A-Z]{2,}[A-Z0-9]*|[A-Z][a-z]+[a-z0-9]*)([-.][A-Za-z0-9]+)*$|^mt-")
_BARCODE = re.compile(r"(^|[^A-Za-z])[ACGTN]{4,}\d*([-._]\d+)?$|^c[-_.]?\d+$|cell|barcode|(^|_)AAAC", re.IGNORECASE)
_HOUSEKEEPING = {
    "ACTB",
    "GAPDH",
    "B2M",
    "MALAT1",
    "TMSB4X",
    "FTL",
    "FTH1",
    "RPL13",
    "RPLP0",
    "RPS3",
    "EEF1A1",
    "TPT1",
    "VIM",
    "MT-CO1",
    "MT-ND1",
    "CD3D",
    "CD74",
    "LYZ",
    "HSP90AB1",
    "UBC",
}
_SAMPLE = 5_000


def genes_in_rows(rows: pd.Index, columns: pd.Index) -> bool:
    """Whether the rows of a table are genes, judged by both lists of names; undecided means cells in rows."""
    return _gene_likeness(rows) - _gene_likeness(columns) > 0.2


def _gene_likeness(names: Iterable[str]) -> float:
    """From -1 (all look like barcodes) to 1 (all look like genes); 2 more if well-known genes are among them."""
    sample = list(islice(names, _SAMPLE))
    if not sample:
        return 0.0
    score = sum(_name_score(name) for name in sample) / len(sample)
    return score + 2 * (sum(name.upper() in _HOUSEKEEPING for name in sample) >= 3)


def _name_score(name: str) -> int:
    if _ENSEMBL.match(name) or _VERSIONED.match(name):
        return 1
    if _BARCODE.search(name):
        return -1
    return int(bool(_SYMBOL.match(name)) or name.lower().startswith("gene"))


def gene_naming(names: pd.Index) -> Naming:
    """How the genes of one file are named, by the majority of a sample."""
    sample = [str(name) for name in names[:_SAMPLE]]
    for pattern, naming in ((_VERSIONED, "Ensembl ids with version"), (_ENSEMBL, "Ensembl ids")):
        if sum(bool(pattern.match(name)) for name in sample) > len(sample) / 2:
            return naming  # type: ignore[return-value]
    return "symbols"


def without_version(names: pd.Index) -> pd.Index:
    """Ensembl ids without the version at their end: 'ENSG00000000003.15' becomes 'ENSG00000000003'."""
    return pd.Index([_VERSIONED.sub(r"\1", str(name)) for name in names], dtype=object)
