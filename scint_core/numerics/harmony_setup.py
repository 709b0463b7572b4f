"""What both Harmonys settle before they begin, and when they end."""

from __future__ import annotations

import math

import numpy as np

from scint_core.contract import FloatArray, Problem


def batch_shares(problem: Problem) -> tuple[float, ...]:
    """Every batch's share of all cells."""
    return tuple(size / problem.n_cells for size in problem.batch_sizes.tolist())


def clusters_for(n_cells: int, wanted: int | None) -> int:
    """Number of clusters: as wanted, at most one per cell; else one per 30 cells, from 1 to 100."""
    return min(wanted, n_cells) if wanted is not None else min(max(round(n_cells / 30), 1), 100)


def diversity_weights(batch_sizes: list[int], theta: float, tau: float, n_clusters: int) -> tuple[float, ...]:
    """theta of every batch: lowered by 1 − exp(−(N_b / (K tau))²) where tau is above 0."""
    if tau == 0:
        return (theta,) * len(batch_sizes)
    return tuple(theta * -math.expm1(-((size / (n_clusters * tau)) ** 2)) for size in batch_sizes)


def converged(before: float, now: float, epsilon: float) -> bool:
    """Whether the objective fell by less than `epsilon` of itself; an increase ends the run too."""
    return (before - now) / abs(before) < epsilon


def cells_without_direction(pca: FloatArray) -> tuple[str, ...]:
    """One sentence where cells lie at the origin of the components."""
    count = int((~np.asarray(pca).any(axis=1)).sum())
    return (f"cells at the origin of the components: {count}, left uncorrected",) if count else ()
