"""The task "lesson": what a lesson shows at one state of its sliders; and the board of such jobs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from scint_core.lab import find_lesson
from scint_core.numerics.threads import whole_pieces
from scint_core.runs import codec
from scint_core.runs.jobs.live import LiveBoard
from scint_core.runs.jobs.places import VIEW
from scint_core.runs.lessons import observe
from scint_core.runs.progress import Report


class LessonBoard(LiveBoard):
    """Jobs of the Learn page: small, and many of them, so that a slider that goes back finds what it left."""

    home = "lessons"
    kept = 60


@whole_pieces()
def lesson(arguments: dict[str, Any], folder: Path, report: Report) -> None:
    """Observe the lesson `lesson` at the slider `values`, in the world of `seed`. Leaves `VIEW`: the `Observation`."""
    report(0.0, "Simulating and integrating")
    seen = observe(find_lesson(arguments["lesson"]), arguments["values"], arguments["seed"])
    codec.write(seen, folder / VIEW)
