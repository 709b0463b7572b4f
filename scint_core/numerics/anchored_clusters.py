"""Soft clusters whose centres stay where the last correction put them (Harmony's algorithm of 2026).

Centres are the intercepts of the correction. A phase of clustering starts from distances alone and moves only the
shares, so that distances are computed once.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import pairwise

import numpy as np

from scint_core.contract import Embedding, FloatArray, IntArray, LossCurve, SoftClusters, explained, tick
from scint_core.numerics.cluster_regression import DYNAMIC_SHARE, batch_offsets, ridge_centres
from scint_core.numerics.compiled import kernel
from scint_core.numerics.normalize import unit_rows
from scint_core.numerics.soft_clusters import (
    ASSIGNMENT,
    WINDOW,
    blocks_of,
    normalized_shares,
    objective_curve,
    objective_parts,
    sums_by_batch,
)

SMALLEST_PART = 1e-5
"""Share of a batch's cells that a cluster must hold for the batch to count in the cluster's correction."""

TINY = 1e-250
"""A sum of weights below this is formed again from logarithms."""


@explained(
    "Every cell is shared out among the clusters by distance alone: the nearer a centre, the larger the share. Each "
    "iteration starts this way; what the batches did to the shares before is forgotten.",
    formula=ASSIGNMENT,
    parameters=("sigma",),
)
def assignment_by_distance(
    cells: FloatArray,
    centres: FloatArray,
    batch: IntArray,
    shares: tuple[float, ...],
    theta: tuple[float, ...],
    sigma: float,
) -> tuple[SoftClusters, LossCurve]:
    """Clusters around given centres (K × d, unit rows) of unit cells (N × d), and their objective.

    `shares` is every batch's part of all cells, `theta` the weight of diversity for every batch. A larger `sigma`
    makes the clusters softer.
    """
    similarity = cells @ centres.T  # N × K
    membership, entropy = normalized_shares((2 / sigma) * (similarity - 1))
    observed = sums_by_batch(membership, batch, len(shares))  # batches × K
    clusters = _clusters(membership, centres, observed, shares)
    distance = 2 * (len(cells) - float(np.vdot(membership, similarity)))
    return clusters, objective_curve([_parts(clusters, distance, entropy, theta, sigma)])


@explained(
    "Shares are updated in random blocks of cells, the centres stay. A share is lowered where the cluster holds more "
    "of the cell's batch than it would if batch and cluster were independent. The counts have pseudo-counts, so that a "
    "cluster with few cells is not ruled by chance.",
    formula=ASSIGNMENT + r"\left(\frac{2 E_{kb} + 1}{O_{kb} + E_{kb} + 1}\right)^{\theta_b}, \quad "
    r"\sum_{ik} R_{ik} \lVert \hat z_i - y_k \rVert^2 + \sigma R_{ik} \ln R_{ik} "
    r"+ \sigma\,\theta_b R_{ik} \ln\frac{O_{kb} + E_{kb} + 1}{2 E_{kb} + 1}",
    slide=r"\sum_{ik} R_{ki} \lVert Z_i - Y_k \rVert^2 + \sigma R_{ki} \ln R_{ki} "
    r"+ \sigma\,\theta R_{ki} \ln\!\left(\frac{O_{ki}}{E_{ki}}\right) \phi_i",
    parameters=("theta", "sigma", "block_size", "max_iter_cluster", "epsilon_cluster"),
)
def mix_batches(
    cells: FloatArray,
    clusters: SoftClusters,
    batch: IntArray,
    shares: tuple[float, ...],
    theta: tuple[float, ...],
    sigma: float,
    block_size: float,
    max_rounds: int,
    epsilon: float,
    seed: int,
) -> tuple[SoftClusters, LossCurve]:
    """One phase of clustering: rounds in a fresh random order of cells each; `seed` decides the orders.

    Returns the clusters and the objective after every round. From the fifth round on the phase ends when the objective,
    summed over three rounds, changes by less than `epsilon` of itself.
    """
    generator = np.random.default_rng(seed)
    orders = (generator.permutation(len(cells)) for _ in range(max_rounds))
    return mix_in_orders(cells, clusters, batch, shares, theta, sigma, block_size, epsilon, orders, max_rounds)


def mix_in_orders(
    cells: FloatArray,
    clusters: SoftClusters,
    batch: IntArray,
    shares: tuple[float, ...],
    theta: tuple[float, ...],
    sigma: float,
    block_size: float,
    epsilon: float,
    orders: Iterable[IntArray],
    at_most: int,
) -> tuple[SoftClusters, LossCurve]:
    """As `mix_batches`, with the order of cells of every round given."""
    log_weight = (2 / sigma) * (cells @ clusters.centres.T - 1)  # N × K, the same in all rounds
    largest = log_weight.max(axis=1, keepdims=True)
    log_weight -= largest
    weight = np.exp(log_weight)
    parts: list[tuple[float, float, float]] = []
    membership = clusters.membership.copy()
    for order in orders:
        blocks = blocks_of(order, block_size)
        observed, closeness, entropy = _round(weight, log_weight, membership, batch, shares, theta, blocks)
        clusters = _clusters(membership, clusters.centres, observed, shares)
        distance = -sigma * (closeness + float(largest.sum()))
        parts.append(_parts(clusters, distance, entropy, theta, sigma))
        tick(len(parts), at_most)
        if len(parts) > WINDOW + 1 and _settled([sum(part) for part in parts], epsilon):
            break
    return clusters, objective_curve(parts)


def _round(
    weight: FloatArray,
    log_weight: FloatArray,
    membership: FloatArray,
    batch: IntArray,
    shares: tuple[float, ...],
    theta: tuple[float, ...],
    blocks: Iterable[IntArray],
) -> tuple[FloatArray, float, float]:
    """New shares (in place), block by block, by the counts of all other cells.

    `weight` (N × K) and its logarithm are the shares by distance alone, the largest of a row 1. Returns the counts
    (batches × K), Σ R ln(weight) and Σ R ln R.
    """
    observed = sums_by_batch(membership, batch, len(shares))
    power, total_closeness, total_entropy = np.array(theta)[:, None], 0.0, 0.0
    for rows in blocks:
        _take_out(rows, batch, membership, observed)
        penalty = -power * _log_ratio(np.outer(shares, observed.sum(axis=0)), observed)  # batches × K
        penalty -= penalty.max(axis=1, keepdims=True)
        closeness, entropy = _share_out(rows, batch, weight, log_weight, np.exp(penalty), penalty, membership, observed)
        total_closeness += closeness
        total_entropy += entropy
    return observed, total_closeness, total_entropy


@kernel
def _take_out(rows: IntArray, batch: IntArray, membership: FloatArray, observed: FloatArray) -> None:
    """Take the shares of some cells out of the counts."""
    for i in rows:
        for k in range(membership.shape[1]):
            observed[batch[i], k] -= membership[i, k]


@kernel
def _share_out(
    rows: IntArray,
    batch: IntArray,
    weight: FloatArray,
    log_weight: FloatArray,
    penalty: FloatArray,
    log_penalty: FloatArray,
    membership: FloatArray,
    observed: FloatArray,
) -> tuple[float, float]:
    """Shares of some cells proportional to weight × penalty, added to the counts; Σ R ln(weight) and Σ R ln R."""
    closeness, entropy, n_clusters = 0.0, 0.0, membership.shape[1]
    for i in rows:
        b, total, largest = batch[i], 0.0, 0.0
        for k in range(n_clusters):
            membership[i, k] = weight[i, k] * penalty[b, k]
            total += membership[i, k]
        if total < TINY:  # every product vanished: by logarithms, from the largest
            largest = (log_weight[i] + log_penalty[b]).max()
            membership[i] = np.exp(log_weight[i] + log_penalty[b] - largest)
            total = membership[i].sum()
        for k in range(n_clusters):
            share = membership[i, k] / total
            membership[i, k] = share
            observed[b, k] += share
            closeness += share * log_weight[i, k]
            entropy += share * log_penalty[b, k]
        entropy -= np.log(total) + largest
    return closeness, entropy + closeness


def _clusters(
    membership: FloatArray, centres: FloatArray, observed: FloatArray, shares: tuple[float, ...]
) -> SoftClusters:
    return SoftClusters(membership, centres, observed.T.copy(), np.outer(observed.sum(axis=0), shares))


def _log_ratio(expected: FloatArray, observed: FloatArray) -> FloatArray:
    """log((O + E + 1) / (2E + 1)). Sums that rounding took below 0 are 0."""
    expected, observed = np.maximum(expected, 0), np.maximum(observed, 0)
    return np.asarray(np.log((observed + expected + 1) / (2 * expected + 1)))


def _parts(
    clusters: SoftClusters, distance: float, entropy: float, theta: tuple[float, ...], sigma: float
) -> tuple[float, float, float]:
    log_ratio = _log_ratio(clusters.expected, clusters.observed)
    return objective_parts(clusters, log_ratio, distance, entropy, theta, sigma)


def _settled(values: list[float], epsilon: float) -> bool:
    """Whether the objective, summed over the last rounds, changed by less than `epsilon` of itself in one round."""
    before, now = sum(values[-WINDOW - 1 : -1]), sum(values[-WINDOW:])
    return abs(before - now) / abs(before) < epsilon


@explained(
    "In every cluster, each batch's offset from the cluster's centre is estimated by ridge regression on the original "
    "components and taken off its cells, in proportion to their share in the cluster. The regression's centre is the "
    "cluster's own in the next iteration.",
    formula=r"\beta_{kb} = \frac{n_{kb}}{n_{kb} + \lambda_{kb}}\,(m_{kb} - \beta_{k0}), \quad "
    r"\lambda_{kb} = 0.2\, E_{kb}, \quad z_i \leftarrow z_i - \sum_k R_{ik}\, \beta_{k b(i)}, \quad "
    r"y_k \leftarrow \beta_{k0} / \lVert \beta_{k0} \rVert",
    parameters=("lamb",),
)
def correct_and_recentre(
    cells: FloatArray, clusters: SoftClusters, bounds: IntArray, lamb: float | None
) -> tuple[Embedding, FloatArray]:
    """The original components `cells` (N × d) without the clusters' batch offsets, and the new centres (K × d, unit).

    Batch b is the rows `bounds[b]:bounds[b + 1]`. A larger `lamb` shrinks the offsets; None takes 0.2 of the expected
    number of cells of each cluster and batch. A batch of which a cluster holds less than 1e-5 of the cells is left out
    there; a cluster with fewer than two batches is left alone and keeps its centre. A cell without direction (all
    components 0) stays where it is.
    """
    cells = np.asarray(cells, dtype=np.float64)
    sizes = clusters.observed.T  # batches × K
    present = np.asarray(sizes > SMALLEST_PART * np.diff(bounds)[:, None])
    present = present & (present.sum(axis=0) > 1)
    rows = [slice(start, stop) for start, stop in pairwise(bounds)]
    sums = np.stack([clusters.membership[r].T @ cells[r] for r in rows])  # batches × K × d
    sizes, sums = np.where(present, sizes, 0), np.where(present[..., None], sums, 0)
    penalty = DYNAMIC_SHARE * clusters.expected.T if lamb is None else np.full(sizes.shape, lamb)

    offsets = batch_offsets(sizes, sums, penalty)
    corrected = np.concatenate([cells[r] - clusters.membership[r] @ offsets[b] for b, r in enumerate(rows)])
    corrected[~cells.any(axis=1)] = 0
    centres = np.where(present.any(axis=0)[:, None], ridge_centres(sizes, sums, penalty), clusters.centres)
    return Embedding(corrected), unit_rows(centres)
