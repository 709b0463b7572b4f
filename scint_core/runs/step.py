"""`StepRunner`: what a method is handed as `step`."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from scint_core.contract import StepRecord, explanation_of, listening
from scint_core.runs.cache import MISSING, StepCache
from scint_core.runs.keys import Keys, Plain, digest, engine_digest
from scint_core.runs.progress import Progress
from scint_core.runs.trace import TraceStore

R = TypeVar("R")

WORTH_STORING = 0.05  # seconds; a cheaper step is quicker done again than read


class StepRunner:
    """Runs step functions with progress, cancel, trace and memory. Implements `contract.Step`."""

    def __init__(self, *, seed: int, cache: StepCache, trace: TraceStore, progress: Progress) -> None:
        self.records: list[StepRecord] = []
        self._seed = seed
        self._cache = cache
        self._trace = trace
        self._progress = progress
        self._keys = Keys()
        self._stage = ""

    def __call__(self, title: str, function: Callable[..., R], *args: Any, **kwargs: Any) -> R:
        self._progress.begin(f"{self._stage}: {title}" if self._stage else title)
        key = self._key(function, args, kwargs)
        started = time.perf_counter()
        value = self._cache.load(key)
        reused = value is not MISSING
        if not reused:
            with listening(self._progress.tick, self._trace.show):
                value = function(*args, **kwargs)
        seconds = time.perf_counter() - started
        self._keys.name(value, key)
        if not reused and seconds > WORTH_STORING:
            self._cache.store(key, value, seconds)
        saved = max(self._cache.seconds(key) - seconds, 0.0) if reused else 0.0
        self._record(title, function, args, kwargs, value, seconds, reused, saved)
        self._progress.end()
        return value  # type: ignore[no-any-return]

    def expect(self, n: int, *, work: Sequence[float] = ()) -> None:
        self._progress.expect(n, work)

    def stage(self, name: str, number: int, *, of: int | None = None, at_most: int | None = None) -> None:
        bound = f" of {of}" if of is not None else f", at most {at_most}" if at_most is not None else ""
        self._stage = f"{name} {number}{bound}"

    def seed(self, name: str) -> int:
        return int(digest("seed", str(self._seed), name)[:8], 16) & 0x7FFFFFFF

    def _key(self, function: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> str:
        arguments = [self._keys.of(argument) for argument in args]
        named = [part for name in sorted(kwargs) for part in (name, self._keys.of(kwargs[name]))]
        return digest(_qualified(function), engine_digest(), *arguments, "named", *named)

    def _record(
        self,
        title: str,
        function: Callable[..., Any],
        args: tuple[Any, ...],
        kwargs: dict[str, Any],
        value: Any,
        seconds: float,
        reused: bool,
        saved: float,
    ) -> None:
        names = function.__code__.co_varnames
        given = {**dict(zip(names, args, strict=False)), **kwargs}
        self.records.append(
            StepRecord(
                title=title,
                seconds=seconds,
                params={name: value for name, value in given.items() if _is_plain(value)},
                reused=reused,
                saved=saved,
                function=_qualified(function),
                kind=type(value).__name__,
                stage=self._stage,
                explanation=explanation_of(function),
                load=self._trace.keep(value),
            )
        )


def _qualified(function: Callable[..., Any]) -> str:
    return f"{function.__module__}.{function.__qualname__}"


def _is_plain(value: Any) -> bool:
    if isinstance(value, tuple | list):
        return len(value) < 100 and all(_is_plain(item) for item in value)
    return isinstance(value, Plain)
