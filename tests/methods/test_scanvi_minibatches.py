"""Minibatches hold the right cells, and come in the right number."""

import numpy as np
import scipy.sparse as sp
import torch
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import gammaln

from scint_core.methods.scanvi.minibatches import Cells, beside, labelled_sample, pieces, split
from tests.methods.scanvi_cells import cells, counts


def test_a_minibatch_holds_the_rows_asked_for():
    all_cells, rows = cells(), np.array([5, 2, 21])
    part, x = all_cells.take(rows), counts()[rows].toarray()
    np.testing.assert_array_equal(part.counts.dense, x)
    np.testing.assert_array_equal(part.counts.dense.view(-1)[part.counts.nonzero], part.counts.values)
    assert len(part.counts.nonzero) == np.count_nonzero(x)
    np.testing.assert_allclose(part.encoded.rows.toarray(), np.log1p(x), rtol=1e-6)
    np.testing.assert_allclose(part.log_library[:, 0], np.log(x.sum(axis=1)), rtol=1e-6)
    np.testing.assert_allclose(part.counts.log_factorials, gammaln(x + 1).sum(axis=1), rtol=1e-6)
    np.testing.assert_array_equal(part.batch.argmax(dim=1), rows % 3)
    np.testing.assert_array_equal(part.labels, all_cells.labels[rows])


def test_the_prior_of_the_library_is_that_of_the_batch():
    all_cells = cells()
    log_total = np.log(np.asarray(counts().sum(axis=1)).ravel())
    part = all_cells.take(np.array([4, 8]))
    for i, b in enumerate((1, 2)):
        np.testing.assert_allclose(part.library_prior.mean[i, 0], log_total[b::3].mean(), rtol=1e-6)
        np.testing.assert_allclose(part.library_prior.variance[i, 0], log_total[b::3].var(), rtol=1e-6)


def test_an_empty_cell_and_a_batch_of_equal_totals_do_no_harm():
    x = sp.csr_matrix(np.array([[2, 0], [0, 2], [0, 0], [1, 1], [0, 0]], dtype=np.float32))
    made = Cells.of(x, np.array([0, 0, 0, 0, 1]), None, 2, "cpu")
    part = made.take(np.arange(5))
    assert torch.isfinite(part.log_library).all()
    assert (part.library_prior.variance > 0).all()
    assert part.library_prior.mean[0, 0] == np.float32(np.log(2))  # without the empty cell


def test_in_order_goes_through_all_cells():
    parts = [part.counts.dense for part in cells(30).in_order(size=7)]
    np.testing.assert_array_equal(torch.cat(parts), counts(30).toarray())


@given(n=st.integers(1, 200), size=st.integers(3, 50))
def test_pieces_are_a_partition_without_a_tiny_last_one(n, size):
    parts = pieces(np.arange(n), size, np.random.default_rng(0))
    assert sorted(np.concatenate(parts).tolist()) == list(range(n))
    assert all(len(part) <= size + 2 for part in parts)
    assert len(parts) == 1 or all(len(part) >= 3 for part in parts)


def test_pieces_without_a_generator_stay_in_order():
    assert [part.tolist() for part in pieces(np.arange(8), 5)] == [[0, 1, 2, 3, 4], [5, 6, 7]]
    assert [part.tolist() for part in pieces(np.arange(11), 5)] == [[0, 1, 2, 3, 4], [5, 6, 7, 8, 9, 10]]


def test_the_fewer_minibatches_are_gone_through_again():
    assert [part.tolist() for part in beside([np.array([1]), np.array([2])], 5)] == [[1], [2], [1], [2], [1]]


def test_labelled_sample_balances_and_leaves_out_the_unknown():
    labels = np.array([0] * 50 + [1] * 5 + [-1] * 45)
    random = np.random.default_rng(0)
    everything = labelled_sample(np.arange(100), labels, None, random)
    assert sorted(everything.tolist()) == list(range(55))
    some = labelled_sample(np.arange(100), labels, 8, random)
    assert np.bincount(labels[some]).tolist() == [8, 5]
    assert len(set(some.tolist())) == 13


def test_a_single_labelled_cell_is_taken_twice():
    sample = labelled_sample(np.arange(4), np.array([-1, -1, 0, -1]), None, np.random.default_rng(0))
    assert sample.tolist() == [2, 2]


def test_split_takes_its_share_of_every_group():
    train, validation = split([np.arange(20), np.arange(20, 31)], 0.9, np.random.default_rng(0))
    assert sorted([*train.tolist(), *validation.tolist()]) == list(range(31))
    assert (train < 20).sum() == 18
    assert (validation >= 20).sum() == 1
