"""scib-metrics' inputs and values on fixed embeddings."""

from __future__ import annotations

import json
from dataclasses import dataclass

import numpy as np
import pytest

from scint_core.contract import Neighbors
from scint_core.metrics import MetricInput
from scint_core.metrics.groups import Groups
from tests.golden_files import small_golden
from tests.shared import SHARED, needs_shared

GOLDEN = SHARED / "golden/python"
EMBEDDINGS = ("pca", "harmony", pytest.param("scanorama", marks=needs_shared))


@dataclass(frozen=True)
class Golden:
    """One embedding: what metrics read, the neighbours that the scores were computed on, and the scores."""

    embedding: np.ndarray
    before: np.ndarray
    batch: np.ndarray
    label: np.ndarray
    near: Neighbors  # 50, as scib-metrics was given them: some cells at a tiny distance from themselves
    lisi: dict[str, np.ndarray]
    scores: dict[str, float]

    @property
    def data(self) -> MetricInput:
        """The embedding as our metrics read it."""
        return MetricInput(
            self.embedding.astype(np.float64), Groups.of(self.batch, "batch"), Groups.of(self.label, "label"),
            self.before.astype(np.float64),
        )  # fmt: skip


def golden(name: str) -> Golden:
    """The values on the embedding of this name."""
    return _from_shared(name) if name == "scanorama" else _from_project(name)


def _from_project(name: str) -> Golden:
    file = small_golden("scib_metrics")
    prefix = f"{name}/score/"
    return Golden(
        file[f"{name}/embedding"], file["pca/embedding"], file[f"{name}/batch"], file[f"{name}/label"],
        Neighbors(file[f"{name}/knn_idx"].astype(np.int64), file[f"{name}/knn_dist"].astype(np.float64)),
        {column: file[f"{name}/lisi_{column}"] for column in ("batch", "label")},
        {key.removeprefix(prefix): float(value) for key, value in file.items() if key.startswith(prefix)},
    )  # fmt: skip


def _from_shared(name: str) -> Golden:
    with np.load(GOLDEN / f"scibmetrics_sim_{name}_inputs.npz", allow_pickle=False) as file:
        return Golden(
            file["X"], file["X_pre"], file["batch"], file["label"],
            Neighbors(file["knn_idx"][:, :50], file["knn_dist"][:, :50]),
            {column: np.load(GOLDEN / f"sim_{name}_lisi_{column}_k90.npy") for column in ("batch", "label")},
            json.loads((GOLDEN / f"scibmetrics_sim_{name}.json").read_text()),
        )  # fmt: skip
