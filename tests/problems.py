"""Problems made from arrays, for tests that need no AnnData."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import scipy.sparse as sp

from scint_core.contract import FloatArray, Matrix, Problem


@dataclass(frozen=True)
class ArraySource:
    """A `Source` over arrays whose rows stand in the problem's order already."""

    matrix: Matrix | None
    gene_names: tuple[str, ...]
    variable: np.ndarray  # columns of `matrix` that cells are compared by
    raw: Matrix | None = None
    components: FloatArray | None = None
    table: dict[str, np.ndarray] = field(default_factory=dict)
    marked: bool = False

    def genes(self) -> tuple[str, ...]:
        return tuple(self.gene_names[i] for i in self.variable)

    def all_genes(self) -> tuple[str, ...]:
        return self.gene_names

    def positions(self) -> np.ndarray:
        return self.variable

    def genes_marked(self) -> bool:
        return self.marked

    def expression(self) -> Matrix:
        assert self.matrix is not None
        return self.matrix[:, self.variable]

    def all_expression(self) -> Matrix:
        assert self.matrix is not None
        return self.matrix

    def counts(self) -> Matrix | None:
        return self.raw

    def pca(self) -> FloatArray:
        assert self.components is not None
        return self.components

    def column(self, name: str) -> np.ndarray:
        return self.table[name]


def problem_from(
    matrix: Matrix | None,
    batch: Sequence[Any],
    *,
    variable: Sequence[int] | None = None,
    genes: Sequence[str] | None = None,
    cells: Sequence[str] | None = None,
    pca: FloatArray | None = None,
    counts: Matrix | None = None,
    labels: Sequence[Any] | None = None,
    columns: dict[str, Sequence[Any]] | None = None,
) -> Problem:
    """A problem in canonical order from rows in any order.

    Batches in the order of first appearance, cells of a batch by name (without `cells`: by position). `variable` are
    the columns of `matrix` that count as highly variable (default: all).
    """
    batch_names = list(dict.fromkeys(str(b) for b in batch))
    position = np.array([batch_names.index(str(b)) for b in batch])
    names = np.arange(len(position)) if cells is None else np.array(cells)
    order = np.lexsort((names, position))
    n_genes = 0 if matrix is None else matrix.shape[1]
    label_names = tuple(dict.fromkeys(str(label) for label in labels)) if labels is not None else ()
    source = ArraySource(
        matrix=_rows(matrix, order),
        gene_names=tuple(genes) if genes is not None else tuple(f"gene{i:05d}" for i in range(n_genes)),
        variable=np.arange(n_genes) if variable is None else np.asarray(variable),
        raw=_rows(counts, order),
        components=None if pca is None else np.asarray(pca)[order],
        table={name: np.asarray(values)[order] for name, values in (columns or {}).items()},
        marked=variable is not None,
    )
    return Problem(
        batch=position[order],
        batch_names=tuple(batch_names),
        order=order,
        source=source,
        labels=None if labels is None else np.array([label_names.index(str(labels[i])) for i in order]),
        label_names=label_names,
    )


def _rows(matrix: Any, order: np.ndarray) -> Any:
    if matrix is None:
        return None
    return sp.csr_matrix(matrix)[order] if sp.issparse(matrix) else np.asarray(matrix)[order]
