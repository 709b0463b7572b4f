"""The Compare page: scores of all runs, and up to four of them side by side in one layout."""

from __future__ import annotations

import numpy as np
import pandas as pd
import streamlit as st

from pages.ui import charts, compare_maps, library, score_table, state
from pages.ui.compare_rows import BEFORE, MOST_MAPS, Row, arrange, rows_of, unfinished, use_on_maps
from pages.ui.jobs import board, submit
from pages.ui.scores import RowScores, live_scores, score_job, scores_of
from pages.ui.text import in_markdown
from scint_core.errors import IntegrationError
from scint_core.methods import all_methods
from scint_core.metrics import BATCH_WEIGHT, DEFAULT_METRICS, METRICS

_EVERY = 2.0  # seconds between looks at running jobs
_RAW, _SCALED = "raw", "scaled to these rows"


def draw() -> None:
    """Scores above, maps below, differences at the end."""
    st.title("Compare")
    data = state.chosen("data")
    if not data or board().job(data).status().state != "done":
        st.info("Open and preprocess a data set first.", icon=":material/table_chart:")
        st.page_link("data_page.py", label="Go to Data", icon=":material/arrow_back:")
        return
    view = library.data_view(data)
    rows = rows_of(view)
    _runs(view)
    shown = [row for row in rows if not row.hidden]
    scored = _scores(view, shown)
    painted = _table(view, rows, shown, scored)
    _warnings(view, shown, scored)
    _maps(view, shown, scored, painted)
    _differences(shown, scored)


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


def _scores(view: library.DataView, rows: list[Row]) -> dict[str, RowScores]:
    """The scores of every row that has them; the others are asked for."""
    jobs = {row.id: score_job(view.id, row.id) for row in rows}
    return {row: scores_of(job.id) for row, job in jobs.items() if job.status().state == "done"}


def _table(view: library.DataView, rows: list[Row], shown: list[Row], scored: dict[str, RowScores]) -> str | None:
    """The table of scores, with what changes it; returns the metric that the maps are to show."""
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
    )  # fmt: skip
    pending = any(not score_job(view.id, row.id).status().ended for row in shown)
    _circles(view.id, batch_weight, scaled == _SCALED, pending=pending)
    _below_the_table(view, rows, shown, scored, batch_weight, scaled=scaled == _SCALED)
    painted: str | None = st.session_state.get(f"painted:{view.id}")
    return painted


def _circles(data_id: str, batch_weight: float, scaled: bool, *, pending: bool) -> None:
    """The table; drawn anew every second while scores are still coming."""
    if pending:
        st.fragment(_draw_circles, run_every=_EVERY)(data_id, batch_weight, scaled, pending=True)
    else:
        _draw_circles(data_id, batch_weight, scaled, pending=False)


def _draw_circles(data_id: str, batch_weight: float, scaled: bool, *, pending: bool) -> None:
    view = library.data_view(data_id)
    rows = _scored_rows([row for row in rows_of(view) if not row.hidden], view)
    table = score_table.table_of(rows, batch_weight=batch_weight, scaled=scaled)
    painted = st.session_state.get(f"painted:{data_id}")
    event = st.plotly_chart(
        score_table.score_figure(table, rows, painted), key=f"scores:{data_id}", on_select="rerun",
        selection_mode="points", config={"displayModeBar": False},
        alt=f"Table of scores: {len(table)} rows, {len(DEFAULT_METRICS)} metrics, sorted by total",
    )  # fmt: skip
    metric = _clicked(event)
    if metric is not None and metric != st.session_state.get(f"clicked:{data_id}"):
        st.session_state[f"clicked:{data_id}"] = metric
        st.session_state[f"painted:{data_id}"] = metric[1]
        st.session_state[compare_maps.colour_key(data_id)] = metric[1]
        st.rerun()
    if pending and all(score_job(data_id, row.id).status().ended for row in rows):
        st.rerun()


def _clicked(event: dict) -> tuple[str, str] | None:
    """Row and metric of the circle that was clicked."""
    points = event.get("selection", {}).get("points", []) if event else []
    found = [point["customdata"] for point in points if isinstance(point.get("customdata"), list)]
    return (found[0][0], found[0][1]) if found else None


def _scored_rows(rows: list[Row], view: library.DataView) -> list[score_table.ScoredRow]:
    """The rows with the scores there are so far."""
    found = []
    for row in rows:
        job = score_job(view.id, row.id)
        if job.status().state == "done":
            done = scores_of(job.id)
            scores, saw = {name: part.score for name, part in done.results.items()}, done.saw_labels
        else:
            scores, saw = {name: part["score"] for name, part in live_scores(job).items()}, False
        found.append(score_table.ScoredRow(row.id, row.name, scores, saw, row.pinned))
    return found


def _below_the_table(
    view: library.DataView,
    rows: list[Row],
    shown: list[Row],
    scored: dict[str, RowScores],
    batch_weight: float,
    *,
    scaled: bool,
) -> None:
    """What the marks mean, the rows to arrange, batch against bio, and the table as a file."""
    st.caption(
        "° needs labels. A ring is a score that these data do not define, or that is not there yet. Only the metrics "
        "of scIB's default set count in the means. Click a circle to see its part per cell on the maps."
    )
    complete = [row for row in _scored_rows(shown, view) if row.id in scored]
    if not complete:
        return
    table = score_table.table_of(complete, batch_weight=batch_weight, scaled=scaled)
    arrangement, front, file = st.columns([1, 1, 1])
    with arrangement.popover("Arrange rows", icon=":material/tune:", width="stretch"):
        arrange(view, rows)
    with front.popover("Batch against bio", icon=":material/scatter_plot:", width="stretch"):
        charts.show(
            score_table.pareto_figure(table, complete), key="pareto",
            alt="Bio conservation over batch correction; the line joins the rows that no other beats in both",
        )  # fmt: skip
        st.caption("The line joins the rows that no other beats in both.")
    names = {row.id: row.name for row in complete}
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


def _maps(view: library.DataView, rows: list[Row], scored: dict[str, RowScores], painted: str | None) -> None:
    """Up to four maps, their colours, and the cells marked on them."""
    st.subheader("Maps")
    _choose_maps(view, rows)
    on_map = [row for row in rows if row.on_map][:MOST_MAPS]
    drawn = [row for row in on_map if compare_maps.layout_of(view, row, scored.get(row.id)) is not None]
    if not drawn:
        st.info("Choose rows to see their maps.", icon=":material/map:")
        return
    chosen, gene = compare_maps.choose_colouring(view, painted)
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


def _choose_maps(view: library.DataView, rows: list[Row]) -> None:
    """Which rows are on the maps, by name."""
    names = {row.id: row.name for row in rows}
    current = [row.id for row in rows if row.on_map][:MOST_MAPS]
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
        st.dataframe(compare_maps.marked_composition(view, marked), width="stretch")
    with means:
        st.caption("Mean over the marked cells")
        table = compare_maps.marked_scores(marked, rows, scored)
        st.dataframe(table.style.format("{:.3f}", na_rep="–"), width="stretch")


# Differences


def _differences(rows: list[Row], scored: dict[str, RowScores]) -> None:
    """Where the runs on the maps differ: parameters on the left, scores on the right."""
    on_map = [row for row in rows if row.on_map][:MOST_MAPS]
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
        st.dataframe(_score_differences(on_map, scored).style.format("{:+.3f}", na_rep="–"), width="stretch")


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
