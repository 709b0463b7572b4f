"""Drawings of plain arrays and tuples: what they are about decides, since they say nothing of themselves."""

from __future__ import annotations

import numpy as np
import scipy.sparse as sp

from pages.ui.player.cells import landmarks, positions
from pages.ui.player.distributions import bars, batch_colours, by_batch, distribution, heat_map
from pages.ui.player.drawing import Drawn, Picture, View, draws, each
from pages.ui.player.pairs import kept_pairs
from scint_core.contract import SharedSpace

_MOST = 200  # rows and columns of a matrix that are drawn


@draws(np.ndarray, sp.csr_matrix)
def array(view: View) -> Drawn:
    """Cells on a map, values per cell as outlines, values per batch as bars, other matrices as shades."""
    rows = view.rows()
    if view.value.ndim == 2:
        if rows is not None and view.scene.after is not None:
            return positions(view)
        return landmarks(view) if view.scene.landmarks is not None else matrix(view)
    if view.value.dtype.kind == "b" and view.scene.ends is not None:
        return kept_pairs(view, view.value)
    if rows is not None:
        return per_cell(view, rows)
    if len(view.value) == len(view.batches.names) and view.value.dtype.kind == "f":
        return per_batch(view)
    return numbers(view)


@draws(tuple)
def several(view: View) -> Drawn:
    """Parts of the cells as one map; else the drawings of the parts."""
    value = view.value
    if (
        value
        and all(isinstance(part, np.ndarray) and part.ndim == 2 for part in value)
        and view.scene.after is not None
    ):
        return positions(view)
    return each(view, {str(i): part for i, part in enumerate(value)})


def per_cell(view: View, rows: np.ndarray) -> Drawn:
    """One number per cell, by batch; a dimension of a shared space before and after where it is one."""
    values = np.asarray(view.value, dtype=np.float64)
    space, dimension = view.replay.given_of(view.scene, SharedSpace), view.scene.record.params.get("dimension")
    if space is not None and isinstance(dimension, int):
        left, right = view.side_names()
        parts = {
            left: space.left[:, dimension],
            f"{right}, before": space.right[:, dimension],
            f"{right}, after": values,
        }
        title = f"{space.axis} {dimension + 1} of both batches"
        return Drawn(
            (Picture(distribution(parts, title, f"{space.axis} {dimension + 1}"), f"{title}, before and after"),)
        )
    chart = distribution(by_batch(view, values, rows), view.scene.record.title, "value", batch_colours(view))
    numbers = {"cells": f"{len(values):,}", "mean": f"{values.mean():.3g}", "lowest": f"{values.min():.3g}"}
    return Drawn((Picture(chart, f"{view.scene.record.title}: how the values of the cells are spread"),), numbers)


def per_batch(view: View) -> Drawn:
    """One number per batch."""
    values = dict(zip(view.batches.names, (float(v) for v in view.value), strict=True))
    chart = bars(values, view.scene.record.title, "value", batch_colours(view))
    shown = {name: f"{value:.3g}" for name, value in values.items()}
    return Drawn((Picture(chart, f"{view.scene.record.title}: a bar per batch"),), shown)


def numbers(view: View) -> Drawn:
    """Numbers of something else."""
    values = np.asarray(view.value)
    if values.ndim != 1 or values.dtype.kind not in "fiub" or not len(values):
        return Drawn(numbers={"values": f"{values.size:,}"})
    chart = distribution({"all": values.astype(np.float64)}, view.scene.record.title, "value")
    chart.update_yaxes(title="share")
    return Drawn(
        (Picture(chart, f"{view.scene.record.title}: how the values are spread"),), {"values": f"{len(values):,}"}
    )


def matrix(view: View) -> Drawn:
    """A matrix of something else, its first rows and columns."""
    values = view.value[:_MOST, :_MOST]
    values = np.asarray(values.toarray() if sp.issparse(values) else values, dtype=np.float64)
    rows, columns = ([str(i + 1) for i in range(n)] for n in values.shape)
    chart = heat_map(values, rows, columns, view.scene.record.title)
    size = " × ".join(f"{n:,}" for n in view.value.shape)
    return Drawn((Picture(chart, f"{view.scene.record.title}: a matrix as shades"),), {"size": size})
