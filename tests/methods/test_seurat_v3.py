"""Seurat v3 as a whole: what must hold whatever the data. Its steps have tests of their own in tests/numerics."""

import dataclasses

import numpy as np
import pytest
import scipy.sparse as sp
from hypothesis import given, settings
from hypothesis import strategies as st

import scint_core as scint
from scint_core.contract import explanation_of
from scint_core.errors import DataError, ParameterError
from scint_core.methods.seurat_v3 import METHOD, SeuratV3Params, foresee, run
from scint_core.numerics.anchor_weights import subtract_anchor_vectors
from scint_core.numerics.anchors import mutual_anchors, score_anchors, supported_anchors
from scint_core.numerics.sample_tree import sample_tree
from scint_core.numerics.shared_space import canonical_vectors, joint_components
from scint_core.preprocess.hvg import rank_variable_genes, select_integration_features, vst
from tests.datasets import prepared
from tests.problems import problem_from
from tests.stepper import PlainStep

SMALL = {"n_ccs": 4, "k_filter": 10, "k_weight": 12, "k_score": 8}


def data(seed=0, sizes=(40, 30, 25), genes=60, types=3, shift=0.6):
    """Log values of types of cells with a shift per batch, and the batch of every cell."""
    rng = np.random.default_rng(seed)
    profiles, batch = rng.gamma(2, 1, size=(types, genes)), np.repeat(np.arange(len(sizes)), sizes)
    x = profiles[rng.integers(types, size=len(batch))] + shift * rng.normal(size=(len(sizes), genes))[batch]
    return x + rng.normal(size=x.shape) * 0.4, batch


def integrate(x, batch, *, variable="all", cells=None, counts=None, **params):
    step = PlainStep()
    variable = np.arange(x.shape[1]) if variable == "all" else variable
    problem = problem_from(x, batch, variable=variable, cells=cells, counts=counts)
    outcome = run(problem, SeuratV3Params(**{**SMALL, **params}), step)
    assert step.expected == [(0, len(step.records))]
    return problem, outcome, step


def in_caller_order(problem, outcome):
    return problem.to_input_order(outcome.expression)


@pytest.mark.parametrize("sizes", [(40, 30, 25), (25, 40, 30), (20, 25, 30, 35)])
def test_the_first_reference_stays_as_it_is_and_so_does_every_reference_in_its_merge(sizes):
    x, batch = data(sizes=sizes)
    problem, outcome, step = integrate(x, batch)
    first = outcome.merges.left[-1][0]
    np.testing.assert_array_equal(in_caller_order(problem, outcome)[batch == first], x[batch == first])
    sizes_of = problem.batch_sizes
    for left, right in zip(outcome.merges.left, outcome.merges.right, strict=True):
        assert sizes_of[list(left)].sum() >= sizes_of[list(right)].sum()
    assert len(step.results(subtract_anchor_vectors)) == len(sizes) - 1


def test_a_constant_difference_between_the_batches_is_removed():
    """The same cells twice, the second time with a constant added to every gene: each is the other's anchor."""
    x, _ = data(sizes=(40,))
    rng = np.random.default_rng(1)
    shifted = x + rng.normal(size=x.shape[1])
    problem, outcome, _ = integrate(np.vstack([x, shifted]), np.repeat([0, 1], 40), k_anchor=1, k_filter=None)
    assert set(zip(outcome.pairs.left, outcome.pairs.right - 40, strict=True)) == {(i, i) for i in range(40)}
    np.testing.assert_allclose(in_caller_order(problem, outcome)[40:], x, atol=1e-9)


def test_identical_batches_pair_every_cell_with_its_twin_and_hardly_move():
    x, _ = data(sizes=(40,))
    problem, outcome, _ = integrate(np.vstack([x, x]), np.repeat([0, 1], 40))
    pairs = set(zip(outcome.pairs.left.tolist(), (outcome.pairs.right - 40).tolist(), strict=True))
    assert {(i, i) for i in range(40)} <= pairs
    moved = in_caller_order(problem, outcome)[40:] - x
    assert np.sqrt((moved**2).mean()) < 0.25 * x.std(axis=0).mean()


@given(st.integers(0, 10**6))
@settings(deadline=None, max_examples=8)
def test_permuting_cells_and_genes_permutes_the_result(seed):
    x, batch = data()
    rng = np.random.default_rng(seed)
    cells, genes = rng.permutation(len(x)), rng.permutation(x.shape[1])
    cells = np.concatenate([[0, 40, 70], cells[~np.isin(cells, (0, 40, 70))]])  # batches in order
    names = np.array([f"c{i:03d}" for i in range(len(x))])
    problem, outcome, _ = integrate(x, batch, cells=names)
    other, permuted, _ = integrate(x[cells][:, genes], batch[cells], cells=names[cells])
    a, b = in_caller_order(problem, outcome)[cells][:, genes], in_caller_order(other, permuted)
    np.testing.assert_allclose(a, b, atol=1e-9)


def test_sparse_and_dense_agree_to_rounding():
    x, batch = data()
    x = np.maximum(x, 0)
    _, dense, _ = integrate(x, batch)
    _, sparse, _ = integrate(sp.csr_matrix(x), batch)
    np.testing.assert_allclose(dense.expression, sparse.expression, atol=1e-12)
    np.testing.assert_array_equal(dense.pairs.left, sparse.pairs.left)


def test_batches_come_closer():
    x, batch = data(shift=1.0)
    problem, outcome, _ = integrate(x, batch)
    corrected = in_caller_order(problem, outcome)

    def apart(values):
        centres = np.array([values[batch == b].mean(axis=0) for b in range(3)])
        return np.linalg.norm(centres[1:] - centres[0], axis=1).max()

    assert apart(corrected) < 0.25 * apart(x)


def test_pairs_are_all_candidates_with_what_became_of_them():
    x, batch = data()
    problem, outcome, step = integrate(x, batch, k_filter=3)
    found, scored = step.results(mutual_anchors), step.results(score_anchors)
    assert len(outcome.pairs) == sum(len(pairs.left) for pairs in found)
    np.testing.assert_array_equal(outcome.pairs.kept, np.concatenate(step.results(supported_anchors)))
    assert 0 < outcome.pairs.kept.sum() < len(outcome.pairs)
    assert (outcome.pairs.score[~outcome.pairs.kept] == 0).all()
    np.testing.assert_array_equal(outcome.pairs.score, np.concatenate([a.score for a in scored]))
    assert (problem.batch[outcome.pairs.left] != problem.batch[outcome.pairs.right]).all()
    for merge, (left, right) in enumerate(zip(outcome.merges.left, outcome.merges.right, strict=True)):
        joined = outcome.pairs.merge == merge
        sides = {frozenset(p) for p in zip(problem.batch[outcome.pairs.left[joined]],
                                           problem.batch[outcome.pairs.right[joined]], strict=True)}  # fmt: skip
        assert sides == {frozenset((a, b)) for a in left for b in right}


def test_without_the_filter_every_candidate_is_kept():
    x, batch = data()
    _, outcome, step = integrate(x, batch, k_filter=None)
    assert outcome.pairs.kept.all()
    assert not step.results(supported_anchors)


def test_pca_takes_the_place_of_cca_and_finds_fewer_anchors_across_a_strong_batch_effect():
    x, batch = data(sizes=(60, 60), shift=1.0)
    _, cca, step = integrate(x, batch)
    _, pca, other = integrate(x, batch, reduction="pca")
    assert step.results(canonical_vectors)
    assert not other.results(canonical_vectors)
    assert other.results(joint_components)
    assert not np.allclose(cca.expression, pca.expression)


REUSED = {
    "k_weight": (9, {canonical_vectors, mutual_anchors, supported_anchors, score_anchors, sample_tree}),
    "sd_weight": (2.0, {canonical_vectors, mutual_anchors, supported_anchors, score_anchors, sample_tree}),
    "k_score": (5, {canonical_vectors, mutual_anchors, supported_anchors}),
    "k_filter": (20, {canonical_vectors, mutual_anchors}),
    "max_features": (30, {canonical_vectors, mutual_anchors}),
    "k_anchor": (3, {canonical_vectors}),
}


@pytest.mark.parametrize("name", REUSED)
def test_what_a_parameter_does_not_touch_is_reused(name, monkeypatch):
    monkeypatch.setattr("scint_core.runs.cache.StepCache.worth", -1.0)
    value, untouched = REUSED[name]
    scint.integrate(prepared(), "seurat_v3", **SMALL)
    second = scint.integrate(prepared(), "seurat_v3", **{**SMALL, name: value})
    reused = {record.function: record.reused for record in second.steps}
    for function in untouched:
        assert reused[f"{function.__module__}.{function.__qualname__}"], function
    assert not second.steps[-1].reused


def test_genes_are_chosen_by_vst_on_counts_where_none_are_marked():
    rng = np.random.default_rng(0)
    counts = rng.poisson(rng.gamma(0.5, 3, 80) * np.exp(rng.normal(0, 0.5, (95, 80))))
    x, batch = np.log1p(counts), data()[1]
    problem, outcome, _ = integrate(x, batch, variable=None, counts=sp.csr_matrix(counts), n_features=30)
    rankings = [rank_variable_genes(vst(sp.csr_matrix(counts[batch == b])), 30) for b in range(3)]
    chosen = sorted(select_integration_features(rankings, 30, problem.all_genes))
    assert outcome.genes == tuple(problem.all_genes[i] for i in chosen)
    assert not any("counts" in note for note in outcome.notes)
    _, on_marked, _ = integrate(x, batch, variable=chosen)
    np.testing.assert_array_equal(outcome.expression, on_marked.expression)


def test_genes_are_chosen_on_log_values_with_a_note_where_there_are_no_counts():
    x, batch = data()
    _, outcome, step = integrate(x, batch, variable=None, n_features=20)
    assert len(outcome.genes) == 20
    assert len(step.results(vst)) == 3
    assert "variable genes were chosen on log values, because the data hold no counts" in outcome.notes


def test_marked_genes_are_all_used_however_many():
    x, batch = data()
    _, outcome, step = integrate(x, batch, n_features=20)
    assert len(outcome.genes) == 60
    assert not step.results(vst)
    assert not any("n_features" in note for note in outcome.notes)


def test_what_the_data_bound_is_lowered_and_said_beforehand():
    x, batch = data(sizes=(40, 7), genes=30)
    problem, outcome, _ = integrate(x, batch, variable=None, **METHOD.Params().to_dict() | {"k_anchor": 9})
    expected = (
        "n_features lowered from 2000 to 30: the data hold 30 genes",
        "n_ccs lowered from 30 to 6: batch '1' has 7 cells",
        "max_features lowered from 200 to 30: cells are compared by 30 genes",
        "the filter of anchors is skipped: batch '0' has 40 cells, k_filter is 200",
        "k_anchor lowered from 9 to 7: batch '1' has 7 cells",
        "k_score lowered from 30 to 7: batch '1' has 7 cells",
        "the filter of anchors is skipped: batch '1' has 7 cells, k_filter is 200",
    )
    assert foresee(problem, SeuratV3Params(k_anchor=9)) == expected
    assert outcome.notes[: len(expected)] == expected
    n = len(np.unique(outcome.pairs.right))
    assert outcome.notes[len(expected) :] == (
        f"k_weight lowered from 100 to {n}: batch '1' has {n} cells with an anchor",
    )


def test_enough_data_need_no_note():
    x, batch = data()
    problem, outcome, _ = integrate(x, batch, max_features=60)
    assert foresee(problem, SeuratV3Params(**SMALL, max_features=60)) == ()
    assert outcome.notes == ()


@pytest.mark.parametrize("sizes", [(30, 2), (2, 2), (3, 30, 2)])
def test_tiny_batches_give_finite_values(sizes):
    x, batch = data(sizes=sizes)
    _, outcome, _ = integrate(x, batch)
    assert np.isfinite(outcome.expression).all()


def test_cells_that_all_look_alike_give_finite_values():
    x, batch = data()
    x[batch == 1] = x[0]
    x[np.flatnonzero(batch == 1)[:5]] += np.random.default_rng(0).normal(size=x.shape[1])
    _, outcome, _ = integrate(x, batch)
    assert np.isfinite(outcome.expression).all()


def test_batches_without_a_common_gene_are_refused_by_name():
    x, batch = data(sizes=(30, 25))
    x[batch == 0, :30], x[batch == 1, 30:] = 1.0, 1.0
    with pytest.raises(DataError, match=r"batches '0', '1' have no dimension in common: choose genes"):
        integrate(x, batch)


def test_a_filter_that_drops_every_anchor_is_named_as_the_way_out():
    """One gene of large values follows the others in the first batch and opposes them in the second."""
    rng = np.random.default_rng(0)
    one = np.tile(rng.choice([-1, 1], size=12) * rng.uniform(1, 2, size=12), 2)
    other = np.tile(rng.normal(size=12), 2)
    batch = np.repeat([0, 1], 12)
    loud = 20 + 8 * np.where(batch == 0, one, -one)
    quiet = 1 + 0.1 * np.hstack([np.outer(one, np.ones(20)), np.outer(other, np.ones(19))])
    x = np.column_stack([loud, quiet + rng.normal(size=quiet.shape) * 0.01])
    with pytest.raises(DataError, match=r"batches '0', '1' have no anchor in common: raise 'k_filter'"):
        integrate(x, batch, k_filter=1, max_features=200, n_ccs=2, k_anchor=1)


@pytest.mark.parametrize(
    ("params", "named"),
    [
        ({"k_filter": 0}, "'k_filter' is 0"),
        ({"n_ccs": 0}, "'n_ccs' is 0"),
        ({"sd_weight": 0}, "'sd_weight' is 0"),
        ({"reduction": "rpca"}, "'reduction' is 'rpca'.*'cca', 'pca'"),
        ({"n_features": 1}, "'n_features' is 1"),
    ],
)
def test_impossible_parameters_are_refused_by_name(params, named):
    with pytest.raises(ParameterError, match=named):
        SeuratV3Params(**params)


@pytest.mark.parametrize("preset", ["talk", "reference"])
def test_presets_hold_the_numbers_of_the_talk_and_of_the_reference(preset):
    p = SeuratV3Params.create(preset=preset)
    assert (p.n_features, p.k_anchor, p.k_filter, p.max_features) == (2000, 5, 200, 200)
    assert (p.k_score, p.k_weight, p.sd_weight) == (30, 100, 1.0)


def test_every_step_explains_itself_and_every_parameter_acts_somewhere():
    x, batch = data()
    named = set()
    for params in ({}, {"k_filter": None}, {"reduction": "pca"}, {"variable": None, "n_features": 20}):
        _, _, step = integrate(x, batch, **params)
        for record in step.records:
            assert explanation_of(record.function), record.title
            named |= set(explanation_of(record.function).parameters)
    assert {spec.name for spec in METHOD.Params.specs()} <= named
    assert dataclasses.is_dataclass(METHOD.Params)
