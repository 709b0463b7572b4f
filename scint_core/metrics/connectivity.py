"""Graph connectivity: whether the cells of a type hang together.

Source: Luecken et al., Nature Methods 19 (2022).
"""

from __future__ import annotations

from typing import Literal

import numpy as np
import scipy.sparse as sp
from scipy.sparse.csgraph import connected_components

from scint_core.contract import IntArray
from scint_core.metrics.base import MetricInput, MetricResult

NEIGHBORS = 15
"""Neighbours that every cell is linked to, itself included."""


def graph_connectivity(data: MetricInput) -> MetricResult:
    """Mean over labels of the share of its cells in the largest piece of its part of the neighbour graph.

    Two cells are linked if either is among the 15 nearest of the other, itself included, as in scib. Per cell: 1 in
    the largest piece, else 0.
    """
    return _connectivity(data, "weak")


def directed_connectivity(data: MetricInput) -> MetricResult:
    """The same where a piece holds only cells that reach each other along the direction of the links.

    This is scib-metrics' `graph_connectivity`. It counts a cell that no other has among its nearest as cut off, so
    outliers lower it where nothing is torn apart.
    """
    return _connectivity(data, "strong")


def _connectivity(data: MetricInput, connection: Literal["weak", "strong"]) -> MetricResult:
    assert data.label is not None
    piece = _pieces(data.nearest(NEIGHBORS).indices, data.label.codes, connection)
    label_of = np.empty(piece.max() + 1, dtype=np.int64)  # links stay within a label, so a piece has one
    label_of[piece] = data.label.codes
    sizes = np.bincount(piece)
    largest = np.lexsort((-sizes, label_of))[np.searchsorted(np.sort(label_of), np.arange(len(data.label.names)))]
    per_cell = (piece == largest[data.label.codes]).astype(np.float64)
    per_label = data.label.means(per_cell)
    few = data.n_cells <= NEIGHBORS
    note = f"there are no more than {NEIGHBORS} cells: every one is linked to every other" if few else ""
    return MetricResult(float(np.mean(list(per_label.values()))), per_cell, per_label, note=note)


def _pieces(near: IntArray, label: IntArray, connection: Literal["weak", "strong"]) -> IntArray:
    """The number of the piece that every cell is in (cells,), by its links `near` (cells × k) to cells of its label."""
    n_cells, k = near.shape
    rows, columns = np.repeat(np.arange(n_cells), k), near.ravel()
    within = label[rows] == label[columns]
    links = sp.csr_array((np.ones(within.sum()), (rows[within], columns[within])), shape=(n_cells, n_cells))
    return np.asarray(connected_components(links, directed=True, connection=connection)[1])
