"""What is known of arrays and results, by which object they are, forgotten when the object is."""

from __future__ import annotations

import dataclasses
import weakref
from collections.abc import Callable, Iterator
from typing import Any, Generic, TypeVar

import numpy as np
import scipy.sparse as sp

from scint_core.contract import RESULT_TYPES

T = TypeVar("T")


def is_result(value: Any) -> bool:
    """Whether `value` is of a registered result type."""
    return RESULT_TYPES.get(type(value).__name__) is type(value)


def parts(value: Any) -> list[tuple[str, Any]]:
    """What a result holds, with the names by which it is reached."""
    if is_result(value):
        return [(field.name, getattr(value, field.name)) for field in dataclasses.fields(value)]
    if isinstance(value, tuple | list):
        return [(str(i), item) for i, item in enumerate(value)]
    if isinstance(value, dict):
        return [(str(k), item) for k, item in value.items()]
    return []


def paths(value: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """Every array and result in `value`, itself among them, with the path that leads to it: "", "left", "0.vectors"."""
    if isinstance(value, np.ndarray) or sp.issparse(value) or is_result(value):
        yield path, value
    for name, part in parts(value):
        yield from paths(part, f"{path}.{name}" if path else name)


class ByIdentity(Generic[T]):
    """A mapping from objects to what is known of them."""

    def __init__(self) -> None:
        self._known: dict[int, tuple[weakref.ref[Any], T]] = {}

    def __len__(self) -> int:
        return len(self._known)

    def get(self, value: Any) -> T | None:
        """What is known of this very object, or None."""
        known = self._known.get(id(value))
        return known[1] if known is not None and known[0]() is value else None

    def remember(self, value: Any, what: T) -> None:
        """Know `what` of an object from now on, for as long as it lives."""
        place = id(value)
        self._known[place] = (weakref.ref(value, self._forget(place)), what)

    def _forget(self, place: int) -> Callable[[weakref.ref[Any]], None]:
        def forget(reference: weakref.ref[Any]) -> None:
            if self._known.get(place, (None,))[0] is reference:
                del self._known[place]

        return forget


class Origins:
    """Which step returned an array or result, and which part of what it returned it is."""

    def __init__(self) -> None:
        self._known: ByIdentity[tuple[int, str]] = ByIdentity()

    def name(self, value: Any, number: int) -> None:
        """Remember that step `number` returned `value`."""
        for path, part in paths(value):
            self._known.remember(part, (number, path))

    def of(self, arguments: Any) -> list[tuple[int, str]]:
        """Step and part of everything in `arguments` that a step returned, in order, each once.

        What is known as a whole is not looked into.
        """
        found: dict[tuple[int, str], None] = {}
        for argument in arguments:
            known = self._known.get(argument)
            found.update(dict.fromkeys([known] if known else self.of(part for _, part in parts(argument))))
        return list(found)
