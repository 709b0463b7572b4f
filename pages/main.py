"""The frame around every page: navigation, theme, and the data set in use."""

import streamlit as st

from pages.ui import lesson_state, library, state
from pages.ui.cluster import where_runs_go
from pages.ui.jobs import board
from pages.ui.standstill import spare_what_is_loaded
from pages.ui.text import count, in_markdown
from scint_core.runs.jobs.folder import JobFolder

_EVERY = 2.0  # seconds between looks at jobs that are under way; where there are none, nobody looks

st.set_page_config(page_title="scint", page_icon=":material/bubble_chart:", layout="wide", initial_sidebar_state=232)
state.restore()
lesson_state.restore()
st.html("<style>.stMainBlockContainer { padding: 2.2rem 2.5rem 3rem; }</style>")

page = st.navigation(
    [
        st.Page("data_page.py", title="Data", icon=":material/table_chart:", url_path="data", default=True),
        st.Page("integrate_page.py", title="Integrate", icon=":material/join_inner:", url_path="integrate"),
        st.Page("steps_page.py", title="Steps", icon=":material/slideshow:", url_path="steps"),
        st.Page("pairs_page.py", title="Pairs", icon=":material/linear_scale:", url_path="pairs"),
        st.Page("compare_page.py", title="Compare", icon=":material/compare:", url_path="compare"),
        st.Page("sensitivity_page.py", title="Sensitivity", icon=":material/tune:", url_path="sensitivity"),
        st.Page("learn_page.py", title="Learn", icon=":material/school:", url_path="learn"),
    ],
    position="hidden" if lesson_state.presenting() else "sidebar",
)


def _data_set_in_use() -> None:
    """The data set that all pages work on, and the way to another one."""
    labels = library.labels(library.data_sets(), library.data_title)
    if not labels:
        st.caption("No data set yet: open one on the Data page.")
        return
    current = state.chosen("data")
    picked = st.selectbox(
        "Data set in use",
        list(labels),
        index=list(labels).index(current) if current in labels else None,
        format_func=labels.__getitem__,
        placeholder="Choose a data set",
    )
    if picked and picked != current:
        state.use_data(picked)
        st.rerun()
    if picked:
        view = library.data_view(picked)
        st.caption(
            f"{count(view.n_cells, 'cell')} × {count(view.n_variable, 'variable gene')}, "
            f"{count(len(view.batch_names), 'batch', 'batches')}"
        )


def _under_way() -> list[JobFolder]:
    """Jobs that have not ended, of whichever session or tab."""
    return [job for job in board().jobs() if not job.status().ended]


def _say_what_is_under_way() -> None:
    """A line per job that has not ended."""
    for job in _under_way():
        status = job.status()
        doing = f"{in_markdown(library.job_title(job))}: {in_markdown(status.status)}"
        st.caption(f":material/progress_activity: {doing} ({status.fraction:.0%})")


if lesson_state.presenting():
    page.run()
else:
    with st.sidebar:
        _data_set_in_use()
        lines = st.container()
        where_runs_go()
    page.run()
    if _under_way():  # looked for last, since the page may have asked for some
        with lines:
            st.fragment(_say_what_is_under_way, run_every=_EVERY)()
spare_what_is_loaded(page.title)
