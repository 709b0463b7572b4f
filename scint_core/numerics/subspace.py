"""Directions of biological variation, and correction vectors freed from them."""

from __future__ import annotations

import numpy as np

from scint_core.contract import FloatArray, IntArray, MutualPairs, Shift, explained


@explained(
    "The main directions in which the paired cells of each side differ from one another are taken to be biology. "
    "They are taken out of the correction vectors, of the reference first and then of the target, so that the "
    "correction cannot move cells along them.",
    formula=r"u \leftarrow u - U_L (U_L^\top u), \qquad u \leftarrow u - U_R (U_R^\top u)",
    parameters=("svd_dim",),
)
def remove_biology(
    shift: Shift, left: FloatArray, right: FloatArray, pairs: MutualPairs, compared: IntArray, svd_dim: int
) -> Shift:
    """Shifts (n × g) without their part in the first `svd_dim` directions of the paired cells of either side.

    `left` (n_left × g) and `right` (n × g) are the two sides; `compared` the columns that directions and inner products
    are taken from. The other columns follow: their loadings on the same directions are subtracted too.
    """
    vectors = shift.vectors
    for cells in (left[np.unique(pairs.left)], right[np.unique(pairs.right)]):
        directions = main_directions(cells, compared, svd_dim)  # g × s
        vectors = vectors - (vectors[:, compared] @ directions[compared]) @ directions.T
    return Shift(vectors)


def main_directions(cells: FloatArray, compared: IntArray, n: int) -> FloatArray:
    """The first `n` principal directions of `cells` over the columns `compared`, as loadings of every column (g × s).

    Orthonormal on the columns `compared`; s is smaller than n where the cells do not span n directions.
    """
    centred = cells - cells.mean(axis=0)
    scores, sizes, _ = np.linalg.svd(centred[:, compared], full_matrices=False)
    spanned = sizes > sizes.max(initial=0.0) * np.finfo(np.float64).eps * max(centred.shape)
    n = min(n, int(spanned.sum()))
    return np.asarray(centred.T @ (scores[:, :n] / sizes[:n]))
