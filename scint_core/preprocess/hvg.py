"""Highly variable genes: Seurat's `vst` per batch, and the vote that merges the batches' lists.

Sources: Stuart et al., Cell 177 (2019), methods; Seurat 4.3 FindVariableFeatures and SelectIntegrationFeatures.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp

from scint_core.contract import FloatArray, IntArray, Matrix, explained, result
from scint_core.numerics.loess import loess


@result
@dataclass(frozen=True)
class VstTable:
    """What `vst` found for every gene; each field is (genes,)."""

    mean: FloatArray
    variance: FloatArray
    variance_expected: FloatArray  # at this mean, from the trend; 0 for genes that do not vary
    variance_standardised: FloatArray


@explained(
    "A gene counts as variable by how much its counts vary beyond what other genes with the same mean do. "
    "Counts far above the mean are clipped, so that a single cell cannot make a gene variable.",
    formula=r"z_{cg} = \min\!\left(\frac{x_{cg} - \bar x_g}{\hat\sigma(\bar x_g)}, \sqrt{n}\right),\quad"
    r"s_g = \frac{1}{n-1} \sum_c z_{cg}^2",
    slide=r"s_g = \frac{1}{n-1} \sum_c \left(\frac{x_{cg} - \bar x_g}{\hat\sigma(\bar x_g)}\right)^2",
)
def vst(counts: Matrix, *, span: float = 0.3, clip: bool = True) -> VstTable:
    """How much every gene varies beyond what genes of its mean do; `counts` are raw, cells × genes.

    A loess curve of log10 variance on log10 mean gives the expected variance; the standardised variance is that of
    (count − mean) / √expected. `span` is the share of genes in a window of the curve, larger is smoother. `clip`
    bounds the standardised counts from above at √cells, so that one cell cannot make a gene variable; the talk's
    slide does without. Genes that do not vary, or whose mean is not positive, get 0 and take no part in the curve.
    One pass over the stored values: a sparse matrix stays sparse.
    """
    stored = sp.csr_matrix(counts)
    values, genes = stored.data.astype(np.float64), stored.indices
    n_cells, n_genes = stored.shape
    zeros = n_cells - np.bincount(genes, minlength=n_genes)  # (genes,) cells without a stored value
    freedom = max(1, n_cells - 1)

    def summed(of_values: FloatArray, of_zero: FloatArray) -> FloatArray:
        return np.asarray(np.bincount(genes, weights=of_values, minlength=n_genes) + zeros * of_zero)

    mean = summed(values, np.zeros(n_genes)) / n_cells
    variance = summed((values - mean[genes]) ** 2, mean**2) / freedom
    expected = _expected_variance(mean, variance, span)
    sd = np.where(expected > 0, np.sqrt(expected), np.inf)  # ∞: what does not vary is standardised to 0
    bound = np.sqrt(n_cells) if clip else np.inf
    standardised = np.minimum((values - mean[genes]) / sd[genes], bound)
    standardised_zero = np.minimum(-mean / sd, bound)
    return VstTable(mean, variance, expected, summed(standardised**2, standardised_zero**2) / freedom)


def _expected_variance(mean: FloatArray, variance: FloatArray, span: float) -> FloatArray:
    """The trend's variance at every gene's mean; 0 where the logarithms do not exist."""
    varies = (variance > 0) & (mean > 0)
    expected = np.zeros_like(variance)
    expected[varies] = 10 ** loess(np.log10(mean[varies]), np.log10(variance[varies]), span=span)
    return expected


def rank_variable_genes(table: VstTable, n: int) -> IntArray:
    """The `n` genes of highest standardised variance, most variable first; equal to 10 decimals means gene order.

    Genes without any count are never among them, so the list can be shorter than `n`.
    """
    values = np.round(table.variance_standardised, 10)  # else the order of cells would decide ties, by its rounding
    order = np.argsort(-values, kind="stable")
    return np.asarray(order[table.mean[order] != 0][:n])


@explained(
    "Genes are ranked in every batch on its own. Those that most batches list as variable are taken, ordered by their "
    "median rank.",
    parameters=("n_features",),
)
def select_integration_features(rankings: Sequence[IntArray], n: int, names: Sequence[str] | None = None) -> IntArray:
    """The `n` genes that most batches list as variable; `rankings` holds one ranked list of gene positions per batch.

    Genes listed by more batches than the n-th come first, ordered by their median rank in the lists that hold them;
    then those listed by as many as the n-th, again by median rank, until `n` are chosen. Equal medians keep the
    order of `names` (alphabetical, in code points), or of the positions. Fewer come back if the lists hold fewer.
    """
    genes, votes, median = _median_ranks(rankings)
    if len(genes) == 0:
        return genes
    threshold = np.sort(votes)[::-1][min(n, len(votes)) - 1]
    tie = genes if names is None else np.asarray(names, dtype=str)[genes]
    order = np.lexsort((tie, median, votes <= threshold))
    chosen = order[votes[order] >= threshold]
    return np.asarray(genes[chosen[:n]])


def _median_ranks(rankings: Sequence[IntArray]) -> tuple[IntArray, IntArray, FloatArray]:
    """Every listed gene (ascending), how many lists hold it, and its median rank in those."""
    listed = np.concatenate([np.empty(0, dtype=np.int64), *rankings])
    rank = np.concatenate([np.empty(0, dtype=np.int64), *(np.arange(len(r)) for r in rankings)])
    order = np.lexsort((rank, listed))
    genes, first, votes = np.unique(listed[order], return_index=True, return_counts=True)
    ranks = rank[order]
    median = (ranks[first + (votes - 1) // 2] + ranks[first + votes // 2]) / 2
    return genes, votes, median
