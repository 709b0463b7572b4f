"""A claim: which server process looks after a job, so that no two do.

Whether a process of this machine lives can be asked. One of another machine, which shares the state folder, is taken to
live as long as it touches its claim (`keep`) every `KEEP_EVERY` seconds.
"""

from __future__ import annotations

import contextlib
import json
import os
import platform
import time
from functools import cache
from pathlib import Path

KEEP_EVERY = 30.0
_FRESH = 4 * KEEP_EVERY  # seconds; the clocks of two machines differ by less than the rest of it


@cache
def boot_id() -> str:
    """What tells this start of the machine from another; empty where the system does not say."""
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    except OSError:
        return ""


def take(path: Path) -> bool:
    """Claim `path` for this process. False where a living process holds it (this one included)."""
    while True:
        try:
            handle = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY)
        except FileExistsError:
            if held(path):
                return False
            path.unlink(missing_ok=True)
            continue
        with os.fdopen(handle, "w") as file:
            owner = {"pid": os.getpid(), "boot": boot_id(), "start": _start_of(os.getpid()), "machine": platform.node()}
            json.dump(owner, file)
        return True


def keep(path: Path) -> None:
    """Say to other machines that this process still holds the claim."""
    with contextlib.suppress(OSError):
        os.utime(path)


def release(path: Path) -> None:
    """Give a claim back."""
    path.unlink(missing_ok=True)


def held(path: Path) -> bool:
    """Whether a living process holds the claim."""
    try:
        owner = json.loads(path.read_text())
    except FileNotFoundError:
        return False
    except (OSError, ValueError):  # being written at this moment, or left half-written by a crash
        return _touched_within(path, 2.0)
    if owner.get("machine", platform.node()) != platform.node():
        return _touched_within(path, _FRESH)
    pid = int(owner.get("pid", 0))
    return owner.get("boot") == boot_id() and _alive(pid) and owner.get("start") == _start_of(pid)


def _start_of(pid: int) -> str:
    """When a process started, so that a number given out again is not taken for its owner; empty where unknown."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[19]
    except (OSError, IndexError):
        return ""


def _touched_within(path: Path, seconds: float) -> bool:
    try:
        return time.time() - path.stat().st_mtime < seconds
    except OSError:
        return False


def _alive(pid: int) -> bool:
    if pid <= 0:
        return False
    if os.name == "nt":  # os.kill would end the process there
        return _alive_on_windows(pid)
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _alive_on_windows(pid: int) -> bool:
    import ctypes

    synchronize = 0x00100000
    kernel = ctypes.windll.kernel32  # type: ignore[attr-defined, unused-ignore]
    handle = kernel.OpenProcess(synchronize, False, pid)
    if not handle:
        return False
    running = kernel.WaitForSingleObject(handle, 0) != 0
    kernel.CloseHandle(handle)
    return bool(running)
