"""Time and memory of one call."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from pathlib import Path


def measured(work: Callable[[], object]) -> dict[str, float]:
    """Wall and CPU seconds of `work()` (all threads), and the process's peak memory in MB before and after it."""
    before, wall, cpu = _peak(), time.perf_counter(), time.process_time()
    work()
    seconds = {"wall_s": time.perf_counter() - wall, "cpu_s": time.process_time() - cpu}
    return {**seconds, "before_mb": before, "peak_mb": _peak()}


def _peak() -> float:
    """The most memory that this process has had resident, in MB, as Linux counts it.

    Not `getrusage`, whose maximum a new process takes over from the one that started it.
    """
    found = re.search(r"VmHWM:\s+(\d+) kB", Path("/proc/self/status").read_text())
    assert found is not None
    return int(found[1]) / 1024
