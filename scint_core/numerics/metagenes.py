"""Metagenes: one dimension of a shared space, expressed by the genes that follow it in both batches."""

from __future__ import annotations

import numpy as np

from scint_core.contract import FloatArray, IntArray, Metagenes, SharedSpace, WarpingPath, explained
from scint_core.numerics.biweight import biweight_columns
from scint_core.numerics.scaling import standardise_rows

_RANGE = (0.025, 0.975)  # quantiles that become 0 and 1
_POINTS = 1001  # of a quantile function
_COMPARED = slice(99, 900)  # about the 10 % to the 90 % quantile


@explained(
    "The genes that follow the dimension most closely in both batches are summed, weighted by their loadings. Along "
    "the cells in order of the dimension, this gives a curve for each batch; both are brought to one range, and the "
    "reference is shifted to where the two are nearest.",
    formula=r"m_h(c) = \sum_{g} L_{hg}\, z_{hcg},\quad m \leftarrow \frac{m - q_{2.5}}{q_{97.5} - q_{2.5}}",
    parameters=("num_possible_genes", "num_genes"),
)
def metagenes(
    left: FloatArray,
    right: FloatArray,
    left_weighed: FloatArray,
    right_weighed: FloatArray,
    space: SharedSpace,
    dimension: int,
    num_possible_genes: int,
    num_genes: int,
) -> Metagenes:
    """The curves of one `dimension` for the reference (`left`) and another batch (cells × genes, scaled).

    Of the `num_possible_genes` with the highest loadings in both batches, and correlations of the same sign, the
    `num_genes` that correlate best in both are summed; the rank that counts is the worse one of the two batches. Of
    `biweight_columns` come `left_weighed` and `right_weighed`. No gene of the same sign gives empty `genes`; a curve
    that is constant stays so. As Seurat 2's AlignSubspace.
    """
    values = (left, space.left[:, dimension]), (right, space.right[:, dimension])
    loadings = np.array([cells.T @ cc for cells, cc in values])  # 2 × genes
    genes = space.genes[_best_in_both(np.abs(loadings[:, space.genes]), num_possible_genes)]
    weighed = (left_weighed, values[0][1]), (right_weighed, values[1][1])
    correlation = np.array([cells[:, genes].T @ biweight_columns(cc[:, None])[:, 0] for cells, cc in weighed])
    agree = correlation[0] * correlation[1] > 0
    genes, correlation = genes[agree], correlation[:, agree]
    best = _best_in_both(np.abs(correlation), num_genes)
    genes, correlation = genes[best], correlation[:, best]
    curves = [
        _in_range(cells[:, genes] @ loading[genes])[np.argsort(cc, kind="stable")]
        for (cells, cc), loading in zip(values, loadings, strict=True)
    ]
    shift = _nearest_difference(curves[1], curves[0])
    return Metagenes(curves[0] + shift, curves[1], shift, genes, correlation.T)


@explained(
    "Every cell takes the mean value of the reference cells it is matched with. The order of the cells of a batch "
    "along the dimension stays as it is.",
    formula=r"c_i \leftarrow \operatorname{mean}\{\, c_j : j \text{ matched with } i \,\}",
)
def matched_values(space: SharedSpace, path: WarpingPath, dimension: int) -> FloatArray:
    """New values (right cells,) of the right batch in one `dimension` of the space; the left batch keeps its own."""
    reference = np.sort(space.left[:, dimension])[path.left]
    in_order = np.bincount(path.right, weights=reference) / np.bincount(path.right)
    values = np.empty(len(in_order))
    values[np.argsort(space.right[:, dimension], kind="stable")] = in_order
    return values


@explained(
    "The aligned batches are put together, and every dimension is brought to mean 0 and standard deviation 1. With "
    "several batches the reference takes the mean of its values in the spaces it shares with each of them."
)
def join_aligned(spaces: tuple[SharedSpace, ...], aligned: tuple[tuple[FloatArray, ...], ...]) -> FloatArray:
    """All cells (cells × K): the reference, then the other batches in the order of `spaces`.

    `aligned[b][k]` are the new values of a batch in dimension k. Dimensions of a later space take the sign by which
    the reference agrees with the first one.
    """
    n = len(aligned[0])
    reference, others = [], []
    for space, columns in zip(spaces, aligned, strict=True):
        sign = np.where((space.left[:, :n] * spaces[0].left[:, :n]).sum(axis=0) < 0, -1.0, 1.0)  # (K,)
        reference.append(space.left[:, :n] * sign)
        others.append(np.transpose(columns) * sign)
    return standardise_rows(np.concatenate([np.mean(reference, axis=0), *others]).T).T


def _best_in_both(strength: FloatArray, n: int) -> IntArray:
    """The `n` columns (ascending ranks: the strongest first) whose worse rank in the two rows of `strength` is best."""
    rank = np.argsort(np.argsort(strength, axis=1, kind="stable"), axis=1)  # 2 × genes, 0 the weakest
    return np.argsort(-rank.min(axis=0), kind="stable")[:n]


def _in_range(curve: FloatArray) -> FloatArray:
    """(curve − low) / (high − low) at the quantiles of the range; 0 where those are equal."""
    low, high = np.quantile(curve, _RANGE)
    return np.asarray((curve - low) / (high - low) if high > low else np.zeros_like(curve))


def _nearest_difference(curve: FloatArray, reference: FloatArray) -> float:
    """The smallest difference, by size, between the quantile functions over their middle part."""
    places = np.linspace(0, 1, _POINTS)
    difference = (np.quantile(curve, places) - np.quantile(reference, places))[_COMPARED]
    return float(difference[np.abs(difference).argmin()])
