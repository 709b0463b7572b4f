"""Cells that are placed instead of counted: the values of a world whose shape and batch effect are known exactly.

A scenario places every cell in a space of few dimensions, first as its biology has it, then moved by what its batch
adds. The places are turned into as many genes as asked for by an orthonormal basis, so that distances and angles among
the cells are those of the small space.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from anndata import AnnData

from scint_core.contract import BoolArray, FloatArray, IntArray, Params, param

_OURS = "scint"
_BASE = (1.0, 3.0)  # range of a gene's value at the origin
_CORNERS = np.array([[0.0, 0.0], [1.0, 0.0], [0.5, 0.8660254037844386]])
TRIANGLE = _CORNERS - _CORNERS.mean(axis=0)
"""The corners of a triangle with sides of 1 around the origin (3 × 2)."""

NOTE = "Simulated values. Cell types, genes and batches are names of the simulation, not real ones."


@dataclass(frozen=True)
class PlaceKnobs(Params):
    """What every world of placed cells can be told."""

    n_cells: int = param(
        400, low=20, high=20_000, slider=(100, 2000), unit="cells", source=_OURS,
        help="Cells of all batches together.", larger="takes longer, and every cloud is denser.",
    )  # fmt: skip
    n_genes: int = param(
        100, low=20, high=5000, slider=(50, 500), unit="genes", source=_OURS,
        help="Genes that the places are turned into.", larger="adds noise in more directions, the shapes stay.",
    )  # fmt: skip
    noise: float = param(
        0.1, low=0, high=10, source=_OURS,
        help="Sd of what is added to every gene of every cell.", larger="blurs the shapes in all directions.",
    )  # fmt: skip
    seed: int = param(
        0, low=0, source=_OURS, help="Decides every random number.",
        larger="means nothing, another seed is another data set.", advanced=True,
    )  # fmt: skip


@dataclass(frozen=True)
class Placed:
    """Where cells are. `batch` and `cell_type` (cells,) are positions in `batches` and `types`; `biology` (cells × d)
    is the place of each without a batch effect, `effect` (cells × d) what its batch adds."""

    batches: tuple[str, ...]
    types: tuple[str, ...]
    batch: IntArray
    cell_type: IntArray
    biology: FloatArray
    effect: FloatArray

    @property
    def cells(self) -> IntArray:
        """Batches × types, the number of cells."""
        counts = np.zeros((len(self.batches), len(self.types)), dtype=np.int64)
        np.add.at(counts, (self.batch, self.cell_type), 1)
        return counts


def stream(seed: int, part: str) -> np.random.Generator:
    """Random numbers of one part of a world, independent of those of the others."""
    return np.random.default_rng([seed, *part.encode()])


def divided(n: int, held: BoolArray) -> IntArray:
    """`n` cells divided evenly among the types that are held (types,)."""
    cells = np.zeros(len(held), dtype=np.int64)
    where = np.flatnonzero(held)
    cells[where] = n // len(where)
    cells[where[: n % len(where)]] += 1
    return cells


def clouds(cells: IntArray, centres: FloatArray, width: float, seed: int) -> tuple[IntArray, IntArray, FloatArray]:
    """Round clouds of `cells` (batches × types) around `centres` (types × d): batch, type and place of every cell.

    `width` is the sd along each dimension. Batches follow each other; the types of a batch are mixed.
    """
    batch = np.repeat(np.arange(len(cells)), cells.sum(axis=1))
    order = stream(seed, "cells")
    types = [order.permutation(np.repeat(np.arange(cells.shape[1]), of_batch)) for of_batch in cells]
    cell_type = np.concatenate(types)
    spread = stream(seed, "clouds").normal(0, width, (len(batch), centres.shape[1]))
    return batch, cell_type, centres[cell_type] + spread


def as_anndata(placed: Placed, scenario: str, knobs: PlaceKnobs) -> AnnData:
    """Values in `n_genes` genes (cells × genes), with the truth in `obs`, `obsm` and `uns["simulation"]`.

    `obsm["place"]` (cells × d) is where a cell lies, `obsm["biology"]` where it would lie without its batch's effect.
    """
    place = placed.biology + placed.effect
    values = _values(place, knobs)
    shared = (placed.cells > 0).sum(axis=0) > 1
    obs = pd.DataFrame(
        {
            "batch": pd.Categorical.from_codes(placed.batch, placed.batches),
            "cell_type": pd.Categorical.from_codes(placed.cell_type, placed.types),
            "shared_type": shared[placed.cell_type],
        },
        index=[f"cell{i:05d}" for i in range(len(place))],
    )
    var = pd.DataFrame(index=[f"gene-{g:04d}" for g in range(knobs.n_genes)])
    truth: Mapping[str, object] = {
        "scenario": scenario,
        "note": NOTE,
        "knobs": knobs.to_dict(),
        "batches": np.array(placed.batches, dtype=object),
        "cell_types": np.array(placed.types, dtype=object),
        "cells": placed.cells,
    }
    obsm = {"place": place, "biology": placed.biology}
    return AnnData(values, obs=obs, var=var, obsm=obsm, uns={"simulation": truth})


def _values(place: FloatArray, knobs: PlaceKnobs) -> FloatArray:
    """A gene's value at the origin, the places along an orthonormal basis, and noise: cells × genes, float32."""
    dims = place.shape[1]
    directions = stream(knobs.seed, "basis").standard_normal((knobs.n_genes, dims + 1))
    base = stream(knobs.seed, "base").uniform(*_BASE, knobs.n_genes)
    directions[:, 0] = base  # the basis is orthogonal to it: moving along a shape changes no cell's length much
    basis = np.linalg.qr(directions)[0][:, 1:].T  # dims × genes
    noise = stream(knobs.seed, "noise").normal(0, knobs.noise, (len(place), knobs.n_genes))
    return np.asarray(base + place @ basis + noise, dtype=np.float32)
