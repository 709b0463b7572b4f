"""A finding: one sentence about the data, and what to do about it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Level = Literal["info", "warning", "error"]


@dataclass(frozen=True)
class Finding:
    """What a check saw, as a sentence for the person at the screen.

    `level` is "info" (scint deals with it on its own), "warning" (it changes a result or needs the user) or
    "error" (no method can run). `fix` says what to do, and is empty where nothing needs doing.
    """

    level: Level
    message: str
    fix: str = ""

    def __str__(self) -> str:
        return f"{self.message} {self.fix}".strip()
