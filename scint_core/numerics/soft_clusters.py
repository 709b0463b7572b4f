"""Soft k-means on the unit sphere in which every cluster is asked to draw from all batches (Korsunsky et al. 2019)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np

from scint_core.contract import FloatArray, IntArray, LossCurve, SoftClusters, explained, tick
from scint_core.numerics.normalize import unit_rows

WINDOW = 3
"""Rounds whose objective is summed before it is compared with the sum one round earlier."""

SMALLEST = np.finfo(np.float64).tiny

ASSIGNMENT = r"R_{ik} \propto e^{-2(1 - y_k \cdot \hat z_i)/\sigma}"


@explained(
    "Every cell is shared out among the clusters: the nearer a centre, the larger the share. Batches play no part yet.",
    formula=ASSIGNMENT,
    parameters=("sigma",),
)
def soft_assignment(
    cells: FloatArray,
    centres: FloatArray,
    batch: IntArray,
    shares: tuple[float, ...],
    theta: tuple[float, ...],
    sigma: float,
) -> tuple[SoftClusters, LossCurve]:
    """Clusters around given centres (K × d, unit rows) of unit cells (N × d), and the objective they start with.

    `shares` is every batch's part of all cells, `theta` the weight of diversity for every batch. A larger `sigma`
    makes the clusters softer.
    """
    similarity = cells @ centres.T  # N × K
    membership, entropy = normalized_shares((2 / sigma) * (similarity - 1))
    observed = sums_by_batch(membership, batch, len(shares)).T  # K × batches
    clusters = SoftClusters(membership, centres, observed, np.outer(membership.sum(axis=0), shares))
    distance = 2 * (len(cells) - float(np.vdot(membership, similarity)))
    return clusters, objective_curve([objective_parts(clusters, _log_ratio(clusters), distance, entropy, theta, sigma)])


@explained(
    "Centres and shares are updated in turn, until the objective settles. A share is lowered where the cluster holds "
    "more of the cell's batch than it would if batch and cluster were independent; cells are updated in random blocks.",
    formula=ASSIGNMENT + r"\left(\frac{E_{kb}}{O_{kb} + E_{kb}}\right)^{\theta_b}, \quad "
    r"\sum_{ik} R_{ik} \lVert \hat z_i - y_k \rVert^2 + \sigma R_{ik} \ln R_{ik} "
    r"+ \sigma\,\theta_b R_{ik} \ln\frac{O_{kb} + E_{kb}}{E_{kb}}",
    slide=r"\sum_{ik} R_{ki} \lVert Z_i - Y_k \rVert^2 + \sigma R_{ki} \ln R_{ki} "
    r"+ \sigma\,\theta R_{ki} \ln\!\left(\frac{O_{ki}}{E_{ki}}\right) \phi_i",
    parameters=("theta", "sigma", "block_size", "max_iter_cluster", "epsilon_cluster"),
)
def cluster_for_diversity(
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
    """One phase of clustering: rounds in a fresh random order of cells each, until the objective settles.

    Returns the clusters and the objective after every round. `seed` decides the orders.
    """
    generator = np.random.default_rng(seed)
    orders = (generator.permutation(len(cells)) for _ in range(max_rounds))
    return cluster_in_orders(cells, clusters, batch, shares, theta, sigma, block_size, epsilon, orders, max_rounds)


def cluster_in_orders(
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
    """As `cluster_for_diversity`, with the order of cells of every round given."""
    parts: list[tuple[float, float, float]] = []
    membership = clusters.membership.copy()
    for order in orders:
        blocks = blocks_of(order, block_size)
        clusters, distance, entropy = _round(cells, membership, batch, shares, theta, sigma, blocks)
        parts.append(objective_parts(clusters, _log_ratio(clusters), distance, entropy, theta, sigma))
        tick(len(parts), at_most)
        if len(parts) > WINDOW + 1 and _settled([sum(part) for part in parts], epsilon):
            break
    return clusters, objective_curve(parts)


def _round(
    cells: FloatArray,
    membership: FloatArray,
    batch: IntArray,
    shares: tuple[float, ...],
    theta: tuple[float, ...],
    sigma: float,
    blocks: Iterable[IntArray],
) -> tuple[SoftClusters, float, float]:
    """New centres from `membership`, then new shares (in place), block by block; distance and entropy terms.

    A block is shared out by the counts of all other cells; where there are no others, by those of the last round.
    """
    centres = unit_rows(membership.T @ cells)  # K × d
    observed = sums_by_batch(membership, batch, len(shares))  # batches × K
    power, total_distance, total_entropy = np.array(theta)[:, None], 0.0, 0.0
    for rows in blocks:
        old = sums_by_batch(membership[rows], batch[rows], len(shares))
        others = observed - old if len(rows) < len(cells) else observed
        penalty = power * np.log(_ratio(np.outer(shares, others.sum(axis=0)), others))  # batches × K
        similarity = cells[rows] @ centres.T
        new, entropy = normalized_shares((2 / sigma) * (similarity - 1) + penalty[batch[rows]])
        membership[rows] = new
        observed += sums_by_batch(new, batch[rows], len(shares)) - old
        total_distance += 2 * (len(rows) - float(np.vdot(new, similarity)))
        total_entropy += entropy
    expected = np.outer(observed.sum(axis=0), shares)
    return SoftClusters(membership, centres, observed.T.copy(), expected), total_distance, total_entropy


def _ratio(expected: FloatArray, observed: FloatArray) -> FloatArray:
    """E / (O + E), 1 for an empty cluster. Sums that rounding took below 0 are 0."""
    observed, expected = np.maximum(observed, 0), np.maximum(expected, 0)
    return np.asarray((expected + SMALLEST) / (observed + expected + SMALLEST))


def _log_ratio(clusters: SoftClusters) -> FloatArray:
    """log((O + E) / E), K × batches."""
    return np.asarray(-np.log(_ratio(clusters.expected, clusters.observed)))


def normalized_shares(log_weight: FloatArray) -> tuple[FloatArray, float]:
    """Shares proportional to exp(log_weight), rows sum to 1, and Σ R ln R over all of them. Works in place.

    The largest weight of a row is taken out first, so that no row vanishes however small sigma is.
    """
    log_weight -= log_weight.max(axis=1, keepdims=True)
    share = np.exp(log_weight)
    total = share.sum(axis=1)
    share /= total[:, None]
    return share, float(np.vdot(share, log_weight) - np.log(total).sum())


def sums_by_batch(membership: FloatArray, batch: IntArray, n_batches: int) -> FloatArray:
    """Summed shares of every batch in every cluster (batches × K), for cells that stand batch by batch."""
    present, first = np.unique(batch, return_index=True)
    sums = np.zeros((n_batches, membership.shape[1]))
    sums[present] = np.add.reduceat(membership, first, axis=0)
    return sums


def blocks_of(order: IntArray, block_size: float) -> Iterator[IntArray]:
    """`order` cut into ⌈1 / block_size⌉ blocks, the last takes what is left; within a block, batch by batch."""
    n_blocks, size = int(np.ceil(1 / block_size)), int(len(order) * block_size)
    for i in range(n_blocks):
        block = order[i * size : (i + 1) * size] if i < n_blocks - 1 else order[i * size :]
        if len(block):
            yield np.sort(block)


def objective_parts(
    clusters: SoftClusters,
    log_ratio: FloatArray,
    distance: float,
    entropy: float,
    theta: tuple[float, ...],
    sigma: float,
) -> tuple[float, float, float]:
    """Distance, entropy and diversity terms, per 2,000 cells; `log_ratio` (K × batches) is what a share of a batch in a
    cluster costs, by theta."""
    diversity = float(np.sum(clusters.observed * log_ratio * np.array(theta)))
    per = 2000 / len(clusters.membership)
    return per * distance, per * sigma * entropy, per * sigma * diversity


def objective_curve(parts: list[tuple[float, float, float]]) -> LossCurve:
    """The objective and its terms, one value per round."""
    distance, entropy, diversity = np.array(parts).T
    terms = {"distance": distance, "entropy": entropy, "diversity": diversity}
    return LossCurve(distance + entropy + diversity, terms, axis="round")


def _settled(values: list[float], epsilon: float) -> bool:
    """Whether the objective, summed over the last rounds, fell by less than `epsilon` of itself in one round."""
    before, now = sum(values[-WINDOW - 1 : -1]), sum(values[-WINDOW:])
    return (before - now) / abs(before) < epsilon


@explained("The objective after every iteration, with its three terms: it should fall and level off.")
def objective_by_iteration(*phases: LossCurve) -> LossCurve:
    """The last value of every phase, the start first."""
    parts = {name: np.array([phase.parts[name][-1] for phase in phases]) for name in phases[0].parts}
    return LossCurve(np.array([phase.values[-1] for phase in phases]), parts)
