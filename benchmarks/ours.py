"""The methods of scint on a benchmark's data."""

from __future__ import annotations

import shutil
from collections.abc import Callable

import pandas as pd
from anndata import AnnData

import scint_core as scint
from benchmarks.dataset import Dataset
from scint_core.contract.folders import cache_folder


def work_of(method: str) -> Callable[[Dataset], Callable[[], object]]:
    """What makes the call to be timed from a data set: a whole `scint.integrate` at the method's defaults."""

    def prepare(data: Dataset) -> Callable[[], object]:
        forget_steps()
        adata, label_key = as_anndata(data), None if scint.methods()[method].labels == "ignored" else "cell_type"
        return lambda: scint.integrate(adata, method, batch_key="batch", label_key=label_key)

    return prepare


def forget_steps() -> None:
    """Empty the step cache, so that nothing is reused; compiled code stays."""
    shutil.rmtree(cache_folder() / "steps", ignore_errors=True)


def as_anndata(data: Dataset) -> AnnData:
    """The data as `scint.preprocess` leaves them, every gene highly variable."""
    obs = pd.DataFrame(
        {name: pd.Categorical([f"{name} {code}" for code in getattr(data, name)]) for name in ("batch", "cell_type")},
        index=[f"cell {i:06d}" for i in range(len(data.batch))],
    )
    var = pd.DataFrame({"highly_variable": True}, index=[f"gene {i:05d}" for i in range(data.counts.shape[1])])
    return AnnData(
        data.expression.copy(), obs=obs, var=var, layers={"counts": data.counts.copy()}, obsm={"X_pca": data.pca}
    )
