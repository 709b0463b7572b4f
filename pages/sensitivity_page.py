"""The Sensitivity page: a sweep over parameters or methods, and how much the result depends on them."""

from __future__ import annotations

import streamlit as st

from pages.ui import charts, library, state, sweep_charts
from pages.ui.data_in_use import prepared_data
from pages.ui.sweep_changes import draw_changes
from pages.ui.sweep_clicks import clicked_run, offer_run
from pages.ui.sweep_form import draw_form, sweep_board
from pages.ui.sweep_path import draw_maps
from pages.ui.sweep_results import SweepResult, how_far, result_of, stability_of
from pages.ui.sweep_status import follow_sweep
from pages.ui.text import in_markdown
from scint_core.errors import IntegrationError

_SCORES, _MAPS, _PLAY, _CHANGES = "Scores", "Maps", "Play", "What changed"
_GROUPS = {"means": "", "batch": "Batch correction, score by score", "bio": "Bio conservation, score by score"}
_MOST_HEAT_MAPS = 4


def draw() -> None:
    """The form on the left, the sweep in use on the right."""
    st.title("Sensitivity")
    view = prepared_data()
    if view is None:
        return
    form, result = st.columns([1.0, 2.7], gap="large")
    with form:
        draw_form(view)
    with result:
        _sweep_shown(view)


def _sweep_shown(view: library.DataView) -> None:
    """The choice of sweeps, how far the one in use is, and what it has found."""
    sweeps = {sweep.id: sweep for sweep in sweep_board().sweeps(view.id)}
    if not sweeps:
        st.info(
            "Choose a parameter and its values, and press Run the sweep: how the result depends on it appears here.",
            icon=":material/tune:",
        )
        return
    picked = state.pick("Sweep", "sweep", library.labels(sweeps.values(), lambda sweep: sweep.title))
    found = result_of(sweeps[picked])
    if found.settings:
        _sentences(view, found)
    follow_sweep(sweeps[picked])
    if found.settings:
        _sections(view, picked, found)


# What it comes to


def _sentences(view: library.DataView, found: SweepResult) -> None:
    """In plain words, per parameter, what changes, and how far results move."""
    stabilities = {axis: stability_of(view, found, axis) for axis in found.axes}
    for stability in stabilities.values():
        if stability is not None:
            st.markdown(f"#### {in_markdown(stability.sentence)}")
    for axis, stability in stabilities.items():
        if stability is not None:
            st.markdown(f":material/straighten: {in_markdown(how_far(axis, stability))}")


# The sections


def _sections(view: library.DataView, sweep_id: str, found: SweepResult) -> None:
    """One of four ways to look at it; only the chosen one is computed."""
    chosen = st.segmented_control(
        "Look at", [_SCORES, _MAPS, _PLAY, _CHANGES], default=_SCORES, key="sweep:section", required=True,
        persist_state="session", label_visibility="collapsed", width="stretch",
    )  # fmt: skip
    if chosen == _CHANGES:
        draw_changes(view, found)
        return
    above = st.container()  # where the picked run is in sight of the point that was clicked
    if chosen == _SCORES:
        clicked = _scores(view, sweep_id, found)
    else:
        clicked = draw_maps(view, sweep_id, found, film=chosen == _PLAY)
    with above:
        offer_run(sweep_id, found, clicked)


def _scores(view: library.DataView, sweep_id: str, found: SweepResult) -> str | None:
    """Heat maps for two axes, curves for one or on request; returns the run that was clicked last."""
    two = len(found.axes) == 2
    as_curves = not two
    along = next(iter(found.axes))
    if two:
        names = ["Heat map", *(f"Curves over {axis}" for axis in found.axes)]
        shown = st.segmented_control("Draw as", names, default=names[0], key=f"sweep:draw:{sweep_id}", required=True)
        as_curves = shown != names[0]
        along = list(found.axes)[max(0, names.index(shown) - 1)]
    clicked = _curves(sweep_id, found, along) if as_curves else _heat_maps(sweep_id, found)
    if not two:
        _steps(view, found, along)
    return clicked


def _curves(sweep_id: str, found: SweepResult, along: str) -> str | None:
    band = " The band is from the lowest to the highest seed." if found.several_seeds else ""
    mark = " The dotted line is the default." if found.has_default(along) else ""
    st.caption(f"Scores over **{in_markdown(along)}**.{mark}{band} Click a point to open its run.")
    clicked = None
    for group, title in _GROUPS.items():
        metrics = found.metrics(group)
        if not metrics:
            continue
        if title:
            st.markdown(f"**{title}**")
        newly = clicked_run(
            sweep_charts.curves(found, metrics, along), key=f"curves:{sweep_id}:{along}:{group}",
            alt=f"Curves of {', '.join(metrics)} over {along}",
        )  # fmt: skip
        clicked = newly or clicked
    return clicked


def _steps(view: library.DataView, found: SweepResult, along: str) -> None:
    """How far results move from each setting to the next."""
    stability = stability_of(view, found, along)
    if stability is None:
        return
    st.markdown("**Neighbours of a cell that change from each setting to the next**")
    charts.show(
        sweep_charts.moved_bars(stability, sweep_charts.chart_axis(found, along)), key=f"steps:{along}",
        alt=f"Share of neighbours that change from each value of {along} to the next",
    )  # fmt: skip


def _heat_maps(sweep_id: str, found: SweepResult) -> str | None:
    offered = [name for group in _GROUPS for name in found.metrics(group)]
    default = found.metrics("means") or offered[:2]
    chosen = st.multiselect(
        "Scores shown", offered, default=default[:2], max_selections=_MOST_HEAT_MAPS, key=f"sweep:heat:{sweep_id}"
    )
    if not chosen:
        return None
    mark = " The default is framed." if all(map(found.has_default, found.axes)) else ""
    st.caption(f"Light is high.{mark} Click a cell to open its run.")
    return clicked_run(
        sweep_charts.heat_maps(found, chosen), key=f"heat:{sweep_id}:{len(chosen)}",
        alt=f"Heat maps of {', '.join(chosen)} over {' and '.join(found.axes)}",
    )  # fmt: skip


try:
    draw()
except IntegrationError as error:
    st.error(in_markdown(error), icon=":material/error:")
