"""Maps of a lesson's cells: colour by one division, symbol by another, with pairs and arrows; and their legend."""

from __future__ import annotations

import html
import itertools
from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go

from pages.ui import charts
from pages.ui.palette import MISSING, OKABE_ITO, colours
from pages.ui.text import in_chart, visible
from scint_core.contract import FloatArray, IntArray
from scint_core.lab.pictures import CellMap, Groups

RIGHT, WRONG = "rgba(110, 135, 165, 0.55)", OKABE_ITO[5]
SYMBOLS = ("circle", "triangle-up-open", "square", "diamond-open", "x", "star-open")
_SIGNS = ("●", "△", "■", "◇", "✖", "☆")  # the same symbols in the legend
_LINE = "—"
_GREY = "#808890"
MOST_PAIRS = 400
_MOST_ARROWS = 150
_HEAD = 0.3  # length of an arrow's head as a part of the arrow
_FADED = 0.25  # opacity of cells that are not marked, where some are


def traces(picture: CellMap, *, size: float) -> list[go.Scatter]:
    """Right pairs, wrong pairs above them, cells, arrows above all. `size` is a cell's, in pixels."""
    return [*_pairs(picture), *_cells(picture, size), *_arrows(picture)]


def _cells(picture: CellMap, size: float) -> list[go.Scatter]:
    """A trace for every group and symbol, and for marked cells apart from others."""
    shape = picture.shape or Groups("", np.zeros(len(picture.layout), dtype=int), ("",))
    palette = [*colours(len(picture.colour.names)), MISSING]
    marked = picture.marked
    states = [None] if marked is None else [False, True]
    found = []
    for state, code, sign in itertools.product(
        states, range(-1, len(picture.colour.names)), range(-1, len(shape.names))
    ):
        chosen = (picture.colour.codes == code) & (shape.codes == sign)
        if marked is not None:
            chosen = chosen & (marked == state)
        if chosen.any():
            name = _name(picture.colour, code) + (f", {_name(shape, sign)}" if shape.title else "")
            symbol = SYMBOLS[sign % len(SYMBOLS)]
            found.append(_points(picture.layout[chosen], name, palette[code], symbol, size, state))
    return found


def _points(cells: FloatArray, name: str, colour: str, symbol: str, size: float, marked: bool | None) -> go.Scatter:
    is_open = symbol.endswith("open")
    return go.Scatter(
        x=cells[:, 0], y=cells[:, 1], mode="markers", name=name, meta=f"points:{name}", showlegend=False,
        hovertemplate=f"{name}<extra></extra>",
        marker={
            "size": size * (1.5 if marked else 1), "color": colour, "symbol": symbol,
            "opacity": _FADED if marked is False else 0.85, "line": {"width": 1.6 if is_open else 0, "color": colour},
        },
    )  # fmt: skip


def _name(groups: Groups, code: int) -> str:
    return in_chart(groups.names[code], 24) if code >= 0 else "none"


def _pairs(picture: CellMap) -> list[go.Scatter]:
    if picture.pairs is None:
        return []
    drawn = charts.sample_of(len(picture.pairs.left), MOST_PAIRS)
    left, right = picture.pairs.left[drawn], picture.pairs.right[drawn]
    is_right = np.ones(len(left), dtype=bool) if picture.right is None else picture.right[drawn]
    kinds = (("right", is_right, RIGHT, 1.0), ("wrong", ~is_right, WRONG, 1.5))
    return [
        _lines(picture.layout[left[chosen]], picture.layout[right[chosen]], f"pairs:{kind}", colour, width)
        for kind, chosen, colour, width in kinds
        if chosen.any()
    ]


def _arrows(picture: CellMap) -> list[go.Scatter]:
    """Shafts and heads in two traces; of many arrows some."""
    if picture.arrows is None:
        return []
    known = np.flatnonzero(np.isfinite(picture.arrows).all(axis=1))
    known = charts.sample_of_rows(known, _MOST_ARROWS)
    start, way = picture.layout[known], picture.arrows[known]
    tip, across = start + way, np.stack([-way[:, 1], way[:, 0]], axis=1)
    wings = [tip - _HEAD * way + side * _HEAD / 2 * across for side in (-1, 1)]
    heads = _lines(np.concatenate([tip, tip]), np.concatenate(wings), "heads", _GREY, 1.2)
    return [_lines(start, tip, "arrows", _GREY, 1.2), heads]


def _lines(start: FloatArray, end: FloatArray, meta: str, colour: str, width: float) -> go.Scatter:
    """All lines as one trace."""
    x, y = charts.segments(start, end)
    return go.Scatter(
        x=x, y=y, mode="lines", line={"color": colour, "width": width}, meta=meta, showlegend=False, hoverinfo="skip",
        connectgaps=False,
    )  # fmt: skip


def legends(maps: Sequence[CellMap]) -> list[str]:
    """A legend, as HTML, for every set of maps that mean the same by their colours."""
    alike: dict[tuple[str, ...], list[CellMap]] = {}
    for one in maps:
        alike.setdefault(one.colour.names, []).append(one)
    return [_legend(group) for group in alike.values()]


def _legend(maps: Sequence[CellMap]) -> str:
    """Colours, symbols and lines that are used in the maps, each with its meaning."""
    first = maps[0]
    used = np.unique(np.concatenate([m.colour.codes for m in maps]))
    palette = [*colours(len(first.colour.names)), MISSING]
    parts = [_entry(_SIGNS[0], palette[code], _said(first.colour, code)) for code in used]
    shape = next((m.shape for m in maps if m.shape is not None), None)
    if shape is not None and len(shape.names) > 1:
        parts += [_entry(_SIGNS[i % len(_SIGNS)], _GREY, name) for i, name in enumerate(shape.names)]
    parts += _legend_of_pairs([m for m in maps if m.pairs is not None])
    return f'<div class="lesson-legend">{"".join(parts)}</div>'


def _legend_of_pairs(maps: Sequence[CellMap]) -> list[str]:
    """What the lines mean, and how many of them are drawn where it is not all."""
    metas = {trace.meta for m in maps for trace in _pairs(m)}
    judged = any(m.right is not None for m in maps)
    parts = []
    if "pairs:right" in metas:
        parts.append(_entry(_LINE, "#6E87A5", "pair of the same type" if judged else "pair"))
    if "pairs:wrong" in metas:
        parts.append(_entry(_LINE, WRONG, "pair of different types"))
    numbers = [len(m.pairs.left) for m in maps if m.pairs is not None and len(m.pairs.left) > MOST_PAIRS]
    if numbers:
        parts.append(f"<span>{MOST_PAIRS} of {max(numbers):,} pairs drawn</span>")
    return parts


def _said(groups: Groups, code: IntArray) -> str:
    return groups.names[code] if code >= 0 else "none"


def _entry(sign: str, colour: str, text: str) -> str:
    return f'<span><b style="color:{colour}">{sign}</b>{html.escape(visible(text))}</span>'


def described(picture: CellMap) -> str:
    """A map in words, for those who do not see it."""
    text = f"{picture.title}: {len(picture.layout):,} cells coloured by {visible(picture.colour.title)}"
    if picture.shape is not None:
        text += f", symbols by {visible(picture.shape.title)}"
    if picture.pairs is not None:
        wrong = 0 if picture.right is None else int((~picture.right).sum())
        text += f"; {len(picture.pairs.left):,} pairs, {wrong:,} of them between different types"
    return text
