"""Library-size normalisation."""

from __future__ import annotations

import numpy as np
import scipy.sparse as sp

from scint_core.contract import Matrix, explained


@explained(
    "Every cell's counts are scaled to the same total, so that sequencing depth drops out, and the logarithm is taken.",
    formula=r"x_{cg} = \ln\!\left(1 + 10^4 \, \frac{n_{cg}}{\sum_h n_{ch}}\right)",
)
def log_normalise(counts: Matrix, target: float = 1e4) -> Matrix:
    """ln(1 + target · counts / total of the cell), float32, cells × genes, sparse where `counts` are.

    The total is over all genes given, so genes are chosen afterwards. A cell without counts stays a row of zeros.
    A larger `target` widens the gap between zero and one count. Source: Seurat's LogNormalize; the talk's size
    factor is 10,000.
    """
    totals = np.asarray(counts.astype(np.float64).sum(axis=1)).ravel()  # (cells,)
    factor = np.divide(target, totals, out=np.zeros_like(totals), where=totals > 0)
    if not sp.issparse(counts):
        return np.log1p(np.asarray(counts, dtype=np.float64) * factor[:, None]).astype(np.float32)
    rows = sp.csr_matrix(counts)
    scaled = rows.data * np.repeat(factor, np.diff(rows.indptr))  # (stored values,)
    return sp.csr_matrix((np.log1p(scaled).astype(np.float32), rows.indices, rows.indptr), rows.shape, copy=True)
