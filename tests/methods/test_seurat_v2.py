"""Seurat v2 as a whole: the properties of its specification. Its steps have oracles in tests/numerics."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scint_core.contract import explanation_of
from scint_core.errors import DataError, ParameterError
from scint_core.methods.seurat_v2 import METHOD, SeuratV2Params, foresee, run
from scint_core.numerics.metagenes import matched_values
from scint_core.numerics.neighbors import nearest_neighbors
from scint_core.numerics.shared_space import canonical_vectors
from scint_core.numerics.warping import warp
from tests.problems import problem_from
from tests.stepper import PlainStep

SMALL = {"n_ccs": 4, "num_genes": 10}


def data(seed=0, sizes=(60, 50), genes=60, types=3, shift=0.8):
    """Log values of types of cells with a shift per batch, the batch and the type of every cell."""
    rng = np.random.default_rng(seed)
    profiles, batch = rng.gamma(2, 1, size=(types, genes)), np.repeat(np.arange(len(sizes)), sizes)
    kind = rng.integers(types, size=len(batch))
    x = profiles[kind] + shift * rng.normal(size=(len(sizes), genes))[batch]
    return x + rng.normal(size=x.shape) * 0.4, batch, kind


def integrate(x, batch, *, cells=None, **params):
    step = PlainStep()
    problem = problem_from(x, batch, variable=np.arange(x.shape[1]), cells=cells)
    outcome = run(problem, SeuratV2Params(**{**SMALL, **params}), step)
    assert step.expected == [(0, len(step.records))]
    return problem, problem.to_input_order(outcome.embedding), step


def alignment_score(embedding, batch, share=0.01):
    """1 where neighbours are of all batches alike, 0 where of the own only; batches are cut to the smallest."""
    sizes = np.bincount(batch)
    rng = np.random.default_rng(0)
    rows = np.concatenate(
        [rng.choice(np.flatnonzero(batch == b), sizes.min(), replace=False) for b in range(len(sizes))]
    )
    k = int(np.ceil(share * sizes.min() * len(sizes)))
    cells, of = embedding[rows], batch[rows]
    near = nearest_neighbors(cells, cells, k).indices  # the cell itself counts
    own = (of[near] == of[:, None]).sum(axis=1).mean()
    return 1 - (own - k / len(sizes)) / (k - k / len(sizes))


@pytest.mark.parametrize("sizes", [(300, 260), (200, 220, 180)])
def test_the_alignment_score_rises_and_types_stay_apart(sizes):
    x, batch, kind = data(sizes=sizes)
    _, embedding, _ = integrate(x, batch)
    centred = x - x.mean(axis=0)
    before = np.linalg.svd(centred, full_matrices=False)[0][:, :4]
    assert alignment_score(before, batch) < 0.3
    assert alignment_score(embedding, batch) > 0.6
    near = nearest_neighbors(embedding[:, :2], embedding[:, :2], 10).indices[:, 1:]
    assert (kind[near] == kind[:, None]).mean() > 0.9


@pytest.mark.parametrize("sizes", [(60, 50), (50, 60)])
def test_the_largest_batch_keeps_its_values_up_to_the_final_scaling(sizes):
    x, batch, _ = data(sizes=sizes)
    _, embedding, step = integrate(x, batch)
    (space,) = step.results(canonical_vectors)
    assert len(space.left) == 60
    reference = embedding[batch == np.argmax(sizes)]
    for k in range(4):
        slope, offset = np.polyfit(space.left[:, k], reference[:, k], 1)
        np.testing.assert_allclose(space.left[:, k] * slope + offset, reference[:, k], atol=1e-10)


def test_the_warping_path_and_the_mapping_never_turn_back():
    x, batch, _ = data()
    _, _, step = integrate(x, batch)
    (space,) = step.results(canonical_vectors)
    assert len(step.results(warp)) == len(step.results(matched_values)) == 4
    for path, values, old in zip(step.results(warp), step.results(matched_values), space.right.T, strict=True):
        assert (np.diff(path.left) >= 0).all()
        assert (np.diff(path.right) >= 0).all()
        assert (np.diff(values[np.argsort(old, kind="stable")]) >= 0).all()


def test_identical_batches_are_mapped_onto_themselves():
    x, _, _ = data(sizes=(60,))
    _, embedding, step = integrate(np.vstack([x, x]), np.repeat([0, 1], 60))
    np.testing.assert_allclose(embedding[:60], embedding[60:], atol=1e-9)
    assert max(path.cost for path in step.results(warp)) < 1e-9


def test_every_dimension_has_mean_0_and_deviation_1():
    x, batch, _ = data(sizes=(60, 50, 40))
    _, embedding, _ = integrate(x, batch)
    np.testing.assert_allclose(embedding.mean(axis=0), 0, atol=1e-12)
    np.testing.assert_allclose(embedding.std(axis=0, ddof=1), 1, atol=1e-12)


@given(st.integers(0, 10**6))
@settings(deadline=None, max_examples=6)
def test_permuting_cells_permutes_the_result(seed):
    x, batch, _ = data()
    order = np.random.default_rng(seed).permutation(len(x))
    order = np.concatenate([[0, 60], order[~np.isin(order, (0, 60))]])  # batches appear in the same order
    names = np.array([f"c{i:03d}" for i in range(len(x))])
    _, straight, _ = integrate(x, batch, cells=names)
    _, permuted, _ = integrate(x[order], batch[order], cells=names[order])
    np.testing.assert_allclose(straight[order], permuted, atol=1e-9)


def test_every_smaller_batch_is_aligned_with_the_largest():
    x, batch, _ = data(sizes=(40, 60, 50))
    _, _, step = integrate(x, batch)
    spaces = step.results(canonical_vectors)
    assert [(len(s.left), len(s.right)) for s in spaces] == [(60, 50), (60, 40)]
    stages = [stage[:3] for stage in step.stages]
    assert stages[:2] == [("pair", 1, 2), ("pair", 2, 2)]
    assert stages[2] == ("batch '2', dimension", 1, 4)
    assert stages[-1] == ("batch '0', dimension", 4, 4)


def test_what_the_data_bound_is_lowered_and_said_beforehand():
    x, batch, _ = data(sizes=(40, 7), genes=25)
    problem, embedding, _ = integrate(x, batch, n_ccs=20, num_genes=30)
    assert embedding.shape == (47, 6)
    assert foresee(problem, SeuratV2Params()) == (
        "n_ccs lowered from 20 to 6: batch '1' has 7 cells",
        "num_possible_genes lowered from 2000 to 25: cells are compared by 25 genes",
        "num_genes lowered from 30 to 25: cells are compared by 25 genes",
    )
    assert foresee(problem, SeuratV2Params(n_ccs=6, num_possible_genes=25, num_genes=25)) == ()


def test_batches_without_a_common_gene_are_refused():
    x, batch, _ = data()
    x[batch == 0, :30], x[batch == 1, 30:] = 1.0, 1.0
    with pytest.raises(DataError, match=r"batch '0'.*no dimension in common"):
        integrate(x, batch)


def test_a_dimension_that_no_gene_follows_in_both_is_named_with_the_way_out(monkeypatch):
    x, batch, _ = data()

    def turned(left, right, n):
        space = canonical_vectors(left, right, n)
        space.right[:, 2] = 0  # no cell of the batch differs from another
        return space

    monkeypatch.setitem(run.__globals__, "canonical_vectors", turned)
    with pytest.raises(DataError, match=r"batch '1' cannot be aligned.*dimension 3.*lower 'n_ccs' to 2"):
        integrate(x, batch)


@pytest.mark.parametrize("name", ["n_ccs", "num_possible_genes", "num_genes"])
def test_impossible_parameters_are_refused_by_name(name):
    with pytest.raises(ParameterError, match=f"'{name}' is 0"):
        SeuratV2Params(**{name: 0})


def test_every_step_explains_itself_and_every_parameter_acts_somewhere():
    x, batch, _ = data()
    _, _, step = integrate(x, batch)
    named = set()
    for record in step.records:
        assert explanation_of(record.function), record.title
        named |= set(explanation_of(record.function).parameters)
    assert {spec.name for spec in METHOD.Params.specs()} <= named
