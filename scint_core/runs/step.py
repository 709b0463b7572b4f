"""`StepRunner`: what a method is handed as `step`."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from scint_core.contract import Sides, StepRecord, explanation_of, larger_of, listening
from scint_core.runs import codec
from scint_core.runs.cache import MISSING, StepCache
from scint_core.runs.identity import Origins
from scint_core.runs.keys import Keys, Plain, digest, engine_digest
from scint_core.runs.progress import Progress
from scint_core.runs.trace import TraceStore

R = TypeVar("R")

LIGHT = 3e6  # bytes; a result n times as large must have taken n times as long, so that writing is little beside it


class StepRunner:
    """Runs step functions with progress, cancel, trace and memory. Implements `contract.Step`."""

    def __init__(
        self, *, seed: int, cache: StepCache, trace: TraceStore, progress: Progress, keys: Keys | None = None
    ) -> None:
        self.records: list[StepRecord] = []
        self._seed = seed
        self._cache = cache
        self._trace = trace
        self._progress = progress
        self._keys = keys or Keys()
        self._origins = Origins()
        self._stage = ""
        self._sides: Sides | None = None

    def __call__(self, title: str, function: Callable[..., R], *args: Any, **kwargs: Any) -> R:
        self._progress.begin(f"{self._stage}: {title}" if self._stage else title)
        key = self._key(function, args, kwargs)
        started = time.perf_counter()
        value = self._stored(key, function, args, kwargs)
        seconds, reused = time.perf_counter() - started, True
        if value is MISSING:
            value, seconds, reused = self._do(key, function, args, kwargs)
        self._keys.name(value, key)
        saved = max(self._cache.seconds(key) - seconds, 0.0) if reused else 0.0
        self._record(title, function, args, kwargs, value, seconds, reused, saved)
        self._progress.end()
        return value  # type: ignore[no-any-return]

    def _stored(self, key: str, function: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """The step's result from the cache, or cut from a larger one there; `MISSING` where there is neither."""
        value, larger = self._cache.load(key), larger_of(function)
        if value is not MISSING or larger is None or self._cache.off:
            return value
        wanted = kwargs[larger.parameter]
        for size in (size for size in larger.sizes if size > wanted):
            stored = self._cache.load(self._key(function, args, {**kwargs, larger.parameter: size}))
            if stored is not MISSING:
                return codec.settled(larger.cut(stored, wanted))
        return MISSING

    def _do(
        self, key: str, function: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> tuple[Any, float, bool]:
        """A step's result and seconds, and whether another run did the same at this moment and left its result."""
        started = time.perf_counter()
        with self._cache.turn(key, meanwhile=lambda: self._progress.tick(0, 1)) as waited:
            value = self._cache.load(key) if waited else MISSING
            if value is not MISSING:
                return value, time.perf_counter() - started, True
            started, work_before = time.perf_counter(), time.process_time()
            with listening(self._progress.tick, self._trace.show):
                value = codec.settled(function(*args, **kwargs))
            seconds = time.perf_counter() - started
            if _is_worth_storing(value, time.process_time() - work_before, self._cache.worth):
                self._cache.store(key, value, seconds)
        return value, seconds, False

    def expect(self, n: int, *, work: Sequence[float] = ()) -> None:
        self._progress.expect(n, work)

    def stage(
        self,
        name: str = "",
        number: int = 0,
        *,
        of: int | None = None,
        at_most: int | None = None,
        sides: Sides | None = None,
    ) -> None:
        """Name the loop that the next steps belong to, as `contract.Step.stage` says."""
        bound = f" of {of}" if of is not None else f", at most {at_most}" if at_most is not None else ""
        self._stage = f"{name} {number}{bound}" if name else ""
        self._sides = sides

    def seed(self, name: str) -> int:
        return int(digest("seed", str(self._seed), name)[:8], 16) & 0x7FFFFFFF

    def _key(self, function: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> str:
        if self._cache.off:
            return ""
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
        origins = self._origins.of([*args, *kwargs.values()])
        self._origins.name(value, len(self.records))
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
                sides=self._sides,
                inputs=tuple(number for number, _ in origins),
                parts=tuple(part for _, part in origins),
                load=self._trace.keep(value),
            )
        )


def _is_worth_storing(value: Any, work: float, worth: float) -> bool:
    """Whether a result took so many seconds of the processor that writing it is little beside them.

    The clock on the wall would also count what other runs take of the machine, and have everything written just then.
    """
    return work > worth and work > worth * max(1.0, codec.weight(value) / LIGHT)


def _qualified(function: Callable[..., Any]) -> str:
    return f"{function.__module__}.{function.__qualname__}"


def _is_plain(value: Any) -> bool:
    if isinstance(value, tuple | list):
        return len(value) < 100 and all(_is_plain(item) for item in value)
    return isinstance(value, Plain)
