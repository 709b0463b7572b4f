"""Finds every lesson: a module in `lessons` that holds `LESSON`."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from scint_core.contract.discover import declared_in
from scint_core.errors import ParameterError, did_you_mean
from scint_core.lab.lesson import CHAPTERS, Lesson


@cache
def _found() -> dict[str, Lesson]:
    found = declared_in(f"{__package__}.lessons", Path(__file__).parent / "lessons", "LESSON", Lesson)
    chapters = list(CHAPTERS)
    lessons = sorted(found, key=lambda lesson: (chapters.index(lesson.chapter), lesson.position))
    return {lesson.name: lesson for lesson in lessons}


def all_lessons() -> dict[str, Lesson]:
    """Every lesson by name, in the talk's order."""
    return dict(_found())


def find_lesson(name: str) -> Lesson:
    """The lesson called `name`. Raises `ParameterError` with the nearest name there is."""
    lessons = _found()
    if name not in lessons:
        hint = did_you_mean(str(name).lower(), lessons)
        raise ParameterError(f"lesson '{name}' does not exist: {hint}There are {', '.join(lessons)}")
    return lessons[name]
