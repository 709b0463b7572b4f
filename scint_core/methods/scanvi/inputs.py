"""What scANVI reads: raw counts of the variable genes, and the labels that are known."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp

from scint_core.contract import IntArray, Problem, Sparse
from scint_core.errors import DataError
from scint_core.methods.scanvi.params import ScanviParams
from scint_core.numerics.values import negative, not_whole

_FEWEST = 3  # cells with counts; a minibatch needs them


@dataclass(frozen=True)
class Labels:
    """The known label of every cell: `codes` (cells,) are positions in `names`, −1 for unknown."""

    codes: IntArray
    names: tuple[str, ...]


def counts_of(problem: Problem) -> Sparse:
    """Raw counts of the variable genes (cells × genes, CSR float32). Raises `DataError` where there are none."""
    counts = problem.counts
    if counts is None:
        raise DataError(
            "the data hold no raw counts, which scANVI models: put them into layers['counts'], scint.preprocess keeps "
            "them there"
        )
    counts = sp.csr_matrix(counts[:, problem.positions], dtype=np.float32)
    counts.eliminate_zeros()
    _refuse_what_is_no_count(counts)
    filled = int((np.diff(counts.indptr) > 0).sum())
    if filled < _FEWEST:
        raise DataError(
            f"only {filled} of {problem.n_cells} cells have counts in the {counts.shape[1]} genes used: scANVI needs "
            f"at least {_FEWEST}, mark more genes as 'highly_variable'"
        )
    return counts


def _refuse_what_is_no_count(counts: Sparse) -> None:
    for number, kind in ((negative(counts.data), "negative"), (not_whole(counts.data), "not whole numbers")):
        if number:
            raise DataError(
                f"layers['counts'] holds {number} values that are {kind}: scANVI models raw counts, put those there "
                "and not normalised ones"
            )


def known_labels(problem: Problem, p: ScanviParams) -> Labels:
    """The labels that are neither missing nor the unlabelled category. Raises `DataError` where there are none."""
    if problem.labels is None:
        raise DataError(
            "no label column is chosen ('label_key' is None): scANVI needs one with some known labels; set "
            "'epochs_scanvi' to 0 for the latent space of scVI, which needs none"
        )
    names = tuple(name for name in problem.label_names if name != p.unlabeled_category)
    position = {name: i for i, name in enumerate(names)}
    recode = np.array([*(position.get(name, -1) for name in problem.label_names), -1])  # −1 stays the last
    codes = recode[problem.labels]
    if (codes < 0).all():
        raise DataError(
            f"column '{problem.label_key}' names no label: all {problem.n_cells} cells are "
            f"'{p.unlabeled_category}' or missing (NaN), and scANVI needs some labelled ones; set 'epochs_scanvi' to 0 "
            "for the latent space of scVI, which needs none"
        )
    return Labels(codes, names)


def notes_on_labels(problem: Problem, labels: Labels) -> tuple[str, ...]:
    """How many cells count as unlabelled, and whether there is anything to tell apart."""
    notes = []
    missing = int((problem.labels == -1).sum()) if problem.labels is not None else 0
    if missing:
        cells = "cell has" if missing == 1 else "cells have"
        notes.append(f"{missing} {cells} no label in '{problem.label_key}': taken as unlabelled")
    if len(labels.names) == 1:
        notes.append(
            f"'{labels.names[0]}' is the only label in '{problem.label_key}': every cell is predicted to be of it"
        )
    return tuple(notes)


def cells_without_counts(counts: Sparse) -> tuple[str, ...]:
    """A sentence on cells that nothing can be learnt from."""
    empty = int((np.diff(counts.indptr) == 0).sum())
    if not empty:
        return ()
    cells = "cell has" if empty == 1 else "cells have"
    return (
        f"{empty} {cells} no counts in the {counts.shape[1]} genes used: left out of the training, and placed where "
        "an empty cell belongs",
    )


def column_names(labels: tuple[str, ...]) -> list[str]:
    """Names for the columns of probabilities, beside one called "label": a number is put behind what is taken."""
    taken, names = Counter(["label"]), []
    for label in labels:
        names.append(f"{label} ({taken[label] + 1})" if taken[label] else label)
        taken[label] += 1
    return names
