"""The step player on the screen: controls, the step's words and numbers, its pictures."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Any

import streamlit as st

from pages.ui import library
from pages.ui.colouring import Groups
from pages.ui.player import Drawn, Picture, View, draw
from pages.ui.player.drawing import HEIGHT
from pages.ui.selection import clicked
from pages.ui.text import in_markdown, visible
from scint_core.contract import StepRecord
from scint_core.runs.replay import Replay, Scene, replay

PACE = 2.0  # seconds that a step is shown while the run plays
_LOADED = 32  # results of steps that are kept at hand
_ADDRESS, _SEEN = "step", "steps:seen"
_ROW = 2.75  # widths of ordinary pictures that a row holds
_MOMENT = 58  # pixels of the slider of a picture's moments
_WORDS, _FORMULA = 164, 102  # pixels that these take, so that pictures stay where they are


@st.cache_resource(max_entries=3, show_spinner="Setting the scenes")
def replay_of(run_id: str, data_id: str, label_key: str | None) -> Replay:
    """The scenes of a finished run."""
    steps = library.run_view(run_id).result.steps
    loaded = lru_cache(maxsize=_LOADED)(lambda number: steps[number].result)
    records = [_at_hand(record, i, loaded) for i, record in enumerate(steps)]
    found = replay(records, library.problem_with_values(data_id, label_key))
    return dataclasses.replace(found, problem=library.problem(data_id, label_key))  # which does not keep the values


def _at_hand(record: StepRecord, number: int, loaded: Callable[[int], Any]) -> StepRecord:
    """The record with a result that is not read from the disk each time."""
    return dataclasses.replace(record, load=lambda: loaded(number))


def play(data: library.DataView, run: library.RunView, colouring: Groups) -> None:
    """Draw the player of a finished run, its cells in these colours (in the caller's order)."""
    n = len(run.result.steps)
    st.session_state.setdefault(_at(run.id), _first(n))
    playing = st.session_state.get(_playing(run.id), False)
    st.fragment(_player, run_every=PACE if playing else None)(data, run, colouring, n)


def _at(run_id: str) -> str:
    """Where the session keeps the number of the step that is shown, from 1: the slider's own place."""
    return f"steps:at:{run_id}"


def _playing(run_id: str) -> str:
    return f"steps:playing:{run_id}"


def _first(n: int) -> int:
    """The step to begin with: the one that the address asked for when the session began, else the first."""
    asked = "" if st.session_state.get(_SEEN) else st.query_params.get(_ADDRESS, "")
    st.session_state[_SEEN] = True
    return min(max(int(asked), 1), n) if asked.isdecimal() else 1


def _player(data: library.DataView, run: library.RunView, colouring: Groups, n: int) -> None:
    """Controls and the step that they lead to; drawn again by itself while the run plays."""
    _advance(run.id, n)
    shown = replay_of(run.id, data.id, data.label_key)
    _controls(run.id, shown, n)
    at = int(st.session_state[_at(run.id)]) - 1
    st.query_params[_ADDRESS] = str(at + 1)
    view = _view(data, run, shown, at, colouring)
    drawn = draw(view)
    _words(view, drawn, n)
    _pictures(run.id, drawn)
    _below(view)


# Controls


def _advance(run_id: str, n: int) -> None:
    """Go one step on when its time has come; stop at the end."""
    if not st.session_state.get(_playing(run_id), False):
        return
    due = st.session_state.get(f"{_playing(run_id)}:since", 0.0) + 0.8 * PACE
    if time.monotonic() < due:
        return
    st.session_state[f"{_playing(run_id)}:since"] = time.monotonic()
    if st.session_state[_at(run_id)] < n:
        st.session_state[_at(run_id)] += 1
    if st.session_state[_at(run_id)] >= n:
        st.session_state[_playing(run_id)] = False
        st.rerun()


def _go(run_id: str, by: int, n: int) -> None:
    st.session_state[_at(run_id)] = min(max(st.session_state[_at(run_id)] + by, 1), n)


def _turn(run_id: str, n: int) -> None:
    """Play, from the start where the end is shown; or pause."""
    now = not st.session_state.get(_playing(run_id), False)
    st.session_state[_playing(run_id)] = now
    st.session_state[f"{_playing(run_id)}:since"] = time.monotonic()
    if now and st.session_state[_at(run_id)] >= n:
        st.session_state[_at(run_id)] = 1


def _controls(run_id: str, shown: Replay, n: int) -> None:
    """Back, play, forward, the slider, and the list of steps."""
    back, play_button, forward, slide, jump = st.columns([1, 1.12, 1, 2.6, 3.4], vertical_alignment="center")
    playing = st.session_state.get(_playing(run_id), False)
    back.button("Back", shortcut="Left", width="stretch", on_click=_go, args=(run_id, -1, n), key="steps:back")
    if play_button.button(
        "Pause" if playing else "Play", type="primary", shortcut="Space", width="stretch", on_click=_turn,
        args=(run_id, n), key="steps:play",
    ):  # fmt: skip
        st.rerun()
    forward.button("Next", shortcut="Right", width="stretch", on_click=_go, args=(run_id, 1, n), key="steps:next")
    with slide:
        if n > 1:
            st.slider("Step", 1, n, key=_at(run_id), persist_state="session", label_visibility="collapsed")
    with jump:
        _list(run_id, shown)


def _list(run_id: str, shown: Replay) -> None:
    """All steps by their title, to jump to one."""
    key = f"steps:list:{run_id}"
    st.session_state[key] = int(st.session_state[_at(run_id)]) - 1

    def jump() -> None:
        st.session_state[_at(run_id)] = st.session_state[key] + 1

    st.selectbox(
        "Go to a step", range(len(shown.scenes)), key=key, on_change=jump, label_visibility="collapsed",
        format_func=lambda i: f"{i + 1} · {heading(shown.scenes[i])}",
    )  # fmt: skip


def heading(scene: Scene) -> str:
    """ "merge 1 of 2: Keep the mutual ones"."""
    record = scene.record
    return visible(f"{record.stage}: {record.title}" if record.stage else record.title)


# The step


def _view(data: library.DataView, run: library.RunView, shown: Replay, at: int, colouring: Groups) -> View:
    """The step with everything that its drawing may need, cells in canonical order."""
    order = shown.problem.order

    def canonical(groups: Groups | None) -> Groups | None:
        return None if groups is None else Groups(groups.codes[order], groups.names, groups.title)

    hover, scene = library.hover_texts(data.id), shown.scenes[at]
    return View(
        shown, scene, scene.result, colouring=canonical(colouring), batches=canonical(library.batch_groups(data)),
        types=canonical(library.label_groups(data)), hover=None if hover is None else [hover[i] for i in order],
        clicked=st.session_state.get(_cell(run.id)), params=run.result.params,
    )  # fmt: skip


def _cell(run_id: str) -> str:
    """Where the session keeps the cell that was clicked last, a row in canonical order."""
    return f"steps:cell:{run_id}"


def _words(view: View, drawn: Drawn, n: int) -> None:
    """What the step is and which parameters act in it, the numbers that matter on the right, and the formula."""
    st.markdown(f"#### {in_markdown(heading(view.scene))}")
    explanation = view.scene.record.explanation
    with st.container(gap="xsmall"):
        left, right = st.columns([2.2, 1], gap="large")
        with left.container(height=_WORDS, border=False, gap="xsmall"):
            st.caption(_about(view, n))
            st.markdown(explanation.text if explanation else "")
            st.markdown(_acting(view))
        with right.container(height=_WORDS, border=False):
            st.markdown("  \n".join(_bold(name, value) for name, value in drawn.numbers.items()))
        with st.container(height=_FORMULA, border=False, vertical_alignment="center"):
            if explanation and explanation.formula:
                st.latex(explanation.formula)


def _about(view: View, n: int) -> str:
    """ "step 3 of 10 · reference donor 1, target donor 2 · 0.08 s"."""
    record = view.scene.record
    about = [f"step {view.scene.number + 1} of {n}"]
    if record.sides is not None:
        left, right = view.side_names()
        about.append(f"reference {in_markdown(left)}, target {in_markdown(right)}")
    return " · ".join([*about, f"{record.seconds:.2f} s" + (", reused" if record.reused else "")])


def _acting(view: View) -> str:
    """The method's parameters that act in the step, with the run's values."""
    explanation = view.scene.record.explanation
    acting = [name for name in explanation.parameters if name in view.params] if explanation else []
    told = [_bold(name, library.short(view.params[name]) or "none") for name in acting]
    return f":blue[acts here:] {', '.join(told)}" if told else ""


def _bold(name: str, value: str) -> str:
    return f"{in_markdown(name)} **{in_markdown(value)}**"


def _pictures(run_id: str, drawn: Drawn) -> None:
    """All pictures, side by side as far as they fit."""
    place = 0
    for row in _rows(drawn.pictures):
        for column, picture in zip(st.columns([picture.width for picture in row]), row, strict=True):
            with column:
                _picture(run_id, picture, place)
            place += 1
    caption, button = st.columns([4, 1])
    caption.caption(drawn.caption)
    if st.session_state.get(_cell(run_id)) is not None and button.button(
        "Forget the cell", width="stretch", icon=":material/close:"
    ):
        st.session_state[_cell(run_id)] = None
        st.rerun(scope="fragment")


def _rows(pictures: Sequence[Picture]) -> list[list[Picture]]:
    """Pictures in rows of at most two that are not too wide together."""
    rows: list[list[Picture]] = []
    for picture in pictures:
        fits = rows and len(rows[-1]) == 1 and rows[-1][0].width + picture.width <= _ROW
        if fits:
            rows[-1].append(picture)
        else:
            rows.append([picture])
    return rows


def _picture(run_id: str, picture: Picture, place: int) -> None:
    """One picture, its moments under a slider; a click on a cell is remembered."""
    figure, key = picture.figure, f"steps:{run_id}:{place}"
    if picture.at is not None and len(picture.moments) > 1:
        moment = st.select_slider(
            "Moment", range(len(picture.moments)), len(picture.moments) - 1, format_func=picture.moments.__getitem__,
            key=f"{key}:moment:{len(picture.moments)}", label_visibility="collapsed",
        )  # fmt: skip
        figure = picture.at(moment).update_layout(height=HEIGHT - _MOMENT)
    options = {"scrollZoom": True, "displaylogo": False, "modeBarButtonsToRemove": ["select2d", "lasso2d"]}
    if not picture.clicks:
        st.plotly_chart(figure, key=key, alt=picture.alt, config=options)
    else:
        event = st.plotly_chart(
            figure, key=f"{key}:cells", alt=picture.alt, config=options, on_select="rerun", selection_mode="points"
        )
        _remember(run_id, event, f"{key}:clicked")
    if picture.caption:
        st.caption(picture.caption)


def _remember(run_id: str, event: Any, key: str) -> None:
    """Keep the cell that was just clicked, and draw the step with it."""
    cell = clicked(event, int)
    if cell is None or cell == st.session_state.get(key):
        return
    st.session_state[key] = st.session_state[_cell(run_id)] = cell
    st.rerun(scope="fragment")


def _below(view: View) -> None:
    """The slide's formula where it is not the one that runs, and what else the step was given."""
    record = view.scene.record
    if record.explanation is not None and record.explanation.slide:
        st.caption("On the slide, where it is not what runs:")
        st.latex(record.explanation.slide)
    given = {name: value for name, value in record.params.items() if not isinstance(value, tuple | list)}
    if given:
        told = [f"{in_markdown(name)} {in_markdown(library.short(value))}" for name, value in given.items()]
        st.caption(f"The step was given {', '.join(told)}.")
