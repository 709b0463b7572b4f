"""A lesson as a page: setting, prediction, sliders and pictures, explanation, self-check."""

from __future__ import annotations

from typing import Any

import streamlit as st

from pages.ui import lesson_state as state
from pages.ui.lesson_jobs import ask_ahead, ask_beside, look
from pages.ui.lesson_parts import claim_text, hold_room, show_figures, show_pictures
from pages.ui.lesson_state import Visit
from pages.ui.notices import show_notes
from pages.ui.text import in_markdown
from scint_core.lab import all_lessons
from scint_core.lab.lesson import CHAPTERS, Lesson, Question, Slider
from scint_core.lab.pictures import Observation

_HEIGHTS = {1: 430, 2: 400, 3: 340}  # of pictures, by how many stand side by side
_TEXT = 15


def contents() -> None:
    """All chapters with their lessons; the ones whose self-check was answered bear a tick."""
    st.title("Learn")
    st.markdown(
        "Every lesson is a small simulated world in which a slider breaks one assumption of a method. First say what "
        "will happen, then look. The truth is known, so every number is measured against it."
    )
    lessons = list(all_lessons().values())
    chapters = [name for name in CHAPTERS if any(lesson.chapter == name for lesson in lessons)]
    for place, column in enumerate(st.columns(3, gap="large")):
        with column:
            for chapter in chapters[place * -(-len(chapters) // 3) : (place + 1) * -(-len(chapters) // 3)]:
                with st.container(gap=None):
                    st.subheader(CHAPTERS[chapter], anchor=False)
                    for lesson in lessons:
                        if lesson.chapter == chapter:
                            _entry(lesson)


def _entry(lesson: Lesson) -> None:
    icon = ":material/check_circle:" if state.is_done(lesson) else ":material/radio_button_unchecked:"
    st.button(
        lesson.title, key=f"open:{lesson.name}", type="tertiary", icon=icon, on_click=state.open_lesson,
        args=(lesson.name,),
    )  # fmt: skip


def page(lesson: Lesson) -> None:
    """One lesson, with the ways to the others."""
    _ways(lesson, "top")
    with st.container(gap=None):
        st.caption(CHAPTERS[lesson.chapter])
        st.header(lesson.title, anchor=False)
    _body(lesson)
    st.divider()
    _ways(lesson, "bottom")


def _ways(lesson: Lesson, where: str) -> None:
    """Back to the list, to the lesson before and after, into presenter mode."""
    before, after = state.beside(lesson, -1), state.beside(lesson, 1)
    with st.container(horizontal=True, horizontal_alignment="distribute"):
        st.button(
            "All lessons", key=f"all:{where}", icon=":material/list:", type="tertiary",
            on_click=state.open_lesson, args=(None,),
        )  # fmt: skip
        if before is not None:
            st.button(
                before.title, key=f"before:{where}", icon=":material/arrow_back:", type="tertiary",
                on_click=state.open_lesson, args=(before.name,),
            )  # fmt: skip
        if after is not None:
            st.button(
                after.title, key=f"after:{where}", icon=":material/arrow_forward:", icon_position="right",
                type="tertiary", on_click=state.open_lesson, args=(after.name,),
            )  # fmt: skip
        if where == "top":
            st.button(
                "Present", key="present", icon=":material/slideshow:", type="tertiary", on_click=state.present,
                args=(True,), help="Large type, for a room: driven by the keyboard alone.",
            )  # fmt: skip


@st.fragment
def _body(lesson: Lesson) -> None:
    """All that follows the sliders; only this is drawn again when one moves."""
    visit = state.visit(lesson)
    st.markdown(lesson.setting)
    ask_ahead(lesson, visit)
    if not visit.revealed:
        _prediction(lesson, visit)
    else:
        verdict = st.container()
        _sliders(lesson, visit)
        if _seen(lesson, visit):
            with verdict:
                _verdict(lesson, visit)
            _told(lesson, visit)
        ask_beside(lesson, visit)
    if visit.revealed and visit.shown is not None and visit.shown.notes:
        with st.expander("What the run remarked"):
            show_notes(visit.shown.notes)
    with st.expander("What this lesson claims"):
        claims = "\n".join(f"- {in_markdown(claim_text(lesson, claim))}" for claim in lesson.claims)
        st.markdown(f"Tested in five worlds, each with random numbers of its own:\n\n{claims}")
    state.write_address()


def _prediction(lesson: Lesson, visit: Visit) -> None:
    """The question before the run; the pictures come once it is answered."""
    with st.container(border=True):
        st.markdown(f"**Your prediction.** {lesson.prediction.text}")
        guess = st.radio(
            "Your prediction", range(len(lesson.prediction.options)), index=visit.guess, key=f"guess:{lesson.name}",
            format_func=lambda i: in_markdown(lesson.prediction.options[i]), label_visibility="collapsed",
        )  # fmt: skip
        st.button(
            "Run and see", key=f"reveal:{lesson.name}", type="primary", icon=":material/visibility:",
            disabled=guess is None, on_click=_reveal, args=(visit, guess),
        )  # fmt: skip


def _reveal(visit: Visit, guess: int) -> None:
    visit.guess, visit.revealed, visit.stage = guess, True, "picture"


def _verdict(lesson: Lesson, visit: Visit) -> None:
    """Whether the prediction was borne out, where the question is asked."""
    question = lesson.prediction
    values = state.values_at(question, visit)
    seen = look(lesson, values, visit.seed, st.empty())
    if seen is None:
        return
    hold_room(lesson, visit.seed, seen)
    with st.container(horizontal=True, vertical_alignment="center"):
        _answer(question, visit.guess, seen, "Your prediction", "Borne out.", "Not borne out.")
        if values != visit.values:
            st.button(
                f"See it at {state.where(lesson, question.at)}", key=f"there:{lesson.name}", icon=":material/tune:",
                width="content", on_click=visit.values.update, args=(question.at,),
            )  # fmt: skip


def _answer(question: Question, given: int | None, seen: Observation, said: str, yes: str, no: str) -> None:
    """What was said, whether it is right, and why."""
    right = question.answer(seen)
    if given is None:
        st.info(f"**{in_markdown(question.options[right])}.** {question.why(seen)}", icon=":material/info:")
        return
    head = f"{said}: *{in_markdown(question.options[given])}*."
    if given == right:
        st.success(f"{head} **{yes}** {question.why(seen)}", icon=":material/check:")
    else:
        st.warning(
            f"{head} **{no}** {in_markdown(question.options[right])}. {question.why(seen)}", icon=":material/close:"
        )


def _sliders(lesson: Lesson, visit: Visit) -> None:
    """The sliders side by side, and a button for another world."""
    places = st.columns([*[3] * len(lesson.sliders), 1.4], gap="large", vertical_alignment="bottom")
    for slider, place in zip(lesson.sliders, places[:-1], strict=True):
        with place:
            _slider(lesson, visit, slider)
    places[-1].button(
        "New world", key=f"world:{lesson.name}", icon=":material/casino:", width="stretch", on_click=_new_world,
        args=(visit,), help="The same world drawn anew with other random numbers: does what you saw still hold?",
    )  # fmt: skip


def _slider(lesson: Lesson, visit: Visit, slider: Slider) -> None:
    key = f"slider:{lesson.name}:{slider.name}"
    st.session_state[key] = visit.values[slider.name]

    def moved() -> None:
        visit.values[slider.name] = st.session_state[key]

    st.select_slider(
        slider.label, slider.stops, key=key, format_func=slider.said, help=slider.help or None, on_change=moved
    )


def _new_world(visit: Visit) -> None:
    visit.seed += 1


def _seen(lesson: Lesson, visit: Visit) -> bool:
    """What is seen where the sliders stand; the picture before stays until it is there. False for none at all."""
    line = st.empty()
    seen = look(lesson, visit.values, visit.seed, line)
    if seen is not None:
        visit.shown = seen
    if visit.shown is None:
        return False
    n = len(visit.shown.pictures)
    show_pictures(lesson, visit.seed, visit.shown, height=_HEIGHTS.get(n, 340), text=_TEXT)
    show_figures(lesson.figures, visit.shown)
    return True


def _told(lesson: Lesson, visit: Visit) -> None:
    """What happened and why, how the picture can be misread, and the self-check."""
    assert visit.shown is not None
    st.markdown(f"**What happened.** {lesson.explain(visit.shown)}")
    st.markdown(f":material/warning: **How to misread this.** {lesson.misreading}")
    _check(lesson, visit)


def _check(lesson: Lesson, visit: Visit) -> None:
    """The self-check, whose answer is computed from an observation."""
    question = lesson.check
    with st.container(border=True):
        st.markdown(f"**Check yourself.** {question.text}")
        answer = st.radio(
            "Check yourself", range(len(question.options)), index=visit.answer, key=f"check:{lesson.name}",
            format_func=lambda i: in_markdown(question.options[i]), label_visibility="collapsed",
        )  # fmt: skip
        st.button(
            "Check", key=f"answer:{lesson.name}", disabled=answer is None, on_click=_check_answer,
            args=(visit, answer),
        )  # fmt: skip
        if visit.answered and answer is not None and answer == visit.answer:
            place: Any = st.empty()
            seen = look(lesson, state.values_at(question, visit), visit.seed, place)
            if seen is not None:
                _answer(question, visit.answer, seen, "Your answer", "Right.", "Not so.")


def _check_answer(visit: Visit, answer: int) -> None:
    visit.answer, visit.answered = answer, True
