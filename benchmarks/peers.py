"""Other packages' implementations, called as their own documentation says, at their defaults."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass

from benchmarks.dataset import Dataset

Work = Callable[[], object]
THREADS = int(os.environ.get("OMP_NUM_THREADS", "1"))


@dataclass(frozen=True)
class Peer:
    """A package to compare with: `methods` are ours that do the same, `prepare` makes the call that is timed."""

    package: str
    methods: tuple[str, ...]
    prepare: Callable[[Dataset], Work]


def _scanorama(data: Dataset) -> Work:
    import scanorama

    genes = [f"gene {i}" for i in range(data.expression.shape[1])]
    matrices = [data.expression[rows] for rows in data.batches()]
    return lambda: scanorama.correct(matrices, [genes] * len(matrices), return_dimred=True, verbose=False)


def _harmonypy(data: Dataset) -> Work:
    import harmonypy
    import pandas as pd

    table = pd.DataFrame({"batch": data.batch.astype(str)})
    return lambda: harmonypy.run_harmony(data.pca, table, "batch", verbose=False, ncores=THREADS)


def _scranpy(data: Dataset) -> Work:
    """Components by batch, then libscran's mutual nearest neighbours, which are simpler than fastMNN's."""
    import scranpy

    genes_by_cells, batch = data.expression.T.tocsc(), data.batch.tolist()

    def work() -> object:
        reduced = scranpy.run_pca(genes_by_cells, number=50, block=batch, num_threads=THREADS)
        return scranpy.correct_mnn(reduced["components"], batch, num_threads=THREADS)

    return work


PEERS = {
    peer.package: peer
    for peer in (
        Peer("scanorama", ("scanorama",), _scanorama),
        Peer("harmonypy", ("harmony2",), _harmonypy),
        Peer("scranpy", ("fastmnn",), _scranpy),
    )
}
