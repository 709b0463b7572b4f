"""Starting engine processes: forked from a warm server where fork is safe, plainly everywhere else."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import threading
from dataclasses import dataclass, field
from pathlib import Path

CAN_FORK = sys.platform.startswith("linux")
_ROOT = Path(__file__).resolve().parents[3]


def bearable() -> int:
    """How many engine processes this machine bears at once: one per two cores, and two at least, so that a quick
    job does not wait for a long one."""
    return max(2, (os.cpu_count() or 2) // 2)


@dataclass
class Child:
    """One engine process. `wait` gives its exit status, negative for a signal."""

    pid: int
    _ended: threading.Event = field(default_factory=threading.Event)
    _status: int = -int(signal.SIGTERM)

    def end(self, status: int) -> None:
        self._status = status
        self._ended.set()

    def wait(self) -> int:
        self._ended.wait()
        return self._status

    def kill(self) -> None:
        """End the process at once; its processor and memory are free when `wait` returns."""
        if not self._ended.is_set():
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.kill(self.pid, getattr(signal, "SIGKILL", signal.SIGTERM))


def _environment() -> dict[str, str]:
    """The environment of an engine process: it finds scint, and compiled code goes to the cache folder."""
    from scint_core.contract.folders import cache_folder

    path = os.pathsep.join(filter(None, (str(_ROOT), os.environ.get("PYTHONPATH", ""))))
    return {**os.environ, "PYTHONPATH": path, "NUMBA_CACHE_DIR": str(cache_folder() / "compiled")}


def start_plainly(folder: Path, module: str = "scint_core.runs.jobs.child") -> Child:
    """A fresh Python process that runs `module` on the job in `folder`; it ends when this process does."""
    with open(folder / "log.txt", "wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", module, str(folder)],
            stdin=subprocess.PIPE, stdout=log, stderr=subprocess.STDOUT, env=_environment(),
        )  # fmt: skip
    child = Child(process.pid)
    threading.Thread(target=lambda: child.end(process.wait()), daemon=True).start()
    return child


class WarmServer:
    """The client's side of `warm`: starts the server when first needed, and again should it die."""

    def __init__(self, module: str = "scint_core.runs.jobs.warm") -> None:
        self._module = module
        self._lock = threading.Lock()
        self._process: subprocess.Popen[str] | None = None
        self._waiting: dict[str, tuple[threading.Event, list[Child]]] = {}
        self._children: dict[int, Child] = {}
        self._held: Path | None = None
        self.ready = False

    def warm_up(self) -> None:
        """Start the server without waiting for it."""
        with self._lock:
            self._running()

    def hold(self, result: Path) -> None:
        """Have the server read a prepared data set, which the live jobs that are forked from then on find there.

        The job that prepared it left it in `result`. Nothing happens while the server is not ready.
        """
        with self._lock:
            if self.ready and self._held != result:
                self._tell("hold", result)
                self._held = result

    def start(self, folder: Path) -> Child:
        """A forked process for the job in `folder`, once the server is ready. Raises OSError where it dies first."""
        started, box = threading.Event(), list[Child]()
        with self._lock:
            self._running()
            self._waiting[str(folder)] = (started, box)
            self._tell("start", folder)
        started.wait()
        if not box:
            raise OSError("the warm server ended before it could start the job")
        return box[0]

    def _tell(self, word: str, path: Path) -> None:
        assert self._process is not None
        assert self._process.stdin is not None
        self._process.stdin.write(f"{word} {path}\n")
        self._process.stdin.flush()

    def _running(self) -> subprocess.Popen[str]:
        if self._process is None or self._process.poll() is not None:
            self._process = subprocess.Popen(
                [sys.executable, "-m", self._module],
                stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=_environment(),
            )  # fmt: skip
            threading.Thread(target=self._listen, args=(self._process,), daemon=True).start()
        return self._process

    def _listen(self, process: subprocess.Popen[str]) -> None:
        assert process.stdout is not None
        for line in process.stdout:
            word, *rest = line.rstrip("\n").split(" ")
            if word == "ready":
                self.ready = True
            elif word == "started":
                child = Child(int(rest[-1]))
                self._children[child.pid] = child
                self._answer(" ".join(rest[:-1]), child)
            elif word == "ended":
                ended = self._children.pop(int(rest[0]), None)
                if ended is not None:  # else the server's own helper, which is no job
                    ended.end(int(rest[1]))
        self._lost()

    def _answer(self, folder: str, *children: Child) -> None:
        started, box = self._waiting.pop(folder)
        box.extend(children)
        started.set()

    def _lost(self) -> None:
        """The server died: nobody will report on its children any more, so they end with it."""
        self.ready, self._held = False, None
        for child in list(self._children.values()):
            child.kill()
            child.end(-int(signal.SIGTERM))
        self._children.clear()
        for folder in list(self._waiting):
            self._answer(folder)


_warm = WarmServer()


def warm_up() -> None:
    """Get ready to start jobs quickly."""
    if CAN_FORK:
        _warm.warm_up()


def hold(result: Path) -> None:
    """Have the data that a job prepared and left in `result` read once, for all live jobs on them."""
    if CAN_FORK:
        with contextlib.suppress(OSError):
            _warm.hold(result)


def start(folder: Path) -> Child:
    """Start the engine process for the job in `folder`: forked from the warm server where there can be one.

    While the server is loading the engine, this waits: a plain process would load it as well, and take as long.
    """
    if CAN_FORK:
        with contextlib.suppress(OSError):
            return _warm.start(folder)
    return start_plainly(folder)
