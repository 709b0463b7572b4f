"""The lab: small simulated worlds in which one assumption of a method can be broken with a slider.

A lesson is one file in `lessons`; it says what the world is, runs methods on it through the bench it is handed, and
measures the outcome against the truth that the simulation knows.
"""

from scint_core.lab.discovery import all_lessons, find_lesson

__all__ = ["all_lessons", "find_lesson"]
