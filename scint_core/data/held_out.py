"""Labels held back from a method, so that what it predicts can be compared with the truth."""

from __future__ import annotations

import dataclasses

import numpy as np

from scint_core.contract import IntArray, Problem

_SEED = 0  # the same cells for every run, so that runs compare


def hide_labels(problem: Problem, share: float, *, unknown: str | None = None) -> tuple[Problem, IntArray]:
    """`problem` without the labels of some cells, and the rows of these cells.

    `share` (0 to 1) of every label's cells are hidden, drawn at random, the same at every call; one cell of each label
    keeps it. Cells of the label `unknown` and cells without a label are not drawn: there is no truth to compare with.
    """
    if problem.labels is None or share <= 0:
        return problem, np.zeros(0, dtype=np.int64)
    random = np.random.default_rng(_SEED)
    drawn = []
    for code, name in enumerate(problem.label_names):
        rows = random.permutation(np.flatnonzero(problem.labels == code))
        if name != unknown:
            drawn.append(rows[: min(round(share * len(rows)), len(rows) - 1)])
    hidden = np.sort(np.concatenate(drawn)) if drawn else np.zeros(0, dtype=np.int64)
    labels = problem.labels.copy()
    labels[hidden] = -1
    return dataclasses.replace(problem, labels=labels), hidden
