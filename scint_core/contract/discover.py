"""Finding what the modules of a folder declare, so that adding one is adding a file."""

from __future__ import annotations

import importlib
import pkgutil
from pathlib import Path
from typing import TypeVar

T = TypeVar("T")


def declared_in(package: str, folder: Path, name: str, kind: type[T]) -> list[T]:
    """What every module or package of `package`, which lies in `folder`, holds under `name`, where it is a `kind`."""
    modules = pkgutil.iter_modules([str(folder)], f"{package}.")
    found = [getattr(importlib.import_module(module.name), name, None) for module in modules]
    return [value for value in found if isinstance(value, kind)]
