"""The cells as a network reads them: minibatches cut from sparse rows, and the order in which they come."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import cycle, islice

import numpy as np
import scipy.sparse as sp
import torch
from scipy.special import gammaln
from torch import Tensor

from scint_core.contract import FloatArray, IntArray, Sparse
from scint_core.methods.scanvi.likelihood import Counts
from scint_core.methods.scanvi.network import Gaussian, one_hot
from scint_core.methods.scanvi.sparse_linear import SparseCells

_FEWEST = 3  # cells of a minibatch: batch norm needs two, and a mean over so few is noise


@dataclass(frozen=True)
class Minibatch:
    """B cells on the device."""

    counts: Counts
    encoded: SparseCells  # B × G, ln(1 + x)
    batch: Tensor | None  # B × S, zeros and ones
    log_library: Tensor  # B × 1, ln of the cell's total
    library_prior: Gaussian  # B × 1, of its batch
    labels: Tensor  # (B,), −1 for unknown


@dataclass(frozen=True)
class Cells:
    """All cells, on the processor's side: counts by rows, batch and label of each."""

    counts: Sparse  # N × G, float32
    batch: IntArray  # (N,)
    labels: IntArray  # (N,), −1 for unknown
    n_batches: int
    log_library: FloatArray  # (N,)
    log_factorials: FloatArray  # (N,) sum of ln x! of every cell
    prior: tuple[FloatArray, FloatArray]  # mean and variance of the log library of every batch, each (S,)
    device: str

    @classmethod
    def of(cls, counts: Sparse, batch: IntArray, labels: IntArray | None, n_batches: int, device: str) -> Cells:
        """Cells with what is computed once from their counts; a cell without any counts has a library of 1."""
        counts = sp.csr_matrix(counts, dtype=np.float32)
        total = np.asarray(counts.sum(axis=1, dtype=np.float64)).ravel()
        log_library = np.log(np.maximum(total, 1))
        factorials = sp.csr_matrix((gammaln(counts.data + 1.0), counts.indices, counts.indptr), shape=counts.shape)
        labels = np.full(len(batch), -1) if labels is None else labels
        prior = _library_prior(log_library[total > 0], batch[total > 0], n_batches)
        log_factorials = np.asarray(factorials.sum(axis=1)).ravel()
        return cls(counts, batch, labels, n_batches, log_library, log_factorials, prior, device)

    def take(self, rows: IntArray) -> Minibatch:
        """The minibatch of the given rows."""
        part = self.counts[rows]
        n_cells, n_genes = part.shape
        row = np.repeat(np.arange(n_cells, dtype=np.int64), np.diff(part.indptr))
        genes = part.indices.astype(np.int64)
        nonzero, values = self._send(row * n_genes + genes), self._send(part.data)
        dense = torch.zeros(n_cells, n_genes, device=self.device)
        dense.view(-1).scatter_(0, nonzero, values)
        log_factorials = self._send(self.log_factorials[rows].astype(np.float32))
        mean, variance = (self._send(of_batch[self.batch[rows]].astype(np.float32)[:, None]) for of_batch in self.prior)
        return Minibatch(
            counts=Counts(dense, nonzero, self._send(row), self._send(genes), values, log_factorials),
            encoded=SparseCells(part.log1p(), self.device),
            batch=one_hot(self._send(self.batch[rows]), self.n_batches),
            log_library=self._send(self.log_library[rows].astype(np.float32)[:, None]),
            library_prior=Gaussian(mean, variance),
            labels=self._send(self.labels[rows]),
        )

    def in_order(self, size: int = 1024) -> Iterator[Minibatch]:
        """All cells, in their order."""
        for start in range(0, len(self.batch), size):
            yield self.take(np.arange(start, min(start + size, len(self.batch))))

    def _send(self, array: np.ndarray) -> Tensor:
        return torch.from_numpy(np.ascontiguousarray(array)).to(self.device)


def _library_prior(log_library: FloatArray, batch: IntArray, n_batches: int) -> tuple[FloatArray, FloatArray]:
    """Mean and variance of the log library in every batch; 0 and 1 for a batch without counts."""
    mean, variance = np.zeros(n_batches), np.ones(n_batches)
    for b in np.unique(batch):
        of_batch = log_library[batch == b]
        mean[b], variance[b] = of_batch.mean(), max(float(of_batch.var()), 1e-6)  # cells may all have one total
    return mean, variance


def pieces(rows: IntArray, size: int, random: np.random.Generator | None = None) -> list[IntArray]:
    """`rows` in minibatches, shuffled by `random` where given; a last one that is too small joins the one before."""
    if random is not None:
        rows = random.permutation(rows)
    starts = list(range(0, len(rows), size))
    if len(starts) > 1 and len(rows) - starts[-1] < _FEWEST:
        starts.pop()
    return [rows[start:end] for start, end in zip(starts, [*starts[1:], len(rows)], strict=True)]


def beside(fewer: Sequence[IntArray], n: int) -> Iterator[IntArray]:
    """`n` minibatches, taking those there are again and again."""
    return islice(cycle(fewer), n)


def labelled_sample(
    rows: IntArray, labels: IntArray, most_per_label: int | None, random: np.random.Generator
) -> IntArray:
    """The labelled rows of an epoch: all, or at most `most_per_label` of each label, drawn without replacement.

    At least two cells, one of them twice if need be, because batch norm cannot do with one.
    """
    rows = rows[labels[rows] >= 0]
    if most_per_label is not None:
        by_label = [rows[labels[rows] == label] for label in np.unique(labels[rows])]
        rows = np.concatenate([random.permutation(of_label)[:most_per_label] for of_label in by_label])
    return np.repeat(rows, 2) if len(rows) == 1 else rows


def split(groups: Sequence[IntArray], share: float, random: np.random.Generator) -> tuple[IntArray, IntArray]:
    """Rows to train on and rows to validate on: `share` (rounded up) and the rest of each group."""
    shuffled = [random.permutation(rows) for rows in groups]
    ends = [int(np.ceil(share * len(rows))) for rows in groups]
    train = np.concatenate([rows[:end] for rows, end in zip(shuffled, ends, strict=True)])
    return train, np.concatenate([rows[end:] for rows, end in zip(shuffled, ends, strict=True)])
