"""Batches and cell types: which columns look like them, how they cross, and whether they are confounded."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pandas as pd

from scint_core.contract.findings import Finding
from scint_core.data.guard import quoted

SMALL_BATCH = 50
"""Cells; below this a neighbour number around 20 is a large part of the batch."""

_BATCH_NAMES = re.compile(
    r"batch|sample|donor|patient|subject|individual|replicate|library|lane|plate|channel|study|"
    r"dataset|data_set|project|experiment|orig\.?ident|tech|platform|protocol|assay|chemistry|"
    r"(^|_)run(_|$)|(^|_)site(_|$)|^stim|condition|^method$|^file$",
    re.IGNORECASE,
)
_LABEL_NAMES = re.compile(
    r"cell[ _.]?(type|ontology|label|line|class|ident)|^labels?$|annotation|^ann[_0-9]|"
    r"^(sub)?class$|^cluster|louvain|leiden|^group$",
    re.IGNORECASE,
)
UNKNOWN = frozenset({"", "unknown", "unassigned", "unlabeled", "unlabelled", "nan", "na", "none"})
"""Labels, in lower case, that say there is no label."""


def text_category(values: Any) -> pd.Categorical:
    """A column as a category of texts: 1, 1.0 and '1' are one value, missing ones stay missing.

    Category order is kept where there is one, else it is that of first appearance; categories without cells go.
    """
    series = pd.Series(values)
    if isinstance(series.dtype, pd.CategoricalDtype):
        present = series.cat.remove_unused_categories()
        order = [_as_text(c) for c in present.cat.categories]
        texts = present.astype(object)
    else:
        texts, order = series.astype(object), None
    texts = texts.map(_as_text, na_action="ignore")
    categories = order if order is not None else list(texts.dropna())
    return pd.Categorical(texts, categories=list(dict.fromkeys(categories)))


def _as_text(value: Any) -> str:
    if isinstance(value, float | np.floating) and float(value).is_integer():
        return str(int(value))
    return str(value)


def batch_candidates(obs: pd.DataFrame) -> list[str]:
    """Columns of obs that may be the batch: named like one, with from 2 to half as many values as cells."""
    found = [str(c) for c in obs.columns if _BATCH_NAMES.search(str(c)) and not _LABEL_NAMES.search(str(c))]
    fit = [c for c in found if 2 <= obs[c].nunique() <= max(2, len(obs) // 2) and obs[c].dtype.kind != "f"]
    return sorted(fit, key=lambda c: c.lower() != "batch")


def label_candidates(obs: pd.DataFrame) -> list[str]:
    """Columns of obs that may hold cell types: named like one, with from 2 to half as many values as cells."""
    found = [str(c) for c in obs.columns if _LABEL_NAMES.search(str(c))]
    fit = [c for c in found if 2 <= obs[c].nunique() <= max(2, len(obs) // 2) and obs[c].dtype.kind != "f"]
    return sorted(fit, key=lambda c: not re.match(r"cell[ _.]?type", c, re.IGNORECASE))


def batch_type_table(obs: pd.DataFrame, batch_key: str, label_key: str) -> pd.DataFrame:
    """Cells per batch (rows) and cell type (columns); cells without a batch or a known type are left out."""
    batch, label = text_category(obs[batch_key]), text_category(obs[label_key])
    known = np.array([str(v).lower() not in UNKNOWN for v in label], dtype=bool) & ~pd.isna(batch) & ~pd.isna(label)
    table = pd.crosstab(pd.Series(batch)[known], pd.Series(label)[known])
    table.index.name, table.columns.name = batch_key, label_key
    table.index, table.columns = pd.Index(table.index.astype(str)), pd.Index(table.columns.astype(str))
    return table


def size_findings(batch: pd.Categorical, batch_key: str) -> list[Finding]:
    """One batch, cells without a batch, batches of one cell, small batches."""
    out = []
    n_missing = int(pd.isna(batch).sum())
    if n_missing:
        cells = "1 cell has" if n_missing == 1 else f"{n_missing:,} cells have"
        out.append(
            Finding(
                "error",
                f"{cells} no batch: column {quoted(batch_key)} is missing (NaN) there.",
                "Fill in the batch or remove these cells.",
            )
        )
    sizes = pd.Series(batch).value_counts(sort=False)
    sizes = sizes[sizes > 0]
    if len(sizes) == 1:
        out.append(
            Finding(
                "error",
                f"Column {quoted(batch_key)} holds only one batch, {quoted(sizes.index[0])}: "
                "integration needs at least two.",
                "Pick another column or load several files.",
            )
        )
    single = [str(name) for name, n in sizes.items() if n == 1]
    if single:
        out.append(
            Finding(
                "warning",
                f"{_listed(single, 'Batch', 'Batches')} {'has' if len(single) == 1 else 'have'} "
                "only one cell (1 cell): too few for any variance.",
                "Remove or merge them.",
            )
        )
    small = {str(name): int(n) for name, n in sizes.items() if 1 < n < SMALL_BATCH}
    if small:
        shown = [f"{quoted(name)} ({n} cells)" for name, n in list(small.items())[:5]]
        out.append(
            Finding(
                "info",
                f"Small batches: {', '.join(shown)}{_more(len(small), 5)}.",
                "Methods lower their neighbour numbers to what such a batch allows, and say so.",
            )
        )
    return out


def label_findings(obs: pd.DataFrame, batch_key: str, label_key: str) -> list[Finding]:
    """How types and batches cross: confounded wholly, for one batch, for one type, or types that are missing."""
    table = batch_type_table(obs, batch_key, label_key)
    if table.shape[1] == 0:
        return [
            Finding(
                "info",
                f"No cell has a known label in column {quoted(label_key)}.",
                "Methods that use labels (scANVI) cannot run on it; the others do not need any.",
            )
        ]
    if table.shape[0] < 2:
        return []
    present = table.to_numpy() > 0  # (batches, types)
    shared = present.sum(axis=0) > 1  # (types,)
    lonely = [str(b) for b, row in zip(table.index, present, strict=True) if not (row & shared).any()]
    if not shared.any():
        return [
            Finding(
                "info",
                f"No cell type is shared between batches: column {quoted(batch_key)} and column "
                f"{quoted(label_key)} are confounded.",
                "Good mixing would then be destroyed biology; compare batches that share cell types.",
            )
        ]
    out = []
    if lonely:
        out.append(
            Finding(
                "info",
                f"{_listed(lonely, 'Batch', 'Batches')} {_verb(lonely)} no cell type with another batch (confounded).",
                "Its cells should stay apart; any overlap there is false.",
            )
        )
    only = [f"{quoted(t)} (in {quoted(_batches(table, t)[0])})" for t in table.columns[~shared]]
    if only:
        out.append(
            Finding(
                "info",
                f"Cell types in one batch only: {', '.join(only[:6])}{_more(len(only), 6)}.",
                "They have no partner elsewhere and should stay separate after integration.",
            )
        )
    out += _partial(table, shared)
    return out


def _partial(table: pd.DataFrame, shared: Any) -> list[Finding]:
    """Types that several but not all batches have."""
    some = [t for t in table.columns[shared] if len(_batches(table, t)) < len(table)]
    if not some:
        return []
    shown = [f"{quoted(t)} (in {len(_batches(table, t))} of {len(table)})" for t in some[:6]]
    return [Finding("info", f"Cell types missing from some batches: {', '.join(shown)}{_more(len(some), 6)}.")]


def _batches(table: pd.DataFrame, label: str) -> list[str]:
    return [str(b) for b in table.index[table[label] > 0]]


def _listed(names: list[str], one: str, many: str) -> str:
    return f"{one if len(names) == 1 else many} {', '.join(map(quoted, names[:5]))}{_more(len(names), 5)}"


def _verb(names: list[str]) -> str:
    return "shares" if len(names) == 1 else "share"


def _more(n: int, shown: int) -> str:
    return f" and {n - shown} more" if n > shown else ""
