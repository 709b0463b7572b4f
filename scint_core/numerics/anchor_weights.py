"""From anchors to a correction: the space that weights are measured in, the weights, and the subtraction."""

from __future__ import annotations

import numpy as np
import scipy.sparse as sp

from scint_core.contract import (
    Anchors,
    AnchorWeights,
    Embedding,
    FloatArray,
    IntArray,
    Neighbors,
    explained,
    tick,
)
from scint_core.numerics.compiled import kernel
from scint_core.numerics.neighbors import nearest_neighbors, on_the_ladder
from scint_core.numerics.ordered_sums import add_four
from scint_core.numerics.scaling import scale_columns
from scint_core.numerics.svd import truncated_svd

_COLUMNS = 256  # genes corrected at a time: bounds the table of anchors × genes


@explained(
    "Reference and query are scaled together and projected on their principal components. In this space the distance "
    "of a query cell to the anchors is measured.",
    parameters=("n_ccs",),
)
def weighting_space(reference: FloatArray, query: FloatArray, n: int) -> Embedding:
    """The `n` leading principal components (scores) of both sides (cells × genes): reference rows, then query rows.

    Genes are scaled over both sides and cut off at 10; what the cut leaves of the mean is not centred again. Exact.
    """
    svd = truncated_svd(scale_columns(np.concatenate([reference, query])), n)
    return Embedding(svd.u * svd.s)


@on_the_ladder
@explained(
    "For every query cell, the nearest query cells that are part of an anchor are found. A cell with several anchors "
    "counts once, and an anchor cell finds itself.",
    parameters=("k_weight",),
)
def nearest_anchor_cells(space: Embedding, anchors: Anchors, n_reference: int, k: int) -> Neighbors:
    """The `k` nearest anchor cells of every query cell, as positions among the distinct ones in ascending order.

    `space` holds `n_reference` reference cells, then the query cells, of which `anchors.right` are rows.
    """
    query = space.coordinates[n_reference:]
    return nearest_neighbors(query, query[np.unique(anchors.right)], k)


@explained(
    "Going outwards from a query cell, anchors count the less the further away they are and the lower their score, "
    "until as many anchors as asked for are used. The weights of a cell sum to 1.",
    formula=r"D_a = 1 - \frac{d(c, a)}{d(c, a_k)},\quad "
    r"w_a = 1 - \exp\!\left(-\frac{D_a S_a}{(2/\mathrm{sd})^2}\right),\quad "
    r"W_{ca} = \frac{w_a}{\sum_{a'} w_{a'}}\quad (\text{anchors} \times \text{query cells})",
    slide=r"D_{c,a} = \left(1 - \frac{d(c, a)}{d(c, a_k)}\right) S_a,\quad \tilde D_{c,a} = \text{Gaussian kernel}"
    r"(D_{c,a}),\quad W_{c,a} = \frac{\tilde D_{c,a}}{\sum \tilde D_{c,a}}\quad (|X| \times |Y|)",
    parameters=("k_weight", "sd_weight"),
)
def anchor_weights(near: Neighbors, anchors: Anchors, k: int, sd: float) -> AnchorWeights:
    """The weight of every anchor for every query cell, `k` per cell; `near` as of `nearest_anchor_cells`.

    D is 1 − distance / distance of the k-th anchor cell, or 1 where that distance is 0. The anchors of a cell follow
    each other as they are listed. A larger `sd` bends the weights towards equal ones. Where all weights of a cell
    are 0 (no anchor has a score, or there is only one anchor cell) they follow D alone, and else are equal.
    """
    order = np.argsort(anchors.right, kind="stable")  # anchors by cell, as listed within each
    first = np.append(np.unique(anchors.right[order], return_index=True)[1], len(order))  # (anchor cells + 1,)
    taken, source = _walk_outwards(near.indices[:, :k], first, order)  # query cells × k, twice
    distance = near.distances[:, :k]
    furthest = distance[:, -1:]
    closeness = 1 - np.divide(distance, furthest, out=np.zeros_like(distance), where=furthest > 0)
    closeness = np.take_along_axis(closeness, source, axis=1)
    weight = 1 - np.exp(-closeness * anchors.score[taken] / (2 / sd) ** 2)
    for substitute in (closeness, np.ones_like(closeness)):
        nothing = weight.sum(axis=1) == 0
        weight[nothing] = substitute[nothing]
    weight /= weight.sum(axis=1, keepdims=True)
    rows = np.arange(len(taken) + 1) * k
    table = sp.csr_matrix((weight.ravel(), taken.ravel(), rows), shape=(len(taken), len(anchors.left)))
    table.sort_indices()
    return AnchorWeights(table)


@kernel
def _walk_outwards(cells: IntArray, first: IntArray, anchors: IntArray) -> tuple[IntArray, IntArray]:
    """For every row of `cells` (n × k, nearest first) the first k anchors met, and at which of the cells they were.

    The anchors of cell c are `anchors[first[c]:first[c + 1]]`, at least one.
    """
    taken = np.empty(cells.shape, dtype=np.int64)
    source = np.empty(cells.shape, dtype=np.int64)
    n, k = cells.shape
    for row in range(n):
        filled = 0
        for step in range(k):
            for anchor in range(first[cells[row, step]], first[cells[row, step] + 1]):
                if filled < k:
                    taken[row, filled] = anchors[anchor]
                    source[row, filled] = step
                    filled += 1
    return taken, source


@explained(
    "From every query cell the weighted mean of the anchors' differences is subtracted, gene by gene. The reference "
    "stays where it is.",
    formula=r"Q \leftarrow Q - W B,\quad B_a = Q_{q(a)} - R_{r(a)}",
)
def subtract_anchor_vectors(
    reference: FloatArray, query: FloatArray, anchors: Anchors, weights: AnchorWeights
) -> FloatArray:
    """Query cells (cells × genes) less the weighted mean of (query cell − reference cell) over their anchors."""
    table = weights.weights  # query cells × anchors
    corrected = np.empty_like(query)
    for start in range(0, query.shape[1], _COLUMNS):
        genes = slice(start, start + _COLUMNS)
        vectors = query[:, genes][anchors.right] - reference[:, genes][anchors.left]  # anchors × some genes
        _subtract_sums(query[:, genes], table.indptr, table.indices, table.data, vectors, corrected[:, genes])
        tick(min(genes.stop, query.shape[1]), query.shape[1])
    return corrected


@kernel
def _subtract_sums(
    cells: FloatArray,
    first: IntArray,
    anchors: IntArray,
    weights: FloatArray,
    vectors: FloatArray,
    corrected: FloatArray,
) -> None:
    """Fill `corrected` with `cells` (n × genes) less the weighted sums of `vectors` (anchors × genes).

    The anchors of cell c are `anchors[first[c]:first[c + 1]]`, added one after the other; four in one go over the genes
    spare three of four times that the sums are read and written.
    """
    n_cells, n_genes = cells.shape
    sums = np.empty(n_genes)
    for cell in range(n_cells):
        sums[:] = 0
        at, end = first[cell], first[cell + 1]
        while at + 4 <= end:
            add_four(
                sums, weights[at], vectors[anchors[at]], weights[at + 1], vectors[anchors[at + 1]],
                weights[at + 2], vectors[anchors[at + 2]], weights[at + 3], vectors[anchors[at + 3]],
            )  # fmt: skip
            at += 4
        for rest in range(at, end):
            for gene in range(n_genes):
                sums[gene] += weights[rest] * vectors[anchors[rest], gene]
        for gene in range(n_genes):
            corrected[cell, gene] = cells[cell, gene] - sums[gene]
