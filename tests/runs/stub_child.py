"""An engine process whose tasks misbehave on purpose."""

import importlib
import os
import signal
import sys
import time
from types import ModuleType

import numpy as np

from scint_core.errors import DataError
from scint_core.runs.jobs.places import result_of

_no_tasks = ModuleType("scint_core.runs.jobs.tasks")
_no_tasks.TASKS = {}
sys.modules[_no_tasks.__name__] = _no_tasks  # the real ones take seconds to import
child = importlib.import_module("scint_core.runs.jobs.child")


def quick(arguments, folder, report):
    report(0.5, "Halfway")
    (folder / "answer.txt").write_text(str(arguments["x"] * 2))
    with open(arguments["count"], "a") as file:  # how often the work was done
        file.write("x")


def sleep(arguments, folder, report):
    report(0.25, "Sleeping")
    time.sleep(60)


def nap(arguments, folder, report):
    """Say which process works for which, wait, and leave the place where other jobs are looked for."""
    report(0.5, f"{os.getpid()} works for {os.environ['STUB_WORKER_PID']}")
    time.sleep(arguments["seconds"])
    (folder / "answer.txt").write_text(str(result_of("another", folder)))


def spin_without_letting_go(arguments, folder, report):
    report(0.1, "Spinning")
    large = np.ones((1500, 1500))
    while True:
        np.linalg.svd(large)  # one long call into C after the other


def refuse(arguments, folder, report):
    (folder / "half.txt").write_text("half of a result")
    raise DataError("column 'batch' holds one value")


def break_down(arguments, folder, report):
    raise KeyError("boom")


def die(arguments, folder, report):
    (folder / "half.txt").write_text("half of a result")
    os.kill(os.getpid(), signal.SIGKILL)


def shout(arguments, folder, report):
    print("x" * 200_000)
    print("y" * 200_000, file=sys.stderr)


child.TASKS.clear()
child.TASKS.update(quick=quick, sleep=sleep, spin=spin_without_letting_go, refuse=refuse, break_down=break_down,
                   die=die, shout=shout, nap=nap)  # fmt: skip

if __name__ == "__main__":
    child.main()
