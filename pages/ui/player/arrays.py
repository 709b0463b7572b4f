"""Drawings of plain arrays and tuples: what they are about decides, since they say nothing of themselves."""

from __future__ import annotations

import numpy as np
import plotly.graph_objects as go
import scipy.sparse as sp

from pages.ui.palette import OKABE_ITO
from pages.ui.player.cells import landmarks, positions
from pages.ui.player.distributions import bars, batch_colours, by_batch, distribution, heat_map
from pages.ui.player.drawing import MUTED, Drawn, Picture, View, draws, each, style
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
    """Numbers of something else; whole ones are positions, of which only genes of a shared space can be shown."""
    values = np.asarray(view.value)
    counted = {"values": f"{values.size:,}"}
    if values.ndim != 1 or not len(values):
        return Drawn(numbers=counted)
    if values.dtype.kind in "iu":
        space = view.replay.given_of(view.scene, SharedSpace)
        return Drawn(numbers=counted) if space is None else chosen_genes(space, values)
    chart = distribution({"all": values.astype(np.float64)}, view.scene.record.title, "value")
    chart.update_yaxes(title="share")
    alt = f"{view.scene.record.title}: how the values are spread"
    return Drawn((Picture(chart, alt),), counted)


def chosen_genes(space: SharedSpace, chosen: np.ndarray) -> Drawn:
    """Genes that were chosen by how they follow the dimensions of a shared space, among all of them."""
    among = np.isin(space.genes, chosen)
    first, second = space.loadings[:, 0], space.loadings[:, min(1, space.loadings.shape[1] - 1)]
    figure = go.Figure()
    for name, genes, colour in (("not chosen", ~among, MUTED), ("chosen", among, OKABE_ITO[5])):
        figure.add_scatter(
            x=first[genes], y=second[genes], mode="markers", name=name, marker={"color": colour, "size": 7},
            hoverinfo="skip", meta=f"genes:{name}",
        )  # fmt: skip
    style(figure, title="How closely every gene follows the first two dimensions")
    figure.update_xaxes(title=f"loading on {space.axis} 1")
    figure.update_yaxes(title=f"loading on {space.axis} 2")
    counted = {"genes chosen": f"{int(among.sum()):,} of {len(among):,}"}
    return Drawn(
        (Picture(figure, "Loadings of the genes on the first two dimensions, the chosen ones marked"),), counted
    )


def matrix(view: View) -> Drawn:
    """A matrix of something else, its first rows and columns."""
    values = view.value[:_MOST, :_MOST]
    values = np.asarray(values.toarray() if sp.issparse(values) else values, dtype=np.float64)
    rows, columns = ([str(i + 1) for i in range(n)] for n in values.shape)
    size = " × ".join(f"{n:,}" for n in view.value.shape)
    chart = heat_map(values, rows, columns, f"{size} values")
    return Drawn((Picture(chart, f"{view.scene.record.title}: a matrix as shades"),), {"size": size})
