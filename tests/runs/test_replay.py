"""A finished run becomes scenes: the right rows, the right places, and what a cell's correction is made of."""

from functools import cache

import numpy as np
import pytest

import scint_core as scint
from scint_core.contract import (
    BatchVector,
    MutualPairs,
    PairVectors,
    Shift,
    Stretch,
    Translation,
)
from scint_core.data.problem import problem_from
from scint_core.runs.replay import experts_of, followed_by, replay
from scint_core.runs.replay.places import COMPONENTS, DATA
from scint_core.runs.trace import Axes
from tests.datasets import prepared

METHODS = list(scint.methods())
QUICK = {
    "scanvi": {"epochs_scvi": 2, "epochs_scanvi": 1},
    "seurat_v2": {"n_ccs": 2},
    "seurat_v3": {"k_filter": 20},
    "scanorama": {"n_dims": 20},
}


@cache
def run(method, n_genes=70, equal=True, **given):
    """A small run on three batches, of equal sizes or not, and its replay. Up to 50 genes are traced whole."""
    adata = prepared(3, 40, 120, 0, n_genes)
    if not equal:
        batch = adata.obs["batch"].cat.codes.to_numpy()
        adata = adata[~((batch == 0) & (np.arange(120) < 7)) & ~((batch == 1) & (np.arange(120) > 76))].copy()
    label = "celltype" if method == "scanvi" else None
    found = scint.integrate(adata, method, label_key=label, **{**QUICK.get(method, {}), **given})
    return found, replay(found.steps, problem_from(adata, "batch", label))


def of_kind(shown, kind):
    return [scene for scene in shown.scenes if scene.record.kind == kind.__name__]


def called(shown, function):
    return [scene for scene in shown.scenes if scene.record.function.endswith(f".{function}")]


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("equal", [True, False], ids=["batches of one size", "batches of several sizes"])
def test_cells_end_where_the_method_puts_them(method, equal):
    found, shown = run(method, equal=equal)
    problem = shown.problem
    results = []
    if found.embedding is not None:
        results.append(found.embedding[problem.order, :3])
    if found.expression is not None:
        results.append(found.expression[problem.order] @ Axes(problem).rotation[:, :3])
    places = [scene.after for scene in shown.scenes if scene.after is not None]
    for result in results:
        size = np.abs(result).max()
        assert any(
            place.shape == result.shape and np.allclose(place, result, atol=1e-4 * size) for place in reversed(places)
        )


@pytest.mark.parametrize("method", METHODS)
def test_every_scene_follows_on_the_one_before(method):
    _, shown = run(method)
    last = {}
    for scene in shown.scenes:
        if scene.before is None:
            continue
        assert scene.before.shape == scene.after.shape == (shown.problem.n_cells, scene.after.shape[1])
        assert scene.after.dtype == np.float32
        if scene.space in last:
            assert scene.before is last[scene.space]
        last[scene.space] = scene.after


@pytest.mark.parametrize("method", ["mnn", "fastmnn", "seurat_v3"])
@pytest.mark.parametrize("equal", [True, False])
def test_only_the_target_moves_when_a_merge_corrects(method, equal):
    _, shown = run(method, equal=equal)
    moving = [*called(shown, "add_shift"), *called(shown, "subtract_anchor_vectors")]
    assert len(moving) == 2
    for scene in moving:
        assert set(scene.moved) <= set(scene.right)
        assert len(scene.moved) > 0.9 * len(scene.right)


@pytest.mark.parametrize("equal", [True, False])
def test_each_side_is_centred_for_itself(equal):
    _, shown = run("fastmnn", equal=equal)
    for scene in called(shown, "centre_along"):
        side = scene.left if "reference" in scene.record.title else scene.right
        np.testing.assert_array_equal(scene.rows[""], side)
        assert set(scene.moved) <= set(side)


def test_left_and_right_cells_of_a_shared_space_are_told_apart():
    _, shown = run("seurat_v3")
    for scene in called(shown, "unit_rows"):
        np.testing.assert_array_equal(scene.rows[""], scene.left if "left" in scene.record.title else scene.right)


def test_vectors_start_at_their_cells_and_end_where_these_arrive():
    _, shown = run("mnn", n_genes=50)
    shifts, stretches, moves = of_kind(shown, Shift), of_kind(shown, Stretch), called(shown, "add_shift")
    for shift, stretch, move in zip(shifts, stretches, moves, strict=True):
        np.testing.assert_array_equal(shift.starts, move.rows[""])
        way = move.after[shift.starts] - move.before[shift.starts]
        np.testing.assert_allclose(way, stretch.result.scale[:, None] * shift.vectors, atol=1e-5)


@pytest.mark.parametrize("method", ["mnn", "fastmnn"])
@pytest.mark.parametrize("auto_merge", [True, False])
def test_pairs_join_the_cells_that_the_method_paired(method, auto_merge):
    found, shown = run(method, equal=False, auto_merge=auto_merge)
    drawn = {
        (int(left), int(right))
        for scene in of_kind(shown, MutualPairs)
        if auto_merge is False or scene.record.sides in zip(found.merges.left, found.merges.right, strict=True)
        for left, right in zip(*scene.ends, strict=True)
    }
    place = np.argsort(shown.problem.order)
    assert drawn == set(zip(place[found.pairs.left].tolist(), place[found.pairs.right].tolist(), strict=True))


def test_a_correction_of_one_side_starts_from_the_data():
    _, shown = run("seurat_v3")
    first = called(shown, "subtract_anchor_vectors")[0]
    assert first.space == DATA
    expected = np.asarray(shown.problem.expression @ Axes(shown.problem).rotation[:, :3])
    np.testing.assert_allclose(first.before, expected, atol=1e-4)


def test_harmony_corrects_the_components_it_started_from():
    _, shown = run("harmony")
    scene = called(shown, "correct_clusters")[0]
    assert scene.space == COMPONENTS
    np.testing.assert_allclose(scene.before, shown.problem.pca[:, :3], rtol=1e-5)


def test_neighbours_point_to_the_cells_that_were_searched():
    _, shown = run("fastmnn")
    for scene in called(shown, "nearest_paired"):
        vectors = next(g for g in shown.given(scene) if isinstance(g.value, PairVectors))
        np.testing.assert_array_equal(scene.points_to, vectors.rows)
        paired = np.isin(scene.rows["indices"], vectors.rows)
        own = scene.points_to[scene.result.indices[paired, 0]]
        np.testing.assert_array_equal(own, scene.rows["indices"][paired])  # a paired cell finds itself first


@pytest.mark.parametrize("method", ["mnn", "fastmnn"])
def test_what_a_cell_follows_makes_up_its_vector(method):
    _, shown = run(method, n_genes=50)
    for scene in of_kind(shown, Shift):
        vectors = next(g for g in shown.given(scene) if isinstance(g.value, PairVectors))
        for row in scene.starts[[0, 17]]:
            followed = followed_by(shown, scene, int(row))
            assert followed.weights.sum() == pytest.approx(1)
            place = {cell: i for i, cell in enumerate(vectors.rows)}
            mean = followed.weights @ vectors.value.vectors[[place[cell] for cell in followed.rows]]
            own = scene.result.vectors[list(scene.starts).index(row)]
            np.testing.assert_allclose(mean, own, atol=1e-4 * np.abs(scene.result.vectors).max())


def test_what_a_cell_follows_makes_up_its_translation():
    _, shown = run("scanorama")
    scene = of_kind(shown, Translation)[0]
    parts = [g.value for g in shown.given(scene) if isinstance(g.value, np.ndarray)]
    n_moving = len(scene.record.sides[1])
    moving, fixed = np.concatenate(parts[:n_moving]), np.concatenate(parts[n_moving:])
    matches = shown.given_of(scene, MutualPairs)
    row = int(scene.starts[3])
    followed = followed_by(shown, scene, row)
    total = 0
    for cell, weight in zip(followed.rows, followed.weights, strict=True):
        at = int(np.flatnonzero(scene.starts == cell)[0])
        total += weight * (fixed[matches.left[matches.right == at]].mean(axis=0) - moving[at])
    np.testing.assert_allclose(total, scene.result.vectors[3], atol=1e-4 * np.abs(scene.result.vectors).max())


def test_anchors_that_a_cell_follows_have_its_weights():
    _, shown = run("seurat_v3")
    moved = called(shown, "subtract_anchor_vectors")[0]
    weights = called(shown, "anchor_weights")[0]
    row = int(weights.right[5])
    followed = followed_by(shown, moved, row)
    assert followed.weights.sum() == pytest.approx(1, abs=1e-5)
    assert set(followed.rows) <= set(weights.right)
    assert set(followed.other) <= set(weights.left)
    assert followed_by(shown, moved, int(weights.left[0])) is None


@pytest.mark.parametrize(
    ("method", "function"), [("harmony", "correct_clusters"), ("harmony2", "correct_and_recentre")]
)
def test_a_correction_is_a_mixture_of_experts(method, function):
    _, shown = run(method)
    for scene in called(shown, function):
        for row in (0, 60, 119):
            experts = experts_of(shown, scene, row)
            assert experts.share.sum() == pytest.approx(1, abs=1e-4)
            way = scene.after[row] - shown.problem.pca[row, :3]
            np.testing.assert_allclose(experts.share @ experts.offsets, way, atol=1e-2 * np.abs(way).max())


def test_clusters_explain_nothing_that_they_do_not_correct():
    _, shown = run("harmony")
    assert experts_of(shown, shown.scenes[0], 0) is None


def test_a_batch_vector_is_found_again_by_the_steps_that_use_it():
    _, shown = run("fastmnn")
    for scene in called(shown, "centre_along"):
        (vector,) = (g for g in shown.given(scene) if g.path == "vector")
        assert isinstance(vector.scene.result, BatchVector)
        np.testing.assert_array_equal(vector.value, vector.scene.result.vector)


def test_the_reach_of_a_space_holds_every_place_in_it():
    _, shown = run("mnn")
    for space in {scene.space for scene in shown.scenes}:
        low, high = shown.reach(space)
        for scene in shown.scenes:
            if scene.space == space:
                known = scene.after[np.isfinite(scene.after[:, 0])]
                assert (known >= low).all()
                assert (known <= high).all()
