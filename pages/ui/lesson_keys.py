"""The keys of presenter mode: a line at the foot of the page that tells them, and hears them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import streamlit as st

_HEARD = "learn:heard"  # the number of the last press that was acted on
NAMES = {
    "ArrowRight": "next", "PageDown": "next", " ": "next", "Enter": "next", "ArrowLeft": "back", "PageUp": "back",
    "ArrowUp": "up", "ArrowDown": "down", "Tab": "slider", "n": "world", "p": "leave", "Escape": "leave",
    **{str(i): str(i) for i in range(1, 6)},
}  # fmt: skip
"""Key of the browser → what it does here."""

_HTML = '<div id="keys" role="toolbar" aria-label="Keys"></div>'

_CSS = """
:host { font-family: var(--st-font); color: var(--st-text-color); }
#keys { display: flex; flex-wrap: wrap; gap: .2rem 1.4rem; font-size: 1rem; opacity: .8; }
button { font: inherit; color: inherit; background: none; border: none; padding: 0; cursor: pointer; }
kbd { font: inherit; border: 1px solid currentColor; border-radius: .3rem; padding: 0 .4rem; margin-right: .35rem; }
"""

_JS = """
export default function ({ parentElement, data, setStateValue }) {
  const heard = window.scintPresses ??= [];
  const send = name => {
    const last = heard.length ? heard[heard.length - 1][0] : 0;
    heard.push([Math.max(Date.now(), last + 1), name]);
    heard.splice(0, heard.length - 20);
    setStateValue("presses", [...heard]);
  };
  parentElement.querySelector("#keys").replaceChildren(...data.shown.map(([key, text, name]) => {
    const button = document.createElement("button"), cap = document.createElement("kbd");
    cap.textContent = key;
    button.tabIndex = -1;
    button.append(cap, text);
    button.onclick = () => send(name);
    return button;
  }));
  const listen = event => {
    const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
    if (event.ctrlKey || event.metaKey || event.altKey || !(key in data.names)) return;
    event.preventDefault();
    event.stopPropagation();
    send(data.names[key]);
  };
  document.removeEventListener("keydown", window.scintListens, true);  // of the drawing before
  window.scintListens = listen;
  document.addEventListener("keydown", listen, true);
  return () => document.removeEventListener("keydown", listen, true);  // its own: a newer one may listen by now
}
"""


@st.cache_resource
def _component():  # type: ignore[no-untyped-def]
    return st.components.v2.component("scint_keys", html=_HTML, css=_CSS, js=_JS)


def hear(shown: Sequence[tuple[str, str, str]], act: Callable[[str], None]) -> None:
    """Draw the keys (`shown`: key cap, words, name), and call `act` with the name of every press, each once.

    The browser keeps the latest presses with their numbers, so that none is lost while the page is being drawn.
    """

    def pressed() -> None:
        act_on_new(st.session_state["learn:keys"]["presses"], act)

    _component()(
        key="learn:keys", data={"shown": [list(key) for key in shown], "names": NAMES}, default={"presses": []},
        on_presses_change=pressed,
    )  # fmt: skip


def act_on_new(presses: Sequence[Sequence[Any]], act: Callable[[str], None]) -> None:
    """Act on the presses (number, name) that came after the last one that was acted on."""
    for number, name in presses:
        if number > st.session_state.get(_HEARD, 0):
            st.session_state[_HEARD] = number
            act(str(name))
