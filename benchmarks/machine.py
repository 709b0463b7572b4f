"""A machine that measures: every measurement is a process of its own, which ends when nobody waits for it."""

from __future__ import annotations

import json
import os
import platform
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
THREAD_VARIABLES = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS")
_LOOK_EVERY = 0.5  # seconds

Figures = dict[str, Any]


class MeasurementError(Exception):
    """A process left no figures; the message says why."""


@dataclass(frozen=True)
class Machine:
    """The machine that this is called on. `folder` holds the data: where it is gone, nobody waits for figures."""

    folder: Path

    def measured(
        self, module: str, *arguments: object, python: str = sys.executable, threads: int = 1,
        cache: str | None = None, timeout: float | None = None,
    ) -> Figures:  # fmt: skip
        """What `python -m benchmarks.MODULE ARGUMENTS` prints as its last line, a JSON object.

        `process_s` in it are the seconds from the start of the process to its end. It takes as many threads as it is
        told, and keeps compiled code and steps in the folder `cache` (default: `own_cache`). Raises `MeasurementError`
        where it fails or takes more than `timeout` seconds.
        """
        environment = {
            **os.environ,
            **dict.fromkeys(THREAD_VARIABLES, str(threads)),
            "SCINT_CACHE": cache or own_cache().name,
        }
        command = [python, "-m", f"benchmarks.{module}", *map(str, arguments)]
        started = time.perf_counter()
        with subprocess.Popen(
            command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        ) as process:
            try:
                printed, complaints = self._awaited(process, timeout)
            except BaseException:
                process.kill()
                raise
        if process.returncode:
            lines = complaints.strip().splitlines()
            raise MeasurementError(lines[-1] if lines else f"ended with status {process.returncode}")
        return {"process_s": time.perf_counter() - started, **json.loads(printed.splitlines()[-1])}

    def _awaited(self, process: subprocess.Popen[str], timeout: float | None) -> tuple[str, str]:
        """All that a process prints and complains of."""
        started = time.monotonic()
        while True:
            try:
                return process.communicate(timeout=_LOOK_EVERY if timeout is None else min(_LOOK_EVERY, timeout))
            except subprocess.TimeoutExpired:
                if timeout is not None and time.monotonic() - started > timeout:
                    raise MeasurementError(f"took more than {timeout:g} s") from None
                if not self.folder.exists():
                    raise MeasurementError("nobody waits for it any more") from None


@cache
def own_cache() -> tempfile.TemporaryDirectory[str]:
    """The cache folder of all measurements of this process, gone when it ends: nobody else fills or empties it."""
    return tempfile.TemporaryDirectory(prefix="scint-benchmarks-")


def description() -> dict[str, Any]:
    """What is measured on."""
    return {
        "system": platform.system(),
        "machine": platform.machine(),
        "cores": os.cpu_count(),
        "python": platform.python_version(),
    }


def in_words(machines: list[dict[str, Any]]) -> str:
    """The machines in half a sentence."""
    words = [f"{machine['system']} on {machine['machine']}, {machine['cores']} cores" for machine in machines]
    return "; ".join(dict.fromkeys(words))
