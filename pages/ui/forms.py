"""A method's parameters as a form, made from their declarations."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

import streamlit as st

from pages.ui.sortable import sortable
from pages.ui.text import in_markdown
from scint_core.contract import Method, Params, ParamSpec

DEFAULTS = "Defaults"
_ANSWERS = {"auto": None, "on": True, "off": False}  # to a switch that may be None
_PRESET_HELP = (
    "Where the talk and the reference implementation give different numbers, a preset sets them all at once; "
    "each parameter's help says which number comes from where."
)


Names = Mapping[str, tuple[str, ...]]
"""What the data offer by name: "batches", "labels" and "columns"."""


def method_form(method: Method, names: Names) -> dict[str, Any]:
    """Draw the presets and one field per parameter of a method; returns the values by name."""
    _choose_preset(method)
    return fields(method.name, method.Params, names)


def fields(form: str, params: type[Params], names: Names = MappingProxyType({})) -> dict[str, Any]:
    """Draw one field per parameter; returns the values by name. Rarely changed parameters are folded away.

    `form` names the form; its fields start at the defaults and keep what was typed when the page changes.
    """
    for spec in params.specs():
        st.session_state.setdefault(key_of(form, spec.name), _shown(spec, spec.default))
    usual = [spec for spec in params.specs() if not spec.advanced]
    rare = [spec for spec in params.specs() if spec.advanced]
    values = _grid(form, usual, names)
    if rare:
        with st.expander("More parameters"):
            values.update(_grid(form, rare, names))
    return values


def held(method: Method) -> dict[str, Any]:
    """What the form of a method holds while it is not drawn; an order of batches counts as not chosen."""
    values = {}
    for spec in method.Params.specs():
        shown = st.session_state.setdefault(key_of(method.name, spec.name), _shown(spec, spec.default))
        values[spec.name] = _meant(spec, shown)
    return values


def _choose_preset(method: Method) -> None:
    """Draw the presets; choosing one fills the fields with its values."""
    if method.Params.presets:
        st.segmented_control(
            "Preset", [DEFAULTS, *method.Params.presets], default=DEFAULTS, key=key_of(method.name, "preset"),
            format_func=str.capitalize, help=_PRESET_HELP, on_change=_fill, args=(method,), required=True,
            persist_state="session",
        )  # fmt: skip


def _fill(method: Method) -> None:
    """Put the values of the preset just chosen into the fields."""
    chosen = st.session_state[key_of(method.name, "preset")]
    preset = {} if chosen in (None, DEFAULTS) else method.Params.preset(chosen)
    for spec in method.Params.specs():
        st.session_state[key_of(method.name, spec.name)] = _shown(spec, preset.get(spec.name, spec.default))


def _shown(spec: ParamSpec, value: Any) -> Any:
    """A value as its field holds it."""
    if spec.kind == "order":
        return value is not None
    if spec.kind == "flag" and spec.optional:
        return next(answer for answer, meant in _ANSWERS.items() if meant is value)
    return list(value or ()) if spec.kind == "names" else value


def _meant(spec: ParamSpec, shown: Any) -> Any:
    """The value that a field holds: the other way round of `_shown`, but for an order, which its field alone knows."""
    if spec.kind == "order":
        return None
    if spec.kind == "flag" and spec.optional:
        return _ANSWERS[shown or "auto"]
    return (shown or (None if spec.optional else [])) if spec.kind == "names" else shown


def key_of(form: str, name: str) -> str:
    """Where the session keeps the value of a field."""
    return f"param:{form}:{name}"


def _grid(form: str, specs: list[ParamSpec], names: Names) -> dict[str, Any]:
    """Numbers two by two, then everything else line by line; values in the order of declaration."""
    numbers = [spec for spec in specs if spec.kind in ("integer", "real")]
    values: dict[str, Any] = dict.fromkeys(spec.name for spec in specs)
    for i, spec in enumerate(numbers):
        if i % 2 == 0:
            columns = st.columns(2, vertical_alignment="bottom")
        with columns[i % 2]:
            values[spec.name] = _number_field(spec, key_of(form, spec.name))
    for spec in specs:
        if spec not in numbers:
            values[spec.name] = _FIELDS[spec.kind](spec, key_of(form, spec.name), names.get(spec.names_of, ()))
    return values


def _number_field(spec: ParamSpec, key: str) -> float | None:
    """A number; empty where the parameter may be None."""
    kind = int if spec.kind == "integer" else float
    low = None if spec.limits.open_low else spec.limits.low  # the check refuses an open end itself, by name
    high = None if spec.limits.open_high else spec.limits.high
    empty = {"value": None, "placeholder": "auto"} if spec.optional else {}
    return st.number_input(
        spec.name,
        min_value=None if low is None else kind(low),
        max_value=None if high is None else kind(high),
        step=1 if kind is int else _step(st.session_state[key]),
        format="%d" if kind is int else "%.4g",
        key=key,
        help=spec.text,
        persist_state="session",
        **empty,
    )


def _step(value: float | None) -> float:
    """How far a click on plus or minus moves a real number: half of a small one, a tenth otherwise."""
    return 0.1 if value is None or value >= 0.1 or value <= 0 else value / 2


def switch_or_choice(spec: ParamSpec, form: str) -> Any:
    """Draw the field of a flag or a choice; returns its value."""
    return _FIELDS[spec.kind](spec, key_of(form, spec.name), ())


def _flag_field(spec: ParamSpec, key: str, _: tuple[str, ...]) -> bool | None:
    """A switch; a choice of three where the parameter may be None."""
    if not spec.optional:
        return st.toggle(spec.name, key=key, help=spec.text, persist_state="session")
    chosen = st.segmented_control(
        spec.name, list(_ANSWERS), key=key, help=spec.text, required=True, persist_state="session"
    )
    return _ANSWERS[chosen or "auto"]


def _choice_field(spec: ParamSpec, key: str, _: tuple[str, ...]) -> str:
    return st.selectbox(spec.name, spec.choices, key=key, help=spec.text, persist_state="session")


def _text_field(spec: ParamSpec, key: str, names: tuple[str, ...]) -> str | None:
    offered = names if spec.default is None or spec.default in names else (spec.default, *names)
    return st.selectbox(
        spec.name, offered, index=None, key=key, help=spec.text, placeholder=spec.none_means, persist_state="session"
    )


def _names_field(spec: ParamSpec, key: str, names: tuple[str, ...]) -> list[str] | None:
    chosen = st.multiselect(
        spec.name, names, key=key, help=spec.text, placeholder=spec.none_means, persist_state="session"
    )
    return chosen or (None if spec.optional else [])


def _order_field(spec: ParamSpec, key: str, names: tuple[str, ...]) -> list[str] | None:
    """A list to be put in order, once asked for; until then None, and the order is the method's own."""
    own = st.toggle(spec.name, key=key, help=spec.text, persist_state="session")
    if not own:
        st.caption(f"In use: {spec.none_means} ({' → '.join(map(in_markdown, names))})")
        return None
    return sortable("Order in use, drag to change", names, key=key, first="reference")


_FIELDS = {
    "flag": _flag_field,
    "choice": _choice_field,
    "text": _text_field,
    "names": _names_field,
    "order": _order_field,
}
