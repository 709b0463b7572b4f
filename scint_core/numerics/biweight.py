"""Biweight midcorrelation: a correlation in which outlying cells do not count."""

from __future__ import annotations

import numpy as np

from scint_core.contract import FloatArray, explained

_REACH = 9  # median deviations from the median beyond which a cell does not count


@explained(
    "In every gene, cells far from the median are weighed down and the furthest do not count, so that a few of them "
    "cannot make a gene follow a dimension.",
    formula=r"u = \frac{x - \mathrm{med}}{9\,\mathrm{MAD}},\quad w = (1 - u^2)^2\,[\,|u| < 1\,],\quad "
    r"\tilde x = \frac{(x - \mathrm{med})\, w}{\lVert (x - \mathrm{med})\, w \rVert}",
)
def biweight_columns(values: FloatArray) -> FloatArray:
    """Every column of `values` (cells × genes) centred, weighed and brought to length 1.

    The product of two such columns is their biweight midcorrelation. Where half of the cells or more have one value
    (the median deviation is 0) a column is centred at its mean and not weighed, as for Pearson's correlation. A
    constant column becomes 0. Source: Langfelder and Horvath, Journal of Statistical Software 46 (2012).
    """
    centred = values - np.median(values, axis=0)  # cells × genes
    deviation = np.median(np.abs(centred), axis=0)  # (genes,)
    robust = deviation > 0
    u = centred[:, robust] / (_REACH * deviation[robust])
    centred[:, robust] *= np.where(np.abs(u) < 1, (1 - u**2) ** 2, 0)
    plain = values[:, ~robust]
    centred[:, ~robust] = np.where(plain.min(axis=0) == plain.max(axis=0), 0, plain - plain.mean(axis=0))
    lengths = np.sqrt(np.einsum("ij,ij->j", centred, centred))
    return np.asarray(centred / np.where(lengths > 0, lengths, 1))
