"""A `Step` for tests: runs every function at once and remembers what it was given and returned."""

from __future__ import annotations

import dataclasses
import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import scipy.sparse as sp

from scint_core.contract import Sides


@dataclass(frozen=True)
class Record:
    """One step that ran."""

    stage: tuple[str, int] | None
    title: str
    function: Callable[..., Any]
    params: dict[str, Any]
    result: Any


@dataclass
class PlainStep:
    """The contract of `Step` without cache or progress: results are handed back read-only.

    `records` holds one `Record` per step, `expected` what the method said about how many steps remain (together
    with how many had run by then), `stages` every stage it named, `sides` what each call of `stage` was about.
    """

    run_seed: int = 0
    records: list[Record] = field(default_factory=list)
    expected: list[tuple[int, int]] = field(default_factory=list)
    stages: list[tuple[str, int, int | None, int | None]] = field(default_factory=list)
    sides: list[Sides | None] = field(default_factory=list)

    def __call__(self, title: str, function: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        for name, value in kwargs.items():
            assert_plain(name, value)
        result = read_only(function(*args, **kwargs))
        stage = self.stages[-1][:2] if self.stages else None
        self.records.append(Record(stage, title, function, kwargs, result))
        return result

    def expect(self, n: int, *, work: Sequence[float] = ()) -> None:
        assert len(work) in (0, n)
        self.expected.append((len(self.records), n))

    def stage(
        self,
        name: str = "",
        number: int = 0,
        *,
        of: int | None = None,
        at_most: int | None = None,
        sides: Sides | None = None,
    ) -> None:
        self.sides.append(sides)
        if name:
            self.stages.append((name, number, of, at_most))

    def seed(self, name: str) -> int:
        digest = hashlib.blake2b(f"{self.run_seed}:{name}".encode(), digest_size=4)
        return int.from_bytes(digest.digest(), "little")

    def results(self, function: Callable[..., Any]) -> list[Any]:
        """What every call of `function` returned."""
        return [record.result for record in self.records if record.function is function]


def assert_plain(name: str, value: Any) -> None:
    """A keyword argument of a step must be plain: it is part of the step's key as JSON."""
    if isinstance(value, tuple):
        for part in value:
            assert_plain(name, part)
    else:
        assert value is None or type(value) in (int, float, bool, str), f"{name} is a {type(value).__name__}"


def read_only(value: Any) -> Any:
    """The result with every array made read-only; a result of a type that cannot be stored fails."""
    if isinstance(value, np.ndarray):
        value.setflags(write=False)
    elif sp.issparse(value):
        for part in (value.data, value.indices, value.indptr):
            part.setflags(write=False)
    elif isinstance(value, tuple | list):
        assert isinstance(value, tuple), "a step returned a list"
        for part in value:
            read_only(part)
    elif isinstance(value, dict):
        for part in value.values():
            read_only(part)
    elif dataclasses.is_dataclass(value):
        for part in dataclasses.fields(value):
            read_only(getattr(value, part.name))
    else:
        assert value is None or isinstance(value, bool | int | float | str), f"a step returned a {type(value).__name__}"
    return value
