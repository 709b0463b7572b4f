"""The step cache: results of steps on disk, by key, bounded in bytes, oldest use out first.

Safe with several processes at once: entries appear whole by rename, a damaged or vanished entry counts as absent, and
a full disk only means that nothing more is kept.
"""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import Any

from scint_core.contract.folders import cache_folder
from scint_core.runs import codec

MISSING = object()
DEFAULT_LIMIT = 4 << 30  # bytes
_SECONDS = "seconds"  # a file beside a result: how long the step took
_TRIM_EVERY = 1 / 16  # of the limit, in newly stored bytes


class StepCache:
    """Results by key under `folder/steps`, at most `limit` bytes of them."""

    def __init__(self, folder: Path | None = None, limit: int | None = None) -> None:
        self.folder = (folder or cache_folder()) / "steps"
        self.limit = limit if limit is not None else int(os.environ.get("SCINT_CACHE_BYTES", DEFAULT_LIMIT))
        self._stored_since_trim = 0

    def load(self, key: str) -> Any:
        """The result stored under `key`, or `MISSING`."""
        entry = self._entry(key)
        try:
            value = codec.read(entry)
            os.utime(entry / codec.TREE)
        except FileNotFoundError:
            return MISSING
        except (codec.Damaged, OSError, ValueError, KeyError, StopIteration):
            shutil.rmtree(entry, ignore_errors=True)
            return MISSING
        return value

    def seconds(self, key: str) -> float:
        """How long the step took whose result is stored under `key`; 0 where that is not known."""
        try:
            return float((self._entry(key) / _SECONDS).read_text())
        except (OSError, ValueError):
            return 0.0

    def store(self, key: str, value: Any, seconds: float = 0.0) -> None:
        """Keep `value`, which took `seconds`, under `key`; silently not, where the disk refuses."""
        entry = self._entry(key)
        try:
            codec.write(value, entry)
            (entry / _SECONDS).write_text(f"{seconds:.3f}")
            self._stored_since_trim += codec.size(entry)
        except OSError:
            return
        if self._stored_since_trim > self.limit * _TRIM_EVERY:
            self.trim()

    def trim(self) -> None:
        """Drop the entries used longest ago until the rest fits the limit."""
        self._stored_since_trim = 0
        entries = sorted(self._entries(), reverse=True)  # latest use first
        kept = 0
        for _, bytes_, entry in entries:
            kept += bytes_
            if kept > self.limit:
                shutil.rmtree(entry, ignore_errors=True)

    def _entry(self, key: str) -> Path:
        return self.folder / key[:2] / key

    def _entries(self) -> list[tuple[float, int, Path]]:
        found = []
        for entry in self.folder.glob("??/*"):
            try:
                found.append(((entry / codec.TREE).stat().st_mtime, codec.size(entry), entry))
            except OSError:  # being written, or dropped by another process
                continue
        return found
