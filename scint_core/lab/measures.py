"""What a lesson measures an outcome by, against the truth that the simulation knows."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

import numpy as np
import pandas as pd
from anndata import AnnData

from scint_core.contract import BoolArray, FloatArray, IntArray, MutualPairs, Pairs
from scint_core.data.problem import problem_from
from scint_core.export import Integration
from scint_core.lab.pictures import CellMap, Groups, Matrix
from scint_core.numerics.neighbors import nearest_neighbors
from scint_core.numerics.pair_table import pairs_at

NEIGHBORS = 15

T = TypeVar("T")


def codes(adata: AnnData, column: str) -> IntArray:
    """Positions in the categories of a column (cells,)."""
    return np.asarray(pd.Categorical(adata.obs[column]).codes, dtype=np.int64)


def groups(adata: AnnData, column: str, title: str = "") -> Groups:
    """A column as something to colour cells by."""
    values = pd.Categorical(adata.obs[column])
    return Groups(title or column.replace("_", " "), codes(adata, column), tuple(map(str, values.categories)))


def kept_pairs(run: Integration) -> Pairs:
    """The pairs of a run that no filter dropped."""
    assert run.pairs is not None
    return pairs_at(run.pairs, run.pairs.kept)


def results_of(run: Integration, function: Callable[..., Any]) -> list[Any]:
    """What every call of a step function returned, in order; rows of cells stand in the problem's canonical order."""
    name = f"{function.__module__}.{function.__qualname__}"
    return [record.result for record in run.steps if record.function == name]


def in_cell_order(adata: AnnData, rows: FloatArray) -> FloatArray:
    """`rows` of a step's result (cells × …), from the problem's canonical order into that of the cells of `adata`."""
    return np.asarray(problem_from(adata, "batch").to_input_order(rows))


def are_right(pairs: Pairs | MutualPairs, cell_type: IntArray) -> BoolArray:
    """Whether each pair joins cells of the same type (pairs,)."""
    return np.asarray(cell_type[pairs.left] == cell_type[pairs.right])


def right_share(pairs: Pairs | MutualPairs, cell_type: IntArray) -> float:
    """Share of the pairs that join cells of the same type; NaN where there are no pairs."""
    return float(are_right(pairs, cell_type).mean()) if len(pairs.left) else float("nan")


def centroid_gap(cells: FloatArray, batch: IntArray, cell_type: IntArray) -> float:
    """Distance between the centroids of a type in any two batches, over the mean distance of two types' centroids.

    Mean over types and pairs of batches that hold them; NaN where none is shared. 0: every type lies on itself; 1: as
    far from itself as from another type. `cells` is cells × d.
    """
    centres = {
        (b, t): cells[(batch == b) & (cell_type == t)].mean(axis=0)
        for b, t in {*zip(batch.tolist(), cell_type.tolist(), strict=True)}
    }
    own, other = [], []
    places = sorted(centres)
    for i, (b, t) in enumerate(places):
        for c, u in places[i + 1 :]:
            distance = float(np.linalg.norm(centres[b, t] - centres[c, u]))
            if b != c and t == u:
                own.append(distance)
            elif b == c and t != u:
                other.append(distance)
    return float(np.mean(own) / np.mean(other)) if own and other else float("nan")


def pairs_by_type(adata: AnnData, pairs: Pairs, title: str = "Pairs by type") -> Matrix:
    """How many pairs join which types: one row per type of the left cell, one column per type of the right one."""
    types = groups(adata, "cell_type")
    table = np.zeros((len(types.names), len(types.names)))
    np.add.at(table, (types.codes[pairs.left], types.codes[pairs.right]), 1)
    return Matrix(title, table, types.names, types.names, "left cell", "right cell")


def type_distances(cells: FloatArray, cell_type: IntArray) -> FloatArray:
    """Distances between the centroids of every two types (pairs of types,): 0 and 1, 0 and 2, 1 and 2, ..."""
    centres = np.array([cells[cell_type == t].mean(axis=0) for t in np.unique(cell_type)])
    return np.array([np.linalg.norm(centres[i] - centres[j]) for j in range(len(centres)) for i in range(j)])


def purity(cells: FloatArray, cell_type: IntArray, k: int = NEIGHBORS) -> float:
    """Share of a cell's `k` nearest neighbours that are of its type, mean over the types. 1: types stay apart."""
    same = own_type_share(cells, cell_type, k)
    return float(np.mean([same[cell_type == t].mean() for t in np.unique(cell_type)]))


def own_type_share(cells: FloatArray, cell_type: IntArray, k: int = NEIGHBORS) -> FloatArray:
    """Share of every cell's `k` nearest neighbours that are of its type (cells,)."""
    near = nearest_neighbors(cells, cells, k + 1).indices[:, 1:]
    return np.asarray((cell_type[near] == cell_type[:, None]).mean(axis=1))


def mixing(cells: FloatArray, batch: IntArray, among: BoolArray | None = None, k: int = NEIGHBORS) -> float:
    """Share of a cell's `k` nearest neighbours that are of another batch, over what perfect mixing gives.

    Over the cells `among` only, where given. 0: batches lie apart; 1: as mixed as their sizes allow.
    """
    if among is not None:
        cells, batch = cells[among], batch[among]
    near = nearest_neighbors(cells, cells, k + 1).indices[:, 1:]
    foreign = (batch[near] != batch[:, None]).mean(axis=1)
    sizes = np.bincount(batch)
    expected = 1 - (sizes[batch] - 1) / (len(batch) - 1)
    return float((foreign / expected).mean())


def step_results(run: Integration, kind: type[T]) -> list[T]:
    """What the steps of a run left of one type of result, in order."""
    return [step.result for step in run.steps if step.kind == kind.__name__]


def with_batches_in_order(adata: AnnData, names: Sequence[str]) -> AnnData:
    """The same cells, their batches in another order: methods take batches in the order of the categories."""
    world = adata.copy()
    world.obs["batch"] = world.obs["batch"].cat.reorder_categories(list(names))
    return world


def flat(before: FloatArray, *others: FloatArray) -> tuple[FloatArray, ...]:
    """`before` and `others` (each cells × d) on the two principal axes of `before`, so that they can be compared."""
    centre = before.mean(axis=0)
    axes = np.linalg.svd(before - centre, full_matrices=False)[2][:2].T
    return tuple(np.asarray((cells - centre) @ axes, dtype=np.float32) for cells in (before, *others))


def cell_maps(
    adata: AnnData,
    titles: Sequence[str],
    layouts: Sequence[FloatArray],
    pairs: Pairs | None = None,
    axes: tuple[str, str] = ("", ""),
) -> tuple[CellMap, ...]:
    """Maps of the same cells on the same axes, coloured by type and shaped by batch; pairs on the first."""
    colour, shape = groups(adata, "cell_type"), groups(adata, "batch")
    drawn = None if pairs is None else MutualPairs(pairs.left, pairs.right)
    right = None if pairs is None else are_right(pairs, colour.codes)
    return tuple(
        CellMap(
            title, layout, colour, shape, pairs=drawn if i == 0 else None, right=right if i == 0 else None, axes=axes
        )
        for i, (title, layout) in enumerate(zip(titles, layouts, strict=True))
    )
