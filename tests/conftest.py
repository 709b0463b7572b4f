"""Every test session writes to folders of its own, never to the user's."""

import os
import tempfile
from pathlib import Path

import pytest

_SESSION = Path(tempfile.mkdtemp(prefix="scint-tests-"))
os.environ["SCINT_CACHE"] = str(_SESSION / "cache")
os.environ["OMP_WAIT_POLICY"] = "PASSIVE"  # as scanvi sets it, here before any test loads torch
os.environ["SCINT_STATE"] = str(_SESSION / "state")


@pytest.fixture(autouse=True)
def _fresh_cache(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No test is helped or hurt by a step that another one has cached."""
    monkeypatch.setenv("SCINT_CACHE", str(tmp_path / "cache"))


def pytest_sessionfinish() -> None:
    import shutil

    shutil.rmtree(_SESSION, ignore_errors=True)
