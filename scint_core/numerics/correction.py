"""Correction vectors applied, and corrected cells appended to the reference."""

from __future__ import annotations

import numpy as np

from scint_core.contract import FloatArray, Shift, Stretch, explained


@explained(
    "Every target cell is moved by its vector, times its scale where vectors were lengthened. The reference stays "
    "where it is.",
    formula=r"x \leftarrow x + s(x)\, u(x), \quad u = \text{reference} - \text{target}",
    slide=r"x \leftarrow x - u(x), \quad u = \text{target} - \text{reference}",
)
def add_shift(cells: FloatArray, shift: Shift, stretch: Stretch | None = None) -> FloatArray:
    """Cells (n × g) moved by their vectors, times their scales where given."""
    if stretch is None:
        return np.asarray(cells + shift.vectors)
    return np.asarray(cells + stretch.scale[:, None] * shift.vectors)


@explained("The corrected cells join the reference, which the next batch is then compared with.")
def stack_cells(reference: FloatArray, corrected: FloatArray) -> FloatArray:
    """Rows of the reference, then the corrected rows."""
    return np.concatenate([reference, corrected])
