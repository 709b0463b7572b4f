"""The drawing of results that have none of their own: field by field, numbers as they are."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np

from pages.ui.player.drawing import DRAWINGS, Drawn, View, draws, each

_PLAIN = (bool, int, float, str)


@draws(object)
def anything(view: View) -> Drawn:
    """Plain values as numbers; of a result its fields, each by what it is."""
    fields = _fields(view.value)
    numbers = {name.replace("_", " "): _text(value) for name, value in fields.items() if isinstance(value, _PLAIN)}
    drawable = {name: value for name, value in fields.items() if _is_drawable(value)}
    return Drawn(numbers=numbers) + each(view, drawable)


def _fields(value: Any) -> dict[str, Any]:
    if dataclasses.is_dataclass(value):
        return {field.name: getattr(value, field.name) for field in dataclasses.fields(value)}
    return {str(k): v for k, v in value.items()} if isinstance(value, dict) else {"result": value}


def _is_drawable(value: Any) -> bool:
    kinds = [kind.__name__ for kind in type(value).__mro__]
    known = any(kind in DRAWINGS for kind in kinds[:-1])  # all but object itself
    return (known and not (isinstance(value, tuple) and _is_plain(value))) or dataclasses.is_dataclass(value)


def _is_plain(values: tuple[Any, ...]) -> bool:
    return all(isinstance(v, (*_PLAIN, tuple)) and not isinstance(v, np.ndarray) for v in values)


def _text(value: Any) -> str:
    return f"{value:.4g}" if isinstance(value, float) else str(value)
