"""The Integrate page: a method, its parameters, a run, and the cells before and after it."""

from __future__ import annotations

from typing import Any

import numpy as np
import streamlit as st

from pages.ui import charts, forms, library, live, network_charts, state
from pages.ui.data_in_use import prepared_data
from pages.ui.jobs import board, follow, submit
from pages.ui.labels import choose_labels, show_held_out
from pages.ui.metric_cards import show_scores
from pages.ui.notices import show_notes
from pages.ui.routes import download_url
from pages.ui.scores import score_another
from pages.ui.steps import show_steps
from pages.ui.text import count, in_markdown, visible
from scint_core.contract import Method, Pairs, TrainedNetwork
from scint_core.errors import IntegrationError
from scint_core.methods import all_methods
from scint_core.runs.jobs.places import INTEGRATED

_WIDTHS = (1.15, 2.4)  # of the two columns
_MOST_LINES = (100, 2000)
_SPACES = {"genes": "corrected genes", "low-dimensional": "an embedding", "both": "corrected genes and an embedding"}


def draw() -> None:
    """Method and parameters on the left; on the right the run, or a picture that follows the parameters."""
    st.title("Integrate")
    view = prepared_data()
    if view is None:
        return
    left, right = st.columns(_WIDTHS, gap="large")
    with left:
        method = _choose_method()
    with right:
        shown = st.segmented_control(
            "Show", [live.RESULT, live.LIVE], default=live.RESULT, key=live.MODE, required=True,
            persist_state="session", label_visibility="collapsed",
            help="Live: sliders, and a map that follows them.",
        )  # fmt: skip
    if shown == live.LIVE:
        reason = live.why_not(view, method)
        if reason:
            right.info(reason, icon=":material/info:")
        else:
            live.panel(view, method, _WIDTHS)
        return
    with left:
        _set_and_run(view, method)
    with right:
        _run_shown(view)


# Method and parameters


def _choose_method() -> Method:
    methods = all_methods()
    name = st.selectbox(
        "Method", list(methods), index=list(methods).index("mnn"), format_func=lambda n: methods[n].label,
        key="method", persist_state="session",
    )  # fmt: skip
    return methods[name]


def _set_and_run(view: library.DataView, method: Method) -> None:
    """The form of the method, and the button that runs it."""
    _describe(method)
    labels = choose_labels(method, view)
    label_key = labels.key if labels else view.label_key
    values = forms.method_form(method, _names(view, label_key))
    seed = st.number_input(
        "seed", min_value=0, value=0, step=1, key="seed", persist_state="session",
        help="Decides everything random in a run. The same seed gives the same result.",
    )  # fmt: skip
    notes = _foreseen(view, method, label_key, values)
    show_notes(notes or ())
    run = st.button("Run", type="primary", width="stretch", disabled=notes is None, icon=":material/play_arrow:")
    if run:
        params = method.Params.create(values).changed()
        asked = labels.arguments() if labels else {}
        job = submit("integrate", data=view.id, method=method.name, params=params, seed=int(seed), **asked)
        state.choose("run", job.id)
        st.rerun()


def _names(view: library.DataView, label_key: str | None) -> forms.Names:
    """What parameters may be names of."""
    labels = library.problem(view.id, label_key).label_names
    return {"batches": view.batch_names, "columns": view.columns, "labels": labels}


def _describe(method: Method) -> None:
    relates = "relates pairs of cells" if method.relates_pairs else "relates no pairs of cells"
    st.caption(f"{method.summary} Returns {_SPACES[method.output]}; {relates}.")
    if method.citation:
        with st.popover("Paper", icon=":material/menu_book:"):
            st.markdown(in_markdown(method.citation))


def _foreseen(
    view: library.DataView, method: Method, label_key: str | None, values: dict[str, Any]
) -> list[str] | None:
    """What the run will lower or skip; None, with the reason on the page, where the values are impossible."""
    try:
        params = method.Params.create(values)
        return list(method.foresee(library.problem(view.id, label_key), params))
    except IntegrationError as error:
        st.error(in_markdown(error), icon=":material/error:")
        return None


# The run


def _run_shown(view: library.DataView) -> None:
    jobs = {job.id: job for job in library.runs_on(view.id)}
    if not jobs:
        st.info("Choose a method and press Run: the map before and after appears here.", icon=":material/play_arrow:")
        _map_before(view)
        return
    picked = state.pick("Run", "run", library.labels(jobs.values(), library.run_title))
    if follow(jobs[picked]):
        _result(view, library.run_view(picked))
    score_another(view.id, jobs.values())


def _map_before(view: library.DataView) -> None:
    groups = library.batch_groups(view)
    charts.show(
        charts.maps([charts.Panel("Before integration", view.umap)], groups, library.hover_texts(view.id)),
        key="map:before",
        alt=f"UMAP of {count(view.n_cells, 'cell')} before integration, coloured by {groups.title}",
    )


def _result(view: library.DataView, run: library.RunView) -> None:
    method = all_methods()[run.result.method]
    show_scores(view, run)
    show_notes(run.result.notes)
    _before_and_after(view, run)
    show_held_out(run, method)
    _training(run)
    show_steps(run)
    _download(view, run)


def _before_and_after(view: library.DataView, run: library.RunView) -> None:
    groupings = (library.batch_groups(view), library.label_groups(view), library.predicted_groups(view, run))
    colourings = {groups.title: groups for groups in groupings if groups is not None}
    left, right = st.columns([1, 1], vertical_alignment="bottom")
    by = left.segmented_control(
        "Colour by", list(colourings), default=view.batch_key, key=f"colour:{view.id}", persist_state="session",
        required=True, format_func=visible,
    )  # fmt: skip
    with right:
        pairs, sentence = _pairs_to_draw(run)
    groups = colourings[by or view.batch_key]
    label = all_methods()[run.result.method].label
    panels = [charts.Panel("Before", view.umap, pairs), charts.Panel(f"After {label}", run.umap)]
    charts.show(
        charts.maps(panels, groups, library.hover_texts(view.id)),
        key="maps",
        alt=f"UMAPs of {count(view.n_cells, 'cell')} before and after {label}, coloured by {groups.title}",
    )
    st.caption(
        f"{sentence} Both maps start from the same layout and are aligned, so what moves is the integration. "
        "Distances between far groups in a UMAP mean little."
    )


def _pairs_to_draw(run: library.RunView) -> tuple[Pairs | None, str]:
    """The pairs to draw, and how many of how many; or that the method relates none."""
    if run.result.pairs is None:
        return None, f"{all_methods()[run.result.method].label} relates no pairs of cells, so none are drawn."
    kept = int(np.count_nonzero(run.result.pairs.kept))
    most = st.slider(
        "Pairs drawn", 0, _MOST_LINES[1], 500, _MOST_LINES[0], key="pairs", persist_state="session",
        help="Mutual nearest neighbours, drawn over the map before integration. A random sample where there are more.",
    )  # fmt: skip
    drawn = charts.sample_of_pairs(run.result.pairs, most)
    return drawn, f"{len(drawn):,} of {kept:,} pairs shown."


def _training(run: library.RunView) -> None:
    """The curves of every network that was trained."""
    for record in run.result.steps:
        if record.kind == TrainedNetwork.__name__:
            st.markdown(f"##### {in_markdown(record.title)}")
            curves = library.training_curves(run.id, record.title)
            charts.show(
                network_charts.training_curves(curves),
                key=f"curves:{record.title}",
                alt=f"{record.title}: objective and its parts over {count(len(curves.kl_weight), 'epoch')}",
            )


def _download(view: library.DataView, run: library.RunView) -> None:
    """The data with the result added, written when asked for and streamed from the disk."""
    key = f"export:{run.id}"
    if key not in st.session_state:
        if st.button("Prepare the integrated .h5ad", icon=":material/archive:"):
            st.session_state[key] = submit("export", data=view.id, run=run.id).id
            st.rerun()
        return
    job = board().job(st.session_state[key])
    if follow(job):
        size = (job.result / INTEGRATED).stat().st_size
        st.link_button(
            f"Download the integrated .h5ad ({size / 1e6:.1f} MB)",
            download_url(job.id, f"{view.title}_{run.result.method}"),
            icon=":material/download:",
            type="primary",
        )


try:
    draw()
except IntegrationError as error:
    st.error(in_markdown(error), icon=":material/error:")
