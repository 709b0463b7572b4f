"""A method's parameters as sliders. They begin at what the method's form holds, and the form follows them."""

from __future__ import annotations

from typing import Any

import numpy as np
import streamlit as st

from pages.ui import forms
from scint_core.contract import Method, ParamSpec

_MOST_STEPS = 400  # of a slider over whole numbers; a wider range moves in larger steps
_WIDTHS = (1, 2, 5, 10, 20, 50, 100)
_PER_RANGE = 60  # steps of a slider over real numbers
_WIDE = 20  # a range whose ends differ by such a factor is divided by ratios


def sliders(method: Method) -> dict[str, Any]:
    """Draw what can be slid, switched or chosen; returns all values, the others as the form holds them."""
    values = forms.held(method)
    for spec in method.Params.specs():
        if spec.kind in ("integer", "real") and spec.slider is not None and values[spec.name] is not None:
            values[spec.name] = _slider(method, spec, values[spec.name])
    for spec in method.Params.specs():
        if spec.kind in ("flag", "choice"):
            values[spec.name] = forms.switch_or_choice(spec, method.name)
    return values


def _slider(method: Method, spec: ParamSpec, value: float) -> float:
    """One slider. Its steps stay the same while it is moved; a value from elsewhere is put among them."""
    key, place = f"slide:{method.name}:{spec.name}", f"steps:{method.name}:{spec.name}"
    if value not in st.session_state.get(place, ()):
        st.session_state[place] = steps_of(spec, value)
    chosen: float = st.select_slider(
        spec.name, st.session_state[place], value, key=key, help=spec.text, format_func=_short,
        on_change=_tell_the_form, args=(method, spec, key),
    )  # fmt: skip
    return chosen


def _tell_the_form(method: Method, spec: ParamSpec, key: str) -> None:
    st.session_state[forms.key_of(method.name, spec.name)] = st.session_state[key]


def steps_of(spec: ParamSpec, value: float) -> list[float]:
    """The values that a slider stops at, ascending: the range worth offering, with `value` and the default in it.

    Whole numbers one by one; real numbers at equal distances, or at equal ratios where the range is wide.
    """
    assert spec.slider is not None
    low, high = spec.slider
    if spec.kind == "integer":
        width = next(width for width in _WIDTHS if (high - low) / width <= _MOST_STEPS)
        steps = {*range(int(low), int(high), width), int(high)}
    else:
        wide = low > 0 and high / low >= _WIDE
        between = np.geomspace(low, high, _PER_RANGE + 1) if wide else np.linspace(low, high, _PER_RANGE + 1)
        steps = {float(f"{step:.2g}" if wide else f"{step:.4g}") for step in between}
    steps |= {value, *([] if spec.default is None else [spec.default])}
    return sorted(step for step in steps if spec.limits.admit(step))


def _short(value: float) -> str:
    return f"{value:g}"
