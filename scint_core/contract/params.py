"""`Params`: a method's parameters as a frozen, validated dataclass whose fields explain themselves.

One declaration serves four readers: the check of what a caller passes, the record kept with a result, the key of
every cached step, and the form on the screen.

    @dataclass(frozen=True)
    class HarmonyParams(Params):
        theta: float = param(2.0, low=0, help="...", larger="...", risk="...", source="...")
"""

from __future__ import annotations

import dataclasses
import json
import math
import numbers
import types
import typing
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Literal, Self

from scint_core.errors import ParameterError, did_you_mean

Kind = Literal["integer", "real", "flag", "choice", "text", "names", "order"]

Tree = str | tuple["Tree", ...]
"""Batch names, or nested groups of them: the order in which batches are merged."""


@dataclass(frozen=True)
class Limits:
    """The range a number must lie in; an open end is excluded."""

    low: float | None = None
    high: float | None = None
    open_low: bool = False
    open_high: bool = False

    def admit(self, value: float) -> bool:
        """Whether `value` lies in the range."""
        above = self.low is None or value > self.low or (value == self.low and not self.open_low)
        below = self.high is None or value < self.high or (value == self.high and not self.open_high)
        return above and below

    def __str__(self) -> str:
        parts = []
        if self.low is not None:
            parts.append(f"{'above' if self.open_low else 'at least'} {self.low:g}")
        if self.high is not None:
            parts.append(f"{'below' if self.open_high else 'at most'} {self.high:g}")
        return " and ".join(parts) or "finite"


@dataclass(frozen=True)
class ParamSpec:
    """Everything a form, a help page and a check need to know about one parameter."""

    name: str
    kind: Kind
    default: Any
    optional: bool
    help: str
    larger: str
    risk: str
    source: str
    unit: str
    limits: Limits
    choices: tuple[str, ...]
    slider: tuple[float, float] | None
    advanced: bool
    none_means: str
    names_of: str

    @property
    def text(self) -> str:
        """Help, effect of a larger value, risk, unit, what None means and source of the default, as one paragraph."""
        parts = [
            self.help,
            self.larger and f"Larger: {self.larger}",
            self.risk and f"Risk: {self.risk}",
            self.unit and f"Unit: {self.unit}.",
            self.optional and f"None or empty: {self.none_means}.",
            self.source and f"Default from {self.source}.",
        ]
        return " ".join(part for part in parts if part)


def param(
    default: Any,
    *,
    help: str,
    larger: str = "",
    risk: str = "",
    source: str,
    unit: str = "",
    low: float | None = None,
    high: float | None = None,
    open_low: bool = False,
    open_high: bool = False,
    choices: tuple[str, ...] = (),
    slider: tuple[float, float] | None = None,
    advanced: bool = False,
    none_means: str = "off",
    names_of: Literal["batches", "labels", "columns"] = "batches",
) -> Any:
    """Declare one parameter of a method.

    `help` says what it does, `larger` what a larger value does, `risk` what goes wrong at the wrong value, `source`
    where the default comes from. `low`..`high` is the range outside which a value is impossible; `slider` the range
    worth offering on the screen. `none_means` explains None where the type admits it, `names_of` says what a text or a
    list of names is a name of. A size that the data bound (`k`, `n_pcs`) has no `high`: it is lowered with a note, not
    refused.
    """
    limits = Limits(low, high, open_low, open_high)
    about = {
        "help": help,
        "larger": larger,
        "risk": risk,
        "source": source,
        "unit": unit,
        "limits": limits,
        "choices": choices,
        "slider": slider,
        "advanced": advanced,
        "none_means": none_means,
        "names_of": names_of,
    }
    return dataclasses.field(default=default, metadata={"about": about})


_KINDS: dict[Any, Kind] = {
    int: "integer",
    float: "real",
    bool: "flag",
    str: "text",
    Tree: "order",
    tuple[str, ...]: "names",
}


def _spec(field: dataclasses.Field[Any], hint: Any) -> ParamSpec:
    """The spec of one declared field; its kind follows from the annotation."""
    about = field.metadata["about"]
    optional = isinstance(hint, types.UnionType | typing._UnionGenericAlias) and hint != Tree  # type: ignore[attr-defined]
    if optional:
        inner = [a for a in typing.get_args(hint) if a is not type(None)]
        hint = inner[0] if len(inner) == 1 else Tree
    kind: Kind = "choice" if about["choices"] else _KINDS[hint]
    return ParamSpec(name=field.name, kind=kind, default=field.default, optional=optional, **about)


class Params:
    """Base of every method's parameters. Subclasses are frozen dataclasses whose fields are made by `param`.

    Creating one validates every field and raises `ParameterError` naming the parameter, its value and the way out.
    """

    presets: ClassVar[Mapping[str, Mapping[str, Any]]] = {}

    def __post_init__(self) -> None:
        for spec in self.specs():
            object.__setattr__(self, spec.name, _checked(spec, getattr(self, spec.name)))
        self.validate()

    def validate(self) -> None:
        """Constraints between parameters; a subclass that has any overrides this."""

    @classmethod
    def specs(cls) -> tuple[ParamSpec, ...]:
        """One `ParamSpec` per parameter, in the order of declaration."""
        cached = cls.__dict__.get("_specs")
        if cached is None:
            hints = typing.get_type_hints(cls)
            cached = tuple(_spec(f, hints[f.name]) for f in dataclasses.fields(cls))  # type: ignore[arg-type]
            cls._specs = cached  # type: ignore[attr-defined]
        return typing.cast("tuple[ParamSpec, ...]", cached)

    @classmethod
    def create(cls, given: Mapping[str, Any] | None = None, *, preset: str | None = None) -> Self:
        """Parameters from names and values, on top of a preset's values where one is named.

        Raises `ParameterError` for a name the method does not have, with the nearest one it has.
        """
        values = {**cls.preset(preset), **(given or {})}
        known = [spec.name for spec in cls.specs()]
        for name in values:
            if name not in known:
                raise ParameterError(_unknown(name, known))
        return cls(**values)

    @classmethod
    def preset(cls, name: str | None) -> Mapping[str, Any]:
        """The values that the preset `name` changes; none for None."""
        if name is None:
            return {}
        if name not in cls.presets:
            raise ParameterError(f"preset '{name}' does not exist: choose one of {', '.join(cls.presets) or 'none'}")
        return cls.presets[name]

    @classmethod
    def parse(cls, texts: Mapping[str, str]) -> dict[str, Any]:
        """Values from the text a command line gives: `{"k": "30"}` becomes `{"k": 30}`.

        Unknown names pass through unchanged, so that `create` reports them.
        """
        specs = {spec.name: spec for spec in cls.specs()}
        return {name: _parse(specs[name], text) if name in specs else text for name, text in texts.items()}

    def to_dict(self) -> dict[str, Any]:
        """Names and plain values (numbers, strings, booleans, None, lists), in the order of declaration."""
        plain = {spec.name: getattr(self, spec.name) for spec in self.specs()}
        return typing.cast("dict[str, Any]", json.loads(json.dumps(plain)))

    def changed(self) -> dict[str, Any]:
        """Only what differs from the defaults."""
        return {s.name: v for s, v in ((s, getattr(self, s.name)) for s in self.specs()) if v != s.default}


def _unknown(name: str, known: list[str]) -> str:
    listed = ", ".join(known) or "no parameters"
    return f"parameter '{name}' does not exist: {did_you_mean(name, known)}This method has {listed}"


def _refuse(spec: ParamSpec, value: Any, wanted: str) -> ParameterError:
    none = f", or None ({spec.none_means})" if spec.optional else ""
    return ParameterError(f"parameter '{spec.name}' is {value!r}: it must be {wanted}{none}")


def _checked(spec: ParamSpec, value: Any) -> Any:
    """`value` as a plain Python value of the right type, or `ParameterError`."""
    if value is None:
        if spec.optional:
            return None
        raise _refuse(spec, value, f"a value, such as the default {spec.default!r}")
    return _CHECKS[spec.kind](spec, value)


def _checked_integer(spec: ParamSpec, value: Any) -> int:
    wanted = f"a whole number {spec.limits}" if spec.limits != Limits() else "a whole number"
    whole = isinstance(value, numbers.Integral) or (isinstance(value, numbers.Real) and float(value).is_integer())
    if isinstance(value, bool) or not whole or not spec.limits.admit(int(value)):
        raise _refuse(spec, value, wanted)
    return int(value)


def _checked_real(spec: ParamSpec, value: Any) -> float:
    number = isinstance(value, numbers.Real) and not isinstance(value, bool) and math.isfinite(float(value))
    if not number or not spec.limits.admit(float(value)):
        raise _refuse(spec, value, f"a number {spec.limits}")
    return float(value)


def _checked_flag(spec: ParamSpec, value: Any) -> bool:
    if isinstance(value, bool) or type(value).__name__ in ("bool_", "bool"):
        return bool(value)
    raise _refuse(spec, value, "True or False")


def _checked_choice(spec: ParamSpec, value: Any) -> str:
    if value not in spec.choices:
        raise _refuse(spec, value, "one of " + ", ".join(repr(c) for c in spec.choices))
    return str(value)


def _checked_text(spec: ParamSpec, value: Any) -> str:
    if not isinstance(value, str) or not value:
        raise _refuse(spec, value, "a name")
    return value


def _checked_names(spec: ParamSpec, value: Any) -> tuple[str, ...]:
    values = (value,) if isinstance(value, str) else value
    if not isinstance(values, list | tuple) or not all(isinstance(v, str) and v for v in values):
        raise _refuse(spec, value, "a list of names")
    if len(set(values)) != len(values):
        raise _refuse(spec, value, "a list of names without repeats")
    return tuple(values)


def _checked_order(spec: ParamSpec, value: Any) -> Tree:
    def freeze(node: Any) -> Tree:
        if isinstance(node, list | tuple) and node:
            return tuple(freeze(child) for child in node)
        if isinstance(node, bool) or not isinstance(node, str | numbers.Integral):
            raise _refuse(spec, value, "batch names in order, or nested lists of them")
        return str(node)

    if not isinstance(value, list | tuple):
        raise _refuse(spec, value, "batch names in order, or nested lists of them")
    return freeze(value)


_CHECKS = {
    "integer": _checked_integer,
    "real": _checked_real,
    "flag": _checked_flag,
    "choice": _checked_choice,
    "text": _checked_text,
    "names": _checked_names,
    "order": _checked_order,
}


def _parse(spec: ParamSpec, text: str) -> Any:
    """The value that `text` stands for; what cannot be read is left for the check to refuse by name."""
    if spec.optional and text.lower() in ("none", "off", ""):
        return None
    if spec.kind == "flag":
        return {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}.get(text.lower(), text)
    if spec.kind in ("names", "order") and not text.startswith("["):
        return [part.strip() for part in text.split(",")]
    if spec.kind in ("choice", "text"):
        return text
    try:
        return json.loads(text)
    except json.JSONDecodeError:
        return text
