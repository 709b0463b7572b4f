"""What is read off a trained network: latent space, labels, expression."""

from __future__ import annotations

import numpy as np
import torch

from scint_core.contract import Embedding, FloatArray, LabelProbabilities, TrainedNetwork, explained
from scint_core.methods.scanvi.network import Architecture, Scanvi, Scvi, one_hot
from scint_core.methods.scanvi.threads import single_operations
from scint_core.methods.scanvi.training import tensors

COUNTS_PER_CELL = 1e4
"""To which decoded expression is scaled before the logarithm, as `preprocess` does with counts."""

_CELLS = 512  # decoded at a time


@explained(
    "A cell's place in the latent space is the mean of q(z|x), which does not know the batch.",
    formula=r"\mu(x) = \mathbb E_{q(z \mid x)}[z]",
)
def latent_space(trained: TrainedNetwork) -> Embedding:
    """The mean of q(z|x) of every cell, as training left it."""
    return Embedding(trained.latent.coordinates[-1], axis="z")


@explained(
    "The classifier gives every cell a probability for every label, from its place in the latent space. "
    "The label predicted is the most probable one, also for cells whose label was given.",
    formula=r"q(c \mid z) = \mathrm{softmax}(f(\mu(x)))",
)
@torch.no_grad()
def predict_labels(latent: FloatArray, trained: TrainedNetwork, *, names: tuple[str, ...]) -> LabelProbabilities:
    """The probability of every label in `names` for every cell, from `latent` (cells × d)."""
    network = _scanvi(trained)
    probability = torch.softmax(network.classifier(torch.tensor(np.asarray(latent, dtype=np.float32))), dim=1)
    return LabelProbabilities(probability.numpy(), names)


@explained(
    "Every cell is decoded as if it came from each batch in turn, and the mean of these is its expression without "
    "batch effect: shares of all counts, scaled and on a logarithmic scale like the input.",
    formula=r"\ln\Big(1 + 10^4 \cdot \tfrac{1}{S} \sum_{s} \rho(\mu(x), s)\Big)",
)
@single_operations()
@torch.no_grad()
def decode_expression(latent: FloatArray, trained: TrainedNetwork, *, device: str) -> FloatArray:
    """ln(1 + 10,000 · mean share) of every gene (cells × genes, float32), from `latent` (cells × d)."""
    network = _scvi(trained).to(device)
    n_batches = network.shape.n_batches
    z = torch.tensor(np.asarray(latent, dtype=np.float32), device=device)
    parts = []
    for some in torch.split(z, _CELLS):
        mean = torch.zeros(len(some), network.shape.n_genes, device=device)
        for s in range(n_batches):
            batch = torch.full((len(some),), s, device=device)
            mean += network.decoder.shares(some, one_hot(batch, n_batches)) / n_batches
        parts.append(mean.mul_(COUNTS_PER_CELL).log1p_().cpu().numpy())
    return np.concatenate(parts)


def _scvi(trained: TrainedNetwork) -> Scvi:
    """The encoder and decoder of a trained network, whichever of the two it is."""
    network = Scvi(Architecture(**trained.architecture))
    network.load_state_dict({name: t for name, t in tensors(trained).items() if name in network.state_dict()})
    return network.eval()


def _scanvi(trained: TrainedNetwork) -> Scanvi:
    network = Scanvi(Architecture(**trained.architecture))
    network.load_state_dict(tensors(trained))
    return network.eval()
