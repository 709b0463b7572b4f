"""The parts of a lesson on the screen: pictures, figures, claims; the same in the page and in presenter mode."""

from __future__ import annotations

import html
import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import streamlit as st

from pages.ui import charts, lesson_charts, lesson_maps
from pages.ui.lesson_charts import Box, Look
from pages.ui.text import visible
from scint_core.lab.lesson import Claim, Figure, Lesson
from scint_core.lab.pictures import CellMap, Observation, Words

_BOXES = "learn:boxes"  # what the axes of every picture have had to hold, kept by the session
_GOOD = {"high": "▲ high is good", "low": "▼ low is good", "": "&nbsp;"}

STYLE = """<style>
.lesson-legend { display: flex; flex-wrap: wrap; gap: .2rem 1.2rem; font-size: 1rem; }
.lesson-legend span { display: inline-flex; align-items: center; gap: .4rem; }
.lesson-legend b { font-size: 1.2em; line-height: 1; }
.lesson-figures { display: flex; flex-wrap: wrap; gap: .8rem 2.6rem; }
.lesson-figures .number { font-size: 2.3rem; font-weight: 600; line-height: 1.15; }
.lesson-figures .label { font-size: 1rem; }
.lesson-figures .good { font-size: .9rem; opacity: .75; }
.lesson-words { border-collapse: collapse; font-size: 1rem; width: 100%; }
.lesson-words th, .lesson-words td { text-align: left; padding: .25rem .8rem .25rem 0;
  border-bottom: 1px solid rgba(128, 136, 144, .35); }
.lesson-words th { font-weight: 600; }
</style>"""


def show_pictures(lesson: Lesson, seed: int, seen: Observation, *, height: int, text: int) -> None:
    """All pictures side by side, with the legend of the maps below."""
    look = {"height": height, "text": text}
    for i, (place, picture) in enumerate(zip(st.columns(len(seen.pictures), gap="small"), seen.pictures, strict=True)):
        with place:
            if isinstance(picture, Words):
                st.html(words_table(picture))
            else:
                figure = lesson_charts.chart(picture, Look(**look, box=_widest(lesson, seed, picture)))
                charts.show(figure, key=f"picture:{lesson.name}:{i}", alt=lesson_charts.described(picture), tools=False)
    for legend in legends_of(seen):
        st.html(legend)


def legends_of(seen: Observation) -> list[str]:
    """The legends of all maps, as HTML."""
    return lesson_maps.legends([picture for picture in seen.pictures if isinstance(picture, CellMap)])


def _widest(lesson: Lesson, seed: int, picture: Any) -> Box | None:
    """The range of a picture's axes: all that it has had to hold in this world, so that nothing jumps."""
    box = lesson_charts.box_of(picture)
    if box is None:
        return None
    boxes: dict[tuple[Any, ...], Box] = st.session_state.setdefault(_BOXES, {})
    name = (picture.frame, *picture.axes) if isinstance(picture, CellMap) else picture.title
    key = (lesson.name, seed, type(picture).__name__, name)
    if key in boxes:
        box = np.array([np.minimum(boxes[key][0], box[0]), np.maximum(boxes[key][1], box[1])])
    boxes[key] = box
    return box


def hold_room(lesson: Lesson, seed: int, seen: Observation) -> None:
    """Have the axes leave room for an observation that is not shown."""
    for picture in seen.pictures:
        _widest(lesson, seed, picture)


def words_table(picture: Words) -> str:
    """A table of words as HTML."""
    head = "".join(f"<th>{html.escape(visible(word))}</th>" for word in picture.columns)
    body = "".join(
        f"<tr>{''.join(f'<td>{html.escape(visible(word))}</td>' for word in row)}</tr>" for row in picture.rows
    )
    return f'<table class="lesson-words"><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>'


def show_figures(figures: Sequence[Figure], seen: Observation) -> None:
    """The numbers that matter, large, with the end to wish for."""
    st.html(f'<div class="lesson-figures">{"".join(_figure(one, seen.figures[one.name]) for one in figures)}</div>')


def _figure(figure: Figure, value: float) -> str:
    title = f' title="{html.escape(figure.help)}"' if figure.help else ""
    return (
        f'<div{title} data-figure="{figure.name}"><div class="label">{html.escape(figure.label)}</div>'
        f'<div class="number">{written(figure, value)}</div><div class="good">{_GOOD[figure.good]}</div></div>'
    )


def written(figure: Figure, value: float) -> str:
    """A number as its unit is written; a dash where there is none."""
    if math.isnan(value):
        return "–"
    if figure.unit == "share":
        return f"{value:.0%}".replace("-0%", "0%")
    if figure.unit == "count":
        return f"{value:,.0f}"
    if figure.unit == "number":
        return f"{value:.3g}"
    return f"{value:.2f}".replace("-0.00", "0.00")


def claim_text(lesson: Lesson, claim: Claim) -> str:
    """A claim with its bound: "Two of three are enough (Pairs of the same type: at least 97%)"."""
    figure = next((one for one in lesson.figures if one.name == claim.figure), Figure(claim.figure, claim.figure))
    bounds = [("at least", claim.at_least), ("at most", claim.at_most)]
    said = " and ".join(f"{word} {written(figure, bound)}" for word, bound in bounds if math.isfinite(bound))
    return f"{claim.sentence} ({figure.label}: {said})"
