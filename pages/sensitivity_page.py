"""The Sensitivity page: a sweep over parameters or methods, and how much the result depends on them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import streamlit as st

from pages.ui import charts, library, state, sweep_charts, sweep_maps
from pages.ui.colouring import Groups
from pages.ui.data_in_use import prepared_data
from pages.ui.sweep_changes import draw_changes
from pages.ui.sweep_form import draw_form, sweep_board
from pages.ui.sweep_player import MOST_FRAMES, play
from pages.ui.sweep_results import (
    FinishedRun,
    SweepResult,
    compared_cells,
    how_far,
    result_of,
    stability_of,
    value_text,
)
from pages.ui.sweep_status import follow_sweep
from pages.ui.text import count, in_chart, in_markdown, visible
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
    labels = library.labels(sweeps.values(), lambda sweep: sweep.title)
    current = state.chosen("sweep")
    picked = st.selectbox(
        "Sweep", list(sweeps), index=list(sweeps).index(current) if current in sweeps else 0,
        format_func=labels.__getitem__,
    )  # fmt: skip
    if picked != current:
        state.choose("sweep", picked)
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
        clicked = _maps(view, sweep_id, found, film=chosen == _PLAY)
    with above:
        _offer_run(sweep_id, found, clicked)


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
        event = _clickable(
            sweep_charts.curves(found, metrics, along), key=f"curves:{sweep_id}:{along}:{group}",
            alt=f"Curves of {', '.join(metrics)} over {along}",
        )  # fmt: skip
        clicked = _newly_clicked(event, f"curves:{sweep_id}:{along}:{group}") or clicked
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
    event = _clickable(
        sweep_charts.heat_maps(found, chosen), key=f"heat:{sweep_id}:{len(chosen)}",
        alt=f"Heat maps of {', '.join(chosen)} over {' and '.join(found.axes)}",
    )  # fmt: skip
    return _newly_clicked(event, f"heat:{sweep_id}:{len(chosen)}")


def _maps(view: library.DataView, sweep_id: str, found: SweepResult, *, film: bool) -> str | None:
    """The strip of pictures or the film along one axis; returns the run that was clicked last."""
    axis, path = _choose_path(sweep_id, found)
    groups = _choose_groups(view)
    if not path:
        st.info("No setting along this line is finished yet.", icon=":material/hourglass_empty:")
        return None
    if film:
        _film(view, axis, path, groups, found)
        return None
    return _strip(sweep_id, axis, path, groups, found)


def _choose_path(sweep_id: str, found: SweepResult) -> tuple[str, list[tuple[Any, FinishedRun]]]:
    """The axis to go along, and the settings on it; with two axes, the value at which the other is held."""
    axes = list(found.axes)
    if len(axes) == 1:
        return axes[0], found.along(axes[0], {})
    left, right = st.columns(2, vertical_alignment="bottom")
    axis = left.segmented_control("Along", axes, default=axes[0], key=f"sweep:along:{sweep_id}", required=True)
    other = next(name for name in axes if name != axis)
    values = list(found.axes[other])
    held = right.selectbox(
        f"At {other}", values, index=values.index(found.middle(other)), format_func=lambda v: value_text(other, v),
        key=f"sweep:held:{sweep_id}:{other}",
    )  # fmt: skip
    return axis, found.along(axis, {other: held})


def _choose_groups(view: library.DataView) -> Groups:
    groupings = {g.title: g for g in (library.batch_groups(view), library.label_groups(view)) if g is not None}
    by = st.segmented_control(
        "Colour by", list(groupings), default=view.batch_key, key=f"sweep-colour:{view.id}", required=True,
        persist_state="session", format_func=visible,
    )  # fmt: skip
    return groupings[by or view.batch_key]


def _strip(
    sweep_id: str, axis: str, path: Sequence[tuple[Any, FinishedRun]], groups: Groups, found: SweepResult
) -> str | None:
    values = [value for value, _ in path]
    default = found.default_among(axis, values)
    shown = sweep_maps.evenly(len(path), sweep_maps.MOST_PICTURES, default)
    pictures = [
        sweep_maps.Picture(
            in_chart(value_text(axis, path[i][0], with_name=True), 24), library.run_view(path[i][1].run_id).umap,
            path[i][1].run_id, i == default,
        )
        for i in shown
    ]  # fmt: skip
    key = f"strip:{sweep_id}:{axis}:{groups.title}"
    event = _clickable(
        sweep_maps.strip(pictures, groups), key=key,
        alt=f"Maps at {count(len(pictures), 'setting')} of {axis}, coloured by {groups.title}",
    )  # fmt: skip
    some = f"{len(shown)} of {len(path)} settings are shown. " if len(shown) < len(path) else ""
    st.caption(
        f"{some}All maps start from the map before integration and are aligned to it, so what moves is the "
        "integration. Click a map to open its run."
    )
    return _newly_clicked(event, key)


def _film(
    view: library.DataView, axis: str, path: Sequence[tuple[Any, FinishedRun]], groups: Groups, found: SweepResult
) -> None:
    if len(path) < 2:
        st.info("Two settings must be finished before anything can move.", icon=":material/hourglass_empty:")
        return
    cells = compared_cells(view.n_cells)
    values = [value for value, _ in path]
    default = found.default_among(axis, values)
    shown = sweep_maps.evenly(len(path), MOST_FRAMES, default)
    layouts = [library.run_view(path[i][1].run_id).umap[cells] for i in shown]
    play(
        layouts, [value_text(axis, values[i]) for i in shown], Groups(groups.codes[cells], groups.names, groups.title),
        axis=axis, default=shown.index(default) if default is not None else None, key="film",
    )  # fmt: skip
    drawn = (
        "" if len(cells) == view.n_cells else f"{len(cells):,} of {view.n_cells:,} cells are drawn, an even sample. "
    )
    some = f"{len(shown)} of {len(path)} settings are played. " if len(shown) < len(path) else ""
    st.caption(f"{drawn}{some}Between two values cells go straight from place to place; there is no run in between.")


# Opening a run


def _clickable(figure: Any, *, key: str, alt: str) -> Any:
    return st.plotly_chart(
        figure, key=key, alt=alt, on_select="rerun", selection_mode="points", config={"displayModeBar": False}
    )


def _newly_clicked(event: Any, key: str) -> str | None:
    """The run of the point that was just clicked; None where it is the one clicked before."""
    points = event.get("selection", {}).get("points", []) if event else []
    runs = [point["customdata"][0] for point in points if isinstance(point.get("customdata"), list)]
    clicked = runs[0] if runs else None
    if clicked == st.session_state.get(f"clicked:{key}"):
        return None
    st.session_state[f"clicked:{key}"] = clicked
    return clicked


def _offer_run(sweep_id: str, found: SweepResult, clicked: str | None) -> None:
    """Name the run that was picked, and a button that opens it in Integrate."""
    key = f"sweep:picked:{sweep_id}"
    if clicked:
        st.session_state[key] = clicked
    picked = next((run for run in found.runs if run.run_id == st.session_state.get(key)), None)
    if picked is None:
        return
    with st.container(border=True, horizontal=True, vertical_alignment="center"):
        seed = f", seed {picked.seed}" if found.several_seeds else ""
        st.markdown(f"Picked: **{in_markdown(found.text(picked.place) + seed)}**")
        if st.button("Open in Integrate", icon=":material/open_in_new:", type="primary"):
            state.choose("run", picked.run_id)
            st.switch_page("integrate_page.py")


try:
    draw()
except IntegrationError as error:
    st.error(in_markdown(error), icon=":material/error:")
