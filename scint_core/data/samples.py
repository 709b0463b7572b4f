"""Data sets to try things on: the files in `sample_data/`, and one that comes with scanpy."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
from anndata import AnnData, read_h5ad

from scint_core.errors import FileError

FOLDER = Path(__file__).resolve().parents[2] / "sample_data"


@dataclass(frozen=True)
class Sample:
    """A data set that is always there. `load` gives a new AnnData every time."""

    name: str
    title: str
    description: str
    batch_key: str
    label_key: str
    load: Callable[[], AnnData]


def samples() -> dict[str, Sample]:
    """Every sample by name, in the order in which to offer them. Nothing is read before `load` is called."""
    return {sample.name: sample for sample in (*_SIMULATED, _PBMC)}


def _from_file(file: str) -> AnnData:
    path = FOLDER / file
    if not path.is_file():
        raise FileError(f"sample file '{file}' is missing: run `python sample_data/make_samples.py` to make it again")
    return read_h5ad(path)


def _simulated(name: str, title: str, description: str) -> Sample:
    return Sample(name, title, f"Simulated. {description}", "batch", "cell_type", partial(_from_file, f"{name}.h5ad"))


_SIMULATED = (
    _simulated(
        "two_donors",
        "Two donors (simulated)",
        "800 cells, 600 genes, five cell types in the same proportions in both donors, a plain batch effect.",
    ),
    _simulated(
        "five_labs",
        "Five labs, one type missing in two (simulated)",
        "1,000 cells, 600 genes; the dendritic cells are missing in labs 4 and 5. Does a method put other cells there?",
    ),
    _simulated(
        "small_batch",
        "A very small batch (simulated)",
        "415 cells, 400 genes, of which the second donor gives 15: fewer than the usual number of neighbours.",
    ),
)


def _pbmc_halves() -> AnnData:
    """scanpy's 700 blood cells, dealt into two halves at random.

    Of what the file stores only `raw` is usable: log-normalised values of 765 genes, never negative. Its X is scaled.
    """
    from scanpy.datasets import pbmc68k_reduced

    stored = pbmc68k_reduced()
    half = np.random.default_rng(0).permutation(np.arange(stored.n_obs) % 2)
    obs = pd.DataFrame(
        {"batch": pd.Categorical.from_codes(half, ["half 1", "half 2"]), "celltype": stored.obs["bulk_labels"]},
        index=stored.obs_names,
    )
    return AnnData(stored.raw.X.copy(), obs=obs, var=pd.DataFrame(index=stored.raw.var_names.copy()))


_PBMC = Sample(
    "pbmc_halves",
    "Blood cells split at random (scanpy's pbmc68k_reduced)",
    "700 real cells, 765 genes, log values without counts. The two batches are random halves of one experiment: "
    "there is no batch effect, and a method should change nothing.",
    "batch",
    "celltype",
    _pbmc_halves,
)
