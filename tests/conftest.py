"""Every test session writes to folders of its own, never to the user's."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

_OURS = "SCINT_TESTS" not in os.environ  # else this is a worker of pytest-xdist, beside others
if _OURS:
    os.environ["SCINT_TESTS"] = tempfile.mkdtemp(prefix="scint-tests-")
_SESSION = Path(os.environ["SCINT_TESTS"])
_COMPILED = _SESSION / "compiled"  # by all workers, each piece once


def new_cache(folder: Path) -> Path:
    """A cache folder without any step, which shares the session's compiled code: `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    _COMPILED.mkdir(parents=True, exist_ok=True)
    (folder / "compiled").symlink_to(_COMPILED, target_is_directory=True)
    return folder


_WORKER = _SESSION / os.environ.get("PYTEST_XDIST_WORKER", "alone")
os.environ["SCINT_CACHE"] = str(new_cache(_WORKER / "cache"))
os.environ["SCINT_STATE"] = str(_WORKER / "state")


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


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """Of two workers one does all browser tests, with one server; the other takes the other files, each whole."""
    from xdist.scheduler import LoadScopeScheduling

    class BrowserBesideTheRest(LoadScopeScheduling):
        def _split_scope(self, nodeid: str) -> str:
            return "browser" if nodeid.startswith("tests/browser/") else nodeid.partition("::")[0]

    return BrowserBesideTheRest(config, log)


def pytest_sessionfinish() -> None:
    if _OURS:
        shutil.rmtree(_SESSION, ignore_errors=True)
