"""Simulated embeddings whose scores are known."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from scint_core.metrics import MetricInput
from scint_core.metrics.groups import Groups


@dataclass(frozen=True)
class World:
    """Cells with two columns: `before` and `embedding` are cells × d."""

    embedding: np.ndarray
    before: np.ndarray
    batch: np.ndarray
    label: np.ndarray

    @property
    def data(self) -> MetricInput:
        """What a metric reads."""
        return MetricInput(
            self.embedding, Groups.of(self.batch, "batch"), Groups.of(self.label, "label"), self.before
        )  # fmt: skip


def world(
    n_cells: int = 600,
    n_batches: int = 2,
    n_labels: int = 3,
    apart: float = 0.0,
    types_apart: float = 12.0,
    shares: tuple[float, ...] | None = None,
    seed: int = 0,
) -> World:
    """Spherical cell types `types_apart` from each other, with batches moved `apart`; `before` has them 15 apart."""
    rng = np.random.default_rng(seed)
    batch = rng.choice(n_batches, n_cells, p=shares)
    label = rng.integers(0, n_labels, n_cells)
    dimensions = n_labels + n_batches + 3
    axes = np.eye(dimensions)
    cells = rng.normal(size=(n_cells, dimensions)) + types_apart * axes[label]
    of_batch = axes[n_labels + batch]
    return World(cells + apart * of_batch, cells + 15 * of_batch, batch, np.array(["a", "b", "c", "d", "e"])[label])
