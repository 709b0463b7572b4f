"""The warm server: a process that has the engine loaded and forks a child per job.

A forked child starts in about 30 ms where a plain one takes seconds to import. It exists where fork is safe (Linux);
elsewhere jobs start plainly. It never runs a job itself, and no parallel kernel, so that its children are sound.
It says `ready` once it is loaded, and reads lines on standard input: `start FOLDER` for a job, `hold FOLDER` for the
result of one, prepared data that it reads for the live jobs to come. It answers `started FOLDER PID` and
`ended PID STATUS` on standard output; when its input closes, it ends its children and itself.
"""

from __future__ import annotations

import contextlib
import gc
import os
import select
import signal
import sys
import warnings
from pathlib import Path

from scint_core.numerics.compiled import load_kept

_AFTER_ALL_OTHERS = 15  # niceness of work that nobody waits for yet


def serve() -> None:
    """Fork a child for every folder read, and report every child that ends."""
    from scint_core.runs.jobs.child import run_job

    _warm_up()
    wake_read, wake_write = os.pipe()
    os.set_blocking(wake_write, False)
    signal.set_wakeup_fd(wake_write)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    compiling = _compile_ahead()
    children = {compiling}
    pending = b""
    _say("ready")
    while True:
        ready, _, _ = select.select([0, wake_read], [], [])
        if wake_read in ready:
            os.read(wake_read, 512)
            _report_ended(children)
            if compiling and compiling not in children:
                compiling = 0
                load_kept()
        if 0 in ready:
            read = os.read(0, 4096)
            if not read:
                return _end(children)
            *lines, pending = (pending + read).split(b"\n")
            for line in lines:
                word, _, folder = os.fsdecode(line).partition(" ")
                if word == "hold":
                    _hold(Path(folder))
                    continue
                pid = os.fork()
                if pid == 0:
                    _become_child(Path(folder))
                    os._exit(run_job(Path(folder)))
                children.add(pid)
                _say(f"started {folder} {pid}")


def _warm_up() -> None:
    """Import what jobs need, and load what every child would load; not their work."""
    import anndata  # noqa: F401
    import scipy.sparse.linalg  # noqa: F401
    import sklearn.cluster  # noqa: F401

    import scint_core.runs.jobs.lesson
    import scint_core.runs.jobs.live  # noqa: F401
    from scint_core.lab import all_lessons
    from scint_core.methods import all_methods
    from scint_core.numerics.umap import load_umap
    from scint_core.runs.keys import engine_digest

    all_methods()
    all_lessons()
    load_umap()
    engine_digest()
    load_kept()
    _find_threads()
    gc.freeze()  # so that no search for garbage writes on pages that children share


def _find_threads() -> None:
    """Find the libraries that use threads, after all imports: children, who import nothing more, then know them."""
    from scint_core.numerics.threads import whole_pieces

    with whole_pieces():
        pass


def _hold(result: Path) -> None:
    """Read prepared data. Where that fails, the job that reads them again says so."""
    from scint_core.runs.jobs.live import hold

    with contextlib.suppress(Exception):
        hold(result)
    _find_threads()


def _compile_ahead() -> int:
    """Fill the cache of compiled code in a child, so that nobody's first run waits for it; returns its number."""
    pid = os.fork()
    if pid:
        return pid
    from scint_core.data.prepare import preprocess
    from scint_core.data.simulate import simulate
    from scint_core.methods import all_methods
    from scint_core.numerics.umap import umap_layout
    from scint_core.runs.integrate import integrate

    try:
        os.nice(_AFTER_ALL_OTHERS)
        warnings.simplefilter("ignore")
        few = preprocess(simulate("two_batches", n_cells=80, n_genes=60))
        umap_layout(few.obsm["X_pca"])
        for name in all_methods():
            integrate(few, name, label_key="cell_type")
    finally:
        os._exit(0)  # never back into the server's loop


def _become_child(folder: Path) -> None:
    """A group of its own, plain signals, and output that goes to the job's folder."""
    os.setpgid(0, 0)
    signal.set_wakeup_fd(-1)
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    nothing = os.open(os.devnull, os.O_RDONLY)
    log = os.open(folder / "log.txt", os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    os.dup2(nothing, 0)
    os.dup2(log, 1)
    os.dup2(log, 2)


def _report_ended(children: set[int]) -> None:
    """Say which processes have ended, and let go of them."""
    while True:
        try:
            pid, status = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:  # none left
            return
        if pid == 0:
            return
        if pid in children:
            children.discard(pid)
            _say(f"ended {pid} {os.waitstatus_to_exitcode(status)}")


def _end(children: set[int]) -> None:
    for pid in children:
        os.kill(pid, signal.SIGKILL)


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    serve()
