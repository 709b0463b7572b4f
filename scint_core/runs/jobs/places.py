"""Where the results of jobs lie, and what the files in them are called."""

from __future__ import annotations

from pathlib import Path

from scint_core.contract.folders import state_folder

LOADED = "loaded.h5ad"
PREPARED = "prepared.h5ad"
INTEGRATED = "integrated.h5ad"
SUMMARY = "summary.json"
VIEW = "view"
GENES = "genes"


def result_of(job_id: str) -> Path:
    """Where the result of another job lies."""
    return state_folder() / "runs" / job_id / "result"
