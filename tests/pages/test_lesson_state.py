"""A session in the lab: what an address asks for, where keys lead, how often a press counts."""

import pytest
import streamlit as st

from pages.ui import lesson_keys, lesson_state
from pages.ui.lesson_presenter import SHOWN, act
from pages.ui.lesson_state import OWN, STAGES, Visit, visit_from
from pages.ui.state import _REMEMBERED
from scint_core.lab import all_lessons, find_lesson

LESSONS = all_lessons()


@pytest.fixture(autouse=True)
def session(monkeypatch):
    """A session of its own, which has read an empty address."""
    known = {"learn:visits": {}, "learn:lesson": None, "learn:present": True, "learn:trouble": []}
    monkeypatch.setattr(st, "session_state", known)
    return known


@pytest.mark.parametrize("lesson", LESSONS.values(), ids=LESSONS)
def test_every_stop_of_every_slider_has_an_address(lesson):
    for slider in lesson.sliders:
        assert slider.name not in {*OWN, *_REMEMBERED}
        for stop in slider.stops:
            visit, trouble = visit_from(lesson, {slider.name: str(stop)})
            assert visit.values == {**lesson.defaults(), slider.name: stop}
            assert not trouble


def test_an_address_says_world_and_stage_and_what_it_asks_in_vain():
    lesson = find_lesson("mnn-shared-population")
    visit, trouble = visit_from(lesson, {"shared": "7", "seed": "3", "stage": "check", "data": "x"})
    assert (visit.values, visit.seed, visit.stage) == (lesson.defaults(), 3, "check")
    assert trouble == ["shared cannot be '7': it stops at 0, 1, 2, 3."]
    visit, _ = visit_from(lesson, {"seed": "-1", "stage": "nowhere"})
    assert (visit.seed, visit.stage) == (0, "setting")


def test_keys_go_through_all_stages_and_on_to_the_next_lesson(session):
    first, second = list(LESSONS.values())[:2]
    visit = lesson_state.visit(first)
    seen = [visit.stage]
    for _ in STAGES[1:]:
        act(first, visit, "next")
        seen.append(visit.stage)
    assert seen == list(STAGES) == list(SHOWN)
    assert visit.revealed
    assert lesson_state.is_done(first)
    act(first, visit, "next")
    assert lesson_state.lesson() is second
    act(second, lesson_state.visit(second), "back")
    assert lesson_state.lesson() is first
    assert lesson_state.visit(first).stage == "answer"
    act(first, visit, "leave")
    assert not lesson_state.presenting()


def test_before_the_first_lesson_and_after_the_last_there_is_none():
    lessons = list(LESSONS.values())
    assert lesson_state.beside(lessons[0], -1) is None
    assert lesson_state.beside(lessons[-1], 1) is None
    visit = Visit(lessons[0].defaults())
    act(lessons[0], visit, "back")
    assert visit.stage == "setting"


def test_keys_move_the_active_slider_from_stop_to_stop():
    lesson = next(lesson for lesson in LESSONS.values() if len(lesson.sliders) > 1)
    one, two = lesson.sliders[:2]
    visit = Visit({**lesson.defaults(), one.name: one.stops[0], two.name: two.stops[0]})
    act(lesson, visit, "down")
    assert visit.values[one.name] == one.stops[0]
    act(lesson, visit, "up")
    assert visit.values[one.name] == one.stops[1]
    act(lesson, visit, "slider")
    act(lesson, visit, "up")
    assert (visit.values[one.name], visit.values[two.name]) == (one.stops[1], two.stops[1])
    visit.stage = "prediction"  # where no slider is seen
    act(lesson, visit, "down")
    assert visit.values[two.name] == two.stops[1]
    act(lesson, visit, "world")
    assert visit.seed == 1


def test_figures_choose_an_option_of_the_question_that_is_shown():
    lesson = find_lesson("mnn-shared-population")
    visit = Visit(lesson.defaults(), stage="prediction")
    act(lesson, visit, "2")
    act(lesson, visit, "5")
    assert (visit.guess, visit.answer) == (1, None)
    visit.stage = "check"
    act(lesson, visit, "1")
    assert (visit.guess, visit.answer) == (1, 0)


def test_every_press_counts_once():
    acted = []
    lesson_keys.act_on_new([[1, "next"], [2, "up"]], acted.append)
    lesson_keys.act_on_new([[1, "next"], [2, "up"], [3, "up"]], acted.append)
    assert acted == ["next", "up", "up"]
