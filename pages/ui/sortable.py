"""A list whose entries are put in order by dragging, or by the arrows beside them."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from pages.ui.text import visible

_HTML = '<div id="title"></div><ol id="list"></ol>'

_CSS = """
:host, * { box-sizing: border-box; font-family: var(--st-font); color: var(--st-text-color); }
#title { font-size: .875rem; margin-bottom: .35rem; }
ol { list-style: none; margin: 0; padding: 0; display: flex; flex-direction: column; gap: .25rem; }
li { display: flex; align-items: center; gap: .5rem; padding: .3rem .6rem; cursor: grab; font-size: .9rem;
  background: var(--st-secondary-background-color); border-radius: var(--st-base-radius); }
li.dragged { opacity: .4; }
li .place { opacity: .6; min-width: 1.2rem; }
li .name { flex: 1; overflow: hidden; text-overflow: ellipsis; white-space: nowrap; }
li .role { font-size: .75rem; opacity: .7; }
button { border: none; background: none; cursor: pointer; padding: 0 .2rem; opacity: .7; color: inherit; }
button:disabled { opacity: .2; cursor: default; }
"""

_JS = """
export default function ({ parentElement, data, setStateValue }) {
  const list = parentElement.querySelector("#list");
  parentElement.querySelector("#title").textContent = data.title;
  let order = data.order.slice();
  let dragged = null;

  const tell = () => setStateValue("order", order);
  const move = (from, to) => {
    if (to < 0 || to >= order.length || from === to) return;
    order.splice(to, 0, ...order.splice(from, 1));
    draw();
    tell();
  };
  const element = (tag, className, text) =>
    Object.assign(document.createElement(tag), { className, textContent: text });
  const arrow = (text, label, from, to) => {
    const button = element("button", "", text);
    button.disabled = to < 0 || to >= order.length;
    button.setAttribute("aria-label", label);
    button.onclick = () => move(from, to);
    return button;
  };
  const draw = () => list.replaceChildren(...order.map((index, place) => {
    const row = element("li", "", "");
    const name = data.names[index];
    row.draggable = true;
    row.append(element("span", "place", `${place + 1}.`), element("span", "name", name));
    if (place === 0) row.append(element("span", "role", data.first));
    row.append(arrow("▲", `Move ${name} up`, place, place - 1), arrow("▼", `Move ${name} down`, place, place + 1));
    row.ondragstart = () => { dragged = place; row.classList.add("dragged"); };
    row.ondragend = () => { dragged = null; row.classList.remove("dragged"); };
    row.ondragover = (event) => event.preventDefault();
    row.ondrop = (event) => { event.preventDefault(); if (dragged !== null) move(dragged, place); };
    return row;
  }));
  draw();
}
"""


@st.cache_resource
def _component():  # type: ignore[no-untyped-def]
    return st.components.v2.component("scint_sortable", html=_HTML, css=_CSS, js=_JS)


def sortable(title: str, names: Sequence[str], *, key: str, first: str) -> list[str]:
    """Draw `names` as a list to be put in order; returns them in the order in use.

    `first` says what the entry on top is, such as "reference". The order is kept under `key` for the session.
    """
    places = list(range(len(names)))
    kept = st.session_state.get(f"{key}:order", places)
    order = kept if sorted(kept) == places else places  # of an earlier data set
    answer = _component()(
        key=f"{key}:{len(names)}",
        data={"title": title, "names": [visible(name) for name in names], "order": order, "first": first},
        default={"order": order},
        on_order_change=lambda: None,
    )
    chosen = [int(i) for i in answer.order or order]
    st.session_state[f"{key}:order"] = chosen
    return [names[i] for i in chosen]
