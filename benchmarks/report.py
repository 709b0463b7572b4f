"""What a benchmark keeps: everything measured as JSON, and a page to read."""

from __future__ import annotations

import json
from typing import Any

from benchmarks.machine import ROOT

RESULTS = ROOT / "benchmarks" / "results"


def write(name: str, report: dict[str, Any], page: str) -> None:
    """Write `results/NAME.json` and `results/NAME.md`."""
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / f"{name}.json").write_text(json.dumps(report, indent=1) + "\n")
    (RESULTS / f"{name}.md").write_text(page)


def kept(name: str) -> dict[str, Any]:
    """What was measured before; nothing where nothing was."""
    path = RESULTS / f"{name}.json"
    found: dict[str, Any] = json.loads(path.read_text()) if path.exists() else {}
    return found
