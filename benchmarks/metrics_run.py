"""One measurement of metrics, in a process of its own: `python -m benchmarks.metrics_run ours a.npz b.npz`.

Prints scores of every file, peak memory and the version as JSON. Nothing is done before: imports and compilation are
part of the time that the caller measures.
"""

from __future__ import annotations

import contextlib
import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from anndata import AnnData

from benchmarks.clock import measured
from benchmarks.measure import version_of
from benchmarks.metrics_data import Embedded, load

Scores = dict[str, float]

AS_THEIRS = ("Graph connectivity directed", "KBET single precision")
"""Columns that hold scib-metrics' values where ours differ on purpose."""


def as_anndata(data: Embedded) -> AnnData:
    """The cells with an empty expression matrix."""
    obs = pd.DataFrame(
        {"batch": pd.Categorical(data.batch), "label": pd.Categorical(data.label)},
        index=[f"cell {i}" for i in range(len(data.batch))],
    )
    return AnnData(
        np.zeros((len(obs), 1), dtype=np.float32), obs=obs, obsm={"X_pca": data.pca, "X_new": data.embedding}
    )


def ours(data: Embedded) -> Scores:
    """The whole default table."""
    import scint_core as scint

    table = scint.evaluate(as_anndata(data), ["X_new"], "batch", "label")
    return {str(name): float(score) for name, score in table.loc["X_new"].items()}


def ours_in_full(data: Embedded) -> Scores:
    """The same with scib-metrics' values of the metrics that are different ones here."""
    import scint_core as scint

    table = scint.evaluate(as_anndata(data), ["X_new"], "batch", "label", extra=AS_THEIRS)
    return {str(name): float(score) for name, score in table.loc["X_new"].items()}


def peer(data: Embedded) -> Scores:
    """scib-metrics' own table at its defaults: ten metrics, on its approximate neighbours."""
    return _benchmarker(data).get_results().T["X_new"].drop("Metric Type", errors="ignore").astype(float).to_dict()


def peer_in_full(data: Embedded) -> Scores:
    """The same on exact neighbours, with those of our columns that its table does not have."""
    import scib_metrics

    benchmarker = _benchmarker(data, exact_neighbors, nmi_ari_cluster_labels_leiden=True)
    cells = benchmarker._emb_adatas["X_new"]
    return {
        **benchmarker.get_results().T["X_new"].drop("Metric Type", errors="ignore").astype(float).to_dict(),
        "Silhouette batch": float(scib_metrics.silhouette_batch(data.embedding, data.label, data.batch)),
        "KBET plain": float(scib_metrics.kbet(cells.uns["50_neighbor_res"], data.batch)[0]),
    }


def exact_neighbors(cells: np.ndarray, k: int) -> Any:
    """Neighbours as scib-metrics takes them, by exact search; every cell at distance 0 of itself."""
    from scib_metrics.nearest_neighbors import NeighborsResults
    from sklearn.neighbors import NearestNeighbors

    distances, indices = NearestNeighbors(n_neighbors=k, algorithm="brute").fit(cells.astype(float)).kneighbors()
    own = np.arange(len(cells))[:, None]
    return NeighborsResults(
        indices=np.hstack([own, indices[:, : k - 1]]), distances=np.hstack([0.0 * own, distances[:, : k - 1]])
    )


def _benchmarker(data: Embedded, neighbors: Callable[..., Any] | None = None, **bio: bool) -> Any:
    from scib_metrics.benchmark import Benchmarker, BioConservation

    benchmarker = Benchmarker(
        as_anndata(data), "batch", "label", ["X_new"], bio_conservation_metrics=BioConservation(**bio),
        pre_integrated_embedding_obsm_key="X_pca", n_jobs=2, progress_bar=False,
    )  # fmt: skip
    benchmarker.prepare(neighbors)
    benchmarker.benchmark()
    return benchmarker


TOOLS: dict[str, tuple[Callable[[Embedded], Scores], str]] = {
    "ours": (ours, "scint"),
    "ours_in_full": (ours_in_full, "scint"),
    "peer": (peer, "scib-metrics"),
    "peer_in_full": (peer_in_full, "scib-metrics"),
}


def main(tool: str, *paths: str) -> None:
    """Scores of every file by a tool."""
    work, package = TOOLS[tool]
    scores: dict[str, Scores] = {}
    files = {path: load(Path(path)) for path in paths}
    with contextlib.redirect_stdout(sys.stderr):
        figures = measured(lambda: scores.update({path: work(data) for path, data in files.items()}))
    print(json.dumps({**figures, "scores": scores, "version": version_of(package)}))


if __name__ == "__main__":
    main(*sys.argv[1:])
