"""Jobs of this process: what a child process does, done in the thread that watches it."""

import pytest

from scint_core.runs.jobs import supervise
from scint_core.runs.jobs.child import run_job
from scint_core.runs.jobs.launch import Child


@pytest.fixture
def jobs_here(monkeypatch):
    """No processes are started; returns the folders of the jobs that ran, in order."""
    ran = []

    def start(path):
        ran.append(path)
        child = Child(-1)
        child.end(run_job(path))
        return child

    monkeypatch.setattr(supervise, "start", start)
    return ran
