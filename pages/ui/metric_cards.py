"""The scores of a run as they arrive: three large ones, the means of their groups, and the whole table folded below."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

import pandas as pd
import streamlit as st

from pages.ui import library
from pages.ui.jobs import board, say_why
from pages.ui.scores import RowScores, known_scores, score_job, scores_of
from pages.ui.text import in_markdown
from scint_core.contract import LostVariance
from scint_core.metrics import AGGREGATES, BATCH_WEIGHT, DEFAULT_METRICS, METRICS, with_aggregates
from scint_core.runs.jobs.folder import JobFolder
from scint_core.runs.jobs.scoring import BEFORE

HEADLINE_METRICS = ("iLISI", "cLISI", "Silhouette label")
ABSENT = "–"
_EVERY = 0.5  # seconds between looks at running jobs
_VISIBLE = 0.0005  # the smallest change that three decimals show
_FLATTERED = "the scores of biology by the same labels are flattered by this."
_NO_LABELS = "Without labels only Local structure tells whether biology was kept; mixing alone rewards over-correction."


@dataclass(frozen=True)
class Standing:
    """What is known so far of a run and of the data before: scores by name, and notes on those of the run."""

    after: dict[str, float]
    before: dict[str, float]
    notes: dict[str, str]

    def value(self, name: str) -> str:
        """The run's score, or a dash where it is not there yet or undefined."""
        score = self.after.get(name, math.nan)
        return ABSENT if math.isnan(score) else f"{score:.3f}"

    def change(self, name: str) -> str:
        """The change against before, or a dash; the minus is a hyphen, which is what `st.metric` knows."""
        change = self._change(name)
        if math.isnan(change):
            return ABSENT
        return f"{change:+.3f}" if abs(change) >= _VISIBLE else "±0"

    def verdict(self, name: str) -> str:
        """Whether the change is for the better: "green", "red", or "gray" where there is none to speak of."""
        change = self._change(name)
        if math.isnan(change) or abs(change) < _VISIBLE:
            return "gray"
        lower_is_better = name in METRICS and METRICS[name].better == "lower"
        return "green" if (change > 0) != lower_is_better else "red"

    def help(self, name: str) -> str:
        """What the metric says, and what it was before or what it lacks."""
        score, before = self.after.get(name), self.before.get(name, math.nan)
        said = [METRICS[name].meaning]
        if score is not None and math.isnan(score):
            said.append(f"Not defined here: {self.notes[name]}.")
        elif not math.isnan(before):
            said.append(f"Before: {before:.3f}.")
        return in_markdown(" ".join(said))

    def remarks(self, names: Iterable[str]) -> list[str]:
        """Notes on defined scores, each once, with the names of the scores that it is about."""
        about: dict[str, list[str]] = {}
        for name in names:
            if self.notes.get(name) and not math.isnan(self.after[name]):
                about.setdefault(self.notes[name], []).append(name)
        return [f"{', '.join(named)}: {note}" for note, named in about.items()]

    def _change(self, name: str) -> float:
        return self.after.get(name, math.nan) - self.before.get(name, math.nan)


def show_scores(view: library.DataView, run: library.RunView) -> None:
    """Have the run and the data before scored, and show what there is, anew for as long as there may be more."""
    jobs = [score_job(view.id, row) for row in (run.id, BEFORE)]
    under_way = not all(job.status().ended for job in jobs)
    st.fragment(_scores, run_every=_EVERY if under_way else None)(view, run, *(job.id for job in jobs), under_way)


def _scores(view: library.DataView, run: library.RunView, after_id: str, before_id: str, under_way: bool) -> None:
    after, before = board().job(after_id), board().job(before_id)
    if under_way and after.status().ended and before.status().ended:
        st.rerun()  # the page as a whole, which then looks no more
    standing = standing_of(after, before)
    _headline(standing)
    _means(standing)
    _one_line(standing, after)
    _whole_table(standing, run)
    if view.label_key is None:
        st.caption(f":material/info: {_NO_LABELS}")
    for job in (after, before):
        if job.status().ended and job.status().state != "done":
            say_why(job)
    if after.status().state == "done":
        _cautions(scores_of(after.id), view, run)


def standing_of(after: JobFolder, before: JobFolder) -> Standing:
    """What two score jobs, running or done, have so far; means of groups only from all of their metrics."""
    known = known_scores(after)
    notes = {name: str(found["note"]) for name, found in known.items()}
    return Standing(_with_means(after), _with_means(before), notes)


def _with_means(job: JobFolder) -> dict[str, float]:
    scores = {name: float(found["score"]) for name, found in known_scores(job).items()}
    if job.status().state != "done":
        return scores
    return {str(name): float(value) for name, value in with_aggregates(pd.DataFrame([scores])).iloc[0].items()}


def _headline(standing: Standing) -> None:
    """The three large numbers; their places are of the same height before these are there."""
    for place, name in zip(st.columns(len(HEADLINE_METRICS)), HEADLINE_METRICS, strict=True):
        known = standing.verdict(name) != "gray"
        place.metric(
            name, standing.value(name), standing.change(name), "normal" if known else "off",
            delta_arrow="auto" if known else "off", help=standing.help(name), border=True,
        )  # fmt: skip


def _means(standing: Standing) -> None:
    """The mean of each group, and the total."""
    weights = f"{BATCH_WEIGHT} · Batch correction + {1 - BATCH_WEIGHT} · Bio conservation."
    texts = {name: _mean_of(group, standing) for name, group in AGGREGATES.items()} | {"Total": weights}
    for place, (name, text) in zip(st.columns(len(texts)), texts.items(), strict=True):
        with place:
            _cell(standing, name, text)


def _one_line(standing: Standing, after: JobFolder) -> None:
    """Where the large numbers mislead, else what is measured now, else what the changes are: a line in any case."""
    remarks = standing.remarks(HEADLINE_METRICS)
    if remarks:
        st.caption("  \n".join(f":material/warning: {in_markdown(remark)}" for remark in remarks))
    elif after.status().ended:
        st.caption("Changes are against the data before integration.")
    else:
        st.caption(f"{in_markdown(after.status().status)} …")


def _mean_of(group: str, standing: Standing) -> str:
    members = [m for m in _members(group) if not math.isnan(standing.after.get(m, 0.0))]
    return f"The mean of {', '.join(members)}."


def _members(group: str) -> list[str]:
    return [name for name in DEFAULT_METRICS if METRICS[name].group == group and METRICS[name].aggregated]


def _cell(standing: Standing, name: str, text: str) -> None:
    """Name, score and change, small: two lines, since three columns of them stand beside the form."""
    with st.container(gap=None):
        st.caption(name, help=text)
        change = standing.change(name).replace("-", "−")
        shown = "" if change == ABSENT else f"&ensp;:small[:{standing.verdict(name)}[{change}]]"
        st.markdown(f"**{standing.value(name)}**{shown}")


def _whole_table(standing: Standing, run: library.RunView) -> None:
    """All metrics in three groups, with what should be known of their numbers below."""
    further = [name for name in DEFAULT_METRICS if not METRICS[name].aggregated]
    if any(record.kind == LostVariance.__name__ for record in run.result.steps):
        further.append("Lost variance")
    groups = {name: _members(group) for name, group in AGGREGATES.items()} | {"Further": further}
    with st.expander("All metrics"):
        for place, (title, names) in zip(st.columns(len(groups), gap="medium"), groups.items(), strict=True):
            with place.container(gap="small"):
                st.markdown(f"**{title}**")
                for name in names:
                    _cell(standing, name, standing.help(name))
        remarks = standing.remarks(name for names in groups.values() for name in names)
        if remarks:
            st.caption("  \n".join(f":material/info: {in_markdown(remark)}" for remark in remarks))


def _cautions(found: RowScores, view: library.DataView, run: library.RunView) -> None:
    """Why good numbers may be bad news: biology that was removed, labels that were seen."""
    if found.over_correction:
        lines = "  \n".join(f"{in_markdown(sentence)}." for sentence in found.over_correction)
        st.warning(f"**This run may have removed biology.**  \n{lines}", icon=":material/warning:")
    if found.saw_labels and run.result.predictions is None:  # else it is said where the predictions are shown
        st.caption(f":material/info: The run kept what differs between {in_markdown(view.label_key)}: {_FLATTERED}")
