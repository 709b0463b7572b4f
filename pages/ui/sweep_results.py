"""What a sweep has found so far: its finished runs, setting by setting, with their scores and maps."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd
import streamlit as st

from pages.ui import library
from pages.ui.library import short
from pages.ui.scores import scores_of
from scint_core.contract import FloatArray
from scint_core.methods import find_method
from scint_core.metrics import AGGREGATES, DEFAULT_METRICS, METRICS, with_aggregates
from scint_core.runs.sweeps import SweepFolder
from scint_core.runs.sweeps.grid import METHOD
from scint_core.runs.sweeps.sensitivity import Setting, Stability, compared_cells, is_number, stability

TOTAL = "Total"
Place = tuple[Any, ...]
"""A setting: its value on every axis, in the order of the axes."""


@dataclass(frozen=True)
class FinishedRun:
    """A run that is done and scored."""

    place: Place
    seed: int
    run_id: str
    score_id: str
    scores: Mapping[str, float]  # NaN where undefined


@dataclass(frozen=True)
class SweepResult:
    """The finished runs of a sweep: `axes` are its values by axis, numbers in order, `defaults` the defaults."""

    axes: Mapping[str, tuple[Any, ...]]
    defaults: Mapping[str, Any]
    runs: tuple[FinishedRun, ...]

    @cached_property
    def settings(self) -> dict[Place, list[FinishedRun]]:
        """Every setting of which something is finished, with its runs by seed, in the order of the grid."""
        found: dict[Place, list[FinishedRun]] = {}
        for run in self.runs:
            found.setdefault(run.place, []).append(run)
        return found

    @property
    def several_seeds(self) -> bool:
        return len({run.seed for run in self.runs}) > 1

    def metrics(self, group: str) -> list[str]:
        """Scores that some run has: those of "batch" or "bio", counted ones first, or the means for "means"."""
        if group == "means":
            names = [TOTAL, *AGGREGATES]
        else:
            extra = [name for name in METRICS if name not in DEFAULT_METRICS]
            names = [name for name in (*DEFAULT_METRICS, *extra) if METRICS[name].group == group]
            names.sort(key=lambda name: not METRICS[name].aggregated)
        return [name for name in names if any(math.isfinite(run.scores.get(name, math.nan)) for run in self.runs)]

    def spread(self, place: Place, metric: str) -> tuple[float, float, float]:
        """Mean, lowest and highest of a score over the seeds of a setting; NaN where none is known."""
        scores = [run.scores.get(metric, math.nan) for run in self.settings.get(place, [])]
        known = [score for score in scores if math.isfinite(score)]
        return (sum(known) / len(known), min(known), max(known)) if known else (math.nan,) * 3

    def has_default(self, axis: str) -> bool:
        """Whether the default of an axis is one of its values; methods have none."""
        return axis != METHOD and self.defaults[axis] in self.axes[axis]

    def middle(self, axis: str) -> Any:
        """The value at which an axis is held while another one is looked at: the default, or the one in the middle."""
        values = self.axes[axis]
        return self.defaults[axis] if self.has_default(axis) else values[len(values) // 2]

    def default_among(self, axis: str, values: Sequence[Any]) -> int | None:
        """The place of the default of an axis among some of its values; None where it is none of them."""
        return values.index(self.defaults[axis]) if self.has_default(axis) and self.defaults[axis] in values else None

    def along(self, axis: str, held: Mapping[str, Any]) -> list[tuple[Any, FinishedRun]]:
        """Value and first run of the finished settings along one axis, the other axis held."""
        found = []
        for value in self.axes[axis]:
            place = tuple(value if name == axis else held[name] for name in self.axes)
            if place in self.settings:
                found.append((value, self.settings[place][0]))
        return found

    def text(self, place: Place) -> str:
        """ "theta 4, sigma 0.1"."""
        return ", ".join(value_text(axis, value, with_name=True) for axis, value in zip(self.axes, place, strict=True))


def _in_order(values: tuple[Any, ...]) -> tuple[Any, ...]:
    """Numbers from small to large, None after them; everything else as it is."""
    if not all(is_number(value) or value is None for value in values):
        return values
    return tuple(sorted(values, key=lambda value: math.inf if value is None else float(value)))


def value_text(axis: str, value: Any, *, with_name: bool = False) -> str:
    """A value as charts write it: "4", "Harmony"; with the name of its parameter where asked."""
    if axis == METHOD:
        return find_method(value).label
    return f"{axis} {short(value)}" if with_name else short(value)


def result_of(sweep: SweepFolder) -> SweepResult:
    """The finished part of a sweep."""
    grid = sweep.grid
    runs = [
        FinishedRun(tuple(run.point.place.values()), run.point.seed, run.run.id, run.score.id, _scores(run.score.id))
        for run in sweep.runs()
        if run.run.status().state == "done" and run.score.status().state == "done"
    ]
    axes = {axis: _in_order(values) for axis, values in grid.axes.items()}
    return SweepResult(axes, {axis: grid.default(axis) for axis in grid.axes}, tuple(runs))


@st.cache_resource(max_entries=5_000, show_spinner=False)
def _scores(score_id: str) -> dict[str, float]:
    """Scores by name with the means of their groups."""
    scores = {name: found.score for name, found in scores_of(score_id).results.items()}
    means = with_aggregates(pd.DataFrame([scores])).iloc[0]
    return {str(name): float(value) for name, value in means.items()}


@st.cache_resource(max_entries=64, show_spinner=False)
def embedding_of(run_id: str) -> FloatArray:
    """The embedding of the compared cells (cells × d) of a run."""
    coordinates = library.run_view(run_id).result.coordinates
    return np.ascontiguousarray(coordinates[compared_cells(len(coordinates))])


Setup = tuple[Any, tuple[tuple[str, str], ...]]
"""A value of a parameter, with run and score of every seed: what a stability is known by."""


@st.cache_resource(max_entries=32, show_spinner="Comparing the settings …")
def _stability(axis: str, setups: tuple[Setup, ...], data_id: str, default: Any) -> Stability:
    view = library.data_view(data_id)
    labels = None if view.labels is None else view.labels[compared_cells(view.n_cells)]
    settings = [
        Setting(value, embedding_of(jobs[0][0]), [_scores(score_id) for _, score_id in jobs]) for value, jobs in setups
    ]
    return stability(axis, settings, labels=labels, label_names=view.label_names, default=default)


def stability_of(view: library.DataView, result: SweepResult, axis: str) -> Stability | None:
    """How far results move along one axis, the other one held; None as long as fewer than two settings are done.

    Methods are called by their labels in it.
    """
    path = result.along(axis, {name: result.middle(name) for name in result.axes})
    if len(path) < 2:
        return None
    setups = tuple(
        (
            value_text(axis, value) if axis == METHOD else value,
            tuple((other.run_id, other.score_id) for other in result.settings[run.place]),
        )
        for value, run in path
    )
    return _stability(axis, setups, view.id, result.defaults[axis])


def how_far(axis: str, stability: Stability) -> str:
    """How far results move with one parameter, as a sentence."""
    most = max(range(len(stability.moved)), key=stability.moved.__getitem__)
    first, second = (short(value) for value in stability.values[most : most + 2])
    step = f"the most from {first} to {second}: {stability.moved[most]:.0%}"
    if stability.per_unit is None:
        return f"Stability: of a cell's neighbours are replaced {step}."
    share, unit = _rate(stability.per_unit)
    doubling = "" if stability.per_doubling is None else f" ({stability.per_doubling:.1%} per doubling)"
    return f"Stability: {share:.1%} of a cell's neighbours are replaced per {unit} of {axis}{doubling}, {step}."


def _rate(per_unit: float) -> tuple[float, str]:
    """A share that one can picture, and per how much of the parameter it is: "unit", "0.1", "10"."""
    unit = 1.0
    while per_unit * unit > 0.5:
        unit /= 10
    while 0 < per_unit * unit < 0.01 and unit < 1_000:
        unit *= 10
    return per_unit * unit, "unit" if unit == 1 else f"{unit:g}"
