"""`read` and `load`: files on disk to one AnnData, with a sentence for everything that was decided on the way."""

from __future__ import annotations

import os
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from anndata import AnnData

from scint_core.contract.findings import Finding
from scint_core.data.assemble import assemble
from scint_core.data.assemble_writable import make_writable
from scint_core.data.findings import data_findings
from scint_core.data.findings_batches import batch_candidates, label_candidates, text_category
from scint_core.data.formats.open_file import read_file, said_as_file_error
from scint_core.data.formats.part import Part
from scint_core.data.guard import quoted
from scint_core.data.notices import DataWarning
from scint_core.data.read_choices import BATCH, LABEL, FileChoice, apply_choice, name_batch, settle_x
from scint_core.data.read_names import base_name, unique_labels
from scint_core.errors import FileError

PathLike = str | os.PathLike[str]


@dataclass(frozen=True)
class Loaded:
    """Data as read, and all findings about them: those of reading first, then those of the data."""

    adata: AnnData
    findings: list[Finding]


def read(path_or_paths: PathLike | Sequence[PathLike]) -> AnnData:
    """Read one file, or several as batches, into an AnnData (cells × genes, X in float32).

    Understood, by content: .h5ad (every version since 0.5) and zipped zarr, 10x .h5 (Cell Ranger 2 and later), a folder
    or zip with matrix.mtx, barcodes.tsv and features.tsv (several samples in one become batches), .loom, .csv and .tsv,
    plain or gzip, genes or cells in rows. With several files `obs["batch"]` is the file name without ending (a column
    of that name is kept as `batch_original`) and the genes are those of all files in the order of the first.

    Names of cells and genes are made unique, nothing is summed or dropped. Whatever changes a result or needs the user
    is a `DataWarning`; what reading changed is also kept in `uns["scint"]["read_notes"]`, where `scint.check` finds it.
    X is float64 where float32 would lose counts.

    Raises `FileError` for a file that is damaged, of another kind, too large or unsafe (it points at other files, is
    a bomb, would unpickle), and for NaN, infinite or complex values.
    """
    paths = [path_or_paths] if isinstance(path_or_paths, str | os.PathLike) else list(path_or_paths)
    loaded = load(paths, [Path(path).name or str(path) for path in paths])
    for finding in loaded.findings:
        if finding.level != "info":
            warnings.warn(str(finding), DataWarning, stacklevel=2)
    return loaded.adata


def load(paths: Sequence[PathLike], names: Sequence[str], choices: Sequence[FileChoice] | None = None) -> Loaded:
    """Read files from disk under the names their users gave them, with one `FileChoice` per file.

    `names` serve as labels only, never as paths. Without `choices` the columns and matrices are taken as they are; with
    them the chosen batch ends in `obs["batch"]`, the chosen label in `obs["celltype"]`. Raises `FileError` as `read`.
    """
    if not paths or len(paths) != len(names) or (choices is not None and len(choices) != len(paths)):
        raise FileError(f"{len(paths)} files came with {len(names)} names: give at least one file, and a name for each")
    parts, chosen = _read_parts(paths, names, choices)
    findings = []
    for part, choice in zip(parts, chosen, strict=True):
        with said_as_file_error(part.file):
            _settle(part, choice, several=len(parts) > 1)
        findings += part.findings
    with said_as_file_error(", ".join(quoted(base_name(name), 30) for name in names[:3])):
        adata = assemble(parts, findings)
        make_writable(adata, findings)
    if len(parts) == 1 and parts[0].has_metadata:
        findings += _no_batch_column(adata)
    findings = list(dict.fromkeys(findings))
    _keep_notes(adata, findings)
    said = {str(finding) for finding in findings}  # the notes just kept come back as findings of the data
    return Loaded(adata, findings + [f for f in data_findings(adata, *_keys(adata)) if str(f) not in said])


def _read_parts(
    paths: Sequence[PathLike], names: Sequence[str], choices: Sequence[FileChoice] | None
) -> tuple[list[Part], list[FileChoice | None]]:
    """All samples of all files with unique labels, each with the choice for its file."""
    parts: list[Part] = []
    chosen: list[FileChoice | None] = []
    for i, (path, name) in enumerate(zip(paths, names, strict=True)):
        found = read_file(Path(path), str(name))
        parts += found
        chosen += [choices[i] if choices is not None else None] * len(found)
    for part, label in zip(parts, unique_labels([part.label for part in parts]), strict=True):
        part.label = label
    return parts, chosen


def _settle(part: Part, choice: FileChoice | None, several: bool) -> None:
    if choice is not None:
        apply_choice(part, choice, several)
    elif several:
        name_batch(part)
    settle_x(part)
    for key in (BATCH, LABEL):
        if key in part.adata.obs:
            part.adata.obs[key] = text_category(part.adata.obs[key])


def _keys(adata: AnnData) -> tuple[str | None, str | None]:
    """The columns that the findings of reading look at."""
    labels = label_candidates(adata.obs)
    label = LABEL if LABEL in adata.obs else next(iter(labels), None)
    return (BATCH if BATCH in adata.obs else None), label


def _no_batch_column(adata: AnnData) -> list[Finding]:
    """A file that carries metadata but none that could tell batches apart needs the user."""
    if BATCH in adata.obs or batch_candidates(adata.obs):
        return []
    return [
        Finding(
            "warning",
            "No column of the metadata (obs) can be a batch.",
            "Add a column that says which batch each cell is from, or load several files as batches.",
        )
    ]


def _keep_notes(adata: AnnData, findings: list[Finding]) -> None:
    """What reading did, as texts in `uns["scint"]`, in place of the notes of an earlier reading."""
    kept: dict[str, Any] = dict(adata.uns.get("scint", {})) if isinstance(adata.uns.get("scint", {}), dict) else {}
    for key, wanted in (("read_notes", ("warning", "error")), ("read_remarks", ("info",))):
        notes = [str(finding) for finding in findings if finding.level in wanted]
        kept.pop(key, None)
        if notes:
            kept[key] = np.array(notes, dtype=object)
    if kept:
        adata.uns["scint"] = kept
    else:
        adata.uns.pop("scint", None)
