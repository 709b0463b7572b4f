"""Results of the linear methods for bulk data: limma and ComBat."""

from __future__ import annotations

from dataclasses import dataclass

from scint_core.contract.arrays import BoolArray, FloatArray
from scint_core.contract.results import result


@result
@dataclass(frozen=True)
class LinearFit:
    """A linear model of every gene: `design` (cells × terms), `coefficients` (genes × terms), `terms` by name.

    `estimable` (terms,) is False for a term that the terms before it determine; its coefficients are 0.
    """

    design: FloatArray
    coefficients: FloatArray
    terms: tuple[str, ...]
    estimable: BoolArray


@result
@dataclass(frozen=True)
class BatchMeans:
    """Mean of every gene in every batch, `before` and `after` a correction, each genes × batches."""

    before: FloatArray
    after: FloatArray


@result
@dataclass(frozen=True)
class StandardGenes:
    """What genes are standardised by, each (genes,): `mean` over all batches, `sd` within batches; `adjusted` is False
    for genes that are left as they are."""

    mean: FloatArray
    sd: FloatArray
    adjusted: BoolArray


@result
@dataclass(frozen=True)
class BatchEffects:
    """A shift and a scale of every gene in every batch, each genes × batches, on standardised values.

    `shift` and `scale` (a variance) as they were estimated, or as they were shrunk towards those of other genes.
    """

    shift: FloatArray
    scale: FloatArray


@result
@dataclass(frozen=True)
class EffectPriors:
    """What the genes of a batch have in common, each (batches,): mean and variance of their shifts; shape and rate of
    the inverse gamma distribution of their scales (∞ where all scales are equal)."""

    shift_mean: FloatArray
    shift_variance: FloatArray
    scale_shape: FloatArray
    scale_rate: FloatArray
