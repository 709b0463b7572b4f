"""Names: of files (as labels only), of cells and genes (unique and not blank)."""

from __future__ import annotations

import re
import warnings
from typing import Any

import numpy as np
import pandas as pd
from anndata.utils import make_index_unique
from numpy.typing import NDArray

from scint_core.contract.findings import Finding

ENDINGS = (".h5ad", ".h5", ".hdf5", ".loom", ".zip", ".zarr", ".csv", ".tsv", ".tab", ".txt", ".mtx", ".gz")
"""File endings that scint reads. What is in the file decides how it is read."""

_NOT_IN_LABELS = re.compile(r"[\x00-\x1f\x7f-\x9f<>\u200b-\u200f\u2028-\u202e\u2060-\u2069\ud800-\udfff\ufeff]")


def base_name(name: str) -> str:
    """The last part of an upload's name, without what could be taken for a path, a tag or a control character."""
    last = re.split(r"[/\\]", name.replace("\x00", ""))[-1]
    return _NOT_IN_LABELS.sub("_", last).strip()


def ending(name: str) -> str:
    """The last ending of a file name in lower case ('.h5ad'), '' if there is none."""
    found = re.search(r"\.[^.\s/\\]+$", base_name(name))
    return found.group().lower() if found else ""


def clean_label(name: str) -> str:
    """The file name without ending, as it serves for a batch: at most 80 characters, never empty."""
    label = base_name(name)
    while ending(label) in ENDINGS:
        label = label[: -len(ending(label))]
    return label[:80].strip() or "file"


def unique_labels(labels: list[str]) -> list[str]:
    """Labels in order, a repeated one with a number: 'a', 'a' become 'a', 'a (2)'."""
    out: list[str] = []
    for label in labels:
        name, n = label, 1
        while name in out:
            n += 1
            name = f"{label} ({n})"
        out.append(name)
    return out


def is_blank(names: pd.Index) -> NDArray[np.bool_]:
    """True where a name is empty or only white space."""
    return np.asarray(names.astype(str).str.strip() == "", dtype=bool)


def unique_names(names: Any, what: str, file: str, findings: list[Finding]) -> pd.Index:
    """Names of all cells or genes (`what`) as unique text; blank ones get a name, and both are said in `findings`."""
    index = pd.Index([_text(name) for name in names], dtype=object)
    blank = np.flatnonzero(is_blank(index))
    if len(blank):
        texts = index.to_numpy(dtype=object, copy=True)
        texts[blank] = [f"unnamed_{what}_{i + 1}" for i in blank]
        index = pd.Index(texts, dtype=object)
        findings.append(
            Finding(
                "warning",
                f"{_count(len(blank), what)} in file {file} had an empty or blank name.",
                f"They are now called unnamed_{what}_<position>.",
            )
        )
    repeated = int(index.duplicated().sum())
    if repeated:
        findings.append(
            Finding(
                "warning",
                f"{repeated:,} {what} names in file {file} are duplicates (not unique).",
                f"Nothing was summed or dropped: repeats got a number, such as '{index[index.duplicated()][0]}-1'.",
            )
        )
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # it warns where a made-up name looks like a given one, and avoids it
            index = make_index_unique(index)
    return index


def _text(name: Any) -> str:
    return name.decode("utf-8", "replace") if isinstance(name, bytes) else str(name)


def _count(n: int, what: str) -> str:
    return f"1 {what}" if n == 1 else f"{n:,} {what}s"
