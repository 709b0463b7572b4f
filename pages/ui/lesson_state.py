"""Where a session stands in the lab. The address holds lesson, sliders and stage, so that a link opens just that."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, cast

import streamlit as st

from scint_core.errors import ParameterError
from scint_core.lab import all_lessons, find_lesson
from scint_core.lab.lesson import Lesson, Question, Slider, Stop
from scint_core.lab.pictures import Observation

Stage = Literal["setting", "prediction", "picture", "explanation", "check", "answer"]
STAGES: tuple[Stage, ...] = ("setting", "prediction", "picture", "explanation", "check", "answer")
"""What presenter mode shows one after the other."""

OWN = ("lesson", "present", "stage", "seed")
"""Names in the address besides those of sliders."""

_LESSON, _PRESENT, _VISITS, _TROUBLE = "learn:lesson", "learn:present", "learn:visits", "learn:trouble"


@dataclass
class Visit:
    """How a session has left a lesson: slider `values`, `seed` of the world, options chosen (None: none yet).

    `shown` is the last observation that was drawn, which stays until the next is there. `active` is the slider that
    the keys of presenter mode move.
    """

    values: dict[str, Stop]
    seed: int = 0
    guess: int | None = None
    revealed: bool = False
    answer: int | None = None
    answered: bool = False
    stage: Stage = "setting"
    active: int = 0
    shown: Observation | None = None


def restore() -> None:
    """Read the address, once per session; what it asks for and there is not is told by `trouble`."""
    if _VISITS in st.session_state:
        return
    st.session_state[_VISITS] = {}
    st.session_state[_LESSON] = None
    st.session_state[_TROUBLE] = []
    asked = st.query_params.to_dict()
    if "lesson" in asked:
        try:
            lesson = find_lesson(asked["lesson"])
        except ParameterError as error:
            st.session_state[_TROUBLE] = [str(error)]
        else:
            st.session_state[_LESSON] = lesson.name
            st.session_state[_VISITS][lesson.name], st.session_state[_TROUBLE] = visit_from(lesson, asked)
    st.session_state[_PRESENT] = st.session_state[_LESSON] is not None and asked.get("present") == "1"


def visit_from(lesson: Lesson, asked: Mapping[str, str]) -> tuple[Visit, list[str]]:
    """The state that an address asks for, and a sentence for each slider that cannot stand where it says."""
    visit, trouble = Visit(lesson.defaults()), list[str]()
    for slider in lesson.sliders:
        if slider.name in asked:
            stop = _stop_of(slider, asked[slider.name])
            if stop is None:
                stops = ", ".join(map(str, slider.stops))
                trouble.append(f"{slider.name} cannot be '{asked[slider.name]}': it stops at {stops}.")
            else:
                visit.values[slider.name] = stop
    if asked.get("seed", "").isdecimal():
        visit.seed = int(asked["seed"])
    if asked.get("stage") in STAGES:
        visit.stage = cast(Stage, asked["stage"])
    return visit, trouble


def _stop_of(slider: Slider, text: str) -> Stop | None:
    return next((stop for stop in slider.stops if text in (str(stop), slider.said(stop))), None)


def trouble() -> list[str]:
    """What the address asked for in vain."""
    return list(st.session_state[_TROUBLE])


def lesson() -> Lesson | None:
    """The open lesson; None where the list of lessons is shown."""
    name = st.session_state[_LESSON]
    return find_lesson(name) if name else None


def visit(lesson: Lesson) -> Visit:
    """How the session has left a lesson, or begins it."""
    visits: dict[str, Visit] = st.session_state[_VISITS]
    return visits.setdefault(lesson.name, Visit(lesson.defaults()))


def is_done(lesson: Lesson) -> bool:
    """Whether its self-check was answered in this session."""
    found: Visit | None = st.session_state[_VISITS].get(lesson.name)
    return found is not None and found.answered


def presenting() -> bool:
    """Whether the page is in presenter mode."""
    return bool(st.session_state[_PRESENT])


def open_lesson(name: str | None, stage: Stage | None = None) -> None:
    """Open another lesson, or the list; in presenter mode at `stage`, else where it was left."""
    st.session_state[_LESSON], st.session_state[_TROUBLE] = name, []
    if name and stage:
        visit(find_lesson(name)).stage = stage


def present(on: bool) -> None:
    """Enter or leave presenter mode."""
    st.session_state[_PRESENT] = on


def beside(lesson: Lesson, by: int) -> Lesson | None:
    """The lesson before (−1) or after (1) in the talk's order, None beyond the ends."""
    lessons = list(all_lessons().values())
    place = [one.name for one in lessons].index(lesson.name) + by
    return lessons[place] if 0 <= place < len(lessons) else None


def values_at(question: Question, visit: Visit) -> dict[str, Stop]:
    """The slider values that a question is about."""
    return {**visit.values, **question.at}


def where(lesson: Lesson, values: Mapping[str, Stop]) -> str:
    """ "Types in both batches: 0; k: 5": slider values in words."""
    sliders = {slider.name: slider for slider in lesson.sliders}
    return "; ".join(f"{sliders[name].label}: {sliders[name].said(value)}" for name, value in values.items())


def write_address() -> None:
    """Have the address say what is shown; what it says of the rest of the app stays."""
    sliders = {slider.name for one in all_lessons().values() for slider in one.sliders}
    before = st.query_params.to_dict()
    after = {name: value for name, value in before.items() if name not in {*OWN, *sliders}}
    shown = lesson()
    if shown is not None:
        after |= _address_of(shown, visit(shown))
    if after != before:
        st.query_params.from_dict(after)


def _address_of(lesson: Lesson, visit: Visit) -> dict[str, str]:
    address = {"lesson": lesson.name, **{name: str(value) for name, value in visit.values.items()}}
    if visit.seed:
        address["seed"] = str(visit.seed)
    if presenting():
        address |= {"present": "1", "stage": visit.stage}
    return address
