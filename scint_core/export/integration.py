"""`Integration`: the result of a run, in the caller's order of cells, and the only way back into an AnnData."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd
from anndata import AnnData

from scint_core.contract import FloatArray, MergeTree, Pairs, StepRecord
from scint_core.errors import DataError
from scint_core.numerics.umap import umap_layout
from scint_core.preprocess.pca import pca_scores

N_PCS = 50
UNS_KEY = "scint"


@dataclass(frozen=True)
class Integration:
    """What a method made of the data. Rows and positions are the caller's, whatever the merge order.

    `embedding` (cells × d, float32) is None for methods that correct genes, `expression` (cells × `genes`, float32)
    None for methods that do not; `pairs` is None for methods that relate no cells. `predictions` is scanvi's table of
    labels. `notes` are sentences on what was lowered, skipped or should be known; `steps` what the run did, one
    record per step. `versions` names what computed it.
    """

    method: str
    params: dict[str, Any]
    seed: int
    embedding: FloatArray | None
    expression: FloatArray | None
    genes: tuple[str, ...]
    pairs: Pairs | None
    predictions: pd.DataFrame | None
    notes: tuple[str, ...]
    steps: tuple[StepRecord, ...]
    versions: dict[str, str]
    obsm_key: str
    cells: tuple[str, ...] = field(repr=False)
    batch_names: tuple[str, ...] = ()
    merges: MergeTree | None = None
    extra_embeddings: dict[str, FloatArray] = field(default_factory=dict)

    @cached_property
    def coordinates(self) -> FloatArray:
        """A low-dimensional result for maps and metrics: the embedding, else the PCA of the corrected expression."""
        if self.embedding is not None:
            return self.embedding
        assert self.expression is not None
        return pca_scores(self.expression, N_PCS).astype(np.float32)

    def write(self, adata: AnnData, *, umap: bool = True) -> None:
        """Add the result to `adata`, which must hold the same cells in the same order.

        Writes `obsm[X_<method>]` (the embedding, or the PCA of the corrected expression), `obsm[X_umap_<method>]`
        unless `umap` is False, the corrected expression as `layers[<method>]` where it has all genes of `adata` and
        as `obsm[<method>_expression]` where not, and `uns["scint"][<method>]`: parameters, seed, versions, merges
        and pairs. Nothing else is touched. Raises `DataError` where the cells differ.
        """
        if tuple(adata.obs_names.astype(str)) != self.cells:
            raise DataError(
                f"the data hold {adata.n_obs} cells that are not the {len(self.cells)} integrated ones in their order: "
                "write the result to the AnnData it was made from"
            )
        adata.obsm[self.obsm_key] = self.coordinates
        adata.obsm.update(self.extra_embeddings)
        if umap:
            adata.obsm[f"X_umap_{self.method}"] = umap_layout(self.coordinates, seed=self.seed)
        if self.expression is not None:
            self._write_expression(adata)
        if self.predictions is not None:
            adata.obs[f"{self.method}_label"] = pd.Categorical(self.predictions["label"])
        adata.uns[UNS_KEY] = {**adata.uns.get(UNS_KEY, {}), self.method: self._record()}

    def _write_expression(self, adata: AnnData) -> None:
        if self.genes == tuple(adata.var_names.astype(str)):
            adata.layers[self.method] = self.expression
        else:
            adata.obsm[f"{self.method}_expression"] = self.expression

    def _record(self) -> dict[str, Any]:
        """What `uns` keeps: strings, numbers and arrays only, so that every h5ad reader understands it."""
        record: dict[str, Any] = {
            "params": {name: _storable(value) for name, value in self.params.items()},
            "seed": self.seed,
            "versions": dict(self.versions),
            "genes": np.array(self.genes, dtype=object),
            "notes": np.array(self.notes, dtype=object),
        }
        if self.merges is not None:
            record["merge_tree"] = np.array(self.merge_sentences(), dtype=object)
        if self.pairs is not None:
            names = ("left", "right", "merge", "score", "kept")
            record["pairs"] = {name: getattr(self.pairs, name) for name in names}
        return record

    def merge_sentences(self) -> list[str]:
        """The merges in order, as "A + B <- C" (reference <- corrected)."""
        if self.merges is None:
            return []
        return [
            " <- ".join(" + ".join(self.batch_names[b] for b in side) for side in sides)
            for sides in zip(self.merges.left, self.merges.right, strict=True)
        ]


def _storable(value: Any) -> Any:
    """A parameter's value as h5ad can hold it."""
    return value if isinstance(value, bool | int | float | str) else json.dumps(value)
