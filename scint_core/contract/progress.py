"""`tick`: how a long loop inside a step says how far it is, without knowing who listens."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

_listener: ContextVar[Callable[[int, int], None] | None] = ContextVar("tick_listener", default=None)


def tick(done: int, total: int) -> None:
    """Say that `done` of `total` pieces of the running step are finished. Does nothing outside a run.

    Whatever the listener raises (a cancelled run) passes through and ends the loop that ticked.
    """
    listener = _listener.get()
    if listener is not None:
        listener(done, total)


@contextmanager
def listening(listener: Callable[[int, int], None]) -> Iterator[None]:
    """Send every `tick` inside this block to `listener(done, total)`."""
    token = _listener.set(listener)
    try:
        yield
    finally:
        _listener.reset(token)
