"""Results of methods that train a network."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from scint_core.contract.arrays import FloatArray, IntArray
from scint_core.contract.results import LossCurve, result


@result
@dataclass(frozen=True)
class TrainingCurves:
    """How a training goes, one value per epoch: the objective per cell on what is learnt from (`train`) and on cells
    held back (`validation`, empty where there are none), each with its parts; `kl_weight` (epochs,), the weight of
    the KL terms; `accuracy` of the labels by set, empty without labels."""

    train: LossCurve
    validation: LossCurve
    kl_weight: FloatArray
    accuracy: dict[str, FloatArray] = field(default_factory=dict)


@result
@dataclass(frozen=True)
class EmbeddingHistory:
    """Cells in a low-dimensional space that changes: `coordinates` (moments × cells × dimensions) after each of the
    moments `at` (moments,), counted in `axis`."""

    at: IntArray
    coordinates: FloatArray
    axis: str = "epoch"


@result
@dataclass(frozen=True)
class TrainedNetwork:
    """A trained network: `architecture` and `weights` by name, the `curves` of its training, and the `latent` space
    at several epochs."""

    architecture: dict[str, Any]
    weights: dict[str, FloatArray]
    curves: TrainingCurves
    latent: EmbeddingHistory


@result
@dataclass(frozen=True)
class LabelProbabilities:
    """How probable every label is for every cell: `probability` (cells × labels, rows sum to 1), labels by `names`."""

    probability: FloatArray
    names: tuple[str, ...]
