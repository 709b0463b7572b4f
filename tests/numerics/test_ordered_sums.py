"""Sums of fixed order against plain loops: equal to the last digit."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scint_core.numerics.ordered_sums import (
    LANES,
    along_lines,
    log_sums,
    row_products,
    running_log_sums,
    squared_differences,
    weighted_means,
)


def log_add(a, b):
    return max(a, b) + math.log1p(math.exp(-abs(a - b)))


def running(terms):
    sums = [terms[0]]
    for term in terms[1:]:
        sums.append(log_add(sums[-1], term))
    return sums


def place(direction, cell):
    total = 0.0
    for d, y in zip(direction, cell, strict=True):
        total += d * y
    return total


def off_line(point, direction, cell):
    along = 0.0
    for x, d, y in zip(point, direction, cell, strict=True):
        along += (x - y) * d
    total = 0.0
    for x, d, y in zip(point, direction, cell, strict=True):
        rest = x - y - along * d
        total += rest * rest
    return total


def weighted_mean(log_weight, vectors):
    """Sums relative to the largest weight so far."""
    peak, log_total, sums = log_weight[0], log_weight[0], list(vectors[0])
    for weight, vector in zip(log_weight[1:], vectors[1:], strict=True):
        log_total = log_add(log_total, weight)
        if weight > peak:
            shrunk = math.exp(peak - weight)
            sums = [s * shrunk + v for s, v in zip(sums, vector, strict=True)]
            peak = weight
        else:
            factor = math.exp(weight - peak)
            sums = [s + v * factor for s, v in zip(sums, vector, strict=True)]
    return [s * math.exp(peak - log_total) for s in sums]


def numbers(*shape, seed=0, scale=1.0):
    return np.random.default_rng(seed).normal(size=shape) * scale


@pytest.mark.parametrize("n_cells", [1, LANES - 1, LANES, 2 * LANES + 5])
def test_distances_are_summed_gene_after_gene(n_cells):
    rows, cells = numbers(3, 23), numbers(n_cells, 23, seed=1)
    expected = np.zeros((3, n_cells))
    for i, row in enumerate(rows.tolist()):
        for j, cell in enumerate(cells.tolist()):
            for a, b in zip(row, cell, strict=True):
                expected[i, j] += (a - b) * (a - b)
    np.testing.assert_array_equal(squared_differences(rows, cells), expected)


@pytest.mark.parametrize("n_cells", [1, LANES, LANES + 7])
def test_places_along_lines_are_summed_gene_after_gene(n_cells):
    points, cells = numbers(4, 19), numbers(n_cells, 19, seed=1)
    directions = numbers(4, 19, seed=2)
    directions /= np.linalg.norm(directions, axis=1, keepdims=True)
    position, d2 = along_lines(points, directions, cells)
    lines = list(zip(points.tolist(), directions.tolist(), strict=True))
    np.testing.assert_array_equal(position, [[place(d, y) for y in cells.tolist()] for _, d in lines])
    np.testing.assert_array_equal(d2, [[off_line(x, d, y) for y in cells.tolist()] for x, d in lines])
    np.testing.assert_array_equal(row_products(directions, points), [place(d, x) for x, d in lines])


@given(st.integers(0, 10**6), st.sampled_from([1e-3, 1.0, 50.0, 5000.0]))
@settings(deadline=None, max_examples=30)
def test_logarithms_of_sums_are_added_term_after_term(seed, scale):
    terms = numbers(3, 12, seed=seed, scale=scale)
    expected = [running(row) for row in terms.tolist()]
    np.testing.assert_array_equal(running_log_sums(terms), expected)
    np.testing.assert_array_equal(log_sums(terms), [row[-1] for row in expected])


def test_what_weighs_nothing_adds_nothing():
    terms = np.array([[-np.inf, -3.0, -np.inf, -700.0], [-1.0, -np.inf, -2.0, -np.inf]])
    kept = [running([-3.0, -700.0])[-1], running([-1.0, -2.0])[-1]]
    np.testing.assert_array_equal(log_sums(terms), kept)
    assert running_log_sums(terms)[0].tolist() == [-np.inf, -3.0, -3.0, kept[0]]


@given(st.integers(0, 10**6), st.sampled_from([1e-3, 1.0, 50.0, 5000.0]))
@settings(deadline=None, max_examples=30)
def test_means_take_in_one_vector_after_the_other(seed, scale):
    log_weight, vectors = numbers(4, 9, seed=seed, scale=scale), numbers(9, 5, seed=seed + 1)
    expected = [weighted_mean(row, vectors.tolist()) for row in log_weight.tolist()]
    np.testing.assert_array_equal(weighted_means(log_weight, vectors), expected)


def test_means_of_many_genes_are_formed_in_parts_that_do_not_show():
    log_weight, vectors = numbers(3, 40), numbers(40, 5000, seed=1)
    found = weighted_means(log_weight, vectors)
    some = np.array([0, 2047, 2048, 4095, 4096, 4999])
    np.testing.assert_array_equal(found[:, some], weighted_means(log_weight, vectors[:, some]))


def test_read_only_and_strided_arrays_are_taken_as_they_come():
    cells = np.asfortranarray(numbers(10, 6))
    cells.setflags(write=False)
    plain = np.array(cells, order="C")
    np.testing.assert_array_equal(squared_differences(cells[::2], cells), squared_differences(plain[::2].copy(), plain))
    np.testing.assert_array_equal(weighted_means(cells, cells[:6].T), weighted_means(plain, plain[:6].T.copy()))
