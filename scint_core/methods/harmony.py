"""Harmony: soft clusters that mix batches, and a linear correction in each (Korsunsky et al. 2019)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from scint_core.contract import Embedding, Method, Outcome, Params, Problem, Step, lowered, param
from scint_core.numerics.cluster_regression import correct_clusters
from scint_core.numerics.harmony_setup import (
    batch_shares,
    cells_without_direction,
    clusters_for,
    converged,
    diversity_weights,
)
from scint_core.numerics.kmeans import kmeans_centres
from scint_core.numerics.normalize import unit_rows
from scint_core.numerics.soft_clusters import cluster_for_diversity, objective_by_iteration, soft_assignment


@dataclass(frozen=True)
class HarmonyParams(Params):
    """Parameters of Harmony; names and defaults follow the R package harmony 1.2."""

    presets: ClassVar[Mapping[str, Mapping[str, Any]]] = {"talk": {}, "reference": {}}

    theta: float = param(
        2.0,
        low=0,
        slider=(0, 8),
        help="How strongly every cluster is pressed to hold all batches in proportion to their size.",
        larger="stronger mixing of batches.",
        risk="too large spreads a cell type that one batch alone has over other types; 0 is plain soft k-means.",
        source="R harmony 1.2",
    )
    sigma: float = param(
        0.1,
        low=0,
        open_low=True,
        slider=(0.02, 0.5),
        unit="squared distance of unit vectors",
        help="How soft the clusters are: a cell's share in a cluster falls as exp(−d²/sigma).",
        larger="softer clusters: every cell takes part in more of them, and corrections vary more smoothly.",
        risk="too large blurs cell types into one correction; too small makes hard, unsteady clusters.",
        source="R harmony 1.2",
    )
    lamb: float | None = param(
        1.0,
        low=0,
        open_low=True,
        slider=(0.1, 10),
        unit="cells",
        help="Penalty on batch offsets: where a cluster holds this many cells of a batch, its offset is halved.",
        larger="a weaker correction, above all where a cluster holds few cells of a batch.",
        risk="too small lets a handful of cells decide a cluster's correction; very large corrects nothing.",
        source="R harmony 1.2 (lambda)",
        none_means="0.2 of the number of cells expected in each cluster and batch",
    )
    n_clusters: int | None = param(
        None,
        low=1,
        slider=(2, 100),
        unit="clusters",
        help="Number of soft clusters.",
        larger="a finer correction, for more and smaller cell states; slower.",
        risk="too few correct different types by one vector; too many leave clusters with hardly any cells.",
        source="R harmony 1.2 (nclust)",
        none_means="one per 30 cells, at most 100",
    )
    tau: float = param(
        0.0,
        low=0,
        slider=(0, 20),
        unit="cells per cluster",
        help="Protects small batches: theta is lowered for batches with fewer than about this many cells per cluster.",
        larger="larger batches are protected too.",
        risk="0 forces a small batch into every cluster; too large switches the mixing off.",
        source="R harmony 1.2",
        advanced=True,
    )
    block_size: float = param(
        0.05,
        low=0,
        high=1,
        open_low=True,
        slider=(0.01, 0.5),
        unit="share of all cells",
        help="Share of the cells that is updated together, between two counts of batches per cluster.",
        larger="fewer updates, from staler counts.",
        risk="too large can swing back and forth; too small takes long.",
        source="R harmony 1.2",
        advanced=True,
    )
    max_iter: int = param(
        10,
        low=0,
        slider=(1, 30),
        unit="iterations",
        help="At most this many rounds of clustering and correction.",
        larger="more time to settle.",
        risk="too few end before the objective has settled; 0 returns the components unchanged.",
        source="R harmony 1.2 (max_iter)",
    )
    max_iter_cluster: int = param(
        20,
        low=1,
        slider=(5, 50),
        unit="rounds",
        help="At most this many rounds of clustering between two corrections.",
        larger="clusters settle further before each correction.",
        risk="too few correct with clusters that still move.",
        source="R harmony 1.2",
        advanced=True,
    )
    epsilon_harmony: float = param(
        1e-2,
        low=0,
        slider=(1e-4, 1e-1),
        unit="relative change of the objective",
        help="The run ends when an iteration lowers the objective by less than this share of it.",
        larger="ends earlier.",
        risk="too large ends before the batches are mixed.",
        source="R harmony 1.2",
        advanced=True,
    )
    epsilon_cluster: float = param(
        1e-3,
        low=0,
        slider=(1e-5, 1e-2),
        unit="relative change of the objective",
        help="A phase of clustering ends when a round lowers the objective by less than this share of it.",
        larger="ends each phase earlier.",
        risk="too large corrects with clusters that still move.",
        source="R harmony 1.2",
        advanced=True,
    )


def run(problem: Problem, p: HarmonyParams, step: Step) -> Outcome:
    """Repeat until convergence: cluster the corrected cells, correct the original ones."""
    n_clusters = clusters_for(problem.n_cells, p.n_clusters)
    mixing: dict[str, Any] = {
        "shares": batch_shares(problem),
        "theta": diversity_weights(problem.batch_sizes.tolist(), p.theta, p.tau, n_clusters),
        "sigma": p.sigma,
    }
    rounds: dict[str, Any] = {
        "block_size": p.block_size,
        "max_rounds": p.max_iter_cluster,
        "epsilon": p.epsilon_cluster,
    }
    original, batch = problem.pca, problem.batch

    step.expect(4 + 3 * p.max_iter)
    cells = step("Scale every cell to length 1", unit_rows, original)
    centres = step("Start from k-means", kmeans_centres, cells, n_clusters=n_clusters, seed=step.seed("k-means"))
    clusters, start = step("Share every cell out among the clusters", soft_assignment, cells, centres, batch, **mixing)
    corrected, objective = Embedding(np.asarray(original, dtype=np.float64)), [start]
    for iteration in range(1, p.max_iter + 1):
        step.stage("iteration", iteration, at_most=p.max_iter)
        seed = step.seed(f"order of cells {iteration}")
        about = "Cluster so that every cluster holds all batches"
        clusters, phase = step(about, cluster_for_diversity, cells, clusters, batch, **mixing, **rounds, seed=seed)
        about = "Correct the original components, cluster by cluster"
        corrected = step(about, correct_clusters, original, clusters, problem.bounds, lamb=p.lamb)
        cells = step("Scale every corrected cell to length 1", unit_rows, corrected.coordinates)
        objective.append(phase)
        if converged(float(objective[-2].values[-1]), float(phase.values[-1]), p.epsilon_harmony):
            break
    step.stage()
    step("Follow the objective", objective_by_iteration, *objective)
    return Outcome(embedding=corrected.coordinates, notes=(*foresee(problem, p), *cells_without_direction(problem.pca)))


def foresee(problem: Problem, p: HarmonyParams) -> tuple[str, ...]:
    """Whether fewer clusters are made than asked for."""
    return lowered("n_clusters", p.n_clusters or 1, problem.n_cells, f"there are {problem.n_cells} cells")


METHOD = Method(
    name="harmony",
    label="Harmony",
    family="talk",
    position=60,
    output="low-dimensional",
    relates_pairs=False,
    summary=(
        "Soft clusters are drawn so that each holds all batches; in every cluster the batches' offsets are estimated "
        "and taken off the principal components."
    ),
    citation=(
        "Korsunsky I, Millard N, Fan J, Slowikowski K, Zhang F, Wei K, Baglaenko Y, Brenner M, Loh P, Raychaudhuri S. "
        "Fast, sensitive and accurate integration of single-cell data with Harmony. Nature Methods 16, 1289–1296 "
        "(2019). doi:10.1038/s41592-019-0619-0"
    ),
    Params=HarmonyParams,
    run=run,
    foresee=foresee,
    key="X_pca_harmony",
)
