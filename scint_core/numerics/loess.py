"""Local quadratic regression in one variable, with the numbers of R's `loess` at its default surface.

R fits the local polynomial only at the vertices of a tree of cells and draws a cubic through value and slope between
two vertices. That differs from a fit at every point by 1 to 3 %, so whoever must agree with R has to do the same.
Where a window holds fewer than three distinct x (many genes share one tiny mean), the pseudo-inverse gives the
smallest solution, which is what R does after its "pseudoinverse used" warning.

Source: Cleveland and Grosse, Computational methods for local regression, Statistics and Computing 1 (1991).
"""

from __future__ import annotations

import numpy as np

from scint_core.contract import FloatArray

_CELL = 0.2  # a cell is cut while it holds more than this share of a window
_MARGIN = 0.005  # the outermost vertices stand this share of the range outside the data
_MIN_WINDOW = 4  # points: the outermost one has weight zero, and a parabola needs three
_SINGULAR = 100 * np.finfo(np.float64).eps


def loess(x: FloatArray, y: FloatArray, *, span: float = 0.3) -> FloatArray:
    """Smooth values of `y` (n,) at the points `x` (n,): degree 2, tricube weights, least squares.

    `span` is the share of the points in every window; a larger one gives a smoother curve. Ties and points in any
    order are allowed; where all x are equal the curve is the mean of y. Agrees with R's `loess(y ~ x, span,
    degree = 2)` to rounding.
    """
    x, y = np.asarray(x, dtype=np.float64), np.asarray(y, dtype=np.float64)
    if len(x) == 0 or x.min() == x.max():
        return np.full(len(x), y.mean() if len(y) else 0.0)
    window = min(max(int(np.floor(len(x) * span + 1e-5)), _MIN_WINDOW), len(x))
    vertices = _vertices(np.sort(x), cell_size=int(np.floor(len(x) * span * _CELL)))
    fits = np.array([_fit_at(vertex, x, y, window) for vertex in vertices])  # vertices × (value, slope)
    return _hermite(x, vertices, fits[:, 0], fits[:, 1])


def _vertices(x: FloatArray, cell_size: int) -> FloatArray:
    """Ends of the cells: x (sorted) is halved at its median until a cell holds at most `cell_size` points."""
    margin = _MARGIN * max(x[-1] - x[0], 1e-10 * np.abs(x).max() + 1e-30)
    low, high = x[0] - margin, x[-1] + margin
    cuts: list[float] = []
    cells = [(0, len(x), low, high)]  # first point, last point + 1, ends
    while cells:
        first, end, left, right = cells.pop()
        if end - first <= max(cell_size, 1):
            continue
        middle = _cut(x, first, end)
        if x[middle] in (left, right):
            continue
        cuts.append(float(x[middle]))
        cells += [(first, middle + 1, left, x[middle]), (middle + 1, end, x[middle], right)]
    return np.array([low, *sorted(cuts), high])


def _cut(x: FloatArray, first: int, end: int) -> int:
    """The point after which to cut: the median, or the nearest to it that is not tied with its successor.

    The search looks right, left, right, ... one step further each time and gives the median itself when it runs
    over an end of the cell.
    """
    median = (first + end - 1) // 2
    offset = 0
    while first <= median + offset < end - 1:
        if x[median + offset] != x[median + offset + 1]:
            return median + offset
        offset = -offset if offset > 0 else 1 - offset
    return median


def _fit_at(vertex: float, x: FloatArray, y: FloatArray, window: int) -> tuple[float, float]:
    """Value and slope at `vertex` of the parabola through its `window` nearest points."""
    distance = np.abs(x - vertex)
    radius = np.partition(distance, window - 1)[window - 1]
    near = distance < radius
    if not near.any():  # all of the window at one distance
        near = distance <= radius
        weight = np.ones(int(near.sum()))
    else:
        weight = (1 - (distance[near] / radius) ** 3) ** 1.5  # root of the tricube weight
    design = np.vander(x[near] - vertex, 3, increasing=True) * weight[:, None]  # points × (1, d, d²)
    length = np.linalg.norm(design, axis=0)
    length[length == 0] = 1
    solution = np.linalg.pinv(design / length, rcond=_SINGULAR) @ (y[near] * weight) / length
    return float(solution[0]), float(solution[1])


def _hermite(x: FloatArray, vertices: FloatArray, value: FloatArray, slope: FloatArray) -> FloatArray:
    """Cubic between neighbouring vertices with the given values and slopes there."""
    cell = np.clip(np.searchsorted(vertices, x, side="right") - 1, 0, len(vertices) - 2)
    width = vertices[cell + 1] - vertices[cell]
    t = (x - vertices[cell]) / width  # 0 at the left vertex, 1 at the right one
    ends = value[cell] * (1 - t) ** 2 * (1 + 2 * t) + value[cell + 1] * t**2 * (3 - 2 * t)
    return ends + width * t * (1 - t) * (slope[cell] * (1 - t) - slope[cell + 1] * t)
