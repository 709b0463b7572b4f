"""Sums of the distances from every cell to the cells of every group, a block at a time."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from scint_core.contract import FloatArray, IntArray
from scint_core.numerics.neighbors import row_blocks, squared_distances, squared_lengths
from scint_core.numerics.threads import in_threads

BLOCK_ENTRIES = 2**18
"""Distances held at a time (2 MB): they stay in the cache between the product, the root and the sum."""


def summed_distances(cells: FloatArray, groups: IntArray) -> Iterator[tuple[IntArray, FloatArray]]:
    """Blocks of cells, and the summed Euclidean distances from each of them to every group (block × groups).

    `cells` is n × d, `groups` (cells,) holds the numbers of the groups, none of which is empty. All cells together
    would take cells × groups, which is too much where groups are small.
    """
    order = np.argsort(groups, kind="stable")  # so that a group is a range of columns
    first = np.searchsorted(groups[order], np.arange(int(groups.max()) + 1))
    ordered = cells[order] - cells.mean(axis=0)  # products of shorter vectors lose fewer digits
    lengths = squared_lengths(ordered)

    def summed(rows: slice) -> tuple[IntArray, FloatArray]:
        """One block: the positions of its cells (block,), and block × groups."""
        distances = squared_distances(ordered[rows], ordered, lengths[rows], lengths)  # block × cells
        own_cell = np.arange(rows.stop - rows.start)
        distances[own_cell, rows.start + own_cell] = 0
        np.sqrt(distances, out=distances)
        return order[rows], np.add.reduceat(distances, first, axis=1)

    return in_threads(summed, row_blocks(len(cells), len(cells), BLOCK_ENTRIES))
