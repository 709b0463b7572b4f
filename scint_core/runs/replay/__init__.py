"""The steps of a finished run as scenes: which cells a step is about, and where all cells are before and after it.

Everything is found from the records by result type, by size and by which earlier results a step was given, so a new
method is replayed without code of its own.
"""

from scint_core.runs.replay.parts_of_cell import Experts, Followed, experts_of, followed_by
from scint_core.runs.replay.replay import Given, Replay, replay
from scint_core.runs.replay.scene import Scene

__all__ = ["Experts", "Followed", "Given", "Replay", "Scene", "experts_of", "followed_by", "replay"]
