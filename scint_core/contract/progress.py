"""`tick` and `show`: how a long loop inside a step says how far it is and what it has, without knowing who listens."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

_listener: ContextVar[Callable[[int, int], None] | None] = ContextVar("tick_listener", default=None)
_viewer: ContextVar[Callable[[Any], None] | None] = ContextVar("result_viewer", default=None)


def tick(done: int, total: int) -> None:
    """Say that `done` of `total` pieces of the running step are finished. Does nothing outside a run.

    Whatever the listener raises (a cancelled run) passes through and ends the loop that ticked.
    """
    listener = _listener.get()
    if listener is not None:
        listener(done, total)


def show(unfinished: Any) -> None:
    """Hand what the running step has so far, a registered result, to whoever watches. Does nothing outside a run."""
    viewer = _viewer.get()
    if viewer is not None:
        viewer(unfinished)


@contextmanager
def listening(listener: Callable[[int, int], None], viewer: Callable[[Any], None] | None = None) -> Iterator[None]:
    """Send every `tick` inside this block to `listener(done, total)`, and every `show` to `viewer(unfinished)`."""
    tokens = _listener.set(listener), _viewer.set(viewer)
    try:
        yield
    finally:
        _listener.reset(tokens[0])
        _viewer.reset(tokens[1])
