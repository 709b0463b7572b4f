"""Computes and stores the observations of precomputed lessons: `python -m scint_core.runs.lesson_grids [lesson …]`."""

from __future__ import annotations

import itertools
import sys
from collections.abc import Sequence

from scint_core.lab import all_lessons, find_lesson
from scint_core.lab.lesson import Lesson, Stop
from scint_core.runs.grids import SEED, State, grid_path, write_grid
from scint_core.runs.lessons import LabBench


def states_of(lesson: Lesson) -> list[dict[str, Stop]]:
    """Every combination of slider values."""
    names = [slider.name for slider in lesson.sliders]
    return [
        dict(zip(names, stops, strict=True))
        for stops in itertools.product(*(slider.stops for slider in lesson.sliders))
    ]


def computed(lesson: Lesson) -> list[State]:
    """What is seen at every combination of slider values; steps that they share are taken from the step cache."""
    states: list[State] = []
    for at in states_of(lesson):
        print(f"{lesson.name}: {at}", flush=True)
        states.append((at, lesson.observe(LabBench(SEED), **at)))
    return states


def main(names: Sequence[str]) -> None:
    """Store the lessons of these names, or all precomputed ones."""
    lessons = [find_lesson(name) for name in names] or [one for one in all_lessons().values() if one.precomputed]
    for lesson in lessons:
        path = grid_path(lesson.name)
        write_grid(path, computed(lesson))
        print(f"{path.name}: {path.stat().st_size / 1e3:.0f} kB")


if __name__ == "__main__":
    main(sys.argv[1:])
