"""Harmony 2 against R harmony 2.0.4 and harmonypy 2.1, which compute in single precision."""

import anndata as ad
import numpy as np
import pytest

from scint_core.contract import SoftClusters
from scint_core.methods.harmony2 import Harmony2Params, run
from scint_core.numerics.anchored_clusters import assignment_by_distance, correct_and_recentre, mix_in_orders
from scint_core.numerics.harmony_setup import converged
from scint_core.numerics.neighbors import nearest_neighbors
from scint_core.numerics.normalize import unit_rows
from scint_core.numerics.soft_clusters import objective_by_iteration
from tests.golden import make
from tests.golden_files import needs_r_golden, r_file, small_golden
from tests.problems import problem_from
from tests.shared import SHARED, needs_shared
from tests.stepper import PlainStep

BOUND = 1e-3 / 5  # of the largest value: five times below what is asked for


@pytest.fixture(scope="module", params=["small", pytest.param("full", marks=needs_r_golden)])
def golden(request):
    if request.param == "small":
        return {**small_golden("harmony2"), "every": make.EVERY}
    return {**dict(make.harmony2(every=1, real=np.float64)), "every": 1}


def problem(golden):
    return problem_from(None, golden["batch"].astype(str), pca=golden["pcs"].astype(float))


def replay(golden, variant):
    """The run of `harmony2.run`, step by step, with the centres and orders of the reference."""
    stored = {name: golden[f"{variant}/{name}"] for name in ("theta_vec", "sigma", "lambda", "block_size")}
    data = problem(golden)
    mixing = {
        "shares": tuple((data.batch_sizes / data.n_cells).tolist()),
        "theta": tuple(stored["theta_vec"].tolist()),
        "sigma": float(stored["sigma"][0]),
    }
    rounds = {"block_size": float(stored["block_size"][0]), "epsilon": 1e-3, "at_most": 4}
    lamb = None if stored["lambda"][0] < 0 else float(stored["lambda"][0])
    orders = list(golden[f"{variant}/orders"].astype(int).reshape(-1, 4, data.n_cells))
    centres, cells = golden[f"{variant}/start"].astype(float), unit_rows(data.pca)
    iterations = []
    while True:
        clusters, start = assignment_by_distance(cells, centres, data.batch, **mixing)
        iterations = iterations or [(clusters, None, start)]
        clusters, phase = mix_in_orders(cells, clusters, data.batch, **mixing, **rounds, orders=orders.pop(0))
        corrected, centres = correct_and_recentre(data.pca, clusters, data.bounds, lamb)
        cells = unit_rows(corrected.coordinates)
        iterations.append((clusters, corrected.coordinates, phase))
        if converged(iterations[-2][2].values[-1], phase.values[-1], 1e-2):
            break
    assert not orders, "the reference went on for more iterations"
    return iterations


def assert_close(found, expected, bound=BOUND):
    np.testing.assert_allclose(found, expected, rtol=0, atol=bound * np.abs(expected).max())


@pytest.mark.parametrize("variant", make.HARMONY_2)
def test_replayed_the_result_and_the_objective_are_those_of_the_reference(golden, variant):
    iterations = replay(golden, variant)
    clusters, corrected, _ = iterations[-1]
    assert_close(corrected[:: golden["every"]], golden[f"{variant}/corrected"])
    assert_close(clusters.membership[:: golden["every"]], golden[f"{variant}/membership"])
    phases = [phase for _, _, phase in iterations]
    every = np.concatenate([phase.values for phase in phases])
    np.testing.assert_allclose(every, golden[f"{variant}/objective_kmeans"], rtol=1e-4)
    np.testing.assert_allclose(
        objective_by_iteration(*phases).values, golden[f"{variant}/objective_harmony"], rtol=1e-4
    )


@needs_r_golden
@pytest.mark.parametrize("variant", make.HARMONY_2)
def test_replayed_every_iteration_is_that_of_the_reference(variant):
    iterations = replay(dict(make.harmony2(every=1, real=np.float64)), variant)
    with r_file("harmony_204") as file:
        stored = file[variant]
        for number, (clusters, corrected, _) in enumerate(iterations[1:], start=1):
            if f"iter{number}" not in stored:
                continue
            of_iteration = stored[f"iter{number}"]
            assert_close(clusters.membership, of_iteration["R_N_x_K"][:])
            assert_close(clusters.observed, of_iteration["O_K_x_B"][:])
            assert_close(clusters.expected, of_iteration["E_K_x_B"][:])
            assert_close(clusters.centres, of_iteration["Y_K_x_d"][:])
            assert_close(corrected, of_iteration["Zcorr_N_x_d"][:])


@needs_shared
@pytest.mark.parametrize(("name", "lamb"), [("default", None), ("fixedlambda", 1.0), ("tight", None)])
def test_the_correction_is_that_of_harmonypy(name, lamb):
    """From its stored shares, independent of its random numbers."""
    place = SHARED / "golden" / "python"
    batch = ad.read_h5ad(place / "sim3x300x200.h5ad").obs["batch"].astype(str)
    with np.load(place / f"harmonypy_sim_{name}.npz", allow_pickle=False) as file:
        z, r, expected = (np.asarray(file[key], dtype=float) for key in ("Z", "R", "Z_corr"))
    data = problem_from(None, batch, pca=z)
    membership = r[data.order]
    observed = np.stack([membership[data.batch == b].sum(axis=0) for b in range(data.n_batches)], axis=1)
    expected_counts = np.outer(membership.sum(axis=0), data.batch_sizes / data.n_cells)
    clusters = SoftClusters(membership, np.zeros((r.shape[1], z.shape[1])), observed, expected_counts)
    corrected, _ = correct_and_recentre(data.pca, clusters, data.bounds, lamb)
    assert_close(data.to_input_order(corrected.coordinates), expected, bound=1e-4)


def shared_neighbors(a, b, k=30):
    near = [nearest_neighbors(x, x, k + 1).indices[:, 1:] for x in (a, b)]
    return np.mean([len(np.intersect1d(x, y)) / k for x, y in zip(*near, strict=True)])


@needs_r_golden
@pytest.mark.parametrize(("variant", "params"), [("default", {}), ("lambda1", {"lamb": 1.0})])
def test_from_a_start_of_our_own_we_are_as_near_the_reference_as_one_start_is_to_another(variant, params):
    """30 clusters on three simulated types: the partition is arbitrary, and neighbours follow it."""
    golden = dict(make.harmony2(every=1, real=np.float64))
    data, expected = problem(golden), golden[f"{variant}/corrected"]
    runs = [data.to_input_order(run(data, Harmony2Params(**params), PlainStep(s)).embedding) for s in range(4)]
    among_us = np.mean([shared_neighbors(runs[i], runs[j]) for i in range(4) for j in range(i)])
    to_reference = np.mean([shared_neighbors(found, expected) for found in runs])
    assert to_reference > among_us - 0.02
    assert to_reference > 0.8


@needs_r_golden
def test_from_a_start_of_our_own_few_clusters_are_those_of_the_reference():
    """Where the partition is not arbitrary, 94 % of neighbours and more agree."""
    golden = dict(make.harmony2(every=1, real=np.float64))
    data = problem(golden)
    params = Harmony2Params(n_clusters=5, tau=5, block_size=0.2)
    for seed in range(3):
        found = data.to_input_order(run(data, params, PlainStep(seed)).embedding)
        assert shared_neighbors(found, golden["nclust5_tau5_block0.2/corrected"]) > 0.94
