"""What the steps of a run did: which were reused, what that saved, and what each is."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pandas as pd
import streamlit as st

from pages.ui import library
from pages.ui.text import count, in_markdown
from scint_core.contract import Explanation, StepRecord


def reuse(steps: Sequence[StepRecord]) -> str:
    """ "9 of 13 steps reused, 3.1 s saved"."""
    reused = sum(step.reused for step in steps)
    saved = sum(step.saved for step in steps)
    return f"{reused} of {count(len(steps), 'step')} reused" + (f", {saved:.1f} s saved" if saved >= 0.05 else "")


def show_steps(run: library.RunView) -> None:
    """The table of a run's steps, and what each kind of step does, folded away."""
    steps = run.result.steps
    total = sum(record.seconds for record in steps)
    with st.expander(f"What the run did: {count(len(steps), 'step')}, {total:.1f} s; {reuse(steps)}"):
        st.dataframe(pd.DataFrame([_row(record) for record in steps]), hide_index=True, width="stretch")
        _explanations(steps)


def _row(record: StepRecord) -> dict[str, Any]:
    return {
        "stage": record.stage,
        "step": record.title,
        "seconds": round(record.seconds, 3),
        "reused": record.reused,
        "seconds saved": round(record.saved, 3) if record.reused else None,
        "parameters": ", ".join(f"{k} {v}" for k, v in record.params.items()),
    }


def _explanations(steps: Sequence[StepRecord]) -> None:
    """What each kind of step does, with its formula; both formulas where the slide's is not the one that runs."""
    explained = {record.explanation: record.title for record in reversed(steps) if record.explanation}
    for explanation, title in reversed(explained.items()):
        st.markdown(f"**{in_markdown(title)}.** {explanation.text}")
        show_formula(explanation)


def show_formula(explanation: Explanation) -> None:
    """The formula of a step; where the slide gives another than the one that runs, both, each under its name."""
    if explanation.slide:
        st.caption("slide")
        st.latex(explanation.slide)
        st.caption("what runs")
    if explanation.formula:
        st.latex(explanation.formula)
