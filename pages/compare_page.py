"""The Compare page: scores of all runs, and up to four of them side by side in one layout."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
import streamlit as st

from pages.ui import charts, compare_maps, library, score_table
from pages.ui.compare_rows import BEFORE, MOST_MAPS, Row, arrange, rows_of, unfinished, use_on_maps
from pages.ui.data_in_use import prepared_data
from pages.ui.jobs import submit
from pages.ui.scores import RowScores, known_scores, score_job, scores_of
from pages.ui.selection import clicked
from pages.ui.text import in_markdown
from scint_core.errors import IntegrationError
from scint_core.methods import all_methods
from scint_core.metrics import BATCH_WEIGHT, DEFAULT_METRICS, METRICS
from scint_core.runs.jobs.folder import JobFolder

_EVERY = 2.0  # seconds between looks at running jobs
_RAW, _SCALED = "raw", "scaled to these rows"


def draw() -> None:
    """Scores above, maps below, differences at the end."""
    st.title("Compare")
    view = prepared_data()
    if view is None:
        return
    rows = rows_of(view)
    _runs(view)
    shown = [row for row in rows if not row.hidden]
    on_map = [row for row in shown if row.on_map][:MOST_MAPS]
    jobs = {row.id: score_job(view.id, row.id) for row in shown}
    scored = {row: scores_of(job.id) for row, job in jobs.items() if job.status().state == "done"}
    _table(view, rows, shown, jobs)
    _warnings(view, shown, scored)
    _maps(view, shown, on_map, scored)
    _differences(on_map, scored)


# Runs


def _runs(view: library.DataView) -> None:
    """The button for the talk's methods, and what is under way."""
    methods = [m for m in all_methods().values() if m.family == "talk" and (m.labels != "needed" or view.label_key)]
    names = ", ".join(method.label for method in methods)
    left, right = st.columns([1, 2.6], vertical_alignment="center")
    if left.button("Run the talk's five", icon=":material/playlist_play:", help=f"{names}, each at its defaults."):
        for method in methods:
            asked = {"label_key": view.label_key, "hide": 0.0} if method.labels != "ignored" else {}
            submit("integrate", data=view.id, method=method.name, params={}, seed=0, **asked)
        st.rerun()
    with right:
        if view.label_key is None:
            st.caption("scANVI is left out: it needs a label column." if len(methods) < 5 else "")
        if unfinished(view):
            _under_way(view.id)


@st.fragment(run_every=_EVERY)
def _under_way(data_id: str) -> None:
    """A line per run that is not finished yet; the page is drawn anew as soon as one is."""
    view = library.data_view(data_id)
    running = unfinished(view)
    before = st.session_state.get("compare-running", [])
    st.session_state["compare-running"] = [job.id for job in running]
    if set(before) - {job.id for job in running} or not running:
        st.rerun()
    parts = [f"{in_markdown(library.run_title(job))} {job.status().fraction:.0%}" for job in running]
    st.caption(f":material/progress_activity: Running: {' · '.join(parts)}")


# Scores


def _table(view: library.DataView, rows: list[Row], shown: list[Row], jobs: Mapping[str, JobFolder]) -> None:
    """The table of scores, with what changes it."""
    st.subheader("Scores")
    weight, scale = st.columns([1, 1], gap="large", vertical_alignment="bottom")
    batch_weight = weight.slider(
        "What batch correction counts in the total", 0.0, 1.0, BATCH_WEIGHT, 0.05, key="batch-weight",
        persist_state="session", help="The rest is what bio conservation counts. 0.4 is scIB's.",
    )  # fmt: skip
    scaled = scale.segmented_control(
        "Scores", [_RAW, _SCALED], default=_RAW, key="score-scale", required=True, persist_state="session",
        help="Scaled, every metric runs from 0 (the worst of these rows) to 1 (the best): the order then depends on "
        "which rows are shown, and a metric that is the same in all of them is left out.",
    ) == _SCALED  # fmt: skip
    under_way = not all(job.status().ended for job in jobs.values())
    circles = st.fragment(_circles, run_every=_EVERY if under_way else None)
    circles(view.id, shown, jobs, batch_weight, scaled, under_way)
    st.caption(
        "° needs labels. A ring is a score that these data do not define, or that is not there yet. Only the metrics "
        "of scIB's default set count in the means. Click a circle to see its part per cell on the maps."
    )
    done = _scored_rows([row for row in shown if jobs[row.id].status().state == "done"], jobs)
    if done:
        table = score_table.table_of(done, batch_weight=batch_weight, scaled=scaled)
        _below_the_table(view, rows, done, table)


def _circles(
    data_id: str, rows: list[Row], jobs: Mapping[str, JobFolder], batch_weight: float, scaled: bool, under_way: bool
) -> None:
    """The table as a picture; drawn anew for as long as scores may still come."""
    if under_way and all(job.status().ended for job in jobs.values()):
        st.rerun()  # the page as a whole, which then looks no more
    found = _scored_rows(rows, jobs)
    table = score_table.table_of(found, batch_weight=batch_weight, scaled=scaled)
    event = st.plotly_chart(
        score_table.score_figure(table, found, _painted(data_id)), key=f"scores:{data_id}", on_select="rerun",
        selection_mode="points", config={"displayModeBar": False},
        alt=f"Table of scores: {len(table)} rows, {len(DEFAULT_METRICS)} metrics, sorted by total",
    )  # fmt: skip
    circle = clicked(event, list)
    if circle is not None and tuple(circle[:2]) != st.session_state.get(f"clicked:{data_id}"):
        st.session_state[f"clicked:{data_id}"] = tuple(circle[:2])  # row and metric
        compare_maps.colour_by(data_id, circle[1])
        st.rerun()


def _painted(data_id: str) -> str | None:
    """The metric of the circle that was clicked last, which the maps offer as a colouring."""
    _, metric = st.session_state.get(f"clicked:{data_id}", (None, None))
    return metric


def _scored_rows(rows: list[Row], jobs: Mapping[str, JobFolder]) -> list[score_table.ScoredRow]:
    """The rows with the scores there are so far."""
    found = []
    for row in rows:
        job = jobs[row.id]
        scores = {name: part["score"] for name, part in known_scores(job).items()}
        saw_labels = job.status().state == "done" and scores_of(job.id).saw_labels
        found.append(score_table.ScoredRow(row.id, row.name, scores, saw_labels, row.pinned))
    return found


def _below_the_table(
    view: library.DataView, rows: list[Row], scored: list[score_table.ScoredRow], table: pd.DataFrame
) -> None:
    """The rows to arrange, batch against bio, and the table as a file."""
    arrangement, front, file = st.columns([1, 1, 1])
    with arrangement.popover("Arrange rows", icon=":material/tune:", width="stretch"):
        arrange(view, rows)
    with front.popover("Batch against bio", icon=":material/scatter_plot:", width="stretch"):
        charts.show(
            score_table.pareto_figure(table, scored), key="pareto",
            alt="Bio conservation over batch correction; the line joins the rows that no other beats in both",
        )  # fmt: skip
        st.caption("The line joins the rows that no other beats in both.")
    names = {row.id: row.name for row in scored}
    file.download_button(
        "Table as CSV", table.rename(index=names).rename_axis("run").to_csv().encode(), "scores.csv", "text/csv",
        icon=":material/download:", width="stretch",
    )  # fmt: skip


def _warnings(view: library.DataView, rows: list[Row], scored: dict[str, RowScores]) -> None:
    """What the numbers hide: over-correction with its evidence, and the want of labels."""
    if view.label_key is None:
        st.warning(
            "Without labels there is only mixing to judge by, and mixing alone rewards over-correction: read iLISI "
            "together with Local structure, the share of a cell's neighbours in its own batch that were kept.",
            icon=":material/warning:",
        )
    said = {row.name: scored[row.id].over_correction for row in rows if row.id in scored and row.id != BEFORE}
    lines = [f"- **{in_markdown(name)}**: {in_markdown(line)}" for name, found in said.items() for line in found]
    if lines:
        with st.expander(
            f"Signs of over-correction ({len(lines)})", icon=":material/warning:", expanded=len(lines) < 4
        ):
            st.markdown("\n".join(lines))


# Maps


def _maps(view: library.DataView, rows: list[Row], on_map: list[Row], scored: dict[str, RowScores]) -> None:
    """Up to four maps, their colours, and the cells marked on them."""
    st.subheader("Maps")
    _choose_maps(view, rows, on_map)
    drawn = [row for row in on_map if compare_maps.layout_of(view, row, scored.get(row.id)) is not None]
    if not drawn:
        st.info("Choose rows to see their maps.", icon=":material/map:")
        return
    chosen, gene = compare_maps.choose_colouring(view, _painted(view.id))
    lines = st.toggle("Draw pairs", key="compare-pairs", persist_state="session", help="Up to 400 in each map.")
    colouring, about = compare_maps.colourings(view, chosen, gene, drawn, scored)
    if chosen in METRICS and not compare_maps.has_parts(scored, chosen):
        st.info(f"{chosen} is one number for the whole data set: it has no part per cell.", icon=":material/info:")
    marked = compare_maps.draw(view, drawn, scored, colouring, lines=lines)
    st.caption(
        f"{about} All maps start from the map before integration and are aligned to it, so what moves is the "
        "integration. Draw a lasso around cells in one map to mark them in all."
    )
    if marked is not None and marked.any():
        _marked(view, marked, drawn, scored)


def _choose_maps(view: library.DataView, rows: list[Row], on_map: list[Row]) -> None:
    """Which rows are on the maps, by name."""
    names = {row.id: row.name for row in rows}
    current = [row.id for row in on_map]
    chosen = st.multiselect(
        "On the maps", list(names), default=current, format_func=names.__getitem__, max_selections=MOST_MAPS,
        key=f"on-maps:{view.id}:{','.join(current)}:{len(rows)}", label_visibility="collapsed",
        placeholder=f"Choose up to {MOST_MAPS} rows",
    )  # fmt: skip
    if set(chosen) != set(current):
        use_on_maps(view, rows_of(view), chosen)
        st.rerun()


def _marked(view: library.DataView, marked: np.ndarray, rows: list[Row], scored: dict[str, RowScores]) -> None:
    """What the marked cells are, and how they fare in each map."""
    head, button = st.columns([4, 1], vertical_alignment="center")
    head.markdown(f"##### {compare_maps.describe_marks(view, marked)}")
    if button.button("Clear marks", icon=":material/close:", width="stretch"):
        compare_maps.clear_marks(view)
        st.rerun()
    composition, means = st.columns([1, 1.4], gap="large")
    with composition:
        st.caption("Cells by batch and type")
        st.dataframe(view.composition(marked), width="stretch")
    with means:
        st.caption("Mean over the marked cells")
        table = compare_maps.marked_scores(marked, rows, scored)
        st.dataframe(table.style.format("{:.3f}"), width="stretch", placeholder="–")


# Differences


def _differences(on_map: list[Row], scored: dict[str, RowScores]) -> None:
    """Where the runs on the maps differ: parameters on the left, scores on the right."""
    runs = [row for row in on_map if row.is_run]
    if len(on_map) < 2:
        return
    st.subheader("Differences")
    left, right = st.columns([1, 1.4], gap="large")
    with left:
        st.caption("Parameters that are not the same in all runs on the maps")
        table = different_parameters(runs)
        if len(table):
            st.dataframe(table, width="stretch")
        else:
            st.caption("None." if len(runs) > 1 else "Put two runs on the maps to compare their parameters.")
    with right:
        st.caption(f"Scores less those of {in_markdown(on_map[0].name)}")
        st.dataframe(_score_differences(on_map, scored).style.format("{:+.3f}"), width="stretch", placeholder="–")


def different_parameters(runs: list[Row]) -> pd.DataFrame:
    """Parameters × runs, those that differ; a dash where a method has no such parameter."""
    values = pd.DataFrame({row.name: pd.Series(row.parameters, dtype=object) for row in runs})
    names = list(dict.fromkeys(name for row in runs for name in row.parameters))
    texts = values.reindex(names).map(lambda value: "–" if _absent(value) else str(value))
    return texts[texts.nunique(axis=1) > 1]


def _absent(value: object) -> bool:
    return isinstance(value, float) and np.isnan(value)


def _score_differences(rows: list[Row], scored: dict[str, RowScores]) -> pd.DataFrame:
    """Metrics × rows, each less the first row's."""
    table = pd.DataFrame(
        {
            row.name: {name: scored[row.id].results[name].score for name in DEFAULT_METRICS}
            for row in rows
            if row.id in scored
        }
    ).dropna(how="all")
    return table.sub(table.iloc[:, 0], axis=0).iloc[:, 1:] if table.shape[1] else table


try:
    draw()
except IntegrationError as error:
    st.error(in_markdown(error), icon=":material/error:")
