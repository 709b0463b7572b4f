"""Embeddings that metrics are timed and compared on, in files that need neither scint nor AnnData to read."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

N_TYPES = 12
N_DIMENSIONS = 50


@dataclass(frozen=True)
class Embedded:
    """One embedding (cells × d, float32), the components before it, and names of batch and type of every cell."""

    embedding: np.ndarray
    pca: np.ndarray
    batch: np.ndarray
    label: np.ndarray

    def save(self, path: Path) -> None:
        """Write to an `.npz`."""
        np.savez(path, **asdict(self))


def load(path: Path) -> Embedded:
    """What `save` wrote."""
    with np.load(path, allow_pickle=False) as file:
        return Embedded(**{name: file[name] for name in file.files})


def simulated(n_cells: int) -> Embedded:
    """Twelve types of unequal size in three batches, whose effect the embedding has most of taken off."""
    rng = np.random.default_rng(0)
    scale = np.linspace(3, 0.5, N_DIMENSIONS)
    label = rng.choice(N_TYPES, n_cells, p=rng.dirichlet(np.full(N_TYPES, 4.0)))
    batch = rng.choice(3, n_cells, p=[0.5, 0.3, 0.2])
    cells = (rng.normal(size=(n_cells, N_DIMENSIONS)) + rng.normal(size=(N_TYPES, N_DIMENSIONS))[label]) * scale
    effect = rng.normal(size=(3, N_DIMENSIONS))[batch] * scale
    names = np.char.add("type ", label.astype(str)), np.char.add("batch ", batch.astype(str))
    return Embedded(
        (cells + 0.1 * effect).astype(np.float32), (cells + effect).astype(np.float32), batch=names[1], label=names[0]
    )


def real(folder: Path, names: tuple[str, ...], methods: tuple[str, ...]) -> Iterator[tuple[str, Embedded]]:
    """Every data set as every method leaves it, by "data set, method"; preprocessed with defaults."""
    import scint_core as scint

    for name in names:
        adata = scint.preprocess(scint.read(folder / f"{name}.h5ad"), batch_key="batch")
        batch, label = (adata.obs[column].astype(str).to_numpy().astype(np.str_) for column in ("batch", "celltype"))
        before = np.asarray(adata.obsm["X_pca"], dtype=np.float32)
        for method in methods:
            coordinates = scint.integrate(adata, method, label_key="celltype").coordinates
            yield f"{name}, {method}", Embedded(np.asarray(coordinates, dtype=np.float32), before, batch, label)
