"""A measurement is a process that is told its threads and its cache, and ends when nobody waits for it."""

import shutil
import sys
import threading
import time

import pytest

from benchmarks.machine import Machine, MeasurementError, in_words, own_cache

PROCESS = """
import json, os, sys, time
print("loading")
if sys.argv[1] == "fail":
    sys.exit("no such thing")
time.sleep(float(sys.argv[1]))
print(json.dumps({name: os.environ[name] for name in ("SCINT_CACHE", "OPENBLAS_NUM_THREADS", "NUMBA_NUM_THREADS")}))
"""


@pytest.fixture
def machine(tmp_path, monkeypatch):
    """A machine whose benchmarks are one module, `process`."""
    (tmp_path / "benchmarks").mkdir()
    (tmp_path / "benchmarks" / "__init__.py").touch()
    (tmp_path / "benchmarks" / "process.py").write_text(PROCESS)
    monkeypatch.setattr("benchmarks.machine.ROOT", tmp_path)
    (tmp_path / "data").mkdir()
    return Machine(tmp_path / "data")


def test_a_process_is_told_its_threads_and_its_cache(machine):
    figures = machine.measured("process", 0.2, threads=3)
    assert 0.2 < figures.pop("process_s") < 30
    assert figures == {"SCINT_CACHE": own_cache().name, "OPENBLAS_NUM_THREADS": "3", "NUMBA_NUM_THREADS": "3"}
    assert machine.measured("process", 0, cache="elsewhere")["SCINT_CACHE"] == "elsewhere"


def test_another_python_measures_what_is_installed_there(machine):
    assert machine.measured("process", 0, python=sys.executable)["process_s"] > 0
    with pytest.raises(FileNotFoundError):
        machine.measured("process", 0, python="no-such-python")


def test_what_fails_says_why(machine):
    with pytest.raises(MeasurementError, match=r"^no such thing$"):
        machine.measured("process", "fail")


def test_what_takes_too_long_is_ended(machine):
    started = time.monotonic()
    with pytest.raises(MeasurementError, match=r"^took more than 0.3 s$"):
        machine.measured("process", 60, timeout=0.3)
    assert time.monotonic() - started < 30


def test_what_nobody_waits_for_is_ended(machine):
    threading.Timer(1.0, shutil.rmtree, (machine.folder,)).start()
    started = time.monotonic()
    with pytest.raises(MeasurementError, match="nobody waits"):
        machine.measured("process", 60)
    assert time.monotonic() - started < 30


def test_machines_alike_are_named_once():
    laptop = {"system": "Linux", "machine": "x86_64", "cores": 2, "python": "3.11.7"}
    other = {**laptop, "cores": 64}
    assert in_words([laptop, {**laptop, "python": "3.12.1"}, other]) == (
        "Linux on x86_64, 2 cores; Linux on x86_64, 64 cores"
    )
