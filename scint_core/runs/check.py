"""`check`: what can be said about data before anything is run."""

from __future__ import annotations

from anndata import AnnData

from scint_core.contract import Finding
from scint_core.data.findings import data_findings
from scint_core.data.problem import problem_from
from scint_core.errors import IntegrationError
from scint_core.methods import all_methods


def check(adata: AnnData, batch_key: str | None = None, label_key: str | None = None) -> list[Finding]:
    """Findings about `adata`, as sentences with a fix, the gravest first. Never raises on a missing column or None.

    Joins what the data show (batches, types, values, names) with what each method would lower or skip at its
    default parameters. Levels: "error" no method can run, "warning" changes a result or needs the user, "info" is
    dealt with.
    """
    findings = [*data_findings(adata, batch_key, label_key), *_foreseen(adata, batch_key, label_key)]
    gravity = ("error", "warning", "info")
    return sorted(dict.fromkeys(findings), key=lambda finding: gravity.index(finding.level))


def _foreseen(adata: AnnData, batch_key: str | None, label_key: str | None) -> list[Finding]:
    """What each method would lower, in one finding per sentence."""
    if batch_key is None or batch_key not in adata.obs.columns:
        return []
    known_label = label_key if label_key in adata.obs.columns else None
    by_sentence: dict[str, list[str]] = {}
    for method in all_methods().values():
        try:
            problem = problem_from(adata, batch_key, known_label)
            sentences = method.foresee(problem, method.Params())
        except IntegrationError:  # said by the findings on the data
            continue
        for sentence in sentences:
            by_sentence.setdefault(sentence, []).append(method.label)
    return [Finding("info", f"{', '.join(labels)}: {sentence}") for sentence, labels in by_sentence.items()]
