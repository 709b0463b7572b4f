"""Shifts and scales of batches, shrunk towards what other genes show (Johnson, Li and Rabinovic 2007).

Arrays are genes × batches. Estimates are on standardised values; a scale is a variance.
"""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from scint_core.contract import (
    BatchEffects,
    BoolArray,
    EffectPriors,
    FloatArray,
    IntArray,
    LinearFit,
    Matrix,
    StandardGenes,
    explained,
    tick,
)
from scint_core.numerics.neighbors import row_blocks
from scint_core.numerics.normalize import dense

CONVERGED = 1e-4
"""Relative change of every shift and scale of a batch below which its iteration ends."""


@explained(
    "Every gene is standardised by its level over all batches and its spread within them; then the shift and the scale "
    "of each batch are its mean and variance. Genes that do not vary in some batch are left as they are.",
    formula=r"z_{ig} = \frac{x_{ig} - \alpha_g - d_i^\top\beta_g}{\sigma_g},\quad "
    r"\hat\gamma_{gb} = \overline{z_{\cdot g}}_b,\quad \hat\delta^2_{gb} = \mathrm{var}_b(z_{\cdot g})",
    parameters=("covariates", "reference_batch"),
)
def standardised_effects(
    cells: Matrix, fit: LinearFit, bounds: IntArray, reference: int | None
) -> tuple[StandardGenes, BatchEffects]:
    """The standard of every gene, and every batch's estimated shift and scale.

    The first terms of `fit` are the indicators of the batches. The level is the mean of the batches, weighted by their
    cells; the spread divides by the number of cells. Both are those of the batch `reference` alone where one is given.
    """
    sizes = np.diff(bounds)
    means, variances, varies = _moments(cells, fit, bounds)
    if reference is None:
        level = means @ (sizes / sizes.sum())
        spread = np.sqrt(variances @ (sizes - 1) / sizes.sum())
    else:
        level = means[:, reference]
        spread = np.sqrt(variances[:, reference] * (sizes[reference] - 1) / sizes[reference])
    adjusted = varies & (spread > 0)
    sd = np.where(adjusted, spread, 1.0)
    shift = np.where(adjusted[:, None], (means - level[:, None]) / sd[:, None], 0.0)
    scale = np.where(adjusted[:, None], variances / sd[:, None] ** 2, 1.0)
    standard = StandardGenes(level, sd, adjusted)
    return standard, BatchEffects(shift, scale)


def _moments(cells: Matrix, fit: LinearFit, bounds: IntArray) -> tuple[FloatArray, FloatArray, BoolArray]:
    """Mean and variance of every gene in every batch beside the covariates, and whether it varies in all batches."""
    n_batches, n_genes = len(bounds) - 1, cells.shape[1]
    variances, varies = np.empty((n_genes, n_batches)), np.ones(n_genes, dtype=np.bool_)
    for b, (start, stop) in enumerate(pairwise(bounds.tolist())):
        rows = dense(cells[start:stop])
        varies &= rows.max(axis=0) > rows.min(axis=0)
        rows = rows - fit.design[start:stop, n_batches:] @ fit.coefficients[:, n_batches:].T
        variances[:, b] = rows.var(axis=0, ddof=1)
        tick(b + 1, n_batches)
    return fit.coefficients[:, :n_batches], variances, varies


@explained(
    "What the genes of a batch have in common: their shifts are taken to follow a normal distribution, their scales an "
    "inverse gamma distribution, with the mean and variance seen over the genes.",
    formula=r"\gamma_{gb} \sim N(\bar\gamma_b, \tau_b^2),\quad \delta^2_{gb} \sim \Gamma^{-1}(a_b, c_b),\quad "
    r"a_b = \frac{2 s_b^2 + m_b^2}{s_b^2},\quad c_b = \frac{m_b s_b^2 + m_b^3}{s_b^2}",
)
def effect_priors(effects: BatchEffects, standard: StandardGenes) -> EffectPriors:
    """Distributions of shifts and scales over the adjusted genes, one of each per batch; all by moments."""
    shift, scale = effects.shift[standard.adjusted], effects.scale[standard.adjusted]
    freedom = 1 if len(shift) > 1 else 0
    mean, variance = scale.mean(axis=0), scale.var(axis=0, ddof=freedom)
    spread = np.where(variance > 0, variance, np.inf)  # equal scales: an infinitely sharp distribution
    sharp = variance == 0
    return EffectPriors(
        shift_mean=shift.mean(axis=0),
        shift_variance=shift.var(axis=0, ddof=freedom),
        scale_shape=np.where(sharp, np.inf, 2 + mean**2 / spread),
        scale_rate=np.where(sharp, np.inf, mean + mean**3 / spread),
    )


@explained(
    "Each shift and scale is drawn towards what the genes of its batch have in common; the fewer cells, the more. "
    "Shift and scale depend on one another and are found in turn, until both settle.",
    formula=r"\gamma^* = \frac{n \tau^2 \hat\gamma + \delta^{*2} \bar\gamma}{n \tau^2 + \delta^{*2}},\quad "
    r"\delta^{*2} = \frac{c + \frac12 \sum_i (z_i - \gamma^*)^2}{\frac n2 + a - 1}",
    parameters=("parametric",),
)
def shrunk_by_priors(
    effects: BatchEffects, standard: StandardGenes, priors: EffectPriors, bounds: IntArray
) -> BatchEffects:
    """Posterior shifts and scales; the iteration of a batch ends when all its genes change by less than 1e-4."""
    shrunk = BatchEffects(effects.shift.copy(), effects.scale.copy())
    chosen = standard.adjusted
    for b, n in enumerate(np.diff(bounds).tolist()):
        shift, scale = effects.shift[chosen, b], effects.scale[chosen, b]
        variance, mean = priors.shift_variance[b], priors.shift_mean[b]
        old_shift, old_scale, change = shift, scale, np.inf
        while change > CONVERGED:
            new_shift = (variance * n * shift + old_scale * mean) / (variance * n + old_scale)
            squares = (n - 1) * scale + n * (shift - new_shift) ** 2
            new_scale = scale
            if np.isfinite(priors.scale_shape[b]):
                new_scale = (squares / 2 + priors.scale_rate[b]) / (n / 2 + priors.scale_shape[b] - 1)
            change = max(_relative_change(old_shift, new_shift), _relative_change(old_scale, new_scale))
            old_shift, old_scale = new_shift, new_scale
        shrunk.shift[chosen, b], shrunk.scale[chosen, b] = old_shift, old_scale
        tick(b + 1, effects.shift.shape[1])
    return shrunk


def _relative_change(old: FloatArray, new: FloatArray) -> float:
    """The largest change relative to the old value; of a value that was 0, the change itself.

    The old value keeps its sign, so that a negative shift is never what the iteration waits for: as in sva, whose
    results are only reached by stopping where it stops.
    """
    return float((np.abs(new - old) / np.where(old != 0, old, 1)).max())


@explained(
    "Each shift is drawn towards the mean shift of the genes of its batch; scales are left as they are (1).",
    formula=r"\gamma^* = \frac{\tau^2 \hat\gamma + \bar\gamma}{\tau^2 + 1}",
    parameters=("mean_only",),
)
def shrunk_means(effects: BatchEffects, standard: StandardGenes, priors: EffectPriors) -> BatchEffects:
    """Posterior shifts where only means are adjusted. The number of cells plays no part, as in sva."""
    drawn = (priors.shift_variance * effects.shift + priors.shift_mean) / (priors.shift_variance + 1)
    return BatchEffects(np.where(standard.adjusted[:, None], drawn, 0.0), np.ones_like(drawn))


@explained(
    "Each gene's shift and scale become a mean of those of all other genes of the batch, which weigh by how well they "
    "would explain the gene's own values. No distribution is assumed.",
    formula=r"\gamma^*_g = \frac{\sum_{h \ne g} L_{gh} \hat\gamma_h}{\sum_{h \ne g} L_{gh}},\quad "
    r"L_{gh} = (2\pi\hat\delta_h^2)^{-n/2}\, e^{-\sum_i (z_{ig} - \hat\gamma_h)^2 / 2\hat\delta_h^2}",
    parameters=("parametric", "mean_only"),
)
def shrunk_by_other_genes(
    effects: BatchEffects, standard: StandardGenes, bounds: IntArray, mean_only: bool
) -> BatchEffects:
    """Shifts and scales by numerical integration over the other adjusted genes; in logarithms, a block at a time.

    Where `mean_only`, the genes are taken to have scale 1; their values are what they are.
    """
    scales = np.ones_like(effects.scale) if mean_only else effects.scale
    shrunk = BatchEffects(effects.shift.copy(), scales.copy())
    chosen = np.flatnonzero(standard.adjusted)
    if len(chosen) < 2:
        return shrunk
    for b, n in enumerate(np.diff(bounds).tolist()):
        shift, scale, variance = effects.shift[chosen, b], scales[chosen, b], effects.scale[chosen, b]
        log_level = -n / 2 * np.log(2 * np.pi * scale)
        for rows in row_blocks(len(chosen), len(chosen)):
            squares = (n - 1) * variance[rows, None] + n * (shift[rows, None] - shift) ** 2  # block × genes
            log_likelihood = log_level - squares / (2 * scale)
            own = np.arange(rows.start, rows.stop)
            log_likelihood[own - rows.start, own] = -np.inf
            weight = np.exp(log_likelihood - log_likelihood.max(axis=1, keepdims=True))
            weight /= weight.sum(axis=1, keepdims=True)
            shrunk.shift[chosen[rows], b], shrunk.scale[chosen[rows], b] = weight @ shift, weight @ scale
        tick(b + 1, effects.shift.shape[1])
    return shrunk


@explained(
    "Every batch is moved and stretched so that its shift is 0 and its scale 1, gene by gene; then the standard is "
    "undone. In a batch this is one straight line per gene.",
    formula=r"x_{ig} \leftarrow \sigma_g \frac{z_{ig} - \gamma^*_{gb}}{\delta^*_{gb}} + \alpha_g + d_i^\top\beta_g",
)
def adjusted_cells(
    cells: Matrix,
    fit: LinearFit,
    standard: StandardGenes,
    shrunk: BatchEffects,
    bounds: IntArray,
    reference: int | None,
) -> FloatArray:
    """`cells` (cells × genes, dense) with every batch's shift and scale taken out, save the batch `reference`."""
    n_batches = len(bounds) - 1
    adjusted = np.empty(cells.shape)
    for b, (start, stop) in enumerate(pairwise(bounds.tolist())):
        rows = dense(cells[start:stop])
        adjusted[start:stop] = rows
        if b == reference:
            continue
        expected = standard.mean + fit.design[start:stop, n_batches:] @ fit.coefficients[:, n_batches:].T
        moved = (rows - expected - standard.sd * shrunk.shift[:, b]) / np.sqrt(shrunk.scale[:, b]) + expected
        np.copyto(adjusted[start:stop], moved, where=standard.adjusted)
        tick(b + 1, n_batches)
    return adjusted
