"""Worlds of placed cells: where cells lie in the space they were made in, and how far from where they belong."""

from __future__ import annotations

import numpy as np
from anndata import AnnData

from scint_core.contract import FloatArray
from scint_core.lab.measures import codes


def places(world: AnnData, cells: FloatArray, before: FloatArray | None = None) -> FloatArray:
    """`cells` (cells × anything) in the space that the placed cells of `world` were made in (cells × d).

    `before` are the world's cells in the space of `cells`, where that is not the space of its genes: an embedding
    before a method moved it.
    """
    place = np.asarray(world.obsm["place"])
    known = np.column_stack([np.ones(len(place)), place])
    placed = np.asarray(world.X if before is None else before, dtype=np.float64)
    model = np.linalg.lstsq(known, placed, rcond=None)[0]  # origin and axes
    return np.asarray(np.linalg.lstsq(model[1:].T, (cells - model[0]).T, rcond=None)[0].T)


def misplaced(world: AnnData, cells: FloatArray) -> float:
    """Mean distance of the second batch's `cells` (cells × d, of `places`) from where their biology has them."""
    moved = codes(world, "batch") == 1
    return float(np.linalg.norm(cells - world.obsm["biology"], axis=1)[moved].mean())


def aslant(cells: FloatArray) -> FloatArray:
    """Three dimensions in the plane (cells × 2), on axes that stay: the first two seen from low, the third upwards."""
    return np.column_stack([cells[:, 0] + 0.3 * cells[:, 1], 0.4 * cells[:, 1] + 0.9 * cells[:, 2]]).astype(np.float32)


def oblique(cells: FloatArray) -> FloatArray:
    """Any number of dimensions in the plane (cells × 2): the first two as they are, each further one drawn along a
    direction of its own, so that batches which differ there lie beside each other."""
    turn = 2 * np.pi * (np.arange(cells.shape[1] - 2) / 3 + 0.25)
    view = np.column_stack([np.eye(2), [np.cos(turn), np.sin(turn)]])  # 2 × d
    return np.asarray(cells @ view.T, dtype=np.float32)
