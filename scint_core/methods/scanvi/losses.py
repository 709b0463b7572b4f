"""The terms of the two objectives, per cell of a minibatch (B,). Sources: Xu et al. 2021; scvi-tools 1.4.

    scVI    −ln p(x|z, s) + w · KL(q(z|x) ‖ N(0, 1)) + KL(q(ℓ|x) ‖ p(ℓ|s))
    scANVI  −ln p(x|z, s) + ln q(z|x) − Σ_c q(c|z) ln p(z|u_c, c)
            + w · [Σ_c q(c|z) KL(q(u|z, c) ‖ N(0, 1)) + KL(q(c|z) ‖ p(c)) + KL(q(ℓ|x) ‖ p(ℓ|s))]
            + ratio · cross-entropy of the labelled cells

Every label is tried for every cell, also where it is known: known labels enter through the cross-entropy alone.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from scint_core.methods.scanvi.minibatches import Minibatch
from scint_core.methods.scanvi.network import Gaussian, Scanvi, Scvi, one_hot


@dataclass(frozen=True)
class Terms:
    """What a cell costs, each (B,): `reconstruction` counts in full, `kl` by the weight of the warm-up, `kl_library`
    (scVI's alone; scANVI's is part of `kl`) in full."""

    reconstruction: Tensor
    kl: Tensor
    kl_library: Tensor

    def loss(self, weight: float) -> Tensor:
        """The mean over the minibatch that training lowers."""
        return (self.reconstruction + weight * self.kl + self.kl_library).mean()


def scvi_terms(network: Scvi, cells: Minibatch) -> Terms:
    """The objective of scVI, with one draw of z."""
    posterior = network.z_encoder(cells.encoded)
    z = posterior.sample()
    log_library, kl_library = _library(network, cells)
    reconstruction = -network.decoder.log_likelihood(cells.counts, z, cells.batch, log_library)
    return Terms(reconstruction, kl_to_standard(posterior), kl_library)


def scanvi_terms(network: Scanvi, cells: Minibatch) -> Terms:
    """The objective of scANVI but for the cross-entropy, with one draw of z and of u for every label."""
    posterior = network.z_encoder(cells.encoded)
    z = posterior.sample()
    log_library, kl_library = _library(network, cells)
    log_label = torch.log_softmax(network.classifier(z), dim=1)  # B × L
    log_p_z, kl_u = _over_labels(network, z)
    label = log_label.exp()
    reconstruction = (
        -network.decoder.log_likelihood(cells.counts, z, cells.batch, log_library)
        + log_density(posterior, z)
        - (label * log_p_z).sum(dim=1)
    )
    kl = (label * kl_u).sum(dim=1) + kl_to_uniform(log_label) + kl_library
    return Terms(reconstruction, kl, torch.zeros_like(kl))


def _over_labels(network: Scanvi, z: Tensor) -> tuple[Tensor, Tensor]:
    """ln p(z|u_c, c) and KL(q(u|z, c) ‖ N(0, 1)) of every cell as if it had each label in turn, both B × L."""
    n_labels, n_cells = network.shape.n_labels, len(z)
    label = one_hot(torch.arange(n_labels, device=z.device).repeat_interleave(n_cells), n_labels)  # L·B × L
    copies = z.repeat(n_labels, 1)  # L·B × d, label by label
    u = network.u_encoder(copies, label)
    log_p_z = log_density(network.z_decoder(u.sample(), label), copies)
    return log_p_z.view(n_labels, n_cells).t(), kl_to_standard(u).view(n_labels, n_cells).t()


def cross_entropy(logits: Tensor, labels: Tensor) -> Tensor:
    """Mean −ln q(label|z) over labelled cells; `logits` come from the mean of q(z|x), not from a draw."""
    return F.cross_entropy(logits, labels)


def label_logits(network: Scanvi, cells: Minibatch) -> Tensor:
    """Logits of q(c|z) at the mean of q(z|x) (B × L)."""
    logits: Tensor = network.classifier(network.z_encoder(cells.encoded).mean)
    return logits


def _library(network: Scvi, cells: Minibatch) -> tuple[Tensor, Tensor]:
    """ln ℓ of every cell (B × 1) and KL(q(ℓ|x) ‖ p(ℓ|s)) (B,): the observed total and 0 unless it is inferred."""
    if network.library_encoder is None:
        return cells.log_library, torch.zeros(len(cells.log_library), device=cells.log_library.device)
    posterior = network.library_encoder(cells.encoded)
    return posterior.sample(), kl_divergence(posterior, cells.library_prior)


def kl_divergence(q: Gaussian, p: Gaussian) -> Tensor:
    """KL(q ‖ p), summed over dimensions (B,)."""
    ratio = q.variance / p.variance
    squared = (q.mean - p.mean) ** 2 / p.variance
    return 0.5 * (ratio + squared - 1 - ratio.log()).sum(dim=1)


def kl_to_standard(q: Gaussian) -> Tensor:
    """KL(q ‖ N(0, 1)), summed over dimensions (B,)."""
    return 0.5 * (q.variance + q.mean**2 - 1 - q.variance.log()).sum(dim=1)


def kl_to_uniform(log_label: Tensor) -> Tensor:
    """KL of the labels' probabilities (given as logarithms, B × L) to 1/L each (B,)."""
    return (log_label.exp() * log_label).sum(dim=1) + math.log(log_label.shape[1])


def log_density(p: Gaussian, values: Tensor) -> Tensor:
    """ln p(values), summed over dimensions (B,)."""
    squared = (values - p.mean) ** 2 / p.variance
    return -0.5 * (squared + p.variance.log() + math.log(2 * math.pi)).sum(dim=1)
