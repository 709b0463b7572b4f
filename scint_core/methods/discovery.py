"""Finds every method: a module or package in this folder that holds `METHOD`."""

from __future__ import annotations

import difflib
import importlib
import pkgutil
from functools import cache
from pathlib import Path

from scint_core.contract import Method
from scint_core.errors import MethodError


@cache
def _found() -> dict[str, Method]:
    modules = pkgutil.iter_modules([str(Path(__file__).parent)], f"{__package__}.")
    found = [getattr(importlib.import_module(module.name), "METHOD", None) for module in modules]
    methods = [method for method in found if isinstance(method, Method)]
    return {method.name: method for method in sorted(methods, key=lambda method: method.position)}


def all_methods() -> dict[str, Method]:
    """Every method by name, in the talk's order."""
    return dict(_found())


def find_method(name: str) -> Method:
    """The method called `name`. Raises `MethodError` with the nearest name there is."""
    methods = _found()
    if name not in methods:
        near = difflib.get_close_matches(str(name).lower(), methods, n=1)
        hint = f"did you mean '{near[0]}'? " if near else ""
        raise MethodError(f"method '{name}' does not exist: {hint}There are {', '.join(methods)}")
    return methods[name]
