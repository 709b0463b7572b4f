"""10x matrices as text: matrix.mtx with barcodes.tsv and features.tsv (genes.tsv), plain or gzip, one or more samples.

GEO prefixes ('GSM1_s1_matrix.mtx.gz') and nested folders are understood; every (folder, prefix) is one sample.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import PurePosixPath

import pandas as pd

from scint_core.contract.findings import Finding
from scint_core.data.formats.bundle import Bundle
from scint_core.data.formats.matrix_market import read_matrix_market
from scint_core.data.formats.part import Part, make_part, plain_table
from scint_core.data.formats.tenx import genes_only
from scint_core.data.guard import LIMITS, guard_size, quoted
from scint_core.data.guard_text import decoded_lines, repaired
from scint_core.data.read_names import clean_label, unique_labels
from scint_core.errors import FileError

_ROLES = re.compile(r"^(?P<prefix>.*?)(?P<role>matrix|barcodes|features|genes)\.(mtx|tsv|txt)(\.gz)?$", re.IGNORECASE)
_HEADERS = ("barcode", "barcodes", "gene_id", "x")


@dataclass
class Sample:
    """The three files of one sample."""

    name: str
    matrix: PurePosixPath
    barcodes: PurePosixPath
    features: PurePosixPath


def find_samples(bundle: Bundle) -> list[Sample]:
    """The samples of a bundle in order; raises `FileError` if there is none or one is incomplete."""
    found: dict[tuple[str, str], dict[str, PurePosixPath]] = {}
    for path in bundle.names:
        match = _ROLES.match(path.name)
        if match:
            role = match["role"].lower().replace("genes", "features")
            found.setdefault((str(path.parent), match["prefix"]), {})[role] = path
    groups = {key: roles for key, roles in found.items() if "matrix" in roles}
    if not groups:
        shown = ", ".join(quoted(n) for n in bundle.names[:3]) or "nothing"
        raise FileError(
            f"{bundle.file} is not recognised: it holds no matrix.mtx (it holds {shown}); zip the folder "
            "with matrix.mtx, barcodes.tsv and features.tsv, or unpack other files first"
        )
    for roles in groups.values():
        missing = [r for r in ("barcodes", "features") if r not in roles]
        if missing:
            raise FileError(f"{bundle.file} has {quoted(roles['matrix'])} but no {missing[0]}.tsv beside it: add it")
    return [Sample(_sample_name(*key), **roles) for key, roles in groups.items()]


def _sample_name(folder: str, prefix: str) -> str:
    return prefix.strip("._- ") or PurePosixPath(folder).name


def read_mtx(bundle: Bundle, label: str) -> list[Part]:
    """One part per sample; a single sample bears the name of the file, several those of their folders or prefixes."""
    samples = find_samples(bundle)
    if len(samples) == 1:
        return [_read_sample(bundle, samples[0], label)]
    labels = unique_labels([clean_label(s.name or label) for s in samples])
    return [_read_sample(bundle, sample, name) for sample, name in zip(samples, labels, strict=True)]


def _read_sample(bundle: Bundle, sample: Sample, label: str) -> Part:
    findings: list[Finding] = []
    barcodes = [row[0] for row in _rows(bundle, sample.barcodes, LIMITS.cells)]
    var = _feature_table(list(_rows(bundle, sample.features, LIMITS.genes)))
    guard_size(len(barcodes), len(var), bundle.file)
    what = f"{quoted(sample.matrix)} in {bundle.file}"
    with bundle.open(sample.matrix) as stream:
        X, transposed = read_matrix_market(stream, len(var), len(barcodes), what)
    if transposed:
        findings.append(
            Finding(
                "warning",
                f"{what} is transposed: its rows match the barcodes, its columns the features.",
                "It was turned round; nothing needs to be done.",
            )
        )
    X, var = genes_only(X, var, bundle.file, findings)
    return make_part(label, bundle.file, X, plain_table(barcodes), var, findings)


def _rows(bundle: Bundle, name: PurePosixPath, limit: int) -> Iterator[list[str]]:
    """The fields of every line that is not empty; a header, which some exports write, is left out."""
    count = 0
    with bundle.open(name) as stream:
        for fields in csv.reader(decoded_lines(stream, quoted(name)), delimiter="\t", quoting=csv.QUOTE_NONE):
            if not fields or (count == 0 and fields[0].lower() in _HEADERS):
                continue
            count += 1
            if count > limit:
                raise FileError(f"{quoted(name)} in {bundle.file} has more than {limit:,} lines: over the limit")
            yield [repaired(field.strip('"')) for field in fields]


def _feature_table(rows: list[list[str]]) -> pd.DataFrame:
    """Genes named by symbol (second column) where there is one, else by their id; types from the third column."""
    symbols = [row[1] if len(row) > 1 else row[0] for row in rows]
    columns = {}
    if all(len(row) > 1 for row in rows):
        columns["gene_ids"] = [row[0] for row in rows]
    if rows and all(len(row) > 2 for row in rows):
        columns["feature_types"] = [row[2] for row in rows]
    return plain_table(symbols, columns)
