"""How many threads torch gives to an operation while scANVI is trained and read."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager

import torch

_ASKED_FOR = "OMP_NUM_THREADS"


@contextmanager
def single_operations() -> Iterator[None]:
    """Inside this block, which also serves as a decorator, torch does every operation with one thread.

    A step has a hundred short operations. Threads that share them out wait for each other after each, spinning: on two
    cores that gains a quarter, and costs ten times as much where another process has one of them. Who wants it
    all the same sets `OMP_NUM_THREADS`, and nothing is changed here.
    """
    if _ASKED_FOR in os.environ:
        yield
        return
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(threads)
