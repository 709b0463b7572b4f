"""What a session has chosen, kept in the session and in the address, so that a reload and a shared link find it."""

from __future__ import annotations

from collections.abc import Mapping

import streamlit as st

_REMEMBERED = ("loaded", "data", "run", "sweep")
"""What is in use: the data set that was read, the one that was prepared, the run and the sweep that are shown."""


def restore() -> None:
    """Bring session and address together; called once per script run, before anything is drawn."""
    for name in _REMEMBERED:
        if name not in st.session_state:
            st.session_state[name] = st.query_params.get(name)
        _write_address(name)


def chosen(name: str) -> str | None:
    """The job in use under `name`, or None."""
    value = st.session_state.get(name)
    return str(value) if value else None


def choose(name: str, job_id: str | None) -> None:
    """Use another job from now on."""
    st.session_state[name] = job_id
    _write_address(name)


def use_data(job_id: str | None) -> None:
    """Use another prepared data set: the run and the sweep shown belong to the old one."""
    choose("data", job_id)
    choose("run", None)
    choose("sweep", None)


def key_of_choice(name: str) -> str:
    """The key of the widget for the choice `name`, which code may change as well (`change_choice`).

    It is another key after every such change. A browser that has not heard of the change sends what the widget showed
    before with whatever it asks next; under the old key that does no harm.
    """
    return f"{name}:{st.session_state.get(f'{name}:changes', 0)}"


def renew_choice(name: str) -> None:
    """Have a new widget stand there from now on, which knows nothing of what was done to the old one."""
    st.session_state[f"{name}:changes"] = st.session_state.get(f"{name}:changes", 0) + 1


def change_choice(name: str, value: object) -> None:
    """Have the widget of that choice show `value` from now on."""
    renew_choice(name)
    st.session_state[key_of_choice(name)] = value


def _write_address(name: str) -> None:
    value = chosen(name)
    if value:
        st.query_params[name] = value
    else:
        st.query_params.pop(name, None)


def pick(title: str, name: str, labels: Mapping[str, str]) -> str:
    """Draw the choice of one of several jobs (id → label), and use the one picked under `name` from now on.

    What is in use decides what the choice shows, whoever chose it: a button or a link may have done so meanwhile.
    """
    key, current = f"pick:{name}", chosen(name)
    if current is None or current not in labels:
        current = next(iter(labels))
        choose(name, current)
    st.session_state[key] = current
    st.selectbox(
        title, list(labels), key=key, format_func=labels.__getitem__,
        on_change=lambda: choose(name, st.session_state[key]),
    )  # fmt: skip
    return current
