"""A linear layer of sparse cells: most genes of a cell are zero, and only the others are multiplied.

The product of a minibatch of sparse rows is a weighted sum of rows of the weights for every cell, and its gradient a
weighted sum of rows of the upstream gradient for every gene: `embedding_bag` does both.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.autograd.function import once_differentiable

from scint_core.contract import Sparse


@dataclass(frozen=True)
class Bags:
    """One side of a sparse matrix: for each of its rows (or columns) the other side's positions, with their values."""

    positions: Tensor  # (entries,)
    offsets: Tensor  # (rows + 1,)
    values: Tensor  # (entries,)

    @classmethod
    def of(cls, rows: Sparse, device: str) -> Bags:
        """The rows of a CSR matrix, or the columns of a CSC matrix."""
        parts = rows.indices.astype(np.int32), rows.indptr.astype(np.int32), rows.data
        return cls(*(torch.from_numpy(part).to(device) for part in parts))

    def times(self, matrix: Tensor) -> Tensor:
        """The product with `matrix`, whose rows the positions are."""
        return F.embedding_bag(
            self.positions, matrix, self.offsets, mode="sum", per_sample_weights=self.values, include_last_offset=True
        )


@dataclass(frozen=True)
class SparseCells:
    """B cells × G genes of float32, as the rows of a CSR matrix."""

    rows: Sparse
    device: str

    @cached_property
    def by_cell(self) -> Bags:
        """The genes of every cell."""
        return Bags.of(self.rows, self.device)

    @cached_property
    def by_gene(self) -> Bags:
        """The cells of every gene, which only training asks for."""
        return Bags.of(self.rows.tocsc(), self.device)


class SparseLinear(nn.Module):
    """`nn.Linear` for `SparseCells`. Its weights are G × out, so that those of a gene lie side by side."""

    def __init__(self, n_genes: int, n_out: int) -> None:
        super().__init__()
        dense = nn.Linear(n_genes, n_out)  # for its starting values
        self.gene_weight = nn.Parameter(dense.weight.detach().t().contiguous())
        self.bias = dense.bias

    def forward(self, cells: SparseCells) -> Tensor:
        """B × G → B × out."""
        product: Tensor = _Product.apply(cells, self.gene_weight)  # type: ignore[no-untyped-call]
        return product + self.bias


class _Product(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, cells: SparseCells, gene_weight: Tensor) -> Tensor:
        ctx.cells = cells
        return cells.by_cell.times(gene_weight)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, upstream: Tensor) -> tuple[None, Tensor]:
        """The gradient of the weights (G × out); the cells need none."""
        return None, ctx.cells.by_gene.times(upstream)
