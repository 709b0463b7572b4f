"""Compiled kernels, kept on disk in scint's own cache folder, so that a new process need not compile them again."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar, cast

import numba

from scint_core.contract.folders import cache_folder

Kernel = TypeVar("Kernel", bound=Callable[..., Any])

_kept: list[Any] = []  # every kernel that is kept on disk


def kernel(function: Kernel) -> Kernel:
    """Compile `function` with numba when it is first called. Never parallel: jobs are forked from a warm process, and
    threads do not survive a fork. Callers without the interpreter's lock may run side by side."""
    compiled = numba.njit(nogil=True)(function)
    keep_on_disk(compiled)
    return cast(Kernel, compiled)


def keep_on_disk(dispatcher: Any) -> None:
    """Have numba keep what it compiles of `dispatcher` under `SCINT_CACHE`, and nothing else changed."""
    config: Any = numba.config
    place, config.CACHE_DIR = config.CACHE_DIR, str(cache_folder() / "compiled")
    try:
        dispatcher.enable_caching()
    finally:
        config.CACHE_DIR = place
    _kept.append(dispatcher)


def keep_all_on_disk(*modules: Any) -> None:
    """`keep_on_disk` for every kernel of other people's modules."""
    for module in modules:
        for value in vars(module).values():
            if isinstance(value, numba.core.registry.CPUDispatcher):
                keep_on_disk(value)


def load_kept() -> None:
    """Load what the disk holds of every kernel, but none that is parallel: for a process that will be forked.

    A kernel is otherwise read from the disk in every child, when it is first called. Those with a fixed signature are
    loaded as soon as they are imported.
    """
    for dispatcher in _kept:
        if dispatcher._can_compile and not dispatcher.targetoptions.get("parallel"):
            for signature, *_ in dispatcher._cache._cache_file._load_index():
                dispatcher.compile(signature)
