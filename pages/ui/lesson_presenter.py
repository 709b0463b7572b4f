"""Presenter mode: one lesson on one screen, stage by stage, in large type, driven by the keyboard alone."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from pages.ui import lesson_state as state
from pages.ui.lesson_jobs import ask_ahead, ask_beside, look
from pages.ui.lesson_keys import hear
from pages.ui.lesson_parts import hold_room, legends_of, show_figures, show_pictures
from pages.ui.lesson_state import STAGES, Visit
from pages.ui.text import in_markdown
from scint_core.lab.lesson import CHAPTERS, Lesson, Question
from scint_core.lab.pictures import Observation

_SCREEN = 720  # pixels
_LINE, _LETTERS = 31, 110  # height of a line of text with its share of the gaps, and letters on it
_SLIDER, _LEGEND = 27, 40  # heights of a slider's line and of a legend
_BESIDE_PICTURES = 348  # height of the title, one slider, legend, figures and keys
_BESIDE_TEXT = 238  # the same without the figures
_SMALLEST, _LARGEST = 190, 330
_TEXT = 19
_BEFORE_REVEAL = ("prediction", "check")
_WITHOUT_SLIDERS = ("prediction", "answer")  # stages that do not show where the sliders stand
_MOVES = {"up", "down", "slider"}

STYLE = """<style>
[data-testid=stHeader], [data-testid=stToolbar], [data-testid=stSidebar], [data-testid=stSidebarCollapsedControl] {
  display: none; }
.stMainBlockContainer { padding: 1.2rem 2.5rem 3.6rem !important; }
.stMainBlockContainer [data-testid=stMarkdownContainer] :is(p, li) { font-size: 1.5rem; line-height: 1.4; }
.stMainBlockContainer h1 { font-size: 2.1rem; padding: 0 0 .5rem; }
.stMainBlockContainer [data-testid=stVerticalBlock] { gap: .8rem; }
.st-key-large [data-testid=stMarkdownContainer] :is(p, li) { font-size: 1.9rem; line-height: 1.45; }
.st-key-told [data-testid=stMarkdownContainer] :is(p, li) { font-size: 1.3rem; line-height: 1.35; }
.st-key-told { gap: .4rem !important; }
.st-key-small [data-testid=stMarkdownContainer] :is(p, li) { font-size: 1.25rem; line-height: 1.35; }
.st-key-foot { position: fixed; bottom: 0; left: 0; right: 0; padding: .4rem 2.5rem; z-index: 100;
  background: var(--background-color, inherit); }
.lesson-legend { font-size: 1.15rem; }
.lesson-figures { gap: .4rem 3rem; }
.lesson-figures .number { font-size: 2.5rem; }
.lesson-figures .label { font-size: 1.15rem; }
.lesson-figures .good { font-size: 1rem; }
.lesson-words { font-size: 1.1rem; }
.lesson-words th, .lesson-words td { padding: .1rem .8rem .1rem 0; }
</style>"""

_KEYS = (
    ("→", "next", "next"), ("←", "back", "back"), ("Enter", "reveal", "next"), ("↑", "more", "up"),
    ("↓", "less", "down"), ("Tab", "other slider", "slider"), ("N", "new world", "world"), ("P", "leave", "leave"),
)  # fmt: skip


def present(lesson: Lesson) -> None:
    """The stage at which the lesson stands."""
    visit = state.visit(lesson)
    st.html(STYLE)
    st.title(lesson.title, anchor=False)
    ask_ahead(lesson, visit)
    SHOWN[visit.stage](lesson, visit)
    ask_beside(lesson, visit)
    with st.container(key="foot"):
        hear(_keys(lesson, visit), lambda name: act(lesson, visit, name))


def _keys(lesson: Lesson, visit: Visit) -> list[tuple[str, str, str]]:
    """The keys that do something here."""
    idle = _MOVES if visit.stage in _WITHOUT_SLIDERS else set() if len(lesson.sliders) > 1 else {"slider"}
    keys = [key for key in _KEYS if key[2] not in idle and (key[0] != "Enter" or visit.stage in _BEFORE_REVEAL)]
    options = {"prediction": lesson.prediction.options, "check": lesson.check.options}.get(visit.stage, ())
    return [*keys, (f"1–{len(options)}", "choose", "1")] if options else keys


def act(lesson: Lesson, visit: Visit, name: str) -> None:
    """Do what a key asks for."""
    if name in ("next", "back"):
        _go(lesson, visit, 1 if name == "next" else -1)
    elif name in _MOVES and visit.stage in _WITHOUT_SLIDERS:
        return
    elif name in ("up", "down"):
        _slide(lesson, visit, 1 if name == "up" else -1)
    elif name == "slider":
        visit.active = (visit.active + 1) % max(1, len(lesson.sliders))
    elif name == "world":
        visit.seed += 1
    elif name == "leave":
        state.present(False)
    else:
        _choose(lesson, visit, int(name) - 1)


def _go(lesson: Lesson, visit: Visit, by: int) -> None:
    """To the next stage or the one before; beyond the last stage to the next lesson."""
    place = STAGES.index(visit.stage) + by
    if 0 <= place < len(STAGES):
        visit.stage = STAGES[place]
        visit.revealed |= visit.stage == "picture"
        visit.answered |= visit.stage == "answer"
        return
    other = state.beside(lesson, by)
    if other is not None:
        state.open_lesson(other.name, STAGES[0] if by > 0 else STAGES[-1])


def _slide(lesson: Lesson, visit: Visit, by: int) -> None:
    """Move the active slider by one stop."""
    if lesson.sliders:
        slider = lesson.sliders[visit.active]
        place = slider.stops.index(visit.values[slider.name]) + by
        visit.values[slider.name] = slider.stops[min(max(place, 0), len(slider.stops) - 1)]


def _choose(lesson: Lesson, visit: Visit, option: int) -> None:
    """Mark one of the options of the question that is shown."""
    if visit.stage == "prediction" and option < len(lesson.prediction.options):
        visit.guess = option
    elif visit.stage == "check" and option < len(lesson.check.options):
        visit.answer = option


def _setting(lesson: Lesson, visit: Visit) -> None:
    with st.container(key="large"):
        st.markdown(f"*{CHAPTERS[lesson.chapter]}*")
        st.markdown(lesson.setting)
    _slider_line(lesson, visit)


def _slider_line(lesson: Lesson, visit: Visit) -> None:
    """Where the sliders stand, all stops in sight; the one that the keys move bears a mark."""
    lines = []
    for i, slider in enumerate(lesson.sliders):
        marked = i == visit.active
        stops = " · ".join(
            f"**:primary[{in_markdown(slider.said(stop))}]**" if stop == visit.values[slider.name]
            else f":gray[{in_markdown(slider.said(stop))}]"
            for stop in slider.stops
        )  # fmt: skip
        lines.append(f"{'▸' if marked else '&ensp;'} **{in_markdown(slider.label)}:** {stops}")
    with st.container(key="small"):
        st.markdown("  \n".join(lines))


def _prediction(lesson: Lesson, visit: Visit) -> None:
    with st.container(key="large"):
        st.markdown(f"**What do you expect?** {lesson.prediction.text}")
        _options(lesson.prediction, visit.guess)


def _options(question: Question, chosen: int | None) -> None:
    st.markdown(
        "\n\n".join(
            f":material/{'radio_button_checked' if i == chosen else 'radio_button_unchecked'}: **{i + 1}** &ensp;"
            + (f"**{in_markdown(option)}**" if i == chosen else in_markdown(option))
            for i, option in enumerate(question.options)
        )
    )


def _picture(lesson: Lesson, visit: Visit) -> None:
    _slider_line(lesson, visit)
    seen = _observed(lesson, visit)
    if seen is not None:
        show_pictures(lesson, visit.seed, seen, height=_height(lesson, seen, _BESIDE_PICTURES), text=_TEXT)
        show_figures(lesson.figures, seen)


def _observed(lesson: Lesson, visit: Visit) -> Observation | None:
    """What is seen where the sliders stand; what was seen before, until it is there."""
    line = st.empty()
    asked_at = look(lesson, state.values_at(lesson.prediction, visit), visit.seed, line)
    if asked_at is not None:
        hold_room(lesson, visit.seed, asked_at)
    seen = look(lesson, visit.values, visit.seed, line)
    if seen is not None:
        visit.shown = seen
    return visit.shown


def _explanation(lesson: Lesson, visit: Visit) -> None:
    """Smaller pictures, whether the prediction was borne out, and what happened."""
    _slider_line(lesson, visit)
    seen = _observed(lesson, visit)
    if seen is None:
        return
    asked_at = look(lesson, state.values_at(lesson.prediction, visit), visit.seed, st.empty())
    verdict = "" if asked_at is None else _verdict(lesson.prediction, visit.guess, asked_at, _elsewhere(lesson, visit))
    texts = [verdict, lesson.explain(seen), f"**Careful:** {lesson.misreading}"]
    show_pictures(lesson, visit.seed, seen, height=_height(lesson, seen, _BESIDE_TEXT, texts), text=_TEXT)
    with st.container(key="told"):
        for text in texts:
            st.markdown(text)


def _height(lesson: Lesson, seen: Observation, beside: int, texts: Sequence[str] = ()) -> int:
    """The height that pictures have on one screen, with the texts and legends below them."""
    lines = sum(-(-len(text) // _LETTERS) for text in texts)
    further = _LEGEND * (len(legends_of(seen)) - 1)
    left = _SCREEN - beside - _SLIDER * (len(lesson.sliders) - 1) - _LINE * lines - further
    return min(max(left, _SMALLEST), _LARGEST if texts else _SCREEN)


def _elsewhere(lesson: Lesson, visit: Visit) -> str:
    """Where the prediction is about another state than the one that is shown."""
    question = lesson.prediction
    if state.values_at(question, visit) == visit.values:
        return ""
    return f":gray[{in_markdown(state.where(lesson, question.at))}.] "


def _verdict(question: Question, given: int | None, seen: Observation, where: str = "") -> str:
    """What is right, and whether it was said."""
    right = question.answer(seen)
    wrong = "" if given is None else f":orange[✗ {in_markdown(question.options[given])}.] "
    mark = ":green[✓] " if given == right else wrong
    return f"{where}{mark}**{in_markdown(question.options[right])}.** {question.why(seen)}"


def _check(lesson: Lesson, visit: Visit) -> None:
    with st.container(key="large"):
        st.markdown(f"**Check yourself.** {lesson.check.text}")
        _options(lesson.check, visit.answer)
    _slider_line(lesson, visit)


def _answer(lesson: Lesson, visit: Visit) -> None:
    """The answer, with the pictures of what was asked about."""
    question = lesson.check
    seen = look(lesson, state.values_at(question, visit), visit.seed, st.empty())
    if seen is None:
        return
    hold_room(lesson, visit.seed, seen)
    verdict = _verdict(question, visit.answer, seen)
    with st.container(key="told"):
        st.markdown(f"**Check yourself.** {question.text}")
        _options(question, question.answer(seen))
        st.markdown(verdict)
    texts = [question.text, *question.options, verdict]
    show_pictures(lesson, visit.seed, seen, height=_height(lesson, seen, _BESIDE_TEXT, texts), text=_TEXT)


SHOWN = {
    "setting": _setting, "prediction": _prediction, "picture": _picture, "explanation": _explanation,
    "check": _check, "answer": _answer,
}  # fmt: skip
