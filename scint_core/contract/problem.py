"""`Problem`: the data as a method sees them.

Cells stand in one canonical order: batch by batch (in the order of the batches), inside a batch by cell name. So
every batch is a slice, ties and random draws do not depend on the order of the caller's file, and permuting the
input permutes the output. `order` leads back.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Protocol, TypeVar, cast

import numpy as np
from numpy.typing import DTypeLike

from scint_core.contract.arrays import FloatArray, IntArray, Matrix

Array = TypeVar("Array", bound=np.ndarray[Any, Any])


class Source(Protocol):
    """Where a problem reads its data from. A field is read, and checked, only when a method asks for it.

    Every matrix comes in canonical order of cells.
    """

    def genes(self) -> tuple[str, ...]:
        """Names of the genes that methods compare cells by: the highly variable ones where they are marked."""

    def all_genes(self) -> tuple[str, ...]:
        """Names of all genes."""

    def positions(self) -> IntArray:
        """Columns of `genes` among `all_genes`."""

    def genes_marked(self) -> bool:
        """Whether `genes` are marked as highly variable, rather than all there are for want of a mark."""

    def expression(self) -> Matrix:
        """Log-normalised values of `genes` (cells × genes), finite; refuses what looks like counts."""

    def all_expression(self) -> Matrix:
        """Log-normalised values of `all_genes`."""

    def counts(self) -> Matrix | None:
        """Raw counts of all genes, or None where the data hold none."""

    def pca(self) -> FloatArray:
        """Principal components that methods on embeddings start from (cells × d)."""

    def column(self, name: str) -> np.ndarray:
        """A column of the cell table; categories come as objects, whatever they are."""


@dataclass(frozen=True)
class Problem:
    """One data set with its batches, in canonical order of cells.

    `batch` (cells,) holds batch positions, ascending; `labels` (cells,) positions in `label_names`, −1 where a cell
    has none, or None where no label column was chosen; `order` (cells,) the caller's position of every row.
    """

    batch: IntArray
    batch_names: tuple[str, ...]
    order: IntArray
    source: Source = field(repr=False)
    labels: IntArray | None = None
    label_names: tuple[str, ...] = ()
    label_key: str | None = None

    @property
    def n_cells(self) -> int:
        return len(self.batch)

    @property
    def n_batches(self) -> int:
        return len(self.batch_names)

    @cached_property
    def bounds(self) -> IntArray:
        """Batch b is the rows `bounds[b]:bounds[b + 1]`."""
        return np.searchsorted(self.batch, np.arange(self.n_batches + 1))

    @cached_property
    def batch_sizes(self) -> IntArray:
        """Number of cells of every batch."""
        return np.diff(self.bounds)

    def cells_of(self, batches: Sequence[int]) -> IntArray:
        """Rows of the given batches, in the given order of batches."""
        return np.concatenate([np.arange(self.bounds[b], self.bounds[b + 1]) for b in batches])

    def gathered(self, batches: Sequence[int], rows: Array) -> Array:
        """`rows` (cells × anything) that follow each other batch by batch, as `batches` do, in the problem's order."""
        if list(batches) == list(range(self.n_batches)):
            return rows
        placed = np.empty_like(rows)
        placed[self.cells_of(batches)] = rows
        return cast(Array, placed)

    def smallest_batch(self) -> tuple[str, int]:
        """Name and size of the smallest batch."""
        smallest = int(np.argmin(self.batch_sizes))
        return self.batch_names[smallest], int(self.batch_sizes[smallest])

    def to_input_order(self, rows: Array, dtype: DTypeLike | None = None) -> Array:
        """Rows of a result (cells × anything) put back into the caller's order, as `dtype` (None: unchanged)."""
        back = np.empty_like(rows, dtype=dtype)
        back[self.order] = rows
        return cast(Array, back)

    def groups_in_input_order(self) -> tuple[IntArray, IntArray | None]:
        """Batch and label (None without labels) of every cell, in the caller's order."""
        labels = None if self.labels is None else self.to_input_order(self.labels)
        return self.to_input_order(self.batch), labels

    # Read once, when first asked for.

    @cached_property
    def genes(self) -> tuple[str, ...]:
        return self.source.genes()

    @cached_property
    def all_genes(self) -> tuple[str, ...]:
        return self.source.all_genes()

    @cached_property
    def positions(self) -> IntArray:
        return self.source.positions()

    @cached_property
    def genes_marked(self) -> bool:
        return self.source.genes_marked()

    @cached_property
    def expression(self) -> Matrix:
        return self.source.expression()

    @cached_property
    def all_expression(self) -> Matrix:
        return self.source.all_expression()

    @cached_property
    def counts(self) -> Matrix | None:
        return self.source.counts()

    @cached_property
    def pca(self) -> FloatArray:
        return self.source.pca()
