"""The settings along one axis of a sweep, as a strip of pictures or as a film."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import plotly.graph_objects as go
import streamlit as st

from pages.ui import library, sweep_maps
from pages.ui.colouring import Groups
from pages.ui.sweep_clicks import clicked_run
from pages.ui.sweep_player import MOST_FRAMES, play
from pages.ui.sweep_results import FinishedRun, SweepResult, value_text
from pages.ui.text import count, in_chart, visible
from scint_core.runs.sweeps.sensitivity import compared_cells

Step = tuple[Any, FinishedRun]
"""A value of the axis, and the run at it."""


def draw_maps(view: library.DataView, sweep_id: str, found: SweepResult, *, film: bool) -> str | None:
    """The strip of pictures or the film along one axis; returns the run that was clicked last."""
    axis, path = _choose_path(sweep_id, found)
    by = _choose_groups(view)
    if not path:
        st.info("No setting along this line is finished yet.", icon=":material/hourglass_empty:")
        return None
    if film:
        _film(view, axis, path, _groupings(view)[by], found)
        return None
    return _strip(view, sweep_id, axis, path, by, found)


def _choose_path(sweep_id: str, found: SweepResult) -> tuple[str, list[Step]]:
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


def _choose_groups(view: library.DataView) -> str:
    """Draw the choice of colours; returns the column."""
    by = st.segmented_control(
        "Colour by", list(_groupings(view)), default=view.batch_key, key=f"sweep-colour:{view.id}", required=True,
        persist_state="session", format_func=visible,
    )  # fmt: skip
    return by or view.batch_key


def _groupings(view: library.DataView) -> dict[str, Groups]:
    return {g.title: g for g in (library.batch_groups(view), library.label_groups(view)) if g is not None}


def _strip(
    view: library.DataView, sweep_id: str, axis: str, path: Sequence[Step], by: str, found: SweepResult
) -> str | None:
    """The pictures; returns the run of the one that was clicked last."""
    default = found.default_among(axis, [value for value, _ in path])
    shown = sweep_maps.evenly(len(path), sweep_maps.MOST_PICTURES, default)
    titles = tuple(in_chart(value_text(axis, path[i][0], with_name=True), 24) for i in shown)
    run_ids = tuple(path[i][1].run_id for i in shown)
    figure = _strip_figure(view.id, by, titles, run_ids, None if default is None else shown.index(default))
    clicked = clicked_run(
        figure, key=f"strip:{sweep_id}:{axis}:{by}",
        alt=f"Maps at {count(len(shown), 'setting')} of {axis}, coloured by {by}",
    )  # fmt: skip
    some = f"{len(shown)} of {len(path)} settings are shown. " if len(shown) < len(path) else ""
    st.caption(
        f"{some}All maps start from the map before integration and are aligned to it, so what moves is the "
        "integration. Click a map to open its run."
    )
    return clicked


@st.cache_resource(max_entries=16, show_spinner="Drawing the maps …")
def _strip_figure(
    data_id: str, by: str, titles: tuple[str, ...], run_ids: tuple[str, ...], default: int | None
) -> go.Figure:
    pictures = [
        sweep_maps.Picture(title, library.run_view(run_id).umap, run_id, i == default)
        for i, (title, run_id) in enumerate(zip(titles, run_ids, strict=True))
    ]
    return sweep_maps.strip(pictures, _groupings(library.data_view(data_id))[by])


def _film(view: library.DataView, axis: str, path: Sequence[Step], groups: Groups, found: SweepResult) -> None:
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
