"""One linear model for all genes against a solver, and how columns of the cell table become terms."""

import numpy as np
import pytest
import scipy.sparse as sp
from hypothesis import given, settings
from hypothesis import strategies as st

from scint_core.errors import DataError
from scint_core.numerics.linear_model import (
    batch_contrasts,
    covariate_design,
    fit_every_gene,
    independent_columns,
    without_terms,
)


@given(st.integers(0, 10**6), st.integers(1, 5))
@settings(deadline=None, max_examples=20)
def test_coefficients_are_those_of_least_squares(seed, n_terms):
    rng = np.random.default_rng(seed)
    x, design = rng.normal(size=(40, 6)), rng.normal(size=(40, n_terms))
    expected = np.linalg.lstsq(design, x, rcond=None)[0].T
    for cells in (x, sp.csr_matrix(x), x.astype(np.float32)):
        fit = fit_every_gene(cells, design, tuple("abcde"[:n_terms]))
        np.testing.assert_allclose(fit.coefficients, expected, atol=1e-6 if cells.dtype == np.float32 else 1e-10)
        assert fit.estimable.all()


def test_a_term_that_earlier_ones_determine_gets_nothing():
    rng = np.random.default_rng(0)
    one, two = rng.normal(size=(2, 30))
    design = np.column_stack([one, two, 3 * one - two + 1e-12 * rng.normal(size=30), rng.normal(size=30)])
    np.testing.assert_array_equal(independent_columns(design), [True, True, False, True])
    fit = fit_every_gene(rng.normal(size=(30, 4)), design, ("a", "b", "c", "d"))
    np.testing.assert_array_equal(fit.estimable, [True, True, False, True])
    assert not fit.coefficients[:, 2].any()
    np.testing.assert_array_equal(independent_columns(np.zeros((5, 1))), [False])


def test_contrasts_sum_to_zero_over_batches():
    found = batch_contrasts(np.array([0, 0, 1, 2]), 3)
    np.testing.assert_array_equal(found, [[1, 0], [1, 0], [0, 1], [-1, -1]])


def test_only_the_terms_asked_for_are_taken_off():
    rng = np.random.default_rng(0)
    x, design = rng.normal(size=(30, 4)), rng.normal(size=(30, 3))
    fit = fit_every_gene(x, design, ("a", "b", "c"))
    found = without_terms(sp.csr_matrix(x), fit, first=2)
    np.testing.assert_allclose(found, x - np.outer(design[:, 2], fit.coefficients[:, 2]))


def test_numbers_are_one_term_and_everything_else_indicators():
    columns = [
        np.array([1.5, 2, 3]),
        np.array(["b", "a", "c"]),
        np.array([True, False, True]),
        np.array([3, 3, 7], object),
    ]
    design, terms = covariate_design(columns, ["dose", "site", "treated", "plate"])
    assert terms == ("dose", "site b", "site c", "treated True", "plate 7")
    expected = [[1.5, 1, 0, 1, 0], [2, 0, 0, 0, 0], [3, 0, 1, 1, 1]]
    np.testing.assert_array_equal(design, expected)
    assert covariate_design([], [])[1] == ()


@pytest.mark.parametrize(
    "column", [np.array([1.0, np.nan]), np.array(["a", None], object), np.array(["a", np.nan], object)]
)
def test_a_missing_value_is_refused_by_name(column):
    with pytest.raises(DataError, match=r"column 'site' is missing \(NaN\) for 1 cells"):
        covariate_design([column], ["site"])
