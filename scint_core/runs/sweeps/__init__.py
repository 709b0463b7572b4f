"""Sweeps: one method, or several, over a grid of parameters, and how far the result moves.

`Grid` is what is run, `SweepBoard` sees it through with jobs and finds it again, `estimate` says how long it will take,
`sensitivity` what it shows. `sweep` is the public function, in the caller's process or in a folder.
"""

from scint_core.runs.sweeps.board import SweepBoard
from scint_core.runs.sweeps.estimate import MANY, Estimate, estimate
from scint_core.runs.sweeps.folder import SweepFolder, SweepRun, SweepStatus
from scint_core.runs.sweeps.grid import Grid, Point

__all__ = [
    "MANY",
    "Estimate",
    "Grid",
    "Point",
    "SweepBoard",
    "SweepFolder",
    "SweepRun",
    "SweepStatus",
    "estimate",
]
