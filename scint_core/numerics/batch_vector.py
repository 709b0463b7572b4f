"""The overall direction of a batch effect: estimated from pairs, and taken out of both sides."""

from __future__ import annotations

import numpy as np

from scint_core.contract import BatchVector, FloatArray, LostVariance, PairVectors, explained


@explained(
    "The mean of the vectors of all paired target cells is the overall batch effect. Its length relative to theirs "
    "tells whether they agree: near 1 they all point the same way, near 0 there is no common batch effect.",
    formula=r"b = \frac{1}{|M|} \sum_{m \in M} v_m, \qquad "
    r"\text{size} = \frac{\lVert b \rVert}{\sqrt{\frac{1}{|M|} \sum_m \lVert v_m \rVert^2}}",
    parameters=("min_batch_skip",),
)
def batch_vector(vectors: PairVectors, left: FloatArray, right: FloatArray) -> BatchVector:
    """The mean of the vectors (m × d), its relative size (0 where all are 0), and where the cells lie along it.

    `left` and `right` (n × d each) are the two sides.
    """
    mean = vectors.vectors.mean(axis=0)  # (d,)
    typical = np.sqrt(np.mean(np.sum(vectors.vectors**2, axis=1)))
    size = float(np.linalg.norm(mean) / typical) if typical > 0 else 0.0
    along = unit(mean)
    return BatchVector(mean, size, left @ along, right @ along)


@explained(
    "All cells of one side are moved along the batch vector to their common mean, so that nothing varies along it. "
    "This corrects nothing yet: it keeps pairs at the surfaces of two clouds from understating the batch effect. "
    "Where a side has been centred in earlier merges, the other side is centred along the same vectors.",
    formula=r"x \leftarrow x + \left(\overline{x \cdot \hat b} - x \cdot \hat b\right) \hat b, \quad "
    r"\text{mean over all cells of the merged side}",
    slide=r"x \leftarrow x + \left(\overline{x \cdot \hat b} - x \cdot \hat b\right) \hat b, \quad "
    r"\text{mean within the batch } B_i",
)
def centre_along(cells: FloatArray, vectors: tuple[FloatArray, ...]) -> FloatArray:
    """Cells (n × d) with their coordinate along each vector (d,) set to its mean, one vector after the other.

    Vectors that are not orthogonal are not made so: after a later one a little variance along an earlier one returns,
    as in the reference. A vector of length 0 changes nothing.
    """
    for vector in vectors:
        along = unit(vector)
        location = cells @ along  # (n,)
        cells = cells + np.outer(location.mean() - location, along)
    return cells


def unit(vector: FloatArray) -> FloatArray:
    """The vector at length 1; a vector of zeros stays one."""
    length = np.linalg.norm(vector)
    return np.asarray(vector / length if length > 0 else vector)


@explained(
    "Centring removes whatever varies along the batch vectors, be it batch or biology. If much of a batch's variance "
    "goes, more than about a tenth, its biology lies along the batch effect and is damaged.",
    formula=r"\text{lost}_b = 1 - \frac{\sum_j \mathrm{var}_b(x_j)\ \text{after}}{\sum_j \mathrm{var}_b(x_j)\ "
    r"\text{before}}",
)
def lost_variance(
    before: tuple[FloatArray, FloatArray],
    after: tuple[FloatArray, FloatArray],
    batches: tuple[int, ...],
    sizes: tuple[int, ...],
) -> FloatArray:
    """The share of each batch's variance that centring took (all batches,), 0 for those that take no part.

    `before` and `after` are the two sides (cells × d), which together stack `batches`; `sizes` holds the cells of
    every batch. A batch without variance has lost 0; for one of a single cell the share is not defined (NaN).
    """
    ends = np.cumsum([sizes[b] for b in batches])[:-1]
    pieces = (np.split(np.concatenate(sides), ends) for sides in (before, after))
    lost = np.zeros(len(sizes))
    for b, old, new in zip(batches, *pieces, strict=True):
        lost[b] = 1 - _squares(new) / _squares(old) if _squares(old) > 0 else 0 if len(old) > 1 else np.nan
    return lost


def _squares(cells: FloatArray) -> float:
    """Sum of squares about the mean, over all dimensions."""
    return float(np.square(cells - cells.mean(axis=0)).sum())


@explained(
    "For every batch, the shares of variance that are left after each merge multiply to what is left in the end.",
    formula=r"\text{total lost}_b = 1 - \prod_t (1 - \text{lost}_{t,b})",
)
def losses_by_merge(
    losses: tuple[FloatArray, ...], vectors: tuple[BatchVector, ...], skipped: tuple[bool, ...]
) -> LostVariance:
    """What `lost_variance` and `batch_vector` found in every merge, as one table."""
    lost = np.array(losses)  # merges × batches
    sizes = np.array([vector.size for vector in vectors])
    return LostVariance(lost, 1 - np.prod(1 - lost, axis=0), sizes, np.array(skipped, dtype=np.bool_))
