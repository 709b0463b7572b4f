"""The map of the Live panel: a canvas that stays from picture to picture, so that a new one is there at once.

A Plotly chart is taken down and built up again whenever its data change, which takes a quarter of a second. Here the
cells glide to their new places, and what was zoomed to or hidden stays so.
"""

from __future__ import annotations

import html
from collections.abc import Sequence
from typing import Any

import numpy as np
import streamlit as st

from pages.ui.canvas import as_places, common_box, dots
from pages.ui.charts import LABELS_FROM
from pages.ui.colouring import Groups
from pages.ui.text import in_chart, visible
from scint_core.contract import FloatArray, Pairs

_FINENESS = 10_000  # places along a side: fine enough for a map that is zoomed into
_LONGEST = 18  # letters of such a name

_HTML = """
<div id="title"></div>
<div id="frame"><canvas id="map" role="img"></canvas><div id="box"></div></div>
<div id="legend"></div>
"""

_CSS = """
:host, * { box-sizing: border-box; font-family: var(--st-font); color: var(--st-text-color); }
#title { text-align: center; font-size: 1.05rem; min-height: 1.6em; }
#frame { position: relative; }
#map { width: 100%; height: 430px; display: block; cursor: grab; touch-action: none; }
#box { position: absolute; display: none; pointer-events: none; white-space: pre; font-size: .9rem; line-height: 1.35;
  padding: .3rem .6rem; border-radius: .3rem; border: 1px solid var(--st-border-color);
  background: var(--st-background-color); }
#legend { display: flex; flex-wrap: wrap; gap: .2rem 1rem; justify-content: center; margin-top: .4rem; }
#legend button { display: inline-flex; align-items: center; gap: .4rem; font-size: 1rem; cursor: pointer;
  background: none; border: none; padding: .1rem .2rem; }
#legend button[aria-pressed="false"] { opacity: .35; }
#legend i { width: .8rem; height: .8rem; border-radius: 50%; }
"""

_JS = """
export default function ({ parentElement, data }) {
  const GLIDE = 100, REACH = 10, SLOW = matchMedia("(prefers-reduced-motion: reduce)").matches;
  const find = id => parentElement.querySelector("#" + id);
  const [title, canvas, box, legend] = ["title", "map", "box", "legend"].map(find);
  const whole = () => ({ zoom: 1, x: 0.5, y: 0.5 });  // the point in the middle, as shares of the square
  const kept = canvas.kept ??= { view: whole(), hidden: new Set() };
  const text = getComputedStyle(title).color, paper = getComputedStyle(box).backgroundColor;
  const seen = data.codes.map(code => !kept.hidden.has(data.names[code]));
  const r = data.codes.length > 2000 ? 2.2 : 2.8;
  let places = data.places, lines = data.lines, request = null;

  const scale = () => Math.min(canvas.clientWidth, canvas.clientHeight) * kept.view.zoom;
  const across = p => canvas.clientWidth / 2 + (p / data.fineness - kept.view.x) * scale();
  const down = p => canvas.clientHeight / 2 - (p / data.fineness - kept.view.y) * scale();

  const draw = () => {
    const ratio = window.devicePixelRatio || 1, pen = canvas.getContext("2d");
    canvas.width = canvas.clientWidth * ratio;
    canvas.height = canvas.clientHeight * ratio;
    pen.scale(ratio, ratio);
    pen.strokeStyle = "rgba(128, 136, 144, 0.22)";
    pen.beginPath();
    for (let i = 0; i < lines.length; i += 4) {
      pen.moveTo(across(lines[i]), down(lines[i + 1]));
      pen.lineTo(across(lines[i + 2]), down(lines[i + 3]));
    }
    pen.stroke();
    pen.globalAlpha = 0.85;
    data.codes.forEach((code, i) => {
      if (i === 0 || code !== data.codes[i - 1]) pen.fillStyle = data.colours[code];
      if (!seen[i]) return;
      pen.beginPath();
      pen.arc(across(places[2 * i]), down(places[2 * i + 1]), r, 0, 6.3);
      pen.fill();
    });
    pen.globalAlpha = 1;
    pen.font = "13px " + getComputedStyle(title).fontFamily;
    pen.textAlign = "center";
    pen.textBaseline = "middle";
    for (const [x, y, name] of data.labels) {
      const width = pen.measureText(name).width + 8;
      pen.globalAlpha = 0.75;
      pen.fillStyle = paper;
      pen.fillRect(across(x) - width / 2, down(y) - 9, width, 18);
      pen.globalAlpha = 1;
      pen.fillStyle = text;
      pen.fillText(name, across(x), down(y));
    }
  };
  const arrive = () => {
    [places, lines] = [data.places, data.lines];
    kept.data = data;
    draw();
    canvas.dataset.drawn = data.title;
  };
  const glide = (from, start) => {
    const step = now => {
      const part = Math.min(1, (now - (start ??= now)) / GLIDE);
      if (part === 1) return arrive();
      places = data.places.map((to, i) => from[i] + part * (to - from[i]));
      draw();
      request = requestAnimationFrame(step);
    };
    lines = [];
    request = requestAnimationFrame(step);
  };

  title.textContent = data.title;
  canvas.setAttribute("aria-label", data.alt);
  legend.replaceChildren(...data.names.map((name, i) => {
    const entry = document.createElement("button"), dot = document.createElement("i");
    dot.style.background = data.colours[i];
    entry.append(dot, name);
    entry.ariaPressed = String(!kept.hidden.has(name));
    entry.onclick = () => {
      if (!kept.hidden.delete(name)) kept.hidden.add(name);
      entry.ariaPressed = String(!kept.hidden.has(name));
      data.codes.forEach((code, cell) => { if (code === i) seen[cell] = !kept.hidden.has(name); });
      draw();
    };
    return entry;
  }));

  const point = event => {
    box.style.display = "none";
    if (!data.hover || event.buttons) return;
    let best = REACH, found = -1;
    for (let i = 0; i < data.codes.length; i++) {
      const far = Math.hypot(across(places[2 * i]) - event.offsetX, down(places[2 * i + 1]) - event.offsetY);
      if (seen[i] && far <= best) [best, found] = [far, i];
    }
    if (found < 0) return;
    box.textContent = data.hover[found];
    box.style.display = "block";
    const left = event.offsetX + 14, most = canvas.clientWidth - box.offsetWidth;
    box.style.left = (left > most ? event.offsetX - 14 - box.offsetWidth : left) + "px";
    box.style.top = Math.max(0, event.offsetY - box.offsetHeight - 6) + "px";
  };
  canvas.onpointermove = event => {
    if (event.buttons & 1) {
      kept.view.x -= event.movementX / scale();
      kept.view.y += event.movementY / scale();
      draw();
    }
    point(event);
  };
  canvas.onpointerdown = event => canvas.setPointerCapture(event.pointerId);
  canvas.onpointerleave = () => { box.style.display = "none"; };
  canvas.onwheel = event => {
    event.preventDefault();
    const before = scale(), x = event.offsetX - canvas.clientWidth / 2, y = event.offsetY - canvas.clientHeight / 2;
    kept.view.zoom = Math.min(50, Math.max(0.5, kept.view.zoom * Math.exp(-event.deltaY / 400)));
    kept.view.x += x / before - x / scale();
    kept.view.y -= y / before - y / scale();
    draw();
  };
  canvas.ondblclick = () => { kept.view = whole(); draw(); };

  const watch = new ResizeObserver(draw);
  watch.observe(canvas);
  const before = kept.data, same = before?.by === data.by && before.codes.length === data.codes.length;
  if (same && !SLOW) glide(before.places); else arrive();  // in another order, cells would change places
  return () => { cancelAnimationFrame(request); watch.disconnect(); };
}
"""


@st.cache_resource
def _component():  # type: ignore[no-untyped-def]
    return st.components.v2.component("scint_live_map", html=_HTML, css=_CSS, js=_JS)


def show_map(
    layout: FloatArray,
    groups: Groups,
    *,
    title: str,
    alt: str,
    key: str,
    hover: Sequence[str] | None = None,
    pairs: Pairs | None = None,
    frame: FloatArray | None = None,
) -> None:
    """Draw a map (cells × 2), or have its cells glide to their new places: wheel to zoom, drag, double click for all.

    `hover` (cells,) is what the box at a cell says, in lines that Plotly would understand; `frame` (n × 2) is what the
    map leaves room for besides its own cells.
    """
    _component()(key=key, data=drawn(layout, groups, title=title, alt=alt, hover=hover, pairs=pairs, frame=frame))


def drawn(
    layout: FloatArray,
    groups: Groups,
    *,
    title: str,
    alt: str,
    hover: Sequence[str] | None,
    pairs: Pairs | None,
    frame: FloatArray | None,
) -> dict[str, Any]:
    """What the browser draws: places as whole numbers, x and y in turn, in the order of drawing."""
    corner, side = common_box([layout] if frame is None else [layout, frame])
    cells = dots(groups)
    ends = np.empty((0, 2)) if pairs is None else np.stack([layout[pairs.left], layout[pairs.right]], axis=1)
    return {
        "title": visible(title), "alt": alt, "by": groups.title, **cells.legend, "codes": cells.codes,
        "fineness": _FINENESS, "places": as_places(layout[cells.order], corner, side, _FINENESS),
        "lines": as_places(ends.reshape(-1, 2), corner, side, _FINENESS),
        "labels": _centres(layout, groups, corner, side) if len(groups.names) >= LABELS_FROM else [],
        "hover": None if hover is None else [_plain(hover[cell]) for cell in cells.order],
    }  # fmt: skip


def _centres(layout: FloatArray, groups: Groups, corner: FloatArray, side: float) -> list[tuple[int, int, str]]:
    """Where the name of every group is written: x, y, name."""
    found = []
    for name, _, cells in groups.members():
        x, y = as_places(np.median(layout[cells], axis=0), corner, side, _FINENESS)
        found.append((x, y, _plain(in_chart(name, _LONGEST))))
    return found


def _plain(text: str) -> str:
    """A text for Plotly as lines."""
    return html.unescape(text.replace("<b>", "").replace("</b>", "").replace("<br>", "\n"))
