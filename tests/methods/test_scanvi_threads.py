"""Threads of torch: one per operation, as many as before afterwards, and as many as the environment asks for."""

import pytest
import torch

from scint_core.methods.scanvi.threads import single_operations


@pytest.fixture(autouse=True)
def _two_threads():
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    yield
    torch.set_num_threads(before)


def test_operations_take_one_thread_inside_and_as_many_as_before_outside(monkeypatch):
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    with single_operations():
        assert torch.get_num_threads() == 1
    assert torch.get_num_threads() == 2


def test_an_error_inside_leaves_them_as_before(monkeypatch):
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    with pytest.raises(KeyError), single_operations():
        raise KeyError
    assert torch.get_num_threads() == 2


def test_threads_that_were_asked_for_are_left(monkeypatch):
    monkeypatch.setenv("OMP_NUM_THREADS", "2")
    with single_operations():
        assert torch.get_num_threads() == 2
