"""Every test session writes to folders of its own, never to the user's."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

_SESSION = Path(tempfile.mkdtemp(prefix="scint-tests-"))
_COMPILED = _SESSION / "cache" / "compiled"
os.environ["SCINT_CACHE"] = str(_SESSION / "cache")
os.environ["OMP_WAIT_POLICY"] = "PASSIVE"  # as scanvi sets it, here before any test loads torch
os.environ["SCINT_STATE"] = str(_SESSION / "state")


def new_cache(folder: Path) -> Path:
    """A cache folder without any step, which shares the session's compiled code: `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    _COMPILED.mkdir(parents=True, exist_ok=True)
    (folder / "compiled").symlink_to(_COMPILED, target_is_directory=True)
    return folder


@pytest.fixture(autouse=True)
def _fresh_cache(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """No test is helped or hurt by a step that another one has cached."""
    folder = Path(tempfile.mkdtemp(prefix="cache-", dir=_SESSION))
    monkeypatch.setenv("SCINT_CACHE", str(new_cache(folder)))
    yield
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def jobs_here(monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """Jobs are done in the thread that watches them, without a process; returns their folders as they run, in order."""
    from scint_core.runs.jobs import supervise
    from scint_core.runs.jobs.child import run_job
    from scint_core.runs.jobs.launch import Child

    ran = []

    def start(path: Path) -> Child:
        ran.append(path)
        child = Child(-1)
        child.end(run_job(path))
        return child

    monkeypatch.setattr(supervise, "start", start)
    return ran


def pytest_sessionfinish() -> None:
    shutil.rmtree(_SESSION, ignore_errors=True)
