"""k-means: known clusters, the definition of its end, and its determinism."""

import numpy as np
import pytest

from scint_core.numerics import kmeans
from scint_core.numerics.kmeans import kmeans_centres, spread, spread_out_centres
from scint_core.numerics.normalize import unit_rows


def groups(n_groups, per_group, d=6, noise=0.03, seed=0):
    rng = np.random.default_rng(seed)
    centres = unit_rows(rng.normal(size=(n_groups, d)))
    return centres, unit_rows(
        np.repeat(centres, per_group, axis=0) + noise * rng.normal(size=(n_groups * per_group, d))
    )


def nearest(cells, centres):
    return np.array([((cell - centres) ** 2).sum(axis=1).argmin() for cell in cells])


@pytest.mark.parametrize("sample", [kmeans.SAMPLE, 60])
def test_well_separated_groups_are_found(monkeypatch, sample):
    monkeypatch.setattr(kmeans, "SAMPLE", sample)
    truth, cells = groups(5, 40)
    found = kmeans_centres(cells, 5, seed=1)
    np.testing.assert_allclose(np.linalg.norm(found, axis=1), 1)
    assert ((truth[:, None] - found) ** 2).sum(axis=2).min(axis=1).max() < 0.01


def test_no_single_cell_could_change_its_cluster_with_profit():
    """The end of Hartigan and Wong's algorithm, tested by trying every move."""
    cells = unit_rows(np.random.default_rng(0).normal(size=(60, 3)))
    labels = kmeans._move_single_cells(cells, nearest(cells, cells[:5]), 5, 100)
    least = spread(cells, labels, 5)
    for cell in range(60):
        if np.sum(labels == labels[cell]) > 1:
            for other in range(5):
                moved = labels.copy()
                moved[cell] = other
                assert spread(cells, moved, 5) >= least - 1e-9


def test_spread_is_the_squared_distance_to_the_means():
    cells, labels = np.random.default_rng(0).normal(size=(20, 3)), np.arange(20) % 4
    expected = sum(((cells[labels == k] - cells[labels == k].mean(axis=0)) ** 2).sum() for k in range(4))
    assert spread(cells, labels, 4) == pytest.approx(expected)


def test_more_starts_are_never_worse_than_the_first():
    cells = unit_rows(np.random.default_rng(0).normal(size=(300, 5)))

    def least(n_starts):
        return spread(cells, nearest(cells, kmeans_centres(cells, 12, seed=4, n_starts=n_starts)), 12)

    assert least(10) <= least(1) + 1e-9


def test_a_seed_decides_everything():
    _, cells = groups(8, 20, noise=0.4)
    np.testing.assert_array_equal(kmeans_centres(cells, 8, seed=3), kmeans_centres(cells, 8, seed=3))
    assert not np.array_equal(kmeans_centres(cells, 8, seed=3), kmeans_centres(cells, 8, seed=4))


@pytest.mark.parametrize("n_clusters", [1, 7, 30])
def test_duplicates_and_as_many_clusters_as_cells(n_clusters):
    """Ten copies of three cells: most clusters have nothing to hold but duplicates."""
    cells = np.repeat(np.eye(3), 10, axis=0)
    found = kmeans_centres(cells, n_clusters, seed=0)
    assert found.shape == (n_clusters, 3)
    assert np.isfinite(found).all()
    if n_clusters > 1:
        assert max(((cell - found) ** 2).sum(axis=1).min() for cell in cells) < 1e-20


@pytest.mark.parametrize("sample", [kmeans.SMALL_SAMPLE, 60])
def test_quick_starts_find_well_separated_groups_too(monkeypatch, sample):
    monkeypatch.setattr(kmeans, "SMALL_SAMPLE", sample)
    truth, cells = groups(5, 40)
    found = spread_out_centres(cells, 5, seed=0)
    assert sorted(nearest(found, truth)) == list(range(5))
    np.testing.assert_allclose(np.linalg.norm(found, axis=1), 1)
    np.testing.assert_array_equal(found, spread_out_centres(cells, 5, seed=0))


def test_quick_starts_bear_fewer_distinct_cells_than_clusters():
    cells = np.repeat(np.eye(3), 4, axis=0)
    found = spread_out_centres(cells, 7, seed=0)
    assert found.shape == (7, 3)
    assert np.isfinite(found).all()
    assert set(nearest(np.eye(3), found[np.linalg.norm(found, axis=1) > 0])) <= set(range(7))
