"""Finds every lesson: a module in `lessons` that holds `LESSON`."""

from __future__ import annotations

import difflib
import importlib
import pkgutil
from functools import cache
from pathlib import Path

from scint_core.errors import ParameterError
from scint_core.lab.lesson import CHAPTERS, Lesson


@cache
def _found() -> dict[str, Lesson]:
    package = f"{__package__}.lessons"
    modules = pkgutil.iter_modules([str(Path(__file__).parent / "lessons")], f"{package}.")
    found = [getattr(importlib.import_module(module.name), "LESSON", None) for module in modules]
    chapters = list(CHAPTERS)
    lessons = sorted(
        (lesson for lesson in found if isinstance(lesson, Lesson)),
        key=lambda lesson: (chapters.index(lesson.chapter), lesson.position),
    )
    return {lesson.name: lesson for lesson in lessons}


def all_lessons() -> dict[str, Lesson]:
    """Every lesson by name, in the talk's order."""
    return dict(_found())


def find_lesson(name: str) -> Lesson:
    """The lesson called `name`. Raises `ParameterError` with the nearest name there is."""
    lessons = _found()
    if name not in lessons:
        near = difflib.get_close_matches(str(name).lower(), lessons, n=1)
        hint = f"did you mean '{near[0]}'? " if near else ""
        raise ParameterError(f"lesson '{name}' does not exist: {hint}There are {', '.join(lessons)}")
    return lessons[name]
