"""Linear algebra on one thread.

The threads of a matrix product wait for each other by spinning. Where another process has one of the cores, each of
the thousands of small products of a decomposition then waits for a turn of the scheduler: on two cores with one of
them busy, the eigenvectors of a 900 × 900 matrix took 5.8 s on two threads and 0.4 s on one.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def one_thread() -> Iterator[None]:
    """Products, decompositions and scikit-learn's loops inside this block use one thread of the process.

    It takes hold of the libraries that are loaded when the block begins.
    """
    from threadpoolctl import threadpool_limits

    with threadpool_limits(1):
        yield
