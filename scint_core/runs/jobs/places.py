"""Where the results of jobs lie, and what the files in them are called."""

from __future__ import annotations

from pathlib import Path

LOADED = "loaded.h5ad"
PREPARED = "prepared.h5ad"
INTEGRATED = "integrated.h5ad"
SUMMARY = "summary.json"
VIEW = "view"
GENES = "genes"


def result_of(job_id: str, filling: Path) -> Path:
    """Where the result of another job lies, seen from the folder that a job of whichever board is filling."""
    state = filling.parents[2]  # state / board / job / filling
    return state / "runs" / job_id / "result"
