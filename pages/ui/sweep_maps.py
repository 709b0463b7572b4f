"""The maps of a sweep as a strip of pictures in one common range: pictures, since a page bears only a few charts."""

from __future__ import annotations

import base64
import io
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import plotly.graph_objects as go
from matplotlib.colors import to_rgb
from matplotlib.image import imsave
from plotly.subplots import make_subplots

from pages.ui.canvas import common_box
from pages.ui.charts import swatch
from pages.ui.colouring import Colouring, Groups
from pages.ui.palette import OKABE_ITO
from pages.ui.text import in_chart
from scint_core.contract import FloatArray

MOST_PICTURES = 8
_PER_ROW = 3
_PIXELS = 420
_SIDE = 225  # height of a picture on the page
_CLEAR = "rgba(0,0,0,0)"


@dataclass(frozen=True)
class Picture:
    """One map of the strip: its title, its layout (cells × 2), the run it opens, and whether it is the default's."""

    title: str
    layout: FloatArray
    run_id: str
    default: bool = False


def evenly(n: int, most: int, keep: int | None = None) -> list[int]:
    """At most `most` of n places, evenly, the ends and `keep` among them."""
    if n <= most:
        return list(range(n))
    chosen = np.linspace(0, n - 1, most).round().astype(int)
    if keep is not None and keep not in chosen:
        chosen[1 + int(np.argmin(np.abs(chosen[1:-1] - keep)))] = keep
    return sorted(chosen.tolist())


def strip(pictures: Sequence[Picture], colouring: Colouring) -> go.Figure:
    """The maps side by side, three in a row, with one legend; a point's `customdata` is the run of its picture."""
    columns = min(_PER_ROW, len(pictures))
    n_rows = -(-len(pictures) // columns)
    titles = [f"<b>{p.title}</b> (default)" if p.default else p.title for p in pictures]
    figure = make_subplots(
        rows=n_rows, cols=columns, subplot_titles=titles, horizontal_spacing=0.015, vertical_spacing=0.16 / n_rows
    )
    corner, side = common_box([picture.layout for picture in pictures])
    for i, picture in enumerate(pictures):
        panel = {"row": i // columns + 1, "col": i % columns + 1}
        inside = (picture.layout - corner) / side
        figure.add_layout_image(
            source=_png(pixels(inside, colouring)), x=0, y=1, sizex=1, sizey=1, sizing="stretch", layer="below", **panel
        )
        figure.add_trace(_target(picture), **panel)
        figure.update_xaxes(constrain="domain", **panel)
        figure.update_yaxes(scaleanchor=f"x{i + 1}" if i else "x", constrain="domain", **panel)
    for trace in _legend(colouring):
        figure.add_trace(trace, row=1, col=1)
    nothing = {"visible": True, "showticklabels": False, "showgrid": False, "zeroline": False, "range": [0, 1]}
    figure.update_xaxes(**nothing)
    figure.update_yaxes(**nothing)
    figure.update_annotations(font_size=16)
    figure.update_layout(
        height=n_rows * (_SIDE + 30) + 40, margin={"l": 4, "r": 4, "t": 32, "b": 8}, dragmode=False, hoverdistance=-1,
        legend={"orientation": "h", "y": -0.02, "yanchor": "top", "itemsizing": "constant", "title": None,
                "font": {"size": 14}, "itemclick": False, "itemdoubleclick": False},
        paper_bgcolor=_CLEAR, plot_bgcolor=_CLEAR, hovermode="closest",
    )  # fmt: skip
    return figure


def pixels(inside: FloatArray, colouring: Colouring, size: int = _PIXELS) -> np.ndarray:
    """A map as a picture (size × size × 4, 0..1), transparent where no cell is; `inside` are places in 0..1."""
    picture = np.zeros((size, size, 4))
    at = np.clip(np.round(inside * (size - 1)), 0, size - 1).astype(int)
    shades = np.zeros((len(inside), 3))
    for _, colour, cells in colouring.members():
        shades[cells] = to_rgb(colour)
    order = np.random.default_rng(0).permutation(len(inside))  # so that no group hides the others
    radius = 3 if len(inside) <= 2_000 else 2 if len(inside) <= 10_000 else 1
    for dx, dy in _disk(radius):
        x, y = at[order, 0] + dx, size - 1 - at[order, 1] + dy
        there = (x >= 0) & (x < size) & (y >= 0) & (y < size)
        picture[y[there], x[there]] = np.column_stack([shades[order[there]], np.ones(there.sum())])
    return picture


def _disk(radius: int) -> list[tuple[int, int]]:
    reach = range(-radius, radius + 1)
    return [(x, y) for x in reach for y in reach if x * x + y * y <= radius * radius + 1]


def _png(picture: np.ndarray) -> str:
    """A picture as an address that holds it."""
    file = io.BytesIO()
    imsave(file, picture, format="png")
    return "data:image/png;base64," + base64.b64encode(file.getvalue()).decode()


def _target(picture: Picture) -> go.Scatter:
    """A point that is not seen in the middle of a picture, to be clicked."""
    return go.Scatter(
        x=[0.5], y=[0.5], mode="markers", marker={"size": 120, "opacity": 0}, customdata=[[picture.run_id]],
        hovertemplate=f"{picture.title}: click to open<extra></extra>", showlegend=False, meta="picture",
        selected={"marker": {"opacity": 0}}, unselected={"marker": {"opacity": 0}},
        hoverlabel={"bgcolor": OKABE_ITO[7]},
    )  # fmt: skip


def _legend(colouring: Colouring) -> list[go.Scatter]:
    """An entry per group; a number's colours need none."""
    members = colouring.members() if isinstance(colouring, Groups) else []
    return [
        swatch("legend", in_chart(name), mode="markers", marker={"color": colour, "size": 10})
        for name, colour, _ in members
    ]
