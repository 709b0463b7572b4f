"""`data_findings`: what the data themselves say before any method runs, as sentences with a way out.

The findings of each method (every k against the smallest batch) are joined to these by `scint.check`.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd
import scipy.sparse as sp
from anndata import AnnData
from numpy.typing import NDArray

from scint_core.contract.findings import Finding
from scint_core.data.findings_batches import batch_candidates, label_findings, size_findings, text_category
from scint_core.data.findings_values import Values, describe_values
from scint_core.data.guard import quoted, reason
from scint_core.data.read_names import is_blank

FEW_GENES = 200
"""Below this a selection of variable genes and 50 components mean little."""

_DATES = re.compile(
    r"^\d{1,2}-(jan|feb|mar|apr|may|jun|jul|aug|sep|sept|oct|nov|dec)$|"
    r"^(jan|feb|mar|apr|may|jun|jul|aug|sep|sept|oct|nov|dec)-\d{1,2}$|"
    r"^\d{4}-\d{2}-\d{2}( 00:00:00)?$",
    re.IGNORECASE,
)
_ORDER = {"error": 0, "warning": 1, "info": 2}


@dataclass
class _Subject:
    """What the checks look at. `expression` is counts where they are kept, else X; `batch` None if none is usable."""

    adata: AnnData
    batch_key: str | None
    label_key: str | None
    batch: pd.Categorical | None

    @property
    def expression(self) -> Any:
        return self.adata.layers.get("counts", self.adata.X)

    @cached_property
    def zero_means_unseen(self) -> bool:
        """Whether a zero says that a gene was not detected; not so in values that are centred or corrected."""
        return self.expression is not None and describe_values(self.expression).n_negative == 0


def data_findings(adata: AnnData, batch_key: str | None = None, label_key: str | None = None) -> list[Finding]:
    """All findings about `adata`, errors first. Never raises, not on a missing column or None either.

    `batch_key` and `label_key` name columns of obs; None leaves out what needs them. Every value of X is looked at.
    """
    known = batch_key is not None and batch_key in adata.obs
    batch = text_category(adata.obs[batch_key]) if known else None
    subject = _Subject(adata, batch_key, label_key, batch)
    out: list[Finding] = []
    for check in (_notes_of_reading, _values, _names, _empty, _batches, _labels, _genes_per_batch):
        out += _safely(check, subject)
    return sorted(dict.fromkeys(out), key=lambda finding: _ORDER[finding.level])


def _safely(check: Callable[[_Subject], list[Finding]], subject: _Subject) -> list[Finding]:
    try:
        return check(subject)
    except Exception as error:  # a check that fails must not hide the others
        what = check.__name__.strip("_").replace("_", " ")
        return [Finding("warning", f"The check of {what} could not be done ({reason(error)}).")]


def _notes_of_reading(subject: _Subject) -> list[Finding]:
    """What reading the file changed, kept with the data since then."""
    kept = subject.adata.uns.get("scint", {})
    levels = (("read_notes", "warning"), ("read_remarks", "info"))
    return [Finding(level, str(note)) for key, level in levels for note in np.atleast_1d(kept.get(key, []))]  # type: ignore[arg-type]


def _values(subject: _Subject) -> list[Finding]:
    X = subject.adata.X
    if X is None:
        return [Finding("error", "X is missing: the data hold no expression matrix.", "Set X to counts or log values.")]
    has_counts = "counts" in subject.adata.layers
    out = _values_of_x(describe_values(X), has_counts)
    if has_counts:
        out += _values_of_counts(describe_values(subject.adata.layers["counts"]))
    return out


def _not_finite(values: Values, what: str) -> list[Finding]:
    if not values.n_nan + values.n_infinite:
        return []
    return [
        Finding(
            "error",
            f"{what} holds {values.n_nan:,} missing values (NaN) and {values.n_infinite:,} infinite ones.",
            "Replace them; a gene that was not seen has the count 0.",
        )
    ]


def _values_of_x(values: Values, has_counts: bool) -> list[Finding]:
    out = _not_finite(values, "X")
    if values.kind == "counts" and not has_counts:
        out.append(
            Finding(
                "info",
                "X holds raw counts (whole numbers).",
                "Run scint.preprocess before methods that work on log values.",
            )
        )
    elif values.kind == "log" and not has_counts:
        out.append(
            Finding(
                "warning",
                f"X holds log-normalised values (largest {values.largest:.3g}) and no counts are "
                "kept: methods that need counts (scANVI) cannot run, and it must not be normalised again.",
                'Put the counts in layers["counts"] if you have them.',
            )
        )
    elif values.kind == "scaled":
        out.append(_scaled(values, has_counts))
    elif values.kind == "fractions" and not has_counts:
        out.append(_fractions(values, "X"))
    return out


def _scaled(values: Values, has_counts: bool) -> Finding:
    whole = values.n_fractional == 0
    what = "negative counts" if whole else "negative values, as after scaling, centring or a correction"
    return Finding(
        "info" if has_counts and not whole else "warning",
        f"X holds {values.n_negative:,} {what}.",
        "Methods take X as it is; start from counts or log-normalised values if you have them.",
    )


def _fractions(values: Values, what: str) -> Finding:
    share = f"{values.n_fractional:,} of {values.n_nonzero:,} values of {what} that are not zero are no whole numbers"
    if values.n_fractional < 0.5 * values.n_nonzero:
        return Finding(
            "warning",
            f"{share} (integers): counts with fractions, as tools that remove ambient RNA leave.",
            "Round them if a method needs counts, or go back to the raw counts.",
        )
    return Finding(
        "warning",
        f"{share}, up to {values.largest:,.0f}: normalised values without a logarithm.",
        "Go back to the raw counts, or take log1p of X.",
    )


def _values_of_counts(values: Values) -> list[Finding]:
    what = 'layers["counts"]'
    out = _not_finite(values, what)
    if values.n_negative:
        out.append(
            Finding(
                "warning",
                f"{what} holds {values.n_negative:,} negative counts.",
                "Put the raw counts there: methods that need counts cannot run.",
            )
        )
    elif values.n_fractional:
        out.append(_fractions(values, what))
    return out


def _names(subject: _Subject) -> list[Finding]:
    out = []
    adata = subject.adata
    for index, what in ((adata.obs_names, "cell"), (adata.var_names, "gene")):
        repeated = int(index.duplicated().sum())
        if repeated:
            out.append(
                Finding(
                    "warning",
                    f"{repeated:,} {what} names are duplicates (not unique), such as "
                    f"{quoted(index[index.duplicated()][0])}.",
                    f"Make the {what} names unique.",
                )
            )
        blank = int(is_blank(index).sum())
        if blank:
            out.append(Finding("warning", f"{blank:,} {what} names are empty or blank.", "Give them names."))
    dates = [str(name) for name in adata.var_names if _DATES.match(str(name))]
    if dates:
        out.append(
            Finding(
                "warning",
                f"{len(dates):,} gene names look like dates made by Excel, such as {quoted(dates[0])}.",
                "Export the names again without opening them in Excel.",
            )
        )
    if adata.n_vars < FEW_GENES:
        out.append(
            Finding(
                "info",
                f"There are few genes: {adata.n_vars:,}.",
                "Methods lower the numbers of genes and components they use.",
            )
        )
    return out


def _empty(subject: _Subject) -> list[Finding]:
    """Cells and genes without a count; not told from values that are centred."""
    X = subject.expression
    if not subject.zero_means_unseen:
        return []
    out = []
    n_cells = int((_seen(X, axis=1) == 0).sum())
    if n_cells:
        out.append(
            Finding(
                "warning",
                f"{_cells(n_cells)} empty: zero for every gene.",
                "Remove them, or set min_genes in scint.preprocess.",
            )
        )
    n_genes = int((_seen(X, axis=0) == 0).sum())
    if n_genes:
        are = "1 gene is" if n_genes == 1 else f"{n_genes:,} genes are"
        out.append(
            Finding(
                "warning",
                f"{are} not detected: zero in every cell.",
                "They carry no information and are never selected as variable; nothing was removed.",
            )
        )
    return out


def _seen(X: Any, axis: int) -> NDArray[np.int64]:
    """How many values are not zero, per gene (axis 0) or per cell (axis 1)."""
    seen = (X != 0).sum(axis=axis) if sp.issparse(X) else np.count_nonzero(np.asarray(X), axis=axis)
    return np.asarray(seen, dtype=np.int64).ravel()


def _cells(n: int) -> str:
    return "1 cell is" if n == 1 else f"{n:,} cells are"


def _batches(subject: _Subject) -> list[Finding]:
    if subject.batch_key is None:
        like = batch_candidates(subject.adata.obs)
        fix = (
            f"Columns that look like one: {', '.join(map(quoted, like[:5]))}."
            if like
            else "No column looks like one: add a column to obs, or load several files as batches."
        )
        return [Finding("info", "No batch column is chosen yet.", fix)]
    if subject.batch is None:
        there = ", ".join(quoted(c) for c in list(subject.adata.obs.columns)[:8]) or "no columns"
        return [
            Finding(
                "error",
                f"Column {quoted(subject.batch_key)} does not exist in obs, so there are no batches.",
                f"Choose another column; obs has {there}.",
            )
        ]
    return size_findings(subject.batch, subject.batch_key)


def _labels(subject: _Subject) -> list[Finding]:
    if subject.label_key is None:
        return []
    obs = subject.adata.obs
    if subject.label_key not in obs:
        return [
            Finding(
                "warning",
                f"Column {quoted(subject.label_key)} does not exist in obs, so there are no labels.",
                "Choose another column, or none.",
            )
        ]
    if subject.batch is None or subject.batch_key is None:
        return []
    return label_findings(obs, subject.batch_key, subject.label_key)


def _genes_per_batch(subject: _Subject) -> list[Finding]:
    """Genes that one batch never saw although another did: often a different annotation, not biology."""
    X = subject.expression
    if subject.batch is None or len(subject.batch.categories) < 2 or not subject.zero_means_unseen:
        return []
    seen = np.array([_seen(X[np.flatnonzero(subject.batch == b)], axis=0) > 0 for b in subject.batch.categories])
    anywhere, everywhere = np.any(seen, axis=0), np.all(seen, axis=0)  # (genes,)
    absent = {str(b): int((anywhere & ~row).sum()) for b, row in zip(subject.batch.categories, seen, strict=True)}
    shown = [f"{n:,} in batch {quoted(b)}" for b, n in absent.items() if n]
    if not shown:
        return []
    more = f" and {len(shown) - 5} more batches" if len(shown) > 5 else ""
    return [
        Finding(
            "info",
            f"{int(everywhere.sum()):,} of {subject.adata.n_vars:,} genes are detected in every batch; "
            f"genes zero throughout one batch: {', '.join(shown[:5])}{more}.",
            "A gene that one batch never measured acts as batch effect.",
        )
    ]
