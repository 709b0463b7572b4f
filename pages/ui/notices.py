"""Findings and notes on the screen."""

from __future__ import annotations

from collections.abc import Iterable

import streamlit as st

from pages.ui.text import in_markdown
from scint_core.contract import Finding

_BOXES = {
    "error": (st.error, ":material/error:"),
    "warning": (st.warning, ":material/warning:"),
    "info": (st.info, ":material/info:"),
}


def show_findings(findings: Iterable[Finding]) -> None:
    """Errors and warnings as boxes, remarks folded away; every sentence letter by letter, names may be hostile."""
    found = sorted(dict.fromkeys(findings), key=lambda f: list(_BOXES).index(f.level))
    remarks = [finding for finding in found if finding.level == "info"]
    for finding in found:
        if finding.level != "info":
            box, icon = _BOXES[finding.level]
            box(_sentence(finding), icon=icon)
    if remarks:
        with st.expander(f"Good to know ({len(remarks)})", icon=":material/info:"):
            st.markdown("\n".join(f"- {_sentence(finding)}" for finding in remarks))


def show_notes(notes: Iterable[str]) -> None:
    """Notes on a result, one box."""
    lines = [in_markdown(note) for note in dict.fromkeys(notes)]
    if lines:
        st.info(lines[0] if len(lines) == 1 else "\n".join(f"- {line}" for line in lines), icon=":material/info:")


def _sentence(finding: Finding) -> str:
    fix = f" *{in_markdown(finding.fix)}*" if finding.fix else ""
    return in_markdown(finding.message) + fix
