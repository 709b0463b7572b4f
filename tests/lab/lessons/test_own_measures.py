"""Measures that one lesson alone has, on cases where the answer is known."""

import numpy as np
import pytest
from scipy.stats import ttest_ind

from scint_core.lab.lessons.integration_bulk_or_cells import t_values
from scint_core.lab.lessons.integration_one_data_set import named_alike
from scint_core.lab.lessons.metrics_cap import cap
from scint_core.lab.lessons.mnn_kernel_width import noise
from scint_core.lab.lessons.mnn_pairs_depth import depths, facing


def test_depth_is_0_at_the_ends_of_a_line_and_1_half_way():
    batch = np.repeat([0, 1], 5)
    cells = np.zeros((10, 3))
    cells[:5, 0] = [3, 0, 1, 4, 2]  # the first batch lies along the first axis
    cells[5:, 1] = [0, 1, 2, 3, 4]  # the second along the second
    np.testing.assert_allclose(depths(cells, batch), [0.5, 0, 0.5, 0, 1, 0, 0.5, 1, 0.5, 0])


def test_who_faces_the_other_batch_has_all_of_its_own_behind():
    batch = np.repeat([0, 1], 3)
    cells = np.zeros((6, 3))
    cells[:, 2] = [0, 1, 2, 12, 10, 11]  # the second batch lies above the first
    np.testing.assert_allclose(facing(cells, batch), [0, 0.5, 1, 0, 1, 0.5])


def test_noise_is_the_spread_of_vectors_within_types():
    vectors = np.array([[1.0, 0], [-1, 0], [5, 5], [5, 5]])
    assert noise(vectors, np.array([0, 0, 1, 1])) == pytest.approx(0.5)  # types have 1 and 0


def test_clusters_take_the_numbers_of_the_types_they_hold():
    cell_type = np.array([0, 0, 1, 1, 2, 2])
    found = np.array([2, 2, 0, 0, 1, 1])
    assert named_alike(found, cell_type).tolist() == [0, 0, 1, 1, 2, 2]
    assert {*named_alike(np.array([0, 0, 0, 0, 1, 2]), cell_type).tolist()} == {0, 1, 2}


def test_t_values_are_those_of_welch():
    rng = np.random.default_rng(0)
    a, b = rng.normal(size=(30, 4)), 2 * rng.normal(size=(50, 4)) + 1
    np.testing.assert_allclose(t_values(a, b), ttest_ind(b, a, equal_var=False).statistic)


def test_the_cap_is_one_for_equal_batches_and_about_a_fifth_for_90_to_10():
    np.testing.assert_allclose(cap(np.array([0.5, 0.1])), [1, 1 / 0.82 - 1])
