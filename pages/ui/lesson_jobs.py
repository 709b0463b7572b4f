"""Observations of lessons: made by jobs, remembered by the server."""

from __future__ import annotations

from typing import Any

import streamlit as st

from pages.ui.awaited import arrives, follow_line
from pages.ui.lesson_state import Visit, values_at
from pages.ui.text import in_markdown
from scint_core.lab.lesson import Lesson, Stop
from scint_core.lab.pictures import Observation
from scint_core.runs import codec
from scint_core.runs.jobs.board import JobSpec
from scint_core.runs.jobs.folder import JobFolder
from scint_core.runs.jobs.lesson import LessonBoard
from scint_core.runs.jobs.places import VIEW
from scint_core.runs.lessons import stored


@st.cache_resource(show_spinner=False)
def lesson_board() -> LessonBoard:
    """The one board of lessons of this server."""
    return LessonBoard()


@st.cache_resource(show_spinner=False, max_entries=200)
def _read(job_id: str) -> Observation:
    seen: Observation = codec.read(lesson_board().job(job_id).result / VIEW)
    return seen


def ask(lesson: Lesson, values: dict[str, Stop], seed: int) -> JobFolder:
    """Have an observation made, unless there is one; one that failed is not tried again."""
    board = lesson_board()
    spec = JobSpec("lesson", {"lesson": lesson.name, "values": lesson.at(values), "seed": seed})
    job = board.job(spec.id)
    return job if job.result.exists() or job.status().state == "failed" else board.submit(spec)


def ask_ahead(lesson: Lesson, visit: Visit) -> None:
    """Have the observations made that the next steps of a lesson need."""
    for values in (visit.values, values_at(lesson.prediction, visit), values_at(lesson.check, visit)):
        _ask_unless_stored(lesson, values, visit.seed)


def ask_beside(lesson: Lesson, visit: Visit) -> None:
    """Have the observations made that are one move of a slider away, so that they are there when it moves."""
    for slider in lesson.sliders:
        place = slider.stops.index(visit.values[slider.name])
        for stop in slider.stops[max(place - 1, 0) : place + 2]:
            _ask_unless_stored(lesson, {**visit.values, slider.name: stop}, visit.seed)


def _ask_unless_stored(lesson: Lesson, values: dict[str, Stop], seed: int) -> None:
    if stored(lesson, values, seed) is None:
        ask(lesson, values, seed)


def look(lesson: Lesson, values: dict[str, Stop], seed: int, line: Any) -> Observation | None:
    """What is seen at these slider values. None while it is not there yet, or cannot be: `line` says why."""
    at_once = stored(lesson, values, seed)
    if at_once is not None:
        return at_once
    job = ask(lesson, values, seed)
    if arrives(job, line):
        line.empty()
        return _read(job.id)
    if job.status().ended:
        line.error(in_markdown(job.status().error), icon=":material/error:")
    else:
        with line:
            follow_line(lesson_board, job.id)
    return None
