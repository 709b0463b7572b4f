"""Cells and networks for the tests of scANVI."""

import numpy as np
import scipy.sparse as sp
import torch

from scint_core.methods.scanvi.minibatches import Cells
from scint_core.methods.scanvi.network import Architecture, Scanvi, Scvi

N_GENES = 15


def counts(n=30, seed=0):
    random = np.random.default_rng(seed)
    x = random.poisson(random.gamma(0.5, 6, (n, N_GENES))).astype(np.float32)
    x[:, 0] += 1  # no cell is empty
    return sp.csr_matrix(x)


def cells(n=30, n_batches=3, n_labels=4, seed=0):
    """Cells of every batch and label, a third of them without a label."""
    random = np.random.default_rng(seed)
    labels = random.integers(n_labels, size=n)
    labels[::3] = -1
    return Cells.of(counts(n, seed), np.arange(n) % n_batches, labels, n_batches, "cpu")


def architecture(**changed):
    """A small network; `changed` are fields of `Architecture`."""
    usual = {
        "n_genes": N_GENES,
        "n_batches": 3,
        "n_labels": 4,
        "n_latent": 3,
        "n_hidden": 8,
        "n_layers": 1,
        "dropout": 0.0,
        "zero_inflated": True,
        "infer_library": False,
    }  # fmt: skip
    return Architecture(**{**usual, **changed})


def network(kind=Scanvi, seed=0, **changed):
    """A network whose weights, and averages of batch norm, are away from where they start."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        made: Scvi = kind(architecture(**changed))
        for tensor in made.state_dict().values():
            if tensor.dtype.is_floating_point:
                tensor.add_(0.2 * torch.rand_like(tensor))
    return made


def weights_of(made):
    return {name: tensor.numpy() for name, tensor in made.state_dict().items()}
