"""What kind of numbers a matrix holds: every stored value is looked at, since a sample misses the odd ones."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from scint_core.numerics.values import blocks, stored_values

ValuesKind = Literal["counts", "log", "scaled", "fractions"]

_LARGEST_LOG = 30.0
"""log1p and log2 of any library size stay below this; counts per million do not."""


@dataclass(frozen=True)
class Values:
    """Numbers of values of each sort in a matrix; zeros are in none of them."""

    n_nonzero: int
    n_nan: int
    n_infinite: int
    n_negative: int
    n_fractional: int
    largest: float

    @property
    def kind(self) -> ValuesKind:
        """ "counts": whole and not negative. "scaled": some are negative (centred, scaled or corrected values).

        "log": mostly fractions, none above what a logarithm reaches. "fractions": the rest, which is counts with some
        fractions (ambient RNA removed, expected counts) or normalised values without a logarithm.
        """
        if self.n_negative:
            return "scaled"
        if not self.n_fractional:
            return "counts"
        mostly_whole = self.n_fractional < 0.5 * self.n_nonzero
        return "log" if not mostly_whole and self.largest <= _LARGEST_LOG else "fractions"


def describe_values(X: Any) -> Values:
    """Count the sorts of values in X (cells × genes, dense or sparse), block by block, all of them."""
    totals = np.zeros(5, dtype=np.int64)  # in the order of the fields
    largest = 0.0
    for block in blocks(stored_values(X)):
        finite = block[np.isfinite(block)] if block.dtype.kind == "f" else block
        n_nan = int(np.isnan(block).sum()) if block.dtype.kind == "f" else 0
        fractional = np.count_nonzero(finite != np.trunc(finite)) if block.dtype.kind == "f" else 0
        n_infinite = len(block) - len(finite) - n_nan
        totals += np.array([np.count_nonzero(block), n_nan, n_infinite, np.count_nonzero(finite < 0), fractional])
        largest = max(largest, float(finite.max(initial=0)))
    n_nonzero, n_nan, n_infinite, n_negative, n_fractional = totals.tolist()
    return Values(n_nonzero, n_nan, n_infinite, n_negative, n_fractional, largest)


def values_kind(X: Any) -> ValuesKind:
    """The kind of numbers in X (cells × genes): see `Values.kind`."""
    return describe_values(X).kind
