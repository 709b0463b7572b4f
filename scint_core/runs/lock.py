"""Locks between processes, and between threads, that the system gives back when their holder dies."""

from __future__ import annotations

import contextlib
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

if sys.platform == "win32":
    import msvcrt
else:
    import fcntl

PATIENCE = 5.0  # seconds
_SHORTEST, _LONGEST = 0.001, 0.05  # seconds between two looks


def try_lock(path: Path) -> BinaryIO | None:
    """The file `path`, made where absent and locked for its holder alone; None where another holds it.

    `unlock` gives it back. Raises OSError where the disk refuses.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    file = open(path, "a+b")  # noqa: SIM115 (held open for as long as the lock)
    try:
        if sys.platform == "win32":
            file.seek(0)
            msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
        else:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except (BlockingIOError, PermissionError):
        file.close()
        return None
    except OSError:
        file.close()
        raise
    return file


def unlock(file: BinaryIO) -> None:
    """Give back what `try_lock` locked."""
    with file:
        if sys.platform == "win32":
            file.seek(0)
            msvcrt.locking(file.fileno(), msvcrt.LK_UNLCK, 1)
        else:
            fcntl.flock(file, fcntl.LOCK_UN)  # said aloud, for a process forked meanwhile has the file open too


@contextmanager
def locked(path: Path, patience: float = PATIENCE) -> Iterator[BinaryIO]:
    """Holds the lock `path` inside the block. Raises TimeoutError where another keeps it for `patience` seconds."""
    deadline, pauses = time.monotonic() + patience, _pauses()
    while (file := try_lock(path)) is None:
        if time.monotonic() > deadline:
            raise TimeoutError(f"{path.name} has been locked for more than {patience:g} s")
        time.sleep(next(pauses))
    try:
        yield file
    finally:
        unlock(file)


@contextmanager
def turn(path: Path, meanwhile: Callable[[], None]) -> Iterator[bool]:
    """Inside the block, nobody else who asks for this turn is inside; yields whether somebody was.

    Waits for that one to end, calling `meanwhile` all the time. Who has waited keeps the turn no longer, so that all
    who waited go on at once. Where the disk refuses to lock, everybody goes on at once.
    """
    lock, free = _look(path)
    waited, pauses = not free, _pauses()
    while not free:
        meanwhile()
        time.sleep(next(pauses))
        lock, free = _look(path)
    if waited:
        _end(path, lock)
    try:
        yield waited
    finally:
        if not waited:
            _end(path, lock)


def _look(path: Path) -> tuple[BinaryIO | None, bool]:
    """The lock, if it is to be had, and whether one need not wait."""
    try:
        lock = try_lock(path)
    except OSError:
        return None, True
    return lock, lock is not None


def _end(path: Path, lock: BinaryIO | None) -> None:
    """Give a turn back, and its file: who opens it at this very moment may share the turn with a newcomer."""
    if lock is not None:
        with contextlib.suppress(OSError):
            path.unlink()
        unlock(lock)


def _pauses() -> Iterator[float]:
    """Seconds to wait before every further look: short at first, without end."""
    pause = _SHORTEST
    while True:
        yield pause
        pause = min(2 * pause, _LONGEST)
