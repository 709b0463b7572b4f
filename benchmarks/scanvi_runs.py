"""One run of scANVI, ours or scvi-tools', in a process of its own.

`python -m benchmarks.scanvi_runs seconds ours data.npz --threads 1` prints seconds per epoch as JSON;
`python -m benchmarks.scanvi_runs result peer data.npz --seed 0 --out result.npz` keeps both latent spaces and the
labels predicted, from half of the labels, and prints the seconds of the processor. Both train on the same counts,
labels and numbers of epochs.
"""

from __future__ import annotations

import argparse
import json
import logging
import os
import time
import warnings
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
from anndata import AnnData

from benchmarks.dataset import Dataset, load

UNKNOWN = "Unknown"
HIDDEN = 0.5  # of the labels
Train = Callable[[int, int], tuple[np.ndarray, np.ndarray, np.ndarray]]
"""(epochs of scVI, epochs of scANVI) → latent space of scVI, latent space of scANVI, labels."""


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("what", choices=("seconds", "result"))
    parser.add_argument("tool", choices=("ours", "peer"))
    parser.add_argument("data", type=Path)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--epochs", type=int, nargs=2, default=(2, 2), help="of scVI and of scANVI")
    parser.add_argument("--out", type=Path)
    return parser.parse_args()


def hidden(n_cells: int, seed: int) -> np.ndarray:
    """Which labels are hidden, the same for both tools."""
    return np.random.default_rng(seed).random(n_cells) < HIDDEN


def with_labels(data: Dataset, seed: int) -> AnnData:
    """The counts, with `batch` and with `label`, half of it unknown."""
    label = np.array([f"type {code}" for code in data.cell_type], dtype=object)
    label[hidden(len(label), seed)] = UNKNOWN
    obs = pd.DataFrame(
        {"batch": [f"batch {code}" for code in data.batch], "label": label},
        index=[f"cell {i:06d}" for i in range(len(label))],
    )
    return AnnData(data.counts.copy(), obs=obs.astype("category"), layers={"counts": data.counts.copy()})


def ours(adata: AnnData, seed: int) -> Train:
    import scint_core as scint

    def train(epochs_scvi: int, epochs_scanvi: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        result = scint.integrate(
            adata, "scanvi", label_key="label", seed=seed, epochs_scvi=epochs_scvi, epochs_scanvi=epochs_scanvi
        )
        return result.extra_embeddings["X_scVI"], result.embedding, result.predictions["label"].to_numpy()

    return train


def peer(adata: AnnData, seed: int) -> Train:
    import scvi

    logging.disable(logging.WARNING)
    warnings.simplefilter("ignore")
    quiet = {"accelerator": "cpu", "enable_progress_bar": False, "logger": False, "enable_checkpointing": False}

    def train(epochs_scvi: int, epochs_scanvi: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        scvi.settings.seed = seed
        scvi.model.SCVI.setup_anndata(adata, layer="counts", batch_key="batch", labels_key="label")
        base = scvi.model.SCVI(adata)
        base.train(max_epochs=epochs_scvi, **quiet)
        model = scvi.model.SCANVI.from_scvi_model(base, UNKNOWN)
        model.train(max_epochs=epochs_scanvi, **quiet)
        return base.get_latent_representation(), model.get_latent_representation(), np.asarray(model.predict())

    return train


def keep_latent_space_once() -> None:
    """A hundred epochs keep the latent space six times, five would every time: it is counted in neither."""
    from scint_core.methods.scanvi.training import Schedule

    Schedule.snapshots = lambda self: {self.epochs}


def seconds_per_epoch(train: Train, n_cells: int) -> dict[str, float]:
    """Wall and CPU seconds of one epoch of each model: what a few more take, over their number."""
    train(1, 1)
    more = 4 if n_cells < 10_000 else 2
    measured = {}
    for name, few, many in (("scvi", (1, 1), (1 + more, 1)), ("scanvi", (1, 1), (1, 1 + more))):
        short, long = (_seconds(train, *epochs) for epochs in (few, many))
        for kind, a, b in zip(("wall_s", "cpu_s"), short, long, strict=True):
            measured[f"{name}_{kind}"] = (b - a) / more
    return measured


def _seconds(train: Train, epochs_scvi: int, epochs_scanvi: int) -> tuple[float, float]:
    wall, cpu = time.perf_counter(), time.process_time()
    train(epochs_scvi, epochs_scanvi)
    return time.perf_counter() - wall, time.process_time() - cpu


def main() -> None:
    options = arguments()
    os.environ["SCINT_CACHE_BYTES"] = "0"  # nothing may be reused
    import torch

    torch.set_num_threads(options.threads)
    adata = with_labels(load(options.data), options.seed)
    train = {"ours": ours, "peer": peer}[options.tool](adata, options.seed)
    if options.what == "seconds":
        if options.tool == "ours":
            keep_latent_space_once()
        print(json.dumps(seconds_per_epoch(train, adata.n_obs)))
        return
    started = time.process_time()
    scvi, scanvi, label = train(*options.epochs)
    print(json.dumps({"cpu_s": time.process_time() - started}))
    np.savez(options.out, scvi=scvi, scanvi=scanvi, label=label.astype(str))


if __name__ == "__main__":
    main()
