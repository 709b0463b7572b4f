"""The networks: scVI, and scANVI on top of it. Shapes: B cells, G genes, S batches, L labels, d latent dimensions.

scVI is q(z|x) [and q(ℓ|x)] with the decoder p(x|z, batch); scANVI adds q(c|z), q(u|z, c) and p(z|u, c).
Layers, starting values and constants follow scvi-tools 1.4 (`VAE`, `SCANVAE`), so that training behaves alike.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from scint_core.methods.scanvi.likelihood import Counts, negative_binomial, zero_inflated
from scint_core.methods.scanvi.sparse_linear import SparseCells, SparseLinear

_LEAST_VARIANCE = 1e-4  # of q(z|x), q(ℓ|x) and q(u|z, c)


@dataclass(frozen=True)
class Architecture:
    """Sizes of the networks, and what is learnt: see `ScanviParams`."""

    n_genes: int
    n_batches: int
    n_labels: int
    n_latent: int
    n_hidden: int
    n_layers: int
    dropout: float
    zero_inflated: bool
    infer_library: bool


@dataclass(frozen=True)
class Gaussian:
    """Independent normal distributions: `mean` and `variance` of one shape."""

    mean: Tensor
    variance: Tensor

    def sample(self) -> Tensor:
        """One draw of each, through which gradients flow."""
        return self.mean + self.variance.sqrt() * torch.randn_like(self.mean)


class Layers(nn.Module):
    """Linear → batch norm → ReLU → dropout, `n_layers` times; groups are put next to the input of every layer.

    `first` makes the first linear layer: `nn.Linear`, or `SparseLinear` for `SparseCells`.
    """

    def __init__(
        self, n_in: int, n_groups: int, n_layers: int, n_hidden: int, dropout: float, first: type[nn.Module] = nn.Linear
    ) -> None:
        super().__init__()
        hidden = [nn.Linear(n_hidden + n_groups, n_hidden) for _ in range(n_layers - 1)]
        self.linear = nn.ModuleList([first(n_in + n_groups, n_hidden), *hidden])
        self.norm = nn.ModuleList(nn.BatchNorm1d(n_hidden, eps=1e-3, momentum=0.01) for _ in range(n_layers))
        self.dropout = dropout

    def forward(self, values: Any, groups: Tensor | None = None) -> Tensor:
        """B × n_in, and B × n_groups of zeros and ones → B × n_hidden."""
        for linear, norm in zip(self.linear, self.norm, strict=True):
            values = linear(values if groups is None else torch.cat([values, groups], dim=1))
            values = F.relu(norm(values), inplace=True)
            if self.training and self.dropout > 0:
                values = drop_out(values, self.dropout)
        hidden: Tensor = values
        return hidden


def drop_out(values: Tensor, share: float) -> Tensor:
    """A random `share` set to zero and the others raised to make up for it: `F.dropout`, drawn twice as fast."""
    return values * torch.rand_like(values).ge_(share).mul_(1 / (1 - share))


class Encoder(nn.Module):
    """q of a latent variable: `layers`, then mean and ln variance."""

    def __init__(self, layers: Layers, n_hidden: int, n_out: int) -> None:
        super().__init__()
        self.layers = layers
        self.mean = nn.Linear(n_hidden, n_out)
        self.log_variance = nn.Linear(n_hidden, n_out)

    def forward(self, values: Tensor | SparseCells, groups: Tensor | None = None) -> Gaussian:
        hidden = self.layers(values, groups)
        return Gaussian(self.mean(hidden), self.log_variance(hidden).exp() + _LEAST_VARIANCE)


class LatentDecoder(nn.Module):
    """p(z|u, c): `layers` without dropout, then mean and ln variance."""

    def __init__(self, n_latent: int, n_labels: int, n_layers: int, n_hidden: int) -> None:
        super().__init__()
        self.layers = Layers(n_latent, n_labels, n_layers, n_hidden, dropout=0)
        self.mean = nn.Linear(n_hidden, n_latent)
        self.log_variance = nn.Linear(n_hidden, n_latent)

    def forward(self, values: Tensor, groups: Tensor | None) -> Gaussian:
        hidden = self.layers(values, groups)
        return Gaussian(self.mean(hidden), self.log_variance(hidden).exp())


class CountDecoder(nn.Module):
    """p(x|z, batch): the logits of every gene's share, and of its dropout where zeros are inflated."""

    def __init__(self, shape: Architecture) -> None:
        super().__init__()
        n_groups = _n_groups(shape.n_batches)
        self.layers = Layers(shape.n_latent, n_groups, shape.n_layers, shape.n_hidden, dropout=0)
        self.share = nn.Linear(shape.n_hidden, shape.n_genes)
        self.dropout = nn.Linear(shape.n_hidden, shape.n_genes) if shape.zero_inflated else None
        self.log_dispersion = nn.Parameter(torch.randn(shape.n_genes))

    def log_likelihood(self, counts: Counts, z: Tensor, batch: Tensor | None, log_library: Tensor) -> Tensor:
        """ln p(x|z, batch) of every cell (B,)."""
        hidden = self.layers(z, batch)
        if self.dropout is None:
            return negative_binomial(counts, self.share(hidden), log_library, self.log_dispersion)
        return zero_inflated(counts, self.share(hidden), log_library, self.log_dispersion, self.dropout(hidden))

    def shares(self, z: Tensor, batch: Tensor | None) -> Tensor:
        """Expected share of every gene in a cell's counts (B × G, rows sum to 1)."""
        return torch.softmax(self.share(self.layers(z, batch)), dim=1)


class Scvi(nn.Module):
    """The variational autoencoder of counts."""

    def __init__(self, shape: Architecture) -> None:
        super().__init__()
        self.shape = shape
        self.z_encoder = self._encoder(shape.n_layers, shape.n_latent)
        self.library_encoder = self._encoder(1, 1) if shape.infer_library else None
        self.decoder = CountDecoder(shape)

    def _encoder(self, n_layers: int, n_out: int) -> Encoder:
        shape = self.shape
        layers = Layers(shape.n_genes, 0, n_layers, shape.n_hidden, shape.dropout, first=SparseLinear)
        return Encoder(layers, shape.n_hidden, n_out)


class Scanvi(Scvi):
    """scVI with a classifier on z and a prior of z that depends on the label."""

    def __init__(self, shape: Architecture) -> None:
        super().__init__(shape)
        n_latent, n_labels, n_groups = shape.n_latent, shape.n_labels, _n_groups(shape.n_labels)
        sizes = (shape.n_layers, shape.n_hidden)
        self.classifier = nn.Sequential(Layers(n_latent, 0, *sizes, shape.dropout), nn.Linear(shape.n_hidden, n_labels))
        self.u_encoder = Encoder(Layers(n_latent, n_groups, *sizes, shape.dropout), shape.n_hidden, n_latent)
        self.z_decoder = LatentDecoder(n_latent, n_groups, *sizes)


def _n_groups(n: int) -> int:
    """Columns that tell `n` groups apart: none for a single one."""
    return n if n > 1 else 0


def one_hot(codes: Tensor, n: int) -> Tensor | None:
    """Groups as zeros and ones (B × n, float32); None for a single group, which tells nothing."""
    return F.one_hot(codes, n).float() if n > 1 else None
