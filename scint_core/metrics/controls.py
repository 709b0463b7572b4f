"""Embeddings that should score worst and best: what other scores are held against.

Source: Luecken et al., NeurIPS Datasets and Benchmarks (2021), for controls by shuffling and by the labels themselves.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from scint_core.contract import FloatArray
from scint_core.metrics.groups import Groups, without_value

SHUFFLED = "shuffled"
PERFECT_LABELS = "perfect labels"
_JITTER = 0.01  # so that the cells of a type do not coincide


def controls(before: FloatArray, label: object | None, *, seed: int = 0) -> dict[str, FloatArray]:
    """Control embeddings by name: `shuffled`, and `perfect labels` where there are labels."""
    found = {SHUFFLED: shuffled(before, seed=seed)}
    if label is not None:
        found[PERFECT_LABELS] = perfect_labels(label, seed=seed)
    return found


def shuffled(before: FloatArray, *, seed: int = 0) -> FloatArray:
    """Coordinates (cells × d) dealt out to the cells at random: batches are mixed perfectly, and biology is lost."""
    return np.random.default_rng(seed).permutation(before)


def perfect_labels(label: object, *, seed: int = 0) -> FloatArray:
    """One dimension per label (cells × labels), 1 for its cells and 0 for the others, with a little noise.

    Batches are mixed within each type and types are as separate as can be. Cells without a label lie in the middle.
    """
    column = pd.Series(label)
    known = ~without_value(column)
    groups = Groups.of(column[known], "label")
    coordinates = np.full((len(column), len(groups.names)), 1 / len(groups.names))
    coordinates[known] = np.eye(len(groups.names))[groups.codes]
    return coordinates + np.random.default_rng(seed).normal(scale=_JITTER, size=coordinates.shape)
