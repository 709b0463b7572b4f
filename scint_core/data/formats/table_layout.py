"""How a text table is laid out, told from its first lines: separator, header, row names, columns of text."""

from __future__ import annotations

import csv
import re
from dataclasses import dataclass

import numpy as np

from scint_core.errors import FileError

_SEPARATORS = ("\t", ";", ",", " ")
_DECIMAL_COMMA = re.compile(r"-?\d+,\d+$")
_INDEX_HEADERS = {
    "",
    "cell",
    "cells",
    "cell_id",
    "cellid",
    "barcode",
    "barcodes",
    "index",
    "gene",
    "genes",
    "gene_id",
    "geneid",
    "gene_name",
    "symbol",
    "id",
    "name",
    "x",
    "rownames",
    "row.names",
    "unnamed: 0",
}
MISSING = {"", "na", "n/a", "nan", "null", "none", "-", "#n/a"}
"""Ways to write a missing value, in lower case."""


@dataclass(frozen=True)
class Layout:
    """`columns` are the names of the columns without that of the row names; `text` the positions of text columns."""

    separator: str
    decimal_comma: bool
    columns: list[str]
    has_row_names: bool
    text: tuple[int, ...]

    @property
    def n_fields(self) -> int:
        return len(self.columns) + self.has_row_names


def find_layout(lines: list[str], what: str) -> Layout:
    """The layout of a table from its first lines (header first); raises `FileError` where it is none."""
    separator = _separator(lines)
    rows = [row for row in csv.reader(lines, delimiter=separator) if any(field.strip() for field in row)]
    if len(rows) < 2 or len(rows[1]) < 2:
        raise FileError(
            f"{what} is not recognised as a table of counts: a header with gene names, then one row per "
            "cell, separated by commas, tabs or semicolons, is needed"
        )
    header, body = [field.strip() for field in rows[0]], rows[1:]
    decimal_comma = separator != "," and any(_DECIMAL_COMMA.match(f.strip()) for row in body for f in row)
    if len(header) == len(body[0]) - 1:  # as R's write.table writes it: no name above the row names
        columns, named = header, True
    elif len(header) == len(body[0]):
        named = _first_is_names(header, body, decimal_comma)
        columns = header[1:] if named else header
    else:
        raise FileError(
            f"{what} has {len(header)} fields in its header but {len(body[0])} in its first row: it is "
            "damaged or no table"
        )
    if all(number(field, decimal_comma) is not None for field in columns):
        raise FileError(f"{what} has no header: its first line holds numbers where names are needed")
    table = [row[int(named) :] for row in body]
    text = tuple(j for j in range(len(columns)) if any(_is_text(row, j, decimal_comma) for row in table))
    if len(text) == len(columns):
        raise FileError(f"{what} is not recognised as a table of counts: none of its columns is numeric")
    return Layout(separator, decimal_comma, columns, named, text)


def number(field: str, decimal_comma: bool = False) -> float | None:
    """The number a field holds, NaN for a missing one, None for text."""
    try:
        return float(field.replace(",", ".") if decimal_comma else field)
    except ValueError:
        return float(np.nan) if field.strip().lower() in MISSING else None


def _is_text(row: list[str], j: int, decimal_comma: bool) -> bool:
    return j < len(row) and number(row[j], decimal_comma) is None


def _separator(lines: list[str]) -> str:
    """The separator that splits every line into about as many fields, the more the better."""
    best, most = ",", 1
    for separator in _SEPARATORS:
        widths = [len(row) for row in csv.reader(lines, delimiter=separator) if row and any(row)]
        agree = len(set(widths[1:])) == 1 and abs(widths[0] - widths[1]) <= 1 if len(widths) > 1 else False
        # A decimal comma splits every number in two; the semicolon, tried first, then wins over the comma.
        if agree and widths[1] > most and not (separator == "," and best == ";"):
            best, most = separator, widths[1]
    return best


def _first_is_names(header: list[str], body: list[list[str]], decimal_comma: bool) -> bool:
    """Whether the first column names the rows: it is text, or its header says so."""
    if header[0].lower() in _INDEX_HEADERS:
        return True
    return any(number(row[0], decimal_comma) is None for row in body)
