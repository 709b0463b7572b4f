"""The step cache: results of steps on disk, by key, bounded in bytes, oldest use out first.

Safe with several processes at once: entries appear and vanish whole, by rename; a damaged entry counts as absent and is
dropped; a full disk only means that nothing more is kept. Room is made before anything is written, under a lock, so
that all processes together never go beyond the limit.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import uuid
from collections import OrderedDict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO

from scint_core.contract.folders import cache_folder
from scint_core.errors import ParameterError
from scint_core.runs import codec
from scint_core.runs.lock import locked, turn

MISSING = object()
LIMIT_VARIABLE = "SCINT_CACHE_BYTES"
DEFAULT_LIMIT = 4 << 30  # bytes
_SECONDS = "seconds"  # a file beside a result: how long the step took
_SECONDS_BYTES = 12
_SPARE = 1 / 16  # of the limit, freed beyond what is needed, so that entries are seldom counted
_HELD = 64  # results that are held at most, of 4 MB per array at most beside what is mapped
_TOTAL = "bytes"  # the file that says how many bytes there are; its lock is that of all writing


class StepCache:
    """Results by key under `folder/steps`, at most `limit` bytes of them; a limit of 0 keeps nothing."""

    worth = 0.05  # seconds of a processor that a step must have taken; a cheaper one is quicker done again than read

    def __init__(self, folder: Path | None = None, limit: int | None = None) -> None:
        self.folder = (folder or cache_folder()) / "steps"
        self.limit = _limit_from_environment() if limit is None else limit

    @property
    def off(self) -> bool:
        """Whether nothing is kept and nothing looked up, so that no key is needed."""
        return self.limit == 0

    def load(self, key: str) -> Any:
        """The result stored under `key`, or `MISSING`."""
        if self.off:
            return MISSING
        entry = self._entry(key)
        try:
            value = codec.read(entry)
        except (codec.Damaged, OSError, ValueError, KeyError, StopIteration):
            _drop(entry)  # absent, or no longer what was written
            return MISSING
        with contextlib.suppress(OSError):  # a folder that may only be read, or dropped at this moment
            os.utime(entry / codec.TREE)
        return value

    def seconds(self, key: str) -> float:
        """How long the step took whose result is stored under `key`; 0 where that is not known."""
        try:
            return float((self._entry(key) / _SECONDS).read_text())
        except (OSError, ValueError):
            return 0.0

    def store(self, key: str, value: Any, seconds: float = 0.0) -> None:
        """Keep `value`, which took `seconds`, under `key`; silently not, where it is larger than the limit or the disk
        refuses."""
        if self.off or (needed := codec.weight(value) + _SECONDS_BYTES) > self.limit:
            return
        entry = self._entry(key)
        with contextlib.suppress(OSError), locked(self.folder / _TOTAL) as file:
            if (entry / codec.TREE).exists():
                return
            before = self._with_room_for(needed, _read_total(file))
            _write_total(file, before + needed)  # said first, so that a process that dies here leaves no byte uncounted
            codec.write(value, entry)
            (entry / _SECONDS).write_text(f"{seconds:.3f}")
            _write_total(file, before + codec.size(entry))

    def trim(self) -> None:
        """Drop the entries used longest ago until the rest fits the limit."""
        with contextlib.suppress(OSError), locked(self.folder / _TOTAL) as file:
            _write_total(file, self._trim_to(self.limit))

    @contextmanager
    def turn(self, key: str, meanwhile: Callable[[], None]) -> Iterator[bool]:
        """Inside the block, nobody else who asks for a turn does the step `key`.

        Where another one is doing it, waits until it has ended, calling `meanwhile` all the time, and yields True: look
        again for the result. Who has waited keeps no turn, so that a step that is not stored is not done one by one.
        """
        if self.off:
            yield False
            return
        with turn(self.folder / "running" / key, meanwhile) as waited:
            yield waited

    def _with_room_for(self, needed: int, total: int | None) -> int:
        """Bytes that are left once `needed` more fit: of `total`, or of what is found where that is not known."""
        if total is None or total + needed > self.limit:
            return self._trim_to(max(0, int(self.limit * (1 - _SPARE)) - needed))
        return total

    def _trim_to(self, most: int) -> int:
        """Drop what was used longest ago, and what dead processes left, until at most `most` bytes are left."""
        for leftover in self.folder.glob("??/.*"):  # nobody else is writing, since the lock is held here
            shutil.rmtree(leftover, ignore_errors=True)
        kept, full = 0, False
        for _, size, entry in sorted(self._entries(), reverse=True):  # latest use first
            full = full or kept + size > most
            if full:
                _drop(entry)
            else:
                kept += size
        return kept

    def _entry(self, key: str) -> Path:
        return self.folder / key[:2] / key

    def _entries(self) -> list[tuple[float, int, Path]]:
        found = []
        for entry in self.folder.glob("??/*"):
            try:
                found.append(((entry / codec.TREE).stat().st_mtime, codec.size(entry), entry))
            except OSError:  # what an interrupted removal has left
                _drop(entry)
        return found


class RememberingCache(StepCache):
    """A step cache that holds the results it read last, for runs that follow each other in one process.

    What it holds is neither read nor checked again. Large arrays stay on the disk, mapped; so a result takes little.
    """

    def __init__(self, folder: Path | None = None, limit: int | None = None) -> None:
        super().__init__(folder, limit)
        self._held: OrderedDict[str, Any] = OrderedDict()  # the latest use last

    def load(self, key: str) -> Any:
        """The result stored under `key`, from memory where it is held, or `MISSING`."""
        value = self._held.pop(key, MISSING)
        if value is MISSING:
            value = super().load(key)
        if value is not MISSING:
            self._held[key] = value
            if len(self._held) > _HELD:
                self._held.popitem(last=False)
        return value


def _limit_from_environment() -> int:
    """Bytes from `SCINT_CACHE_BYTES`. Raises ParameterError where that is no whole number of at least 0."""
    text = os.environ.get(LIMIT_VARIABLE, "").strip()
    if not text:
        return DEFAULT_LIMIT
    if not text.isdecimal():
        raise ParameterError(
            f"environment variable '{LIMIT_VARIABLE}' is '{text}': it must be a whole number of bytes of at least 0, "
            f"such as {DEFAULT_LIMIT} for 4 GB, which it is where the variable is not set"
        )
    return int(text)


def _drop(entry: Path) -> None:
    """Remove an entry, in the eyes of other processes at once."""
    gone = entry.with_name(f".dropped-{uuid.uuid4().hex}")
    with contextlib.suppress(OSError):
        os.rename(entry, gone)
        shutil.rmtree(gone, ignore_errors=True)


def _read_total(file: BinaryIO) -> int | None:
    """Bytes of all entries; None where nobody has counted them."""
    file.seek(0)
    text = file.read()
    return int(text) if text.isdigit() else None


def _write_total(file: BinaryIO, total: int) -> None:
    file.truncate(0)  # all writing goes to the end
    file.write(b"%d" % total)
    file.flush()
