"""Likelihood of counts: negative binomial, and the same with extra zeros, each with a gradient of its own.

Written out by automatic differentiation these are most of the time of a training step. Here the softmax of the
decoder is part of the function, gradients are made along with the values, and the terms with the gamma function are
only taken where a count is not zero. Source: Lopez et al., Nature Methods 15 (2018); scvi-tools 1.4,
`NegativeBinomial.log_prob` and `log_zinb_positive`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor
from torch.autograd.function import once_differentiable

_TABLE = 16
"""Counts up to this one take the gamma terms from a table of their gene: nearly all counts that are not zero."""


@dataclass(frozen=True)
class Counts:
    """The counts of a minibatch (B cells × G genes), whole and by the entries that are not zero."""

    dense: Tensor  # B × G
    nonzero: Tensor  # (entries,) positions in `dense`, row by row
    cells: Tensor  # (entries,) their rows
    genes: Tensor  # (entries,) their columns
    values: Tensor  # (entries,)
    log_factorials: Tensor  # (B,) sum of ln x! of every cell


def negative_binomial(counts: Counts, logits: Tensor, log_library: Tensor, log_dispersion: Tensor) -> Tensor:
    """ln p of every cell's counts (B,) under a negative binomial.

    The mean is exp(`log_library`) (B × 1) · softmax(`logits`) (B × G), the inverse dispersion exp(`log_dispersion`)
    (G,): the larger it is, the closer to a Poisson distribution.
    """
    value: Tensor = _NegativeBinomial.apply(counts, logits, log_library, log_dispersion)  # type: ignore[no-untyped-call]
    return value


def zero_inflated(
    counts: Counts, logits: Tensor, log_library: Tensor, log_dispersion: Tensor, dropout_logits: Tensor
) -> Tensor:
    """ln p of every cell's counts (B,) where each is set to zero with a chance of sigmoid(`dropout_logits`) (B × G).

    The rest as in `negative_binomial`, which this equals where the dropout logits are −∞.
    """
    args = (counts, logits, log_library, log_dispersion, dropout_logits)
    value: Tensor = _ZeroInflated.apply(*args)  # type: ignore[no-untyped-call]
    return value


class _NegativeBinomial(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, counts: Counts, logits: Tensor, log_library: Tensor, log_dispersion: Tensor) -> Tensor:
        """ln p of every cell (B,); keeps its slopes where they are wanted, all of which are at hand here."""
        rate = _Rate.of(logits, log_library, log_dispersion)
        rising, slope = _log_rising(rate.dispersion, counts)
        per_gene = rate.log_zero()
        _add_at(per_gene, counts.nonzero, rate.log_ratio(counts).add_(rising))
        if ctx.needs_input_grad[1]:  # not in validation
            always = torch.ones((), dtype=logits.dtype, device=logits.device)
            ctx.save_for_backward(*_slopes(counts, rate, slope, always))
        return per_gene.sum(dim=1) - counts.log_factorials

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, upstream: Tensor) -> tuple[Tensor | None, ...]:
        """The kept slopes times `upstream` (B,); summed over the cells for what they share."""
        by_logits, by_library, by_dispersion = ctx.saved_tensors
        per_cell = upstream[:, None]
        return None, by_logits * per_cell, by_library * per_cell, upstream @ by_dispersion


class _ZeroInflated(torch.autograd.Function):
    @staticmethod
    def forward(
        ctx: Any, counts: Counts, logits: Tensor, log_library: Tensor, log_dispersion: Tensor, dropout_logits: Tensor
    ) -> Tensor:
        """ln p of every cell (B,); keeps its slopes where they are wanted, all of which are at hand here."""
        rate = _Rate.of(logits, log_library, log_dispersion)
        rising, slope = _log_rising(rate.dispersion, counts)
        not_dropped = rate.log_zero().sub_(dropout_logits)  # B × G, ln of the odds that a zero is no dropout
        genuine = torch.sigmoid(not_dropped)
        per_gene = F.softplus(not_dropped)
        _put_at(genuine, counts.nonzero, torch.ones_like(rising))  # what is not zero was not dropped
        at_count = _at(not_dropped, counts.nonzero).add_(rate.log_ratio(counts)).add_(rising)
        _put_at(per_gene, counts.nonzero, at_count)
        per_gene.sub_(F.softplus(-dropout_logits))
        if ctx.needs_input_grad[1]:  # not in validation
            by_dropout = torch.sigmoid(-dropout_logits).sub_(genuine)
            ctx.save_for_backward(*_slopes(counts, rate, slope, genuine), by_dropout)
        return per_gene.sum(dim=1) - counts.log_factorials

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, upstream: Tensor) -> tuple[Tensor | None, ...]:
        """The kept slopes times `upstream` (B,); summed over the cells for what they share."""
        by_logits, by_library, by_dispersion, by_dropout = ctx.saved_tensors
        per_cell = upstream[:, None]
        return (
            None, by_logits * per_cell, by_library * per_cell, upstream @ by_dispersion, by_dropout * per_cell
        )  # fmt: skip


@dataclass(frozen=True)
class _Rate:
    """Mean and inverse dispersion of every count, and their logarithms."""

    share: Tensor  # B × G, rows sum to 1
    mean: Tensor  # B × G
    log_share: Tensor  # B × G
    log_library: Tensor  # B × 1
    ratio: Tensor  # B × G, μ / r
    excess: Tensor  # B × G, ln(1 + μ / r), which keeps its digits also where r is large
    dispersion: Tensor  # (G,)
    log_dispersion: Tensor  # (G,)

    @classmethod
    def of(cls, logits: Tensor, log_library: Tensor, log_dispersion: Tensor) -> _Rate:
        """From what the decoder gives: `logits` B × G, `log_library` B × 1, `log_dispersion` (G,)."""
        log_share = torch.log_softmax(logits, dim=1)
        share, dispersion = log_share.exp(), log_dispersion.exp()
        mean = share * log_library.exp()
        ratio = mean / dispersion
        return cls(share, mean, log_share, log_library, ratio, ratio.log1p(), dispersion, log_dispersion)

    def log_zero(self) -> Tensor:
        """ln of the chance of a count of zero, r ln(r / (r + μ)) (B × G)."""
        return -self.dispersion * self.excess

    def log_ratio(self, counts: Counts) -> Tensor:
        """x ln(μ / (r + μ)), what the counts that are not zero add (entries,)."""
        log_mean = _at(self.log_share, counts.nonzero).add_(_at(self.log_library, counts.cells))
        excess = _at(self.excess, counts.nonzero)
        return log_mean.sub_(excess).sub_(_at(self.log_dispersion, counts.genes)).mul_(counts.values)


def _slopes(counts: Counts, rate: _Rate, rising_slope: Tensor, genuine: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Derivatives of ln p by the logits (B × G), by the log library (B × 1) and by the log dispersion (B × G).

    `genuine` (B × G, or one number for all) is the chance that a count comes from the negative binomial.
    """
    by_total = (1 + rate.ratio).reciprocal_()  # r / (r + μ)
    by_log_mean = (counts.dense - genuine * rate.mean).mul_(by_total)
    by_library = by_log_mean.sum(dim=1, keepdim=True)
    by_log_dispersion = (1 - rate.excess).sub_(by_total)
    by_log_dispersion.mul_(rate.dispersion).mul_(genuine).addcmul_(counts.dense, by_total, value=-1)
    _add_at(by_log_dispersion, counts.nonzero, rising_slope * _at(rate.dispersion, counts.genes))
    return by_log_mean.addcmul_(rate.share, by_library, value=-1), by_library, by_log_dispersion


def _log_rising(dispersion: Tensor, counts: Counts) -> tuple[Tensor, Tensor]:
    """ln Γ(x + r) − ln Γ(r) = Σ ln(r + i) for i < x, and its derivative by r, at the entries that are not zero.

    Sums of a table for small counts, which also keep their digits where r is large; the gamma function beyond.
    """
    factors = dispersion[:, None] + torch.arange(_TABLE, dtype=dispersion.dtype, device=dispersion.device)  # G × table
    place = counts.genes * _TABLE + (counts.values.clamp(max=_TABLE).long() - 1)
    value = _at(factors.log().cumsum_(dim=1), place)
    slope = _at(factors.reciprocal().cumsum_(dim=1), place)
    beyond = torch.nonzero(counts.values > _TABLE).view(-1)
    r, x = dispersion[counts.genes[beyond]], counts.values[beyond]
    value[beyond] = torch.lgamma(x + r) - torch.lgamma(r)
    slope[beyond] = torch.digamma(x + r) - torch.digamma(r)
    return value, slope


def _at(matrix: Tensor, positions: Tensor) -> Tensor:
    """matrix[positions], a copy; the positions are those of the flattened matrix."""
    return matrix.reshape(-1).index_select(0, positions)


def _put_at(matrix: Tensor, positions: Tensor, values: Tensor) -> None:
    """matrix[positions] = values, in place; each position once."""
    matrix.view(-1).scatter_(0, positions, values)


def _add_at(matrix: Tensor, positions: Tensor, values: Tensor) -> None:
    """matrix[positions] += values, in place; each position once."""
    matrix.view(-1).scatter_(0, positions, _at(matrix, positions).add_(values))
