"""kBET: whether the batches around a cell are those of the whole, by a χ² test for every cell.

Sources: Büttner et al., Nature Methods 16 (2019), for the test; Luecken et al., Nature Methods 19 (2022), for the
score per label. The numbers are those of scib-metrics' `kbet` and `kbet_per_label`, the latter but for its rounding.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import Enum

import numpy as np
import scipy.sparse as sp
from scipy.sparse.csgraph import connected_components
from scipy.special import chdtrc

from scint_core.contract import FloatArray, IntArray
from scint_core.metrics.base import MetricInput, MetricResult, notes, undefined
from scint_core.metrics.groups import Groups
from scint_core.numerics.diffusion import diffusion_map, diffusion_map_in_single
from scint_core.numerics.fuzzy_graph import fuzzy_graph
from scint_core.numerics.neighbors import nearest_neighbors, row_blocks
from scint_core.numerics.threads import in_threads
from scint_core.numerics.umap import umap_graph

DiffusionMap = Callable[[sp.csr_array, int], FloatArray]
"""From a graph and a number of components to coordinates (cells × components)."""

NEIGHBORS = 50
"""Neighbours that are tested, or that make the graph, the cell itself included."""

_ALPHA = 0.05  # chance that a test rejects perfect mixing
_COMPONENTS = 100  # of the diffusion map
_FEWEST = 10  # cells of a label
_FEW_EXPECTED = 5  # cells of a batch among the neighbours, below which χ² is only an approximation
_USABLE = 0.75  # share of a label that must lie in large pieces of its graph


def kbet_plain(data: MetricInput) -> MetricResult:
    """Share of the cells whose 50 nearest cells hold the batches in proportion: p ≥ 0.05 in a χ² test. Per cell 0 or 1.

    Perfect mixing gives about 0.95. A cell type that a batch lacks is rejected, also where that is as it should be.
    """
    assert data.batch is not None
    near = data.nearest(NEIGHBORS).indices
    accepted = _accepted(near, data.batch)
    lowered = f"{near.shape[1]} neighbours instead of {NEIGHBORS}: there are no more cells"
    note = notes(lowered if near.shape[1] < NEIGHBORS else "", _few_expected(near.shape[1], data.batch))
    return MetricResult(float(accepted.mean()), accepted, per_batch=data.batch.means(accepted), note=note)


def kbet(data: MetricInput) -> MetricResult:
    """Mean over labels of kBET's acceptance among the cells of the label, at neighbours by diffusion distance.

    The graph is that of the 50 nearest neighbours, cut to the label; the number of neighbours tested is a quarter of
    the mean batch in the label, 10 to 70, and the cell itself. Left out (NaN): labels below 10 cells or in one batch.
    A label whose graph falls into pieces is judged by the large ones (3 times the neighbours) if these hold three
    quarters of it, and scores 0 if not. As in scib-metrics, the map of a label has no more components than that of
    any label before it by name.
    """
    assert data.batch is not None
    assert data.label is not None
    return kbet_on_graph(fuzzy_graph(data.nearest(NEIGHBORS)), data.batch, data.label, diffusion_map)


def kbet_in_single(data: MetricInput) -> MetricResult:
    """`kbet` with the graph and the transition matrix in float32: what scib-metrics returns, rounding included.

    On some labels its map is accidental (see `diffusion_map_in_single`): their acceptance can be off by anything.
    """
    assert data.batch is not None
    assert data.label is not None
    graph = umap_graph(data.nearest(NEIGHBORS))
    return kbet_on_graph(graph, data.batch, data.label, diffusion_map_in_single)


def kbet_on_graph(graph: sp.csr_array, batch: Groups, label: Groups, embed: DiffusionMap) -> MetricResult:
    """kBET by label on a symmetric weighted graph (cells × cells), whose parts `embed` gives coordinates."""
    plans = list(_plans(graph, batch, label))
    per_cell = np.full(len(label.codes), np.nan)
    for plan, accepted in zip(plans, in_threads(lambda plan: _carried_out(plan, embed), plans), strict=True):
        per_cell[plan.cells] = accepted
    if all(plan.outcome is _Outcome.SKIPPED for plan in plans):
        return undefined(f"no label has {_FEWEST} cells and more than one batch")
    per_label = label.known_means(per_cell)
    said = [_said(outcome, plans) for outcome in _Outcome]
    return MetricResult(float(np.nanmean(list(per_label.values()))), per_cell, per_label, note=notes(*said))


class _Outcome(Enum):
    """What becomes of a label; the value is what the note says of it."""

    TESTED = ""
    UNCERTAIN = f"uncertain, as fewer than {_FEW_EXPECTED} neighbours of a batch are expected"
    BROKEN = "0, as the graph falls into small pieces"
    SKIPPED = f"left out, as they have fewer than {_FEWEST} cells or one batch"


@dataclass(frozen=True)
class _Plan:
    """How a label is tested: `k` neighbours of each of its `cells`, on `components` of the map of their `graph`."""

    label: str
    outcome: _Outcome
    cells: IntArray
    graph: sp.csr_array
    batch: Groups
    k: int = 0
    components: int = 0


def _plans(graph: sp.csr_array, batch: Groups, label: Groups) -> Iterator[_Plan]:
    """A plan for every label; of a label that is tested, `cells` are those in large pieces of its graph."""
    components = _COMPONENTS
    for name, cells in label.members().items():
        part, of_label = graph[cells][:, cells], batch.of_cells(cells)
        if len(cells) < _FEWEST or len(of_label.names) == 1:
            yield _Plan(name, _Outcome.SKIPPED, cells, part, of_label)
            continue
        k = int(np.clip(len(cells) // len(of_label.names) // 4, 10, 70))
        usable = _large_pieces(part, k)
        if len(usable) < _USABLE * len(cells):
            yield _Plan(name, _Outcome.BROKEN, cells, part, of_label)
            continue
        components = min(components, len(usable) - 1)
        tested = of_label.of_cells(usable)
        outcome = _Outcome.UNCERTAIN if _few_expected(k + 1, tested) else _Outcome.TESTED
        yield _Plan(name, outcome, cells[usable], part[usable][:, usable], tested, k, components)


def _carried_out(plan: _Plan, embed: DiffusionMap) -> FloatArray:
    """1 or 0 for every cell of a plan (cells,), NaN where the label is left out."""
    if plan.outcome in (_Outcome.SKIPPED, _Outcome.BROKEN):
        return np.full(len(plan.cells), np.nan if plan.outcome is _Outcome.SKIPPED else 0.0)
    coordinates = embed(plan.graph, plan.components).astype(np.float64)
    return _accepted(nearest_neighbors(coordinates, coordinates, plan.k + 1).indices, plan.batch)


def _said(outcome: _Outcome, plans: list[_Plan]) -> str:
    """What the note says of the labels with this outcome."""
    names = [plan.label for plan in plans if plan.outcome is outcome]
    return f"{outcome.value}: {', '.join(names)}" if outcome.value and names else ""


def _large_pieces(graph: sp.csr_array, k: int) -> IntArray:
    """Cells in the pieces of a graph that have at least 3k cells; all cells where it is in one piece."""
    n_pieces, piece = connected_components(graph, directed=False)
    if n_pieces == 1:
        return np.arange(len(piece))
    return np.flatnonzero(np.bincount(piece)[piece] >= 3 * k)


def _accepted(near: IntArray, batch: Groups) -> FloatArray:
    """1 for cells whose neighbours `near` (cells × k) hold the batches in proportion, else 0 (cells,)."""
    n_batches, k = len(batch.names), near.shape[1]
    expected = batch.sizes / batch.sizes.sum() * k
    accepted = np.empty(len(near))
    for rows in row_blocks(len(near), max(n_batches, k)):
        statistic = ((batch.among(near[rows]) - expected) ** 2 / expected).sum(axis=1)
        accepted[rows] = chdtrc(n_batches - 1, statistic) >= _ALPHA
    return accepted


def _few_expected(k: int, batch: Groups) -> str:
    """A note where a batch is so small that the test is uncertain."""
    expected = batch.sizes.min() / batch.sizes.sum() * k
    if expected >= _FEW_EXPECTED:
        return ""
    smallest = batch.names[int(batch.sizes.argmin())]
    return f"uncertain: of batch {smallest} only {expected:.1f} of {k} neighbours are expected"
