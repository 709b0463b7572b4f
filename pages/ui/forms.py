"""A method's parameters as a form, made from their declarations."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import streamlit as st

from scint_core.contract import Method, Params, ParamSpec

DEFAULTS = "Defaults"
_PRESET_HELP = (
    "Where the talk and the reference implementation give different numbers, a preset sets them all at once; "
    "each parameter's help says which number comes from where."
)


def method_form(method: Method, batch_names: tuple[str, ...], columns: tuple[str, ...]) -> dict[str, Any]:
    """Draw the presets and one field per parameter of a method; returns the values by name."""
    start = _preset_values(method)
    return fields(method.name, method.Params, start, batch_names, columns)


def fields(
    form: str,
    params: type[Params],
    start: Mapping[str, Any],
    batch_names: tuple[str, ...] = (),
    columns: tuple[str, ...] = (),
) -> dict[str, Any]:
    """Draw one field per parameter; returns the values by name. Rarely changed parameters are folded away.

    `form` names the form, `start` holds the values that differ from the defaults at first.
    """
    offered = {"order": batch_names, "text": batch_names, "names": columns}
    usual = [spec for spec in params.specs() if not spec.advanced]
    rare = [spec for spec in params.specs() if spec.advanced]
    values = _grid(form, usual, start, offered)
    if rare:
        with st.expander("More parameters"):
            values.update(_grid(form, rare, start, offered))
    return values


def _preset_values(method: Method) -> Mapping[str, Any]:
    """What the chosen preset changes."""
    if not method.Params.presets:
        return {}
    chosen = st.segmented_control(
        "Preset", [DEFAULTS, *method.Params.presets], default=DEFAULTS, key=_key(method.name, "preset"),
        format_func=str.capitalize, help=_PRESET_HELP, on_change=_forget, args=(method,), required=True,
        persist_state="session",
    )  # fmt: skip
    return {} if chosen in (None, DEFAULTS) else method.Params.preset(chosen)


def _forget(method: Method) -> None:
    """A new preset fills the fields anew."""
    for spec in method.Params.specs():
        st.session_state.pop(_key(method.name, spec.name), None)


def _key(form: str, name: str) -> str:
    return f"param:{form}:{name}"


def _grid(
    form: str, specs: list[ParamSpec], start: Mapping[str, Any], offered: dict[str, tuple[str, ...]]
) -> dict[str, Any]:
    """Numbers two by two, then everything else line by line; values in the order of declaration."""
    numbers = [spec for spec in specs if spec.kind in ("integer", "real")]
    values: dict[str, Any] = dict.fromkeys(spec.name for spec in specs)
    for i, spec in enumerate(numbers):
        if i % 2 == 0:
            columns = st.columns(2, vertical_alignment="bottom")
        with columns[i % 2]:
            values[spec.name] = _field(form, spec, start, offered)
    for spec in specs:
        if spec not in numbers:
            values[spec.name] = _field(form, spec, start, offered)
    return values


def _field(form: str, spec: ParamSpec, start: Mapping[str, Any], offered: dict[str, tuple[str, ...]]) -> Any:
    return _FIELDS[spec.kind](spec, _key(form, spec.name), start.get(spec.name, spec.default), offered)


def _number(spec: ParamSpec, key: str, value: Any, step: float, kind: type) -> Any:
    """A number field; empty where the parameter may be None. Keys keep what was typed when the page changes."""
    low = spec.limits.low
    if low is not None and spec.limits.open_low:
        low = low + step if kind is int else None  # the check refuses the open end itself, by name
    return st.number_input(
        spec.name,
        value=None if value is None else kind(value),
        min_value=None if low is None else kind(low),
        max_value=None if spec.limits.high is None else kind(spec.limits.high),
        step=kind(step),
        format="%d" if kind is int else "%.4g",
        key=key,
        help=spec.text,
        persist_state="session",
        placeholder=spec.none_means if spec.optional else None,
    )


def _integer_field(spec: ParamSpec, key: str, value: Any, _: dict[str, tuple[str, ...]]) -> int | None:
    return _number(spec, key, value, 1, int)


def _real_field(spec: ParamSpec, key: str, value: Any, _: dict[str, tuple[str, ...]]) -> float | None:
    step = 0.1 if value is None or value >= 0.1 else max(abs(value) / 2, 1e-6)
    return _number(spec, key, value, step, float)


def _flag_field(spec: ParamSpec, key: str, value: bool, _: dict[str, tuple[str, ...]]) -> bool:
    return st.toggle(spec.name, value=value, key=key, help=spec.text, persist_state="session")


def _choice_field(spec: ParamSpec, key: str, value: str, _: dict[str, tuple[str, ...]]) -> str:
    return st.selectbox(
        spec.name, spec.choices, index=spec.choices.index(value), key=key, help=spec.text, persist_state="session"
    )


def _text_field(spec: ParamSpec, key: str, value: str | None, choices: dict[str, tuple[str, ...]]) -> str | None:
    options = list(choices["text"])
    index = options.index(value) if value in options else None
    return st.selectbox(
        spec.name,
        options,
        index=index,
        key=key,
        help=spec.text,
        persist_state="session",
        placeholder=spec.none_means or "none",
    )


def _names_field(
    spec: ParamSpec, key: str, value: tuple[str, ...] | None, choices: dict[str, tuple[str, ...]]
) -> list[str] | None:
    chosen = st.multiselect(
        spec.name, choices["names"], default=list(value or ()), key=key, help=spec.text, persist_state="session",
        placeholder=spec.none_means,
    )  # fmt: skip
    return chosen or (None if spec.optional else [])


def _order_field(spec: ParamSpec, key: str, value: Any, choices: dict[str, tuple[str, ...]]) -> list[str] | None:
    """Batches in the order they are picked; those not picked follow in the data's order."""
    names = choices["order"]
    picked = st.multiselect(
        spec.name,
        names,
        default=list(value or ()),
        key=key,
        help=spec.text,
        persist_state="session",
        placeholder=spec.none_means,
    )
    if not picked:
        return None
    order = [*picked, *(name for name in names if name not in picked)]
    st.caption("Order in use: " + " → ".join(order))
    return order


_FIELDS = {
    "integer": _integer_field,
    "real": _real_field,
    "flag": _flag_field,
    "choice": _choice_field,
    "text": _text_field,
    "names": _names_field,
    "order": _order_field,
}
