"""How far a run moved its cells: before and after on the same axes, whatever the method returns."""

import dataclasses

import numpy as np
import pytest

import scint_core as scint
from scint_core.contract import MultiBatchPca
from scint_core.data.problem import problem_from
from scint_core.numerics.normalize import dense
from scint_core.runs.movement import LOG, UNIT, Movement, agreement, movement_of, relative_lengths
from scint_core.runs.trace import Axes
from tests.datasets import prepared


def moved_by(method, **params):
    adata = prepared()
    problem = problem_from(adata, "batch", "celltype")
    run = scint.integrate(adata, method, batch_key="batch", label_key="celltype", **params)
    return adata, problem, run, movement_of(problem, run)


def log_values(adata):
    return dense(adata.X[:, adata.var["highly_variable"].to_numpy()])


def test_the_reference_batch_of_mnn_stays_and_the_other_moves():
    adata, _, _, movement = moved_by("mnn")
    batch = adata.obs["batch"].cat.codes.to_numpy()
    assert movement.scale == UNIT
    assert (movement.lengths[batch == 0] == 0).all()
    assert (movement.lengths[batch == 1] > 0).all()


@pytest.mark.parametrize(("method", "params", "scale"), [
    ("mnn", {}, UNIT), ("mnn", {"cos_norm_out": False}, LOG), ("mnn", {"correct_all": True}, UNIT),
    ("scanorama", {}, UNIT), ("scanorama", {"features": "all"}, UNIT), ("seurat_v3", {}, LOG), ("limma", {}, LOG),
])  # fmt: skip
def test_before_is_on_the_scale_of_what_the_method_corrects(method, params, scale):
    assert moved_by(method, **params)[3].scale == scale


def test_both_are_the_cells_on_the_fixed_axes_in_the_order_of_the_caller():
    adata, problem, run, movement = moved_by("mnn", cos_norm_out=False)
    rotation = Axes(problem).rotation
    start, end = log_values(adata) @ rotation, run.expression @ rotation
    np.testing.assert_allclose(movement.before, start - start.mean(axis=0), atol=1e-5)
    np.testing.assert_allclose(movement.after, end - start.mean(axis=0), atol=1e-5)


def test_an_embedding_is_compared_with_the_components_it_started_from():
    adata, problem, run, movement = moved_by("fastmnn")
    scores = next(s.result for s in run.steps if s.kind == MultiBatchPca.__name__).scores
    rows = {name: i for i, name in enumerate(adata.obs_names[problem.order])}
    stacked = np.concatenate(scores)
    np.testing.assert_allclose(movement.before, stacked[[rows[name] for name in adata.obs_names]])
    np.testing.assert_array_equal(movement.after, run.embedding)
    assert 0 < np.median(movement.lengths) < 2  # both lie within the unit sphere


def test_an_embedding_without_a_known_start_has_no_movement():
    _, problem, run, _ = moved_by("fastmnn")
    assert movement_of(problem, dataclasses.replace(run, steps=())) is None
    assert moved_by("harmony")[3] is None


def test_lengths_are_told_beside_the_median_of_the_batch():
    before = np.zeros((5, 2))
    after = np.array([[0.0, 0], [0, 0], [1, 0], [2, 0], [4, 0]])
    spread = np.array([[1.0, 0], [-1, 0], [1, 0], [-1, 0], [0, 1]])
    movement = Movement(before + spread, after + spread, "", "")
    batch = np.array([0, 0, 1, 1, 1])
    np.testing.assert_allclose(movement.lengths, [0, 0, 1, 2, 4])
    np.testing.assert_allclose(relative_lengths(movement.lengths, batch), [np.nan, np.nan, 0.5, 1, 2])


def test_agreement_is_the_cosine_with_the_mean_of_the_batch():
    before = np.random.default_rng(0).normal(size=(4, 2))
    step = np.array([[1.0, 0], [1, 0], [1, 1], [0, 0]])
    found = agreement(Movement(before, before + step, "", ""), np.array([0, 0, 0, 1]))
    mean = step[:3].mean(axis=0)
    expected = [s @ mean / np.linalg.norm(s) / np.linalg.norm(mean) for s in step[:3]]
    np.testing.assert_allclose(found[:3], expected)
    assert np.isnan(found[3])
