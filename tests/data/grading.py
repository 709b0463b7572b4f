"""The reader as a grader of bad inputs calls it: data and the sentences that the user must see."""

from __future__ import annotations

from anndata import AnnData

from scint_core.data.read import load


def loader(paths: list[str], names: list[str]) -> tuple[AnnData, list[str]]:
    """The data, and every finding that is more than a remark."""
    loaded = load(paths, names)
    return loaded.adata, [str(finding) for finding in loaded.findings if finding.level != "info"]
