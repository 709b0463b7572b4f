"""The form of a sweep: methods, one parameter or two with their values, seeds, and how long it will take."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import streamlit as st

from pages.ui import library, state
from pages.ui.jobs import board
from pages.ui.library import short
from pages.ui.notices import show_notes
from pages.ui.sweep_values import NUMBERS, can_sweep, choices_of, ladder, read_values, written
from pages.ui.text import count, in_markdown
from scint_core.contract import Method, ParamSpec
from scint_core.errors import IntegrationError, ParameterError
from scint_core.methods import all_methods
from scint_core.runs.jobs.folder import JobFolder
from scint_core.runs.sweeps import MANY, Grid, SweepBoard, estimate

_NO_PARAMETER = "(none)"
_MOST_RUNS = 20_000
_MOST_FORESEEN = 24  # settings that are asked what a run would lower; more would keep the page waiting

Asked = Mapping[ParamSpec, str | list[Any]]
"""What was typed or chosen, by parameter."""


@st.cache_resource(show_spinner=False)
def sweep_board() -> SweepBoard:
    """The one board of sweeps of this server."""
    return SweepBoard(board())


def draw_form(view: library.DataView) -> None:
    """Draw the form; a sweep that is started is the one in use from then on."""
    grid = _asked(view)
    start = st.button(
        "Run the sweep", type="primary", width="stretch", disabled=grid is None, icon=":material/play_arrow:"
    )
    if start and grid is not None:
        if len(grid) > MANY:
            _ask_first(view, grid)
        else:
            _start(view, grid)


def _start(view: library.DataView, grid: Grid) -> None:
    state.choose("sweep", sweep_board().start(view.id, grid, label_key=view.label_key).id)
    st.rerun()


@st.dialog("Run a large sweep?")
def _ask_first(view: library.DataView, grid: Grid) -> None:
    st.markdown(f"This is **{_length(view, grid)}**. You can cancel it at any time, and what is finished is kept.")
    yes, no = st.columns(2)
    if yes.button(f"Start {count(len(grid), 'run')}", type="primary", width="stretch"):
        _start(view, grid)
    if no.button("Not now", width="stretch"):
        st.rerun()


def _length(view: library.DataView, grid: Grid) -> str:
    """ "12 runs, about 2 min, judged by 3 of its runs"."""
    return f"{count(len(grid), 'run')}, {in_markdown(estimate(board(), view.id, grid))}"


def _asked(view: library.DataView) -> Grid | None:
    """Draw all fields and say what comes of them; None, with the reason on the page, where nothing can be run."""
    methods = _choose_methods()
    specs = shared_parameters(methods)
    first = _choose_parameter("Parameter", specs, methods, taken=None)
    asked = {first: _choose_values(first, methods)} if first else {}
    second = _choose_parameter("Second parameter", specs, methods, taken=first) if first else None
    asked |= {second: _choose_values(second, methods)} if second else {}
    n_seeds = st.number_input(
        "Seeds", 1, 20, 1, key="sweep:seeds", persist_state="session",
        help="Every setting is run with so many seeds, 0, 1, 2 and on; the curves then show a band from the lowest to "
        "the highest score. Methods without anything random give the same each time.",
    )  # fmt: skip
    fixed = _choose_fixed(view, methods, [spec.name for spec in asked])
    try:
        grid = _grid(methods, asked, int(n_seeds), fixed)
        show_notes(_foreseen(view, grid))
    except IntegrationError as error:
        st.error(in_markdown(error), icon=":material/error:")
        return None
    st.markdown(f":material/timer: {_length(view, grid)}.")
    return grid


def _grid(methods: Sequence[Method], asked: Asked, n_seeds: int, fixed: dict[str, Any]) -> Grid:
    """The grid that was asked for. Raises, with a sentence for the page, where there is none."""
    if not methods:
        raise ParameterError("no method is chosen: choose one, or several to compare them")
    if len(methods) == 1 and not asked:
        raise ParameterError(f"{methods[0].label} has no parameter to vary: choose another method, or several")
    values = {spec.name: read_values(spec, text) if isinstance(text, str) else text for spec, text in asked.items()}
    for spec in asked:
        if not values[spec.name]:
            raise ParameterError(f"parameter '{spec.name}' has no values to try: choose at least one")
    _refuse_too_many(methods, values, n_seeds)
    return Grid.create([method.name for method in methods], values, seeds=tuple(range(n_seeds)), fixed=fixed)


def _choose_methods() -> list[Method]:
    methods = all_methods()
    chosen = st.multiselect(
        "Method", list(methods), default=["harmony"], format_func=lambda name: methods[name].label,
        key="sweep:methods", persist_state="session", placeholder="Choose a method, or several",
        help="Several methods are run side by side over the parameters that all of them have.",
    )  # fmt: skip
    return [methods[name] for name in chosen]


def shared_parameters(methods: Sequence[Method]) -> list[ParamSpec]:
    """The parameters that all methods have and that can be swept, as the first method declares them."""
    if not methods:
        return []
    others = [{spec.name: spec.kind for spec in method.Params.specs()} for method in methods[1:]]
    return [
        spec for spec in methods[0].Params.specs()
        if can_sweep(spec) and all(other.get(spec.name) == spec.kind for other in others)
    ]  # fmt: skip


def _choose_parameter(
    title: str, specs: Sequence[ParamSpec], methods: Sequence[Method], taken: ParamSpec | None
) -> ParamSpec | None:
    """Draw the choice of an axis; None where there is none. One method alone must have a first one."""
    by_name = {spec.name: spec for spec in specs if spec != taken}
    optional = taken is not None or len(methods) > 1
    offered = [*([_NO_PARAMETER] if optional else []), *by_name]
    if not by_name or (taken is not None and len(methods) > 1):  # methods and one parameter are two axes already
        return None
    chosen = st.selectbox(title, offered, key=f"sweep:{title}:{_names(methods)}", persist_state="session")
    return by_name.get(chosen)


def _names(methods: Sequence[Method]) -> str:
    return ",".join(method.name for method in methods)


def _choose_values(spec: ParamSpec, methods: Sequence[Method]) -> str | list[Any]:
    """Draw the field for the values of a parameter: numbers as typed, choices as chosen."""
    key = f"sweep:values:{_names(methods)}:{spec.name}"
    if spec.kind in NUMBERS:
        st.session_state.setdefault(key, written(ladder(spec)))
        return st.text_input(f"Values of {spec.name}", key=key, help=spec.text, persist_state="session")
    values = choices_of(spec)
    return st.multiselect(
        f"Values of {spec.name}", values, default=values, format_func=short, key=key, help=spec.text,
        persist_state="session",
    )  # fmt: skip


def _choose_fixed(view: library.DataView, methods: Sequence[Method], swept: Sequence[str]) -> dict[str, Any]:
    """The other parameters: at their defaults, or those of the run in use where the user wants them."""
    run = _run_in_use(view, methods)
    given = dict(run.spec()["arguments"]["params"]) if run else {}
    others = {name: value for name, value in given.items() if name not in swept}
    if run is None or not others:
        return {}
    keep = st.toggle(
        "Keep the run's other parameters", key="sweep:keep", persist_state="session",
        help=f"Those of the run in use: {library.run_title(run)}. Otherwise they are at their defaults.",
    )  # fmt: skip
    return others if keep else {}


def _run_in_use(view: library.DataView, methods: Sequence[Method]) -> JobFolder | None:
    """The run in use, where it is one of the method chosen on these data."""
    run_id = state.chosen("run")
    if run_id is None or len(methods) != 1:
        return None
    arguments = board().job(run_id).spec().get("arguments", {})
    fits = arguments.get("data") == view.id and arguments.get("method") == methods[0].name
    return board().job(run_id) if fits else None


def _refuse_too_many(methods: Sequence[Method], values: dict[str, list[Any]], n_seeds: int) -> None:
    """A grid of millions is a slip of the finger, and would be drawn up run by run before anything is said."""
    runs = len(methods) * n_seeds
    for listed in values.values():
        runs *= len(listed)
    if runs > _MOST_RUNS:
        raise ParameterError(f"the sweep would be {runs:,} runs, more than {_MOST_RUNS:,}: take fewer values or seeds")


def _foreseen(view: library.DataView, grid: Grid) -> list[str]:
    """What the runs will lower or skip. Raises where a method cannot run on these data at all."""
    said = []
    methods = all_methods()
    for point in [point for point in grid.points if point.seed == grid.seeds[0]][:_MOST_FORESEEN]:
        method = methods[point.method]
        if method.labels == "needed" and view.label_key is None:
            raise ParameterError(f"{method.label} needs a label column: choose one on the Data page, or another method")
        said += method.foresee(library.problem(view.id, view.label_key), method.Params.create(point.params))
    return list(dict.fromkeys(said))
