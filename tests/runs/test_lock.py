"""Locks keep others out, are given back by the dead, and never stand in the way for good."""

import subprocess
import sys
import threading

import pytest

from scint_core.runs.lock import locked, try_lock, turn, unlock


def test_one_at_a_time(tmp_path):
    held = try_lock(tmp_path / "lock")
    assert try_lock(tmp_path / "lock") is None
    unlock(held)
    with locked(tmp_path / "lock"):
        assert try_lock(tmp_path / "lock") is None


def test_patience_ends(tmp_path):
    with (
        locked(tmp_path / "lock"),
        pytest.raises(TimeoutError, match="lock has been locked"),
        locked(tmp_path / "lock", patience=0.01),
    ):
        pass


def test_a_lock_of_a_dead_process_is_free(tmp_path):
    code = "import os, sys; from pathlib import Path; from scint_core.runs.lock import try_lock\n"
    code += "held = try_lock(Path(sys.argv[1])); print(held is not None, flush=True); sys.stdin.read()"
    command = [sys.executable, "-c", code, str(tmp_path / "lock")]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stdin=subprocess.PIPE, text=True)
    assert process.stdout.readline() == "True\n"
    assert try_lock(tmp_path / "lock") is None
    process.kill()
    process.communicate()
    unlock(try_lock(tmp_path / "lock"))


def test_who_comes_second_waits_and_may_be_called_off(tmp_path):
    order, inside = [], threading.Event()

    def second():
        with turn(tmp_path / "turn", lambda: inside.set()) as waited:
            order.append(waited)

    with turn(tmp_path / "turn", lambda: None) as waited:
        thread = threading.Thread(target=second)
        thread.start()
        assert inside.wait(10)
        order.append(waited)
        with pytest.raises(InterruptedError), turn(tmp_path / "turn", _call_off):
            pass
    thread.join(10)
    assert order == [False, True]
    assert list(tmp_path.iterdir()) == []


def _call_off():
    raise InterruptedError


def test_who_has_waited_holds_nobody_up(tmp_path):
    together, waiting = threading.Barrier(3), [threading.Event() for _ in range(3)]

    def meet(event):
        with turn(tmp_path / "turn", event.set):
            together.wait(10)  # all three are inside at once

    threads = [threading.Thread(target=meet, args=(event,)) for event in waiting]
    with turn(tmp_path / "turn", lambda: None):
        for thread in threads:
            thread.start()
        assert all(event.wait(10) for event in waiting)
    for thread in threads:
        thread.join(20)
    assert not together.broken


def test_where_nothing_can_be_locked_everybody_goes_on(tmp_path):
    (tmp_path / "file").write_text("in the way")
    with turn(tmp_path / "file" / "turn", lambda: None) as waited:
        assert not waited
