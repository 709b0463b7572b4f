"""Pieces in threads: in order, bounded, and only where asked for."""

import threading

import numpy as np
import pytest
from threadpoolctl import threadpool_info, threadpool_limits

from scint_core.numerics import threads
from scint_core.numerics.threads import in_threads, whole_pieces


@pytest.fixture
def two_threads(monkeypatch):
    token = threads._workers.set(2)
    yield
    threads._workers.reset(token)


def test_results_come_in_order_from_several_threads(two_threads):
    names = set()

    def work(piece):
        names.add(threading.current_thread().name)
        return piece**2

    assert list(in_threads(work, range(50))) == [i**2 for i in range(50)]
    assert threading.current_thread().name not in names


def test_outside_it_is_a_plain_loop():
    assert list(in_threads(lambda _: threading.current_thread() is threading.main_thread(), range(3))) == [True] * 3


def test_few_pieces_are_under_way(two_threads):
    taken = []
    results = in_threads(lambda piece: piece, (taken.append(i) or i for i in range(100)))
    assert next(results) == 0
    assert len(taken) <= 4
    results.close()


def test_an_error_reaches_the_caller(two_threads):
    with pytest.raises(ZeroDivisionError):
        list(in_threads(lambda piece: 1 / piece, [1, 0, 2]))


def test_linear_algebra_has_one_thread_inside_and_its_own_outside():
    np.ones((4, 4)) @ np.ones((4, 4))
    before = [library["num_threads"] for library in threadpool_info()]
    with whole_pieces():
        assert all(library["num_threads"] == 1 for library in threadpool_info())
        assert threads._workers.get() == max(before)
        with whole_pieces():  # again: the number that was allowed is not forgotten
            assert threads._workers.get() == max(before)
    assert [library["num_threads"] for library in threadpool_info()] == before
    assert threads._workers.get() == 1


def test_as_many_as_were_allowed():
    with threadpool_limits(1), whole_pieces():
        assert threads._workers.get() == 1
