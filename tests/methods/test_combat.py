"""ComBat against a plain transcription of its formulas, and what holds whatever the data."""

import numpy as np
import pytest
import scipy.sparse as sp
from hypothesis import given, settings
from hypothesis import strategies as st

from scint_core.errors import DataError, ParameterError
from scint_core.methods.combat import CombatParams, run
from scint_core.numerics.empirical_bayes import (
    effect_priors,
    shrunk_by_other_genes,
    shrunk_by_priors,
    standardised_effects,
)
from tests.problems import problem_from
from tests.stepper import PlainStep


def data(seed=0, sizes=(30, 20, 15), genes=12):
    rng = np.random.default_rng(seed)
    batch = np.repeat(np.arange(len(sizes)), sizes)
    kind = rng.integers(2, size=len(batch))
    x = rng.normal(size=(len(batch), genes)) * rng.gamma(4, 0.25, (len(sizes), genes))[batch]
    x += 3 * rng.normal(size=(len(sizes), genes))[batch] + rng.normal(size=genes) * 5
    return x + kind[:, None] * rng.normal(size=genes), batch, kind


def integrate(x, batch, step=None, columns=None, **params):
    return run(problem_from(x, batch, columns=columns or {}), CombatParams(**params), step or PlainStep())


def by_definition(x, batch, design, reference, mean_only, parametric):
    """One gene, one cell, one batch at a time; `design` are the covariates (cells × any number)."""
    n, sizes = len(x), np.bincount(batch)
    full = np.column_stack([np.eye(len(sizes))[batch], design])
    beta = np.linalg.lstsq(full, x, rcond=None)[0]
    b_hat, effect = beta[: len(sizes)], design @ beta[len(sizes) :]
    residual = x - full @ beta
    if reference is None:
        level, spread = sizes / n @ b_hat, np.sqrt((residual**2).sum(axis=0) / n)
    else:
        level, spread = b_hat[reference], np.sqrt((residual[batch == reference] ** 2).mean(axis=0))
    stand = level + effect
    z, out = (x - stand) / spread, x.copy()
    for b, size in enumerate(sizes):
        if b == reference:
            continue
        zb = z[batch == b]
        g, d = zb.mean(axis=0), np.ones(x.shape[1]) if mean_only else zb.var(axis=0, ddof=1)
        if not parametric:
            g_star, d_star = integrated(zb, g, d)
        elif mean_only:
            g_star, d_star = (g.var(ddof=1) * g + g.mean()) / (g.var(ddof=1) + 1), d
        else:
            g_star, d_star = iterated(zb, g, d, size)
        out[batch == b] = (zb - g_star) / np.sqrt(d_star) * spread + stand[batch == b]
    return out


def integrated(zb, g, d):
    g_star, d_star = np.empty_like(g), np.empty_like(d)
    for i in range(len(g)):
        others = [h for h in range(len(g)) if h != i]
        like = np.array([np.prod(np.exp(-((zb[:, i] - g[h]) ** 2) / 2 / d[h]) / np.sqrt(d[h])) for h in others])
        g_star[i], d_star[i] = like @ g[others] / like.sum(), like @ d[others] / like.sum()
    return g_star, d_star


def iterated(zb, g, d, n):
    m, s2, mean, t2 = d.mean(), d.var(ddof=1), g.mean(), g.var(ddof=1)
    a, c = (2 * s2 + m**2) / s2, (m * s2 + m**3) / s2
    g_old, d_old, change = g, d, 1.0
    while change > 1e-4:
        g_new = (t2 * n * g + d_old * mean) / (t2 * n + d_old)
        d_new = (((zb - g_new) ** 2).sum(axis=0) / 2 + c) / (n / 2 + a - 1)
        change = max((abs(g_new - g_old) / g_old).max(), (abs(d_new - d_old) / d_old).max())
        g_old, d_old = g_new, d_new
    return g_old, d_old


@pytest.mark.parametrize("parametric", [True, False])
@pytest.mark.parametrize("mean_only", [True, False])
@pytest.mark.parametrize("reference", [None, 1])
@pytest.mark.parametrize("with_covariate", [True, False])
def test_every_combination_follows_the_definition(parametric, mean_only, reference, with_covariate):
    x, batch, kind = data()
    design = kind[:, None].astype(float) if with_covariate else np.empty((len(x), 0))
    outcome = integrate(
        x,
        batch,
        columns={"kind": np.array(["a", "b"])[kind]},
        covariates=("kind",) if with_covariate else (),
        parametric=parametric,
        mean_only=mean_only,
        reference_batch=None if reference is None else str(reference),
    )
    expected = by_definition(x, batch, design, reference, mean_only, parametric)
    np.testing.assert_allclose(outcome.expression, expected, rtol=0, atol=1e-10)


@given(st.integers(0, 10**6))
@settings(deadline=None, max_examples=15)
def test_in_a_batch_it_is_one_straight_line_per_gene(seed):
    x, batch, _ = data(seed)
    corrected = integrate(x, batch).expression
    for b in range(3):
        for old, new in zip(x[batch == b].T, corrected[batch == b].T, strict=True):
            slope, level = np.polyfit(old, new, 1)
            np.testing.assert_allclose(slope * old + level, new, atol=1e-8)
            assert slope > 0


def test_shifts_are_drawn_towards_their_mean():
    x, batch, _ = data()
    step = PlainStep()
    integrate(x, batch, step)
    ((_, effects),), (priors,), (shrunk,) = (
        step.results(f) for f in (standardised_effects, effect_priors, shrunk_by_priors)
    )
    assert (abs(shrunk.shift - priors.shift_mean) <= abs(effects.shift - priors.shift_mean) + 1e-12).all()


def test_with_many_cells_hardly_anything_is_shrunk_and_batches_agree():
    x, batch, _ = data(sizes=(4000, 3000))
    step = PlainStep()
    corrected = integrate(x, batch, step).expression
    (_, effects), shrunk = step.results(standardised_effects)[0], step.results(shrunk_by_priors)[0]
    np.testing.assert_allclose(shrunk.shift, effects.shift, atol=0.01)
    np.testing.assert_allclose(shrunk.scale, effects.scale, rtol=0.02)
    gap = corrected[batch == 0].mean(axis=0) - corrected[batch == 1].mean(axis=0)
    assert abs(gap).max() < 0.02 * x.std()


def test_the_reference_batch_is_returned_to_the_bit():
    x, batch, _ = data()
    np.testing.assert_array_equal(integrate(x, batch, reference_batch="1").expression[batch == 1], x[batch == 1])
    with pytest.raises(ParameterError, match=r"'reference_batch' names '9', which is no batch.*'0', '1', '2'"):
        integrate(x, batch, reference_batch="9")


@pytest.mark.parametrize("params", [{}, {"parametric": False}, {"mean_only": True}])
def test_genes_that_are_constant_in_a_batch_are_left_alone_and_counted(params):
    x, batch, _ = data()
    x[batch == 1, 3] = 0.7
    x[:, 5] = 2.0
    outcome = integrate(x, batch, **params)
    np.testing.assert_array_equal(outcome.expression[:, [3, 5]], x[:, [3, 5]])
    assert outcome.notes == ("2 genes are left as they are: each has one value throughout some batch",)
    others = [g for g in range(12) if g not in (3, 5)]
    without = integrate(x[:, others], batch, **params).expression
    np.testing.assert_allclose(outcome.expression[:, others], without, atol=1e-12)


def test_no_gene_that_varies_is_refused():
    x, batch, _ = data()
    x[batch == 1] = 1.0
    with pytest.raises(DataError, match="none of the genes varies in every batch"):
        integrate(x, batch)


@pytest.mark.parametrize("params", [{}, {"parametric": False}, {"mean_only": True}])
def test_one_gene_and_genes_that_are_all_alike_stay_finite(params):
    x, batch, _ = data(genes=1)
    assert np.isfinite(integrate(x, batch, **params).expression).all()
    assert np.isfinite(integrate(np.repeat(x, 4, axis=1), batch, **params).expression).all()


def test_a_batch_effect_without_a_counterpart_in_its_covariates_is_refused():
    x, batch, kind = data()
    columns = {"site": np.array(["n", "n", "s"])[batch], "kind": kind, "twice": kind}
    with pytest.raises(DataError, match=r"covariates 'site' cannot be told from the batches.*site s"):
        integrate(x, batch, columns=columns, covariates=("site",))
    with pytest.raises(DataError, match=r"covariates 'kind', 'twice'"):
        integrate(x, batch, columns=columns, covariates=("kind", "twice"))


def test_sparse_and_dense_agree():
    x, batch, _ = data()
    x[x < 0] = 0
    a, b = integrate(x, batch).expression, integrate(sp.csr_matrix(x), batch).expression
    np.testing.assert_allclose(a, b, atol=1e-10)


def test_weights_of_other_genes_do_not_vanish_with_many_cells():
    """The likelihood of 3,000 values is far below what double precision holds."""
    x, batch, _ = data(sizes=(3000, 2000))
    step = PlainStep()
    integrate(x, batch, step, parametric=False)
    (shrunk,) = step.results(shrunk_by_other_genes)
    assert np.isfinite(shrunk.shift).all()
    assert (shrunk.scale > 0).all()
