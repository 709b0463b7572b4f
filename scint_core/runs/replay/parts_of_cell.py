"""What one cell's correction is made of: the paired cells that it follows, or the clusters that it belongs to."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from scint_core.contract import (
    AnchorWeights,
    FloatArray,
    IntArray,
    LocalWeights,
    MutualPairs,
    PairVectors,
    Shift,
    SoftClusters,
    Translation,
)
from scint_core.numerics.neighbors import row_blocks, squared_distances, squared_lengths
from scint_core.runs.replay.places import COMPONENTS, SHOWN
from scint_core.runs.replay.replay import Given, Replay
from scint_core.runs.replay.scene import Scene

_FITS = 1e-3  # what a sum of clusters' offsets may miss of the correction, as a share of its size


@dataclass(frozen=True)
class Followed:
    """The cells that a cell's vector is the mean of: their `rows`, the `weights` (sum 1), and for anchors the `other`
    end of each.

    `approximate` where the weights were measured again, on the axes that the run keeps.
    """

    rows: IntArray
    weights: FloatArray
    other: IntArray | None = None
    approximate: bool = False


@dataclass(frozen=True)
class Experts:
    """A correction as a mixture: every cluster's `share` in the cell (K,), and the `offsets` (K × at most 3) it asks
    for; the correction is the sum of share · offset."""

    share: FloatArray
    offsets: FloatArray


def followed_by(replay: Replay, scene: Scene, row: int) -> Followed | None:
    """What the vector of a cell (a row of the problem) is averaged from; None where the step averages nothing."""
    value = scene.result
    if isinstance(value, LocalWeights):
        return _of_local_weights(scene, value, row)
    if isinstance(value, AnchorWeights):
        return _of_anchor_weights(scene, value, row)
    if isinstance(value, Shift | Translation) and (found := _by_kernel(replay, scene, value, row)) is not None:
        return found
    for given in replay.given(scene):
        if isinstance(given.value, LocalWeights | AnchorWeights | Shift | Translation):
            return followed_by(replay, given.scene, row)
    return None


def _place(rows: IntArray | None, row: int) -> int | None:
    """Where a row stands among those of a result."""
    at = np.flatnonzero(rows == row) if rows is not None else np.zeros(0, dtype=np.int64)
    return int(at[0]) if len(at) else None


def _of_local_weights(scene: Scene, value: LocalWeights, row: int) -> Followed | None:
    at = _place(scene.rows.get("weights"), row)
    if at is None or scene.points_to is None:
        return None
    return Followed(scene.points_to[value.paired[at]], np.asarray(value.weights[at], dtype=np.float64))


def _of_anchor_weights(scene: Scene, value: AnchorWeights, row: int) -> Followed | None:
    at = _place(scene.rows.get("weights"), row)
    if at is None or scene.ends is None:
        return None
    of_cell = value.weights[at]
    left, right = (end[of_cell.indices] for end in scene.ends)
    return Followed(right, np.asarray(of_cell.data, dtype=np.float64), left)


def _by_kernel(replay: Replay, scene: Scene, value: Shift | Translation, row: int) -> Followed | None:
    """Gaussian weights, measured again between the positions that the step was given."""
    sigma, at = scene.record.params.get("sigma"), _place(scene.rows.get("vectors"), row)
    paired = _paired_places(replay, scene)
    cells = _target(replay, scene)
    if sigma is None or at is None or paired is None or cells is None:
        return None
    places, count = paired
    squares = np.sum((cells[places] - cells[at]) ** 2, axis=1)
    if isinstance(value, Translation):
        log_weight = -sigma / 2 * squares + np.log(count)
    else:
        log_weight = -squares / sigma - _log_density(cells[places], sigma)
    weight = np.exp(log_weight - log_weight.max())
    return Followed(scene.rows["vectors"][places], weight / weight.sum(), approximate=True)


def _paired_places(replay: Replay, scene: Scene) -> tuple[IntArray, IntArray] | None:
    """Which target cells are in a pair, as places in the target, and in how many."""
    vectors = replay.given_of(scene, PairVectors)
    if vectors is not None:
        return vectors.cells, np.ones(len(vectors.cells), dtype=np.int64)
    pairs = replay.given_of(scene, MutualPairs)
    return None if pairs is None else np.unique(pairs.right, return_counts=True)


def _target(replay: Replay, scene: Scene) -> FloatArray | None:
    """The positions (cells × kept dimensions) that the step was given of the cells it has vectors for, stacked."""
    rows, parts = scene.rows["vectors"], list(_positions(replay, scene))
    found, covered = [], 0
    for given, value in parts:
        if given.rows is not None and np.array_equal(given.rows, rows[covered : covered + len(value)]):
            found.append(np.asarray(value, dtype=np.float64))
            covered += len(value)
    return np.concatenate(found) if covered == len(rows) else None


def _positions(replay: Replay, scene: Scene) -> Iterator[tuple[Given, Any]]:
    for given in replay.given(scene):
        if isinstance(given.value, np.ndarray) and given.value.ndim == 2:
            yield given, given.value


def _log_density(paired: FloatArray, sigma: float) -> FloatArray:
    """log Σ exp(−d²/sigma) of every paired cell over all of them."""
    lengths, density = squared_lengths(paired), np.empty(len(paired))
    for rows in row_blocks(len(paired), len(paired)):
        squares = squared_distances(paired[rows], paired, lengths[rows], lengths)
        density[rows] = np.log(np.exp(squares / -sigma).sum(axis=1))
    return density


def experts_of(replay: Replay, scene: Scene, row: int) -> Experts | None:
    """The correction of a cell as a mixture of clusters; None where clusters do not make it up.

    The offsets are those of the cell's batch, solved for from the shares and the corrections of all its cells: so they
    are found for any step that takes clusters and corrects by them.
    """
    clusters = replay.given_of(scene, SoftClusters)
    if clusters is None or scene.after is None or scene.before is None:
        return None
    problem = replay.problem
    batch = problem.cells_of([int(problem.batch[row])])
    start = problem.pca[:, :SHOWN] if scene.space == COMPONENTS else scene.before
    moved = np.asarray(scene.after[batch] - start[batch], dtype=np.float64)
    share = np.asarray(clusters.membership[batch], dtype=np.float64)
    offsets = np.linalg.lstsq(share, moved, rcond=None)[0]
    if np.abs(share @ offsets - moved).max() > _FITS * max(np.abs(moved).max(), 1e-9):
        return None
    return Experts(np.asarray(clusters.membership[row], dtype=np.float64), offsets)
