"""Threads that share out whole pieces of work, instead of the parts of one matrix product.

The threads of a matrix product wait for each other by spinning. Where another process has one of the cores, each of
the thousands of small products of a decomposition then waits for a turn of the scheduler: on two cores with one of
them busy, the eigenvectors of a 900 × 900 matrix took 5.8 s on two threads and 0.4 s on one.
"""

from __future__ import annotations

import sys
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from contextvars import ContextVar
from functools import lru_cache
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from threadpoolctl import ThreadpoolController

Piece = TypeVar("Piece")
Result = TypeVar("Result")

_workers: ContextVar[int] = ContextVar("workers", default=1)


@contextmanager
def whole_pieces() -> Iterator[None]:
    """Inside this block, products, decompositions and scikit-learn's loops use one thread, and `in_threads` all others.

    It takes hold of the libraries that are loaded when the block begins; so it may be entered again after an import.
    """
    libraries = _libraries(len(sys.modules))
    allowed = max((library["num_threads"] for library in libraries.info()), default=1)
    token = _workers.set(max(allowed, _workers.get()))
    try:
        with libraries.limit(limits=1):
            yield
    finally:
        _workers.reset(token)


@lru_cache(maxsize=1)
def _libraries(_n_modules: int) -> ThreadpoolController:
    """The loaded libraries that use threads.

    Finding them takes 25 ms, so it is not done again while there are as many modules: only an import can bring more.
    """
    from threadpoolctl import ThreadpoolController

    return ThreadpoolController()


def in_threads(work: Callable[[Piece], Result], pieces: Iterable[Piece]) -> Iterator[Result]:
    """`work(piece)` of every piece, in order: side by side inside `whole_pieces`, and one by one elsewhere.

    No more pieces than twice the threads are under way or waiting to be taken, which bounds the memory.
    """
    workers = _workers.get()
    if workers == 1:
        yield from map(work, pieces)
        return
    with ThreadPoolExecutor(workers) as pool:
        under_way: deque[Future[Result]] = deque()
        for piece in pieces:
            under_way.append(pool.submit(work, piece))
            if len(under_way) >= 2 * workers:
                yield under_way.popleft().result()
        while under_way:
            yield under_way.popleft().result()
