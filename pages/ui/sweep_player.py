"""The maps of a sweep as a film: every cell walks from its place at one value to its place at the next.

A canvas draws it in the browser alone: no server is asked while it plays, and no WebGL chart is taken.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import streamlit as st

from pages.ui.canvas import as_places, common_box, dots
from pages.ui.colouring import Groups
from pages.ui.text import visible
from scint_core.contract import FloatArray

MOST_FRAMES = 24
_FINENESS = 1000  # places along a side: finer than a screen shows

_HTML = """
<div id="bar"><button id="play"></button><div id="value"></div></div>
<div id="slide"><input id="slider" type="range" min="0" step="0.01"><div id="marks"></div></div>
<canvas id="map" role="img"></canvas>
<div id="legend"></div>
"""

_CSS = """
:host, * { box-sizing: border-box; font-family: var(--st-font); color: var(--st-text-color); }
#bar { display: flex; align-items: center; gap: 1rem; }
#play { font-size: 1.1rem; min-width: 7rem; padding: .45rem 1rem; cursor: pointer; color: #fff; border: none;
  background: var(--st-primary-color); border-radius: var(--st-base-radius); }
#value { font-size: 1.7rem; font-weight: 600; }
#slider { width: 100%; accent-color: var(--st-primary-color); margin: .6rem 0 0; }
#marks { display: flex; justify-content: space-between; font-size: .95rem; padding: 0 .2rem; }
#map { width: 100%; height: 470px; display: block; }
#legend { display: flex; flex-wrap: wrap; gap: .3rem 1.1rem; font-size: 1rem; }
#legend span { display: inline-flex; align-items: center; gap: .4rem; }
#legend i { width: .8rem; height: .8rem; border-radius: 50%; }
"""

_JS = """
export default function ({ parentElement, data }) {
  const find = id => parentElement.querySelector("#" + id);
  const [play, slider, canvas, value] = ["play", "slider", "map", "value"].map(find);
  const last = data.frames.length - 1, STEP = 1400, REST = 0.3;
  let playing = false, before = null, request = null;
  slider.max = last;
  slider.setAttribute("aria-label", data.axis);
  canvas.setAttribute("aria-label", data.alt);
  if (slider.dataset.film !== data.id) { slider.value = 0; slider.dataset.film = data.id; }

  const element = (tag, text) => Object.assign(document.createElement(tag), { textContent: text });
  find("marks").replaceChildren(...data.texts.map(text => element("div", text)));
  find("legend").replaceChildren(...data.names.map((name, i) => {
    const entry = document.createElement("span"), dot = document.createElement("i");
    dot.style.background = data.colours[i];
    entry.append(dot, element("span", name));
    return entry;
  }));

  const draw = () => {
    const at = Number(slider.value), from = Math.min(Math.floor(at), Math.max(last - 1, 0));
    const to = Math.min(from + 1, last);
    const part = Math.min(1, Math.max(0, (at - from - REST / 2) / (1 - REST)));  // rests at every value
    const t = part * part * (3 - 2 * part), near = Math.round(at);
    const width = canvas.clientWidth, height = canvas.clientHeight, ratio = window.devicePixelRatio || 1;
    canvas.width = width * ratio; canvas.height = height * ratio;
    const side = Math.min(width, height), left = (width - side) / 2, top = (height - side) / 2;
    const pen = canvas.getContext("2d"), a = data.frames[from], b = data.frames[to], s = side / data.fineness;
    pen.scale(ratio, ratio);
    pen.globalAlpha = 0.85;
    const r = data.codes.length > 2000 ? 1.7 : 2.6;
    data.codes.forEach((code, i) => {
      if (i === 0 || code !== data.codes[i - 1]) pen.fillStyle = data.colours[code];
      const x = a[2 * i] + t * (b[2 * i] - a[2 * i]), y = a[2 * i + 1] + t * (b[2 * i + 1] - a[2 * i + 1]);
      pen.beginPath();
      pen.arc(left + x * s, top + side - y * s, r, 0, 6.3);
      pen.fill();
    });
    value.textContent = data.titles[near];
    slider.setAttribute("aria-valuetext", data.titles[near]);
  };
  const turn = on => {
    playing = on; before = null;
    play.textContent = on ? "❚❚ Pause" : "▶ Play";
    if (on) request = requestAnimationFrame(tick); else cancelAnimationFrame(request);
  };
  const tick = now => {
    if (!playing) return;
    if (before !== null) slider.value = Math.min(last, Number(slider.value) + (now - before) / STEP);
    before = now;
    draw();
    if (Number(slider.value) >= last) turn(false); else request = requestAnimationFrame(tick);
  };
  play.onclick = () => {
    if (!playing && Number(slider.value) >= last) slider.value = 0;
    turn(!playing);
  };
  slider.oninput = () => { turn(false); draw(); };
  turn(false);
  const watch = new ResizeObserver(draw);
  watch.observe(canvas);
  draw();
  return () => { turn(false); watch.disconnect(); };
}
"""


@st.cache_resource
def _component():  # type: ignore[no-untyped-def]
    return st.components.v2.component("scint_player", html=_HTML, css=_CSS, js=_JS)


def play(
    layouts: Sequence[FloatArray], texts: Sequence[str], groups: Groups, *, axis: str, default: int | None, key: str
) -> None:
    """Draw the film of layouts (each cells × 2) along an axis whose values read `texts`, one colour per group.

    `default` is the place of the default among the values, where it is one of them.
    """
    _component()(key=key, data=film(layouts, texts, groups, axis=axis, default=default))


def film(
    layouts: Sequence[FloatArray], texts: Sequence[str], groups: Groups, *, axis: str, default: int | None
) -> dict[str, Any]:
    """What the browser draws: places as whole numbers, x and y in turn, in the order of drawing."""
    corner, side = common_box(layouts)
    drawn = dots(groups)
    texts = [visible(text) for text in texts]
    frames = [as_places(layout[drawn.order], corner, side, _FINENESS) for layout in layouts]
    titles = [f"{axis} = {text}{' (default)' if i == default else ''}" for i, text in enumerate(texts)]
    return {
        "id": f"{axis}:{len(texts)}:{','.join(texts)}", "axis": axis, "texts": texts, "titles": titles,
        "frames": frames, "codes": drawn.codes, "fineness": _FINENESS, **drawn.legend,
        "alt": f"Film of the maps of {len(drawn.order)} cells over {axis}, coloured by {visible(groups.title)}",
    }  # fmt: skip
