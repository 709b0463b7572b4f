"""The linear layer of sparse cells against `nn.Linear` on the same cells written out."""

import numpy as np
import pytest
import scipy.sparse as sp
import torch
from torch import nn

from scint_core.methods.scanvi.network import drop_out
from scint_core.methods.scanvi.sparse_linear import SparseCells, SparseLinear


def some_cells(density):
    cells = sp.random(20, 12, density, dtype=np.float32, random_state=0).toarray()
    cells[3] = 0
    return sp.csr_matrix(cells)


@pytest.mark.parametrize("density", [0.0, 0.2, 1.0])
def test_product_and_gradients_are_those_of_the_dense_layer(density):
    cells = some_cells(density)
    sparse, dense = SparseLinear(12, 5), nn.Linear(12, 5)
    dense.weight.data, dense.bias.data = sparse.gene_weight.data.t(), sparse.bias.data
    upstream = torch.randn(20, 5)
    ours, theirs = sparse(SparseCells(cells, "cpu")), dense(torch.from_numpy(cells.toarray()))
    ours.backward(upstream)
    theirs.backward(upstream)
    torch.testing.assert_close(ours, theirs)
    torch.testing.assert_close(sparse.gene_weight.grad, dense.weight.grad.t())
    torch.testing.assert_close(sparse.bias.grad, dense.bias.grad)


def test_weights_start_within_the_bound_of_the_dense_layer():
    bound = 1 / np.sqrt(400)
    weight = SparseLinear(400, 50).gene_weight.detach()
    assert weight.abs().max() <= bound
    assert weight.std().item() == pytest.approx(bound / np.sqrt(3), rel=0.05)


def test_drop_out_zeroes_the_share_and_keeps_the_mean():
    dropped = drop_out(torch.ones(400, 500), 0.3)
    assert (dropped == 0).float().mean().item() == pytest.approx(0.3, abs=0.01)
    assert dropped.mean().item() == pytest.approx(1, abs=0.01)
    torch.testing.assert_close(dropped.max(), torch.tensor(1 / 0.7))
