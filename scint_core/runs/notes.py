"""Sentences about the data that belong to every result made from them."""

from __future__ import annotations

import numpy as np

from scint_core.contract import Problem


def notes_on(problem: Problem) -> tuple[str, ...]:
    """What a reader of any result on this problem must know: confounding of batches and types."""
    if problem.labels is None or problem.n_batches < 2:
        return ()
    table = np.zeros((problem.n_batches, len(problem.label_names)), dtype=int)  # batches × types
    labelled = problem.labels >= 0
    np.add.at(table, (problem.batch[labelled], problem.labels[labelled]), 1)
    shared = (table > 0).sum(axis=0) > 1
    if len(shared) == 0 or shared.any():
        return ()
    return (
        f"batch and '{problem.label_key}' are confounded: no cell type is shared by two batches, so good mixing would "
        "be lost biology",
    )
