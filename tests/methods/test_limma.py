"""limma's invariants: what holds whatever the data."""

import numpy as np
import pytest
import scipy.sparse as sp
from hypothesis import given, settings
from hypothesis import strategies as st

from scint_core.errors import DataError
from scint_core.methods.limma import LimmaParams, run
from scint_core.numerics.linear_model import compared_means
from tests.problems import problem_from
from tests.stepper import PlainStep


def data(seed=0, sizes=(30, 20, 15), genes=8):
    rng = np.random.default_rng(seed)
    batch = np.repeat(np.arange(len(sizes)), sizes)
    kind = rng.integers(2, size=len(batch))
    x = rng.normal(size=(len(batch), genes)) + 3 * rng.normal(size=(len(sizes), genes))[batch]
    return x + 2 * kind[:, None] * rng.normal(size=genes), batch, kind


def integrate(x, batch, step=None, **columns):
    names = tuple(columns)
    problem = problem_from(x, batch, columns=columns)
    return run(problem, LimmaParams(covariates=names), step or PlainStep())


def means(x, batch):
    return np.array([x[batch == b].mean(axis=0) for b in np.unique(batch)])


@given(st.integers(0, 10**6), st.lists(st.integers(1, 20), min_size=2, max_size=5))
@settings(deadline=None, max_examples=20)
def test_every_batch_ends_at_the_unweighted_mean_of_the_batch_means(seed, sizes):
    x, batch, _ = data(seed, sizes)
    expected = x - means(x, batch)[batch] + means(x, batch).mean(axis=0)
    np.testing.assert_allclose(integrate(x, batch).expression, expected, atol=1e-10)


def test_it_does_nothing_the_second_time():
    x, batch, kind = data()
    once = integrate(x, batch, kind=kind).expression
    np.testing.assert_allclose(integrate(once, batch, kind=kind).expression, once, atol=1e-10)


@given(st.integers(0, 10**6))
@settings(deadline=None, max_examples=10)
def test_a_constant_added_to_a_batch_is_removed_exactly(seed):
    x, batch, kind = data(seed)
    shift = np.random.default_rng(seed).normal(size=(3, 8)) * 10
    shift -= shift.mean(axis=0)  # the common level is not a batch effect
    a, b = integrate(x, batch, kind=kind).expression, integrate(x + shift[batch], batch, kind=kind).expression
    np.testing.assert_allclose(a, b, atol=1e-9)


def test_the_effect_of_a_covariate_is_kept():
    """Refitted on the result, its coefficient is that of the joint model."""
    x, batch, kind = data()
    corrected = integrate(x, batch, kind=np.array(["a", "b"])[kind]).expression
    indicators = np.eye(3)[batch]
    joint = np.linalg.lstsq(np.column_stack([kind, indicators]), x, rcond=None)[0][0]
    refitted = np.linalg.lstsq(np.column_stack([kind, np.ones(len(x))]), corrected, rcond=None)[0][0]
    np.testing.assert_allclose(refitted, joint, atol=1e-10)


def test_numbers_act_in_proportion_and_categories_do_not():
    x, batch, _ = data()
    dose = np.arange(len(x)) % 3
    as_number = integrate(x, batch, dose=dose).expression
    as_category = integrate(x, batch, dose=dose.astype(object)).expression
    design = np.column_stack([np.ones(len(x)), dose, np.vstack([np.eye(2), -np.ones(2)])[batch]])
    beta = np.linalg.lstsq(design, x, rcond=None)[0]
    np.testing.assert_allclose(as_number, x - design[:, 2:] @ beta[2:], atol=1e-10)
    assert not np.allclose(as_number, as_category)


def test_what_the_covariates_explain_of_the_batches_is_left_in_and_said():
    x, batch, _ = data()
    outcome = integrate(x, batch, site=np.array(["north", "north", "south"])[batch])
    assert outcome.notes == (
        "1 of the 2 differences between batches cannot be told from the covariates 'site' and are left in",
    )
    found = means(outcome.expression, batch)
    np.testing.assert_allclose(found[0], found[1], atol=1e-10)
    whole = integrate(x, batch, site=np.array(["a", "b", "c"])[batch])
    np.testing.assert_allclose(whole.expression, x, atol=1e-10)


def test_a_covariate_with_missing_values_is_refused_by_name():
    x, batch, kind = data()
    for missing in (np.where(kind == 0, np.nan, 1.0), np.array(["a", None], dtype=object)[kind]):
        with pytest.raises(DataError, match=r"'kind' is missing \(NaN\) for \d+ cells"):
            integrate(x, batch, kind=missing)


def test_sparse_and_dense_agree_and_means_are_shown():
    x, batch, kind = data()
    x[x < 0] = 0
    step = PlainStep()
    a, b = integrate(x, batch, kind=kind), integrate(sp.csr_matrix(x), batch, step, kind=kind)
    np.testing.assert_allclose(a.expression, b.expression, atol=1e-10)
    (shown,) = step.results(compared_means)
    np.testing.assert_allclose(shown.before, means(x, batch).T)
    np.testing.assert_allclose(shown.after, means(a.expression, batch).T)


def test_where_the_composition_differs_types_are_pushed_apart():
    """What MNN was made for: 90 % of one type against 10 %, without a batch effect."""
    rng = np.random.default_rng(0)
    batch = np.repeat([0, 1], 100)
    kind = np.concatenate([rng.random(100) < 0.9, rng.random(100) < 0.1]).astype(int)
    x = rng.normal(size=(200, 1)) * 0.1 + 5.0 * kind[:, None]
    corrected = integrate(x, batch).expression
    gap = abs(corrected[(batch == 0) & (kind == 1)].mean() - corrected[(batch == 1) & (kind == 1)].mean())
    assert gap > 3
    kept = integrate(x, batch, kind=kind.astype(str)).expression
    assert abs(kept[(batch == 0) & (kind == 1)].mean() - kept[(batch == 1) & (kind == 1)].mean()) < 0.1
