"""Training scVI and then scANVI: one loop over epochs for both. Schedules follow scvi-tools 1.4's training plans."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from torch import Tensor

from scint_core.contract import (
    EmbeddingHistory,
    FloatArray,
    IntArray,
    LossCurve,
    Sparse,
    TrainedNetwork,
    TrainingCurves,
    explained,
    show,
    tick,
)
from scint_core.errors import ParameterError
from scint_core.methods.scanvi.losses import cross_entropy, label_logits, scanvi_terms, scvi_terms
from scint_core.methods.scanvi.minibatches import Cells, Minibatch, beside, labelled_sample, pieces, split
from scint_core.methods.scanvi.network import Architecture, Scanvi, Scvi
from scint_core.methods.scanvi.threads import single_operations

TRAIN_SHARE = 0.9
"""Of the cells; the others are only looked at, for the validation curves."""

_SNAPSHOTS = 6
"""Epochs, from the first to the last, at which the latent space is kept."""

_WEIGHT_DECAY = 1e-6
_ADAM_EPS = 0.01
_PATIENCE = 45  # epochs without a better validation ELBO before early stopping ends the training


@dataclass(frozen=True)
class Schedule:
    """How long and how fast a network is trained: see `ScanviParams`."""

    epochs: int
    batch_size: int
    lr: float
    kl_warmup: int | None
    early_stopping: bool

    def kl_weight(self, epoch: int) -> float:
        """The weight of the KL terms in an epoch (from 0): a straight line from 0 to 1 over the warm-up."""
        return min(1.0, epoch / self.kl_warmup) if self.kl_warmup else 1.0

    def snapshots(self) -> set[int]:
        """Epochs (from 1) after which the latent space is kept, evenly spaced on a logarithmic scale."""
        return set(np.unique(np.geomspace(1, self.epochs, _SNAPSHOTS).round().astype(int)).tolist())


@explained(
    "A network learns to rebuild every cell's counts from a few latent dimensions. The decoder is told the batch, so "
    "the latent space need not hold it; the KL term keeps the latent space smooth.",
    formula=r"\mathcal L = \mathbb E_{q(z|x)}\left[-\ln p(x \mid z, s)\right] + w\,\mathrm{KL}\left(q(z \mid x)\,\|\,"
    r"\mathcal N(0, I)\right),\quad w = \min(1, \tfrac{\text{epoch}}{\text{warm-up}})",
    slide=r"q(z \mid x)\; q(\ell \mid x)",
    parameters=("n_latent", "n_hidden", "n_layers", "dropout", "gene_likelihood", "infer_library", "epochs_scvi",
                "batch_size", "lr", "kl_warmup"),
)  # fmt: skip
def train_scvi(
    counts: Sparse,
    batch: IntArray,
    *,
    epochs: int,
    batch_size: int,
    lr: float,
    kl_warmup: int | None,
    early_stopping: bool,
    device: str,
    seed: int,
    **shape: Any,
) -> TrainedNetwork:
    """Train the base model on `counts` (cells × genes, CSR) of cells in `batch` (cells,).

    `shape` are the fields of `Architecture` but for the number of genes. Cells without counts take no part.
    Raises `ParameterError` where the loss stops being a number.
    """
    cells = Cells.of(counts, batch, None, shape["n_batches"], device)
    random = np.random.default_rng(seed)
    train, validation = split([_with_counts(counts)], TRAIN_SHARE, random)
    with _seeded(seed, device):
        network = Scvi(Architecture(n_genes=counts.shape[1], **shape)).to(device)
        schedule = Schedule(epochs, batch_size, lr, kl_warmup, early_stopping)
        return _Trainer(network, cells, _scvi_loss, schedule, "scVI").fit(train, validation, random)


@explained(
    "Training goes on with a classifier on the latent space and a prior that depends on the label. Every label is "
    "tried for every cell, weighted by its probability; labels that are known also count through the cross-entropy.",
    formula=r"\small \mathcal L = \mathbb E\Big[-\ln p(x|z,s) + \ln q(z|x) - \sum_c q(c|z) \ln p(z|u_c, c)"
    r" + w \Big(\sum_c q(c|z)\,\mathrm{KL}(q(u|z,c)\|p(u)) + \mathrm{KL}(q(c|z)\|p(c))\Big)\Big] + \rho\,\mathrm{CE}",
    slide=r"q(z, \ell, u, c \mid x) = q(z \mid x)\, q(\ell \mid x)\, q(c \mid z)\, q(u \mid c, z)",
    parameters=("epochs_scanvi", "classification_ratio", "n_samples_per_label", "unlabeled_category", "batch_size",
                "lr", "kl_warmup"),
)  # fmt: skip
def train_scanvi(
    counts: Sparse,
    batch: IntArray,
    labels: IntArray,
    base: TrainedNetwork,
    *,
    n_labels: int,
    classification_ratio: float,
    n_samples_per_label: int | None,
    epochs: int,
    batch_size: int,
    lr: float,
    kl_warmup: int | None,
    early_stopping: bool,
    device: str,
    seed: int,
) -> TrainedNetwork:
    """Go on from `base` with `labels` (cells,), −1 for unknown, and train all parts together.

    Every step takes a minibatch of all cells and one of labelled cells. Raises as `train_scvi`.
    """
    shape = Architecture(**{**base.architecture, "n_labels": n_labels})
    cells = Cells.of(counts, batch, labels, shape.n_batches, device)
    random = np.random.default_rng(seed)
    rows = _with_counts(counts)
    known = labels[rows] >= 0
    train, validation = split([rows[known], rows[~known]], TRAIN_SHARE, random)
    with _seeded(seed, device):
        network = Scanvi(shape)
        network.load_state_dict(tensors(base), strict=False)  # classifier, q(u|z, c) and p(z|u, c) start anew
        schedule = Schedule(epochs, batch_size, lr, kl_warmup, early_stopping)
        loss = _ScanviLoss(classification_ratio)
        trainer = _Trainer(network.to(device), cells, loss, schedule, "scANVI", n_samples_per_label)
        return trainer.fit(train, validation, random)


def _with_counts(counts: Sparse) -> IntArray:
    """Rows of the cells that have any counts."""
    return np.flatnonzero(np.asarray(counts.sum(axis=1)).ravel() > 0)


@contextmanager
def _seeded(seed: int, device: str) -> Iterator[None]:
    """Draws of torch start from `seed` inside, and go on as before outside; one thread per operation."""
    with single_operations(), torch.random.fork_rng(devices=[] if device == "cpu" else [torch.device(device)]):
        torch.manual_seed(seed)
        yield


# What a minibatch costs

Loss = Callable[[Any, Minibatch, "Minibatch | None", float], tuple[Tensor, Tensor]]
"""(network, cells, labelled cells, KL weight) → the loss, and what an epoch adds up (`_sums`): reconstruction and KL,
cells, cross-entropy, labelled cells predicted right, labelled cells."""


def _scvi_loss(network: Scvi, cells: Minibatch, labelled: Minibatch | None, weight: float) -> tuple[Tensor, Tensor]:  # noqa: ARG001
    terms = scvi_terms(network, cells)
    kl = (terms.kl + terms.kl_library).sum()
    return terms.loss(weight), _sums(terms.reconstruction.sum(), kl, len(cells.labels), 0, 0, 0)


@dataclass(frozen=True)
class _ScanviLoss:
    ratio: float  # weight of the cross-entropy

    def __call__(
        self, network: Scanvi, cells: Minibatch, labelled: Minibatch | None, weight: float
    ) -> tuple[Tensor, Tensor]:
        terms = scanvi_terms(network, cells)
        loss, per_cell = terms.loss(weight), (terms.reconstruction.sum(), terms.kl.sum(), len(cells.labels))
        if labelled is None:
            return loss, _sums(*per_cell, 0, 0, 0)
        logits, n = label_logits(network, labelled), len(labelled.labels)
        entropy = cross_entropy(logits, labelled.labels)
        right = (logits.argmax(dim=1) == labelled.labels).sum()
        return loss + self.ratio * entropy, _sums(*per_cell, entropy * n, right, n)


def _sums(*values: Tensor | float) -> Tensor:
    """The six figures of a minibatch, free of the graph of gradients."""
    return torch.stack([torch.as_tensor(value, dtype=torch.float32).detach().cpu() for value in values])


def _total(sums: list[Tensor]) -> FloatArray:
    """Over the minibatches of an epoch (6,)."""
    total: FloatArray = np.asarray(torch.stack(sums).sum(dim=0))
    return total


# The loop


@dataclass
class _Curves:
    """What the epochs so far have cost: one row of sums per epoch."""

    train: list[FloatArray] = field(default_factory=list)
    validation: list[FloatArray] = field(default_factory=list)
    kl_weight: list[float] = field(default_factory=list)

    def as_result(self, *, labelled: bool) -> TrainingCurves:
        """The curves so far, per cell; with those of the labels where `labelled`."""
        sets = {"train": np.array(self.train), "validation": np.array(self.validation)}
        sets = {name: sums.reshape(-1, 6).astype(np.float64) for name, sums in sets.items()}
        curves = {name: _loss_curve(sums, labelled=labelled) for name, sums in sets.items()}
        accuracy = {name: _mean(sums[:, 4], sums[:, 5]) for name, sums in sets.items()} if labelled else {}
        return TrainingCurves(curves["train"], curves["validation"], np.array(self.kl_weight), accuracy)


def _loss_curve(sums: FloatArray, *, labelled: bool) -> LossCurve:
    """The ELBO per cell (without weights, so that epochs compare) and its parts."""
    reconstruction, kl = _mean(sums[:, 0], sums[:, 2]), _mean(sums[:, 1], sums[:, 2])
    parts = {"reconstruction": reconstruction, "KL": kl}
    if labelled:
        parts["classification"] = _mean(sums[:, 3], sums[:, 5])
    return LossCurve(reconstruction + kl, parts, axis="epoch")


def _mean(total: FloatArray, number: FloatArray) -> FloatArray:
    """Sums divided by what was summed; NaN where that was nothing."""
    mean: FloatArray = np.divide(total, number, out=np.full(len(total), np.nan), where=number > 0)
    return mean


@dataclass
class _Trainer:
    """Trains one network; `fit` is the loop."""

    network: Scvi
    cells: Cells
    loss: Loss
    schedule: Schedule
    name: str
    most_per_label: int | None = None

    @property
    def labelled(self) -> bool:
        """Whether the network learns from labels."""
        return isinstance(self.network, Scanvi)

    def fit(self, train: IntArray, validation: IntArray, random: np.random.Generator) -> TrainedNetwork:
        """Train on some rows, look at others after every epoch, and keep the latent space now and then."""
        schedule = self.schedule
        adam = torch.optim.Adam(
            self.network.parameters(), lr=schedule.lr, eps=_ADAM_EPS, weight_decay=_WEIGHT_DECAY, fused=True
        )
        curves, snapshots, at = _Curves(), {}, schedule.snapshots()
        for epoch in range(schedule.epochs):
            curves.kl_weight.append(schedule.kl_weight(epoch))
            curves.train.append(self._train_epoch(epoch, adam, train, random))
            if len(validation):
                curves.validation.append(self._validate(curves.kl_weight[-1], validation))
            self._refuse_nan(epoch, curves.train[-1])
            show(curves.as_result(labelled=self.labelled))
            stop = schedule.early_stopping and _has_settled(curves)
            if stop or epoch + 1 in at:
                snapshots[epoch + 1] = latent_means(self.network, self.cells)
            if stop:
                break
        return self._as_result(curves, snapshots)

    def _train_epoch(
        self, epoch: int, adam: torch.optim.Adam, rows: IntArray, random: np.random.Generator
    ) -> FloatArray:
        """One pass over the training rows; returns the sums of its minibatches."""
        self.network.train()
        minibatches = self._minibatches(rows, random)
        weight, sums = self.schedule.kl_weight(epoch), []
        for i, (part, known) in enumerate(minibatches):
            tick(epoch * len(minibatches) + i, self.schedule.epochs * len(minibatches))
            labelled = None if known is None else self.cells.take(known)
            loss, of_part = self.loss(self.network, self.cells.take(part), labelled, weight)
            adam.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            adam.step()
            sums.append(of_part)
        return _total(sums)

    @torch.no_grad()
    def _validate(self, weight: float, rows: IntArray) -> FloatArray:
        """The sums of the validation rows, which nothing is learnt from."""
        self.network.eval()
        sums = []
        for part in pieces(rows, self.schedule.batch_size):
            known = part[self.cells.labels[part] >= 0] if self.labelled else part[:0]
            labelled = self.cells.take(known) if len(known) else None
            sums.append(self.loss(self.network, self.cells.take(part), labelled, weight)[1])
        return _total(sums)

    def _minibatches(self, rows: IntArray, random: np.random.Generator) -> list[tuple[IntArray, IntArray | None]]:
        """Rows of every step of an epoch, and the labelled rows beside them; the fewer are gone through again."""
        size = self.schedule.batch_size
        parts = pieces(rows, size, random)
        if not self.labelled:
            return [(part, None) for part in parts]
        sample = labelled_sample(rows, self.cells.labels, self.most_per_label, random)
        return list(zip(parts, beside(pieces(sample, size, random), len(parts)), strict=True))

    def _refuse_nan(self, epoch: int, sums: FloatArray) -> None:
        if not np.isfinite(sums).all():
            lr = self.schedule.lr
            raise ParameterError(
                f"parameter 'lr' is {lr:g}: the loss of {self.name} is no longer a number in epoch {epoch + 1} of "
                f"{self.schedule.epochs}, train with smaller steps, such as {lr / 10:g}"
            )

    def _as_result(self, curves: _Curves, snapshots: dict[int, FloatArray]) -> TrainedNetwork:
        weights = {name: tensor.detach().cpu().numpy() for name, tensor in self.network.state_dict().items()}
        return TrainedNetwork(
            architecture=dataclasses.asdict(self.network.shape),
            weights=weights,
            curves=curves.as_result(labelled=self.labelled),
            latent=EmbeddingHistory(np.array(list(snapshots)), np.stack(list(snapshots.values())), axis="epoch"),
        )


def _has_settled(curves: _Curves) -> bool:
    """Whether the validation ELBO was last at its best too many epochs ago."""
    sums = np.array(curves.validation).reshape(-1, 6)
    if len(sums) <= _PATIENCE:
        return False
    elbo = (sums[:, 0] + sums[:, 1]) / sums[:, 2]
    return len(elbo) - 1 - int(np.argmin(elbo)) >= _PATIENCE


# Networks and arrays


def choose_device(wanted: str) -> str:
    """The device to train on. Raises `ParameterError` where a GPU is wanted that torch does not see."""
    seen = torch.cuda.is_available()
    if wanted == "cuda" and not seen:
        raise ParameterError("parameter 'device' is 'cuda': torch sees no GPU on this machine, choose 'auto' or 'cpu'")
    return "cuda" if seen and wanted != "cpu" else "cpu"


def tensors(trained: TrainedNetwork) -> dict[str, Tensor]:
    """The weights of a trained network as torch holds them."""
    return {name: torch.tensor(np.array(array)) for name, array in trained.weights.items()}


@torch.no_grad()
def latent_means(network: Scvi, cells: Cells) -> FloatArray:
    """The mean of q(z|x) of every cell (cells × d), without dropout and with the averages of batch norm."""
    network.eval()
    parts = [network.z_encoder(part.encoded).mean.cpu().numpy() for part in cells.in_order()]
    return np.concatenate(parts)
