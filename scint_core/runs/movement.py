"""How far and where a run moved every cell: the cells before and after it on the same axes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from scint_core.contract import FloatArray, IntArray, MultiBatchPca, Problem
from scint_core.export import Integration
from scint_core.numerics.normalize import row_lengths
from scint_core.runs.trace import Axes

LOG, UNIT = "log values", "cells of length 1"
_STILL = 1e-3  # of the cells' spread: what rounding to float32 leaves


@dataclass(frozen=True)
class Movement:
    """Cells `before` and `after` a run (each cells × axes, the caller's order), on axes that are the same for both.

    `axes` says which, `scale` what values the run corrected: the method's own components have no other name.
    """

    before: FloatArray
    after: FloatArray
    axes: str
    scale: str

    @property
    def lengths(self) -> FloatArray:
        """How far every cell moved (cells,); 0 where it moved no further than rounding does."""
        length = np.linalg.norm(self.after - self.before, axis=1)
        spread = np.linalg.norm(self.before - self.before.mean(axis=0), axis=1).mean()
        return np.where(length < _STILL * spread, 0.0, length)


def movement_of(problem: Problem, run: Integration) -> Movement | None:
    """What a run did to every cell of `problem`; None for an embedding that no step shows the start of."""
    if run.expression is not None:
        return _of_expression(problem, run.expression, run.genes)
    return _of_components(problem, run)


def agreement(movement: Movement, batch: IntArray) -> FloatArray:
    """The cosine of every cell's movement with the mean movement of its batch (cells,); NaN where either is still."""
    vectors = np.where(movement.lengths[:, None] > 0, movement.after - movement.before, 0)
    means = np.stack([vectors[batch == b].mean(axis=0) if (batch == b).any() else 0 * vectors[0]
                      for b in range(batch.max() + 1)])[batch]  # fmt: skip
    size = np.linalg.norm(vectors, axis=1) * np.linalg.norm(means, axis=1)
    along = np.einsum("ij,ij->i", vectors, means)
    return np.asarray(np.divide(along, size, out=np.full(len(vectors), np.nan), where=size > 0))


def relative_lengths(lengths: FloatArray, batch: IntArray) -> FloatArray:
    """Every cell's length over the median of its batch (cells,); NaN in a batch that stays where it is."""
    medians = np.array([np.median(lengths[batch == b]) if (batch == b).any() else 0 for b in range(batch.max() + 1)])
    own = medians[batch]
    return np.asarray(np.divide(lengths, own, out=np.full(len(lengths), np.nan), where=own > 0))


def _of_expression(problem: Problem, expression: FloatArray, genes: tuple[str, ...]) -> Movement:
    """Both on the fixed axes of the data, over the genes that were corrected and are compared."""
    place = {gene: i for i, gene in enumerate(genes)}
    shared = np.array([i for i, gene in enumerate(problem.genes) if gene in place], dtype=np.int64)
    rotation = Axes(problem).rotation[shared]
    start = np.asarray(problem.to_input_order(np.asarray(problem.expression[:, shared] @ rotation)))
    after = np.asarray(expression[:, [place[problem.genes[i]] for i in shared]] @ rotation)
    before, scale = _on_the_scale_of(after, start, problem, genes)
    centre = before.mean(axis=0)
    return Movement(before - centre, after - centre, "the fixed principal axes of the data", scale)


def _on_the_scale_of(
    after: FloatArray, start: FloatArray, problem: Problem, genes: tuple[str, ...]
) -> tuple[FloatArray, str]:
    """`start` (cells × axes) as the method saw it: as it is, or with cells brought to length 1, whichever is nearer.

    The length of a cell is that over the compared genes, or over all genes where these came back.
    """
    candidates = [(start, LOG)]
    values = [problem.expression]
    if len(genes) == len(problem.all_genes) != len(problem.genes):
        values.append(problem.all_expression)
    for matrix in values:
        lengths = problem.to_input_order(np.asarray(row_lengths(matrix), dtype=np.float64))
        candidates.append((start / np.where(lengths > 0, lengths, 1)[:, None], UNIT))
    return min(candidates, key=lambda candidate: float(np.median(np.linalg.norm(after - candidate[0], axis=1))))


def _of_components(problem: Problem, run: Integration) -> Movement | None:
    """Both on the run's own components, where one of its steps made components that the embedding still has."""
    kinds = [record for record in run.steps if record.kind == MultiBatchPca.__name__]
    if run.embedding is None or not kinds:
        return None
    scores = np.concatenate(kinds[0].result.scores)
    if scores.shape != run.embedding.shape:
        return None
    before = problem.to_input_order(scores)
    return Movement(before, np.asarray(run.embedding), "the method's own components", "components")
