"""Neighbour searches against the sorted table of all distances."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from scint_core.contract import Neighbors
from scint_core.numerics import neighbors
from scint_core.numerics.neighbors import cross_neighbors, cut, even_blocks, ladder_size, nearest_neighbors, row_blocks


def sorted_table(query, reference, k):
    """Every distance from the differences, each row sorted by distance and then by index."""
    table = np.array([[((x - y) ** 2).sum() for y in reference] for x in query]).reshape(len(query), len(reference))
    order = np.array([np.lexsort((np.arange(len(row)), row)) for row in table])[:, :k]
    return order, np.sqrt(np.take_along_axis(table, order, axis=1))


def assert_same_search(found, query, reference, k):
    indices, distances = sorted_table(query, reference, k)
    np.testing.assert_array_equal(found.indices, indices)
    np.testing.assert_allclose(found.distances, distances, rtol=1e-9, atol=0)


def cells(n, d, seed=0, scale=1.0, offset=0.0):
    return np.random.default_rng(seed).normal(size=(n, d)) * scale + offset


def grids(rows):
    """Small integer vectors: many exact ties and duplicates."""
    return arrays(np.float64, st.tuples(rows, st.just(3)), elements=st.integers(-2, 2).map(float))


@pytest.mark.parametrize(("n_query", "n_reference", "d", "k"), [(30, 40, 5, 7), (50, 20, 200, 20), (1, 1, 3, 1)])
def test_equals_the_sorted_table(n_query, n_reference, d, k):
    query, reference = cells(n_query, d, 1), cells(n_reference, d, 2)
    assert_same_search(nearest_neighbors(query, reference, k), query, reference, k)


@pytest.mark.parametrize("entries", [1, 100, 10_000])
def test_blocks_do_not_change_the_answer(monkeypatch, entries):
    monkeypatch.setattr(neighbors.row_blocks, "__defaults__", (entries,))
    query, reference = cells(83, 6, 1), cells(57, 6, 2)
    assert_same_search(nearest_neighbors(query, reference, 9), query, reference, 9)
    both = cross_neighbors(reference, query, 9)
    assert_same_search(both.of_right, query, reference, 9)
    assert_same_search(both.of_left, reference, query, 9)


@given(grids(st.integers(1, 40)), grids(st.integers(1, 60)), st.integers(1, 70))
@settings(max_examples=150, deadline=None)
def test_ties_go_to_the_lowest_index(query, reference, k):
    assert_same_search(nearest_neighbors(query, reference, k), query, reference, min(k, len(reference)))
    both = cross_neighbors(query, reference, k)
    assert_same_search(both.of_left, query, reference, min(k, len(reference)))
    assert_same_search(both.of_right, reference, query, min(k, len(query)))


def test_near_duplicates_far_from_the_origin_are_told_apart():
    """Here a distance from a product is all rounding: 1e-7 apart at 1e4 from the origin."""
    steps = np.array([0, 3, 1, 2, 5, 4]) * 1e-7
    reference = np.full((6, 20), 1e4)
    reference[:, 0] += steps
    found = nearest_neighbors(reference[:1], reference, 6)
    np.testing.assert_array_equal(found.indices[0], [0, 2, 3, 1, 5, 4])
    np.testing.assert_allclose(found.distances[0], np.sort(steps), rtol=1e-3)


def test_a_crowd_at_the_border_of_the_candidates_is_searched_in_full():
    """Fifty copies of one cell: more than the candidates hold, the first k of them win."""
    reference = np.concatenate([cells(10, 4, 1) + 10, np.repeat(cells(1, 4, 2), 50, axis=0), cells(5, 4, 3) + 10])
    found = nearest_neighbors(cells(3, 4, 4), reference, 5)
    np.testing.assert_array_equal(found.indices, np.tile(np.arange(10, 15), (3, 1)))


def test_a_cell_finds_itself_at_distance_0():
    x = cells(40, 30, offset=100)
    found = nearest_neighbors(x, x, 3)
    np.testing.assert_array_equal(found.indices[:, 0], np.arange(40))
    assert (found.distances[:, 0] == 0).all()


def test_single_precision_input_is_searched_in_double():
    x = cells(60, 8, 1).astype(np.float32)
    assert_same_search(nearest_neighbors(x, x, 6), x.astype(np.float64), x.astype(np.float64), 6)


def test_k_is_lowered_and_no_query_gives_an_empty_table():
    assert nearest_neighbors(cells(4, 2), cells(3, 2), 10).indices.shape == (4, 3)
    assert nearest_neighbors(cells(0, 2), cells(3, 2), 2).indices.shape == (0, 2)


def test_cutting_a_larger_search_is_the_smaller_search():
    x, y = cells(30, 5, 1), cells(70, 5, 2)
    whole, part = nearest_neighbors(x, y, ladder_size(7, 70)), nearest_neighbors(x, y, 7)
    np.testing.assert_array_equal(cut(whole, 7).indices, part.indices)
    np.testing.assert_array_equal(cut(whole, 7).distances, part.distances)


@given(st.integers(0, 10_000), st.sampled_from([1.0, 1e-3, 1e-7]), st.sampled_from([(3, 7), (5, 20), (20, 50)]))
@settings(max_examples=60, deadline=None)
def test_a_cut_search_is_the_smaller_one_to_the_byte_among_ties_too(seed, spread, sizes):
    """Cells in few places, almost or quite the same: ties reach beyond the candidates of either search."""
    rng = np.random.default_rng(seed)
    places = rng.integers(0, 3, (90, 4)) + spread * rng.integers(0, 2, (90, 4)) * rng.normal(size=(90, 4))
    x, y = places[:30] + 5, places[30:] + 5
    small, large = sizes
    for search in (nearest_neighbors, cross_neighbors):
        assert as_bytes(cut(search(x, y, large), small)) == as_bytes(search(x, y, small))


def as_bytes(found):
    """Indices and distances of neighbours, of one side or of two."""
    sides = [found] if isinstance(found, Neighbors) else [found.of_left, found.of_right]
    return [array.tobytes() for side in sides for array in (side.indices, side.distances)]


@pytest.mark.parametrize(
    ("k", "available", "size"),
    [(1, 1000, 20), (20, 1000, 20), (21, 1000, 50), (400, 1000, 400), (401, 1000, 401), (5, 8, 8), (30, 20, 20)],
)
def test_ladder(k, available, size):
    assert ladder_size(k, available) == size


@given(st.integers(0, 500), st.integers(0, 50), st.integers(1, 2000))
def test_blocks_cover_every_row_once(rows, columns, entries):
    covered = [i for block in row_blocks(rows, columns, entries) for i in range(block.start, block.stop)]
    assert covered == list(range(rows))


@pytest.mark.parametrize(("n_rows", "n_blocks"), [(0, 0), (1, 1), (20, 1), (21, 2), (50, 4), (900, 46)])
def test_even_blocks_cover_all_rows_in_pieces_of_one_height(n_rows, n_blocks):
    blocks = even_blocks(n_rows, 10, 200)  # 20 rows at most
    assert [row for block in blocks for row in range(n_rows)[block]] == list(range(n_rows))
    heights = {block.stop - block.start for block in blocks}
    assert len(blocks) == n_blocks
    assert not heights or max(heights) - min(heights) <= 1
