"""Finds every method: a module or package in this folder that holds `METHOD`."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from scint_core.contract import Method
from scint_core.contract.discover import declared_in
from scint_core.errors import MethodError, did_you_mean


@cache
def _found() -> dict[str, Method]:
    methods = declared_in(str(__package__), Path(__file__).parent, "METHOD", Method)
    return {method.name: method for method in sorted(methods, key=lambda method: method.position)}


def all_methods() -> dict[str, Method]:
    """Every method by name, in the talk's order."""
    return dict(_found())


def find_method(name: str) -> Method:
    """The method called `name`. Raises `MethodError` with the nearest name there is."""
    methods = _found()
    if name not in methods:
        hint = did_you_mean(str(name).lower(), methods)
        raise MethodError(f"method '{name}' does not exist: {hint}There are {', '.join(methods)}")
    return methods[name]
