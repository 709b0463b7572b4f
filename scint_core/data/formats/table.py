"""Text tables of counts (.csv, .tsv, plain or gzip), parsed row by row into a sparse matrix.

Every unclear point (orientation, separator, decimal sign, missing names, text columns) is decided from the content,
and said where it changes what the user sees.
"""

from __future__ import annotations

import csv
import itertools
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import scipy.sparse as sp

from scint_core.contract.findings import Finding
from scint_core.data.formats.part import Part, make_part
from scint_core.data.formats.table_layout import Layout, find_layout, number
from scint_core.data.guard import LIMITS, quoted
from scint_core.data.guard_text import bounded, decoded_lines, repaired
from scint_core.data.read_genes import genes_in_rows
from scint_core.errors import FileError

_SAMPLE_LINES = 20
_BLOCK_VALUES = 1 << 20


@dataclass
class _Table:
    """The rows of a table as read: names (n,), text columns, numbers as sparse blocks."""

    names: list[str] = field(default_factory=list)
    text: list[list[str]] = field(default_factory=list)
    blocks: list[sp.csr_matrix] = field(default_factory=list)


def read_table_file(path: Path, label: str, file: str) -> Part:
    """One part from a text table at `path`; memory is bounded by the numbers that are not zero."""
    what = f"file {file}"
    with path.open("rb") as source, bounded(source, what, path.stat().st_size) as stream:
        lines = (line for line in decoded_lines(stream, what) if not line.startswith("#"))
        first = list(itertools.islice(lines, _SAMPLE_LINES))
        layout = find_layout(first, what)
        table = _read_rows(itertools.chain(first, lines), layout, what)
    return _to_part(table, layout, label, file)


def _read_rows(lines: Iterator[str], layout: Layout, what: str) -> _Table:
    """Every row after the header."""
    table = _Table()
    numeric = [j for j in range(len(layout.columns)) if j not in layout.text]
    pending: list[Any] = []
    reader = csv.reader(lines, delimiter=layout.separator)
    n_values = 0
    try:
        rows = (row for row in reader if any(row))  # blank lines at the end are common
        next(rows)
        for row in rows:
            if len(row) != layout.n_fields:
                raise FileError(
                    f"line {reader.line_num} of {what} has {len(row)} fields where {layout.n_fields} are "
                    "needed: it is damaged or truncated"
                )
            pending.append(_row_values(table, row, numeric, layout, what, reader.line_num))
            n_values += len(numeric)
            if n_values > LIMITS.table_values:
                raise FileError(
                    f"{what} is too large for a text table: more than {LIMITS.table_values:,} values, "
                    "the limit; store it as .h5ad or 10x .h5"
                )
            if len(pending) * len(numeric) > _BLOCK_VALUES:
                table.blocks.append(sp.csr_matrix(np.array(pending)))
                pending = []
    except csv.Error as error:
        raise FileError(f"line {reader.line_num} of {what} is damaged: {error}") from None
    if pending:
        table.blocks.append(sp.csr_matrix(np.array(pending)))
    return table


def _row_values(table: _Table, row: list[str], numeric: list[int], layout: Layout, what: str, line: int) -> Any:
    """Numbers of one row (n_numeric,); its name and text go into `table`."""
    offset = int(layout.has_row_names)
    table.names.append(row[0] if offset else f"cell_{len(table.names) + 1}")
    if layout.text:
        table.text.append([row[offset + j] for j in layout.text])
        fields = [row[offset + j] for j in numeric]
    else:
        fields = row[offset:]
    if not layout.decimal_comma:
        try:
            return np.fromiter(map(float, fields), dtype=np.float64, count=len(numeric))
        except ValueError:
            pass  # something is missing or text: look at each field
    values = [number(field, layout.decimal_comma) for field in fields]
    if None in values:
        j = values.index(None)
        raise FileError(
            f"line {line} of {what} holds the text {quoted(fields[j], 30)} in column "
            f"{quoted(layout.columns[numeric[j]])}, where a number is needed"
        )
    return np.array(values, dtype=np.float64)


def _to_part(table: _Table, layout: Layout, label: str, file: str) -> Part:
    """Cells in rows, with the text columns as metadata."""
    findings: list[Finding] = []
    numeric = [c for j, c in enumerate(layout.columns) if j not in layout.text]
    if not table.blocks:
        raise FileError(f"file {file} holds no rows below its header: choose another file")
    X = sp.vstack(table.blocks, format="csr")
    rows = pd.DataFrame(
        dict(zip(_text_names(layout), zip(*table.text, strict=True), strict=True)), index=_names(table.names)
    )
    columns = pd.DataFrame(index=_names(numeric))
    _say_layout(layout, file, findings)
    if layout.has_row_names and genes_in_rows(rows.index, columns.index):
        findings.append(
            Finding(
                "warning",
                f"File {file} has genes in rows and cells in columns (orientation told by their names).",
                "It was transposed; nothing needs to be done.",
            )
        )
        return make_part(label, file, X.T.tocsr(), columns, rows, findings)
    return make_part(label, file, X, rows, columns, findings)


def _text_names(layout: Layout) -> list[str]:
    return [repaired(layout.columns[j]) or f"column_{j + 1}" for j in layout.text]


def _names(names: list[str]) -> pd.Index:
    return pd.Index([repaired(name) for name in names], dtype=object)


def _say_layout(layout: Layout, file: str, findings: list[Finding]) -> None:
    if not layout.has_row_names:
        findings.append(
            Finding(
                "warning", f"File {file} has no column with cell names.", "Cells are called cell_1, cell_2 and so on."
            )
        )
    if layout.text:
        shown = ", ".join(quoted(name) for name in _text_names(layout)[:5])
        findings.append(
            Finding(
                "warning",
                f"File {file} has columns of text among the counts: {shown}.",
                "They are taken as metadata, not as genes.",
            )
        )
    if layout.decimal_comma:
        findings.append(Finding("info", f"File {file} writes decimals with a comma; they were read as such."))
