"""Diffusion maps: coordinates in which straight distances are distances along a graph.

Sources: Coifman et al., PNAS 102 (2005); Haghverdi et al., Nature Methods 13 (2016), for the sum over all times. The
numbers are those of scib-metrics' `diffusion_nn`.
"""

from __future__ import annotations

import numpy as np
import scipy.sparse as sp

from scint_core.contract import FloatArray

_DENSE_UP_TO = 400
"""Cells up to which the whole decomposition is quicker than the search for some of it."""


def diffusion_map(graph: sp.csr_array, n_components: int) -> FloatArray:
    """Coordinates (cells × components, float32) of the cells of a symmetric weighted graph without lone cells.

    Eigenvectors of the transition matrix, of the eigenvalues λ of largest size, each times λ / (1 − λ): steps of all
    lengths added up. λ is rounded to float32 first and one of exactly 1 stands for itself, as in the reference: of a
    graph in several pieces, each piece has one. The transition matrix is computed in float64.
    """
    return _all_times(transitions(graph.astype(np.float64)), n_components)


def diffusion_map_in_single(graph: sp.csr_array, n_components: int) -> FloatArray:
    """The same from a transition matrix in float32, as the reference computes it.

    Then the largest λ is 1 only nearly. Where it rounds to 1 − 6e-8, its factor is 2e7 instead of 1: all distances are
    differences of one coordinate, which holds how densely the cells lie, and the neighbours by them are accidental.
    """
    return _all_times(transitions(graph.astype(np.float32)), n_components)


def _all_times(matrix: sp.csr_array, n_components: int) -> FloatArray:
    """Leading eigenvectors (cells × components, float32), each times λ / (1 − λ)."""
    values, vectors = _leading(matrix.astype(np.float64), n_components)
    rounded = values.astype(np.float32) + np.float32(1e-8)
    factors = [value if value == 1 else value / (1 - value) for value in rounded]
    return np.asarray(vectors.astype(np.float32) * np.array(factors, dtype=np.float32))


def transitions(graph: sp.csr_array) -> sp.csr_array:
    """The symmetric transition matrix (cells × cells), freed of the density of the cells, in the graph's precision.

    K = W / (d dᵀ) with d the sums of W = `graph`, then K / √(z zᵀ) with z the sums of K.
    """
    freed = _divided(graph, graph.sum(axis=0))
    return _divided(freed, np.sqrt(freed.sum(axis=0)))


def _divided(graph: sp.csr_array, by: FloatArray) -> sp.csr_array:
    """Entry (i, j) divided by `by[i]` and `by[j]`."""
    inverse = sp.diags_array(1 / by)
    return sp.csr_array(inverse @ graph @ inverse)


def _leading(matrix: sp.csr_array, n: int) -> tuple[FloatArray, FloatArray]:
    """The `n` eigenvalues of largest size of a symmetric matrix, largest first, and their vectors as columns."""
    n_cells = matrix.shape[0]
    if n_cells <= _DENSE_UP_TO:
        values, vectors = np.linalg.eigh(matrix.toarray())
        largest = np.sort(np.argsort(-np.abs(values), kind="stable")[:n])
        values, vectors = values[largest], vectors[:, largest]
    else:
        from scipy.sparse.linalg import eigsh

        start = np.random.default_rng(0).random(n_cells)  # where the search begins; it ends in the same place
        values, vectors = eigsh(matrix, k=n, which="LM", v0=start)
    return values[::-1], vectors[:, ::-1]
