"""MNN against a slow transcription of its specification, and its invariants."""

import numpy as np
import pytest
import scipy.sparse as sp
from hypothesis import given, settings
from hypothesis import strategies as st

from scint_core.contract import explanation_of
from scint_core.errors import DataError, ParameterError
from scint_core.methods.mnn import METHOD, MnnParams, foresee, run
from scint_core.numerics.normalize import cosine_normalize
from tests.methods.mnn_oracle import mnn
from tests.problems import problem_from
from tests.stepper import PlainStep

SIZES = (14, 11, 9)
COMPARED = (0, 2, 3, 5, 6, 8)


def data(seed=0, sizes=SIZES, genes=10, types=3):
    """Positive values: types of cells, a shift per batch, noise."""
    rng = np.random.default_rng(seed)
    profiles, batch = rng.gamma(2, 1, size=(types, genes)), np.repeat(np.arange(len(sizes)), sizes)
    x = profiles[rng.integers(types, size=len(batch))] + rng.gamma(1, 0.5, size=(len(sizes), genes))[batch]
    return x + rng.random((len(batch), genes)) * 0.5, batch


def integrate(x, batch, *, variable=None, cells=None, **params):
    step = PlainStep()
    problem = problem_from(x, batch, variable=variable, cells=cells)
    outcome = run(problem, MnnParams(**params), step)
    assert step.expected == [(0, len(step.records))]
    return problem, outcome, step


def in_caller_order(problem, outcome):
    return problem.to_input_order(outcome.expression)


@pytest.mark.parametrize("sparse", [False, True])
@pytest.mark.parametrize(
    "params",
    [
        {"k": 3, "sigma": 0.1},
        {"k": 3, "sigma": 1.0, "var_adj": False},
        {"k": 2, "prop_k": 0.3},
        {"k": 4, "correct_all": True},
        {"k": 4, "correct_all": True, "var_adj": False},
        {"k": 3, "cos_norm_out": False, "sigma": 0.5},
        {"k": 3, "cos_norm_in": False, "cos_norm_out": False, "sigma": 2.0},
        {"k": 3, "cos_norm_in": False, "correct_all": True, "sigma": 2.0},
    ],
    ids=str,
)
def test_equals_the_specification_written_out(params, sparse):
    x, batch = data()
    problem, outcome, _ = integrate(sp.csr_matrix(x) if sparse else x, batch, variable=COMPARED, **params)
    p = MnnParams(**params)
    expected, pairs = mnn(
        [x[batch == b] for b in range(3)],
        list(COMPARED),
        k=p.k,
        sigma=p.sigma,
        prop_k=p.prop_k,
        var_adj=p.var_adj,
        cos_in=p.cos_norm_in,
        cos_out=p.cos_norm_out,
        correct_all=p.correct_all,
    )
    np.testing.assert_allclose(in_caller_order(problem, outcome), expected, atol=1e-9)
    assert outcome.genes == (problem.all_genes if p.correct_all else problem.genes)
    for merge, expected_pairs in enumerate(pairs):
        of_merge = outcome.pairs.merge == merge
        start = int(problem.bounds[merge + 1])
        found = zip(outcome.pairs.left[of_merge].tolist(), outcome.pairs.right[of_merge].tolist(), strict=True)
        assert list(found) == [(left, start + right) for left, right in expected_pairs]


def test_correcting_all_genes_leaves_the_compared_ones_as_they_were():
    x, batch = data()
    _, some, _ = integrate(x, batch, variable=COMPARED, k=3, svd_dim=1)
    _, every, _ = integrate(x, batch, variable=COMPARED, k=3, svd_dim=1, correct_all=True)
    np.testing.assert_allclose(every.expression[:, COMPARED], some.expression, atol=1e-12)


def test_the_first_batch_is_its_normalised_input():
    x, batch = data()
    _, outcome, step = integrate(x, batch, k=3)
    np.testing.assert_array_equal(outcome.expression[:14], step.results(cosine_normalize)[0])
    np.testing.assert_allclose(outcome.expression[:14], x[:14] / np.linalg.norm(x[:14], axis=1, keepdims=True))


@given(st.integers(0, 10**6))
@settings(deadline=None, max_examples=10)
def test_permuting_cells_permutes_the_result(seed):
    """With cell names the canonical order is the same, so the result is the same to the last bit."""
    x, batch = data()
    order = np.random.default_rng(seed).permutation(len(x))
    order = np.concatenate([[0], order[order != 0]])  # the first batch stays the first to appear
    problem, outcome, _ = integrate(x, batch, cells=[f"c{i}" for i in range(len(x))], k=3, merge_order=["0", "1", "2"])
    other, permuted, _ = integrate(
        x[order], batch[order], cells=[f"c{i}" for i in order], k=3, merge_order=["0", "1", "2"]
    )
    a, b = in_caller_order(problem, outcome)[order], in_caller_order(other, permuted)
    np.testing.assert_allclose(a, b, atol=1e-12)


def test_permuting_genes_permutes_the_columns_and_rotation_rotates():
    x, batch = data()
    rng = np.random.default_rng(1)
    order, rotation = rng.permutation(10), np.linalg.qr(rng.normal(size=(10, 10)))[0]
    _, outcome, _ = integrate(x, batch, k=3)
    _, permuted, _ = integrate(x[:, order], batch, k=3)
    _, rotated, _ = integrate(x @ rotation, batch, k=3)
    np.testing.assert_allclose(permuted.expression, outcome.expression[:, order], atol=1e-9)
    np.testing.assert_allclose(rotated.expression, outcome.expression @ rotation, atol=1e-9)


def test_a_factor_per_cell_changes_nothing_on_the_cosine_scale():
    x, batch = data()
    factors = np.random.default_rng(0).uniform(0.1, 10, size=(len(x), 1))
    _, outcome, _ = integrate(x, batch, k=3)
    _, scaled, _ = integrate(x * factors, batch, k=3)
    np.testing.assert_allclose(scaled.expression, outcome.expression, atol=1e-10)


@pytest.mark.parametrize("var_adj", [True, False])
def test_a_shift_orthogonal_to_the_data_is_undone_exactly(var_adj):
    rng = np.random.default_rng(0)
    first = np.hstack([rng.normal(size=(30, 4)), np.zeros((30, 1))])
    x = np.vstack([first, first + np.array([0, 0, 0, 0, 7.0])])
    batch = np.repeat([0, 1], 30)
    _, outcome, _ = integrate(x, batch, k=1, cos_norm_in=False, cos_norm_out=False, var_adj=var_adj)
    np.testing.assert_array_equal(outcome.pairs.left + 30, outcome.pairs.right)
    np.testing.assert_allclose(outcome.expression[30:], first, atol=1e-10)


def test_identical_batches_stay_where_they_are():
    first, _ = data(sizes=(25,))
    x, batch = np.vstack([first, first]), np.repeat([0, 1], 25)
    _, outcome, _ = integrate(x, batch, k=1)
    assert np.isfinite(outcome.expression).all()
    np.testing.assert_allclose(outcome.expression[25:], outcome.expression[:25], atol=1e-10)


@pytest.mark.parametrize("order", [["2", "0", "1"], [["0", "1"], "2"], ["1", ["2", "0"]]])
def test_the_order_of_merging_changes_values_but_not_the_order_of_cells(order):
    x, batch = data()
    problem, outcome, _ = integrate(x, batch, k=3, merge_order=order)
    unchanged = outcome.merges.left[-1][0]
    rows = x[batch == unchanged]
    expected = rows / np.linalg.norm(rows, axis=1, keepdims=True)
    np.testing.assert_allclose(in_caller_order(problem, outcome)[batch == unchanged], expected)
    reference = np.array([set(outcome.merges.left[m]) for m in outcome.pairs.merge])
    assert all(b in side for b, side in zip(problem.batch[outcome.pairs.left], reference, strict=True))
    assert not any(b in side for b, side in zip(problem.batch[outcome.pairs.right], reference, strict=True))


def test_automatic_order_merges_the_batches_with_most_pairs_first():
    x, batch = data(sizes=(10, 30, 28))
    _, outcome, step = integrate(x, batch, k=4, auto_merge=True)
    assert outcome.merges.left[0] == (2,)
    assert outcome.merges.right[0] == (1,)
    compared = [("comparison", number, 4) for number in (1, 2, 3, 4)]
    assert [stage[:3] for stage in step.stages] == [*compared[:3], ("merge", 1, 2), compared[3], ("merge", 2, 2)]
    merged = [step.sides[3], step.sides[5]]
    assert merged == list(zip(outcome.merges.left, outcome.merges.right, strict=True))


def test_a_shared_type_is_paired_and_unshared_ones_stay_apart():
    rng = np.random.default_rng(3)
    centres = np.array([[10.0, 0, 1], [7, 7, 1], [0, 10, 1]])
    first = np.vstack([centres[0] + rng.normal(size=(40, 3)) * 0.3, centres[1] + rng.normal(size=(40, 3)) * 0.3])
    second = np.vstack([centres[1] + rng.normal(size=(40, 3)) * 0.3, centres[2] + rng.normal(size=(40, 3)) * 0.3])
    problem, outcome, _ = integrate(np.vstack([first, second + 0.5]), np.repeat([0, 1], 80), k=5)
    kinds = np.repeat(["A", "B", "B", "C"], 40)
    assert (kinds[outcome.pairs.left] == "B").all()
    assert (kinds[outcome.pairs.right] == "B").all()
    corrected = in_caller_order(problem, outcome)
    apart = np.linalg.norm(corrected[:40].mean(axis=0) - corrected[120:].mean(axis=0))
    assert apart > 1


def test_a_small_batch_lowers_k_and_says_so_beforehand():
    x, batch = data(sizes=(14, 6, 9))
    problem, outcome, _ = integrate(x, batch, k=8)
    assert outcome.notes == ("k lowered from 8 to 6: batch '1' has 6 cells",)
    assert foresee(problem, MnnParams(k=8)) == outcome.notes
    assert foresee(problem, MnnParams(k=6)) == ()


@pytest.mark.parametrize("params", [{}, {"correct_all": True}, {"cos_norm_in": False}, {"auto_merge": True}], ids=str)
def test_cells_without_expression_are_not_paired_but_corrected(params):
    x, batch = data(sizes=(14, 12, 9))
    x[np.ix_([3, 20], list(COMPARED))] = 0
    _, outcome, _ = integrate(x, batch, variable=COMPARED, k=3, **params)
    assert not {3, 20} & {*outcome.pairs.left.tolist(), *outcome.pairs.right.tolist()}
    assert np.isfinite(outcome.expression).all()
    assert np.abs(outcome.expression).max() < 10
    assert len(outcome.notes) == 2
    assert outcome.notes[0].startswith("1 of the cells of batch '0'")


def test_a_batch_of_empty_cells_is_refused_by_name():
    x, batch = data()
    x[batch == 1] = 0
    with pytest.raises(DataError, match="batch '1'"):
        integrate(x, batch, k=3)


def test_a_batch_of_one_cell_is_corrected():
    x, batch = data(sizes=(12, 1))
    _, outcome, _ = integrate(x, batch, k=3)
    assert np.isfinite(outcome.expression).all()


@pytest.mark.parametrize(
    ("params", "named"),
    [
        ({"k": 0}, "'k' is 0"),
        ({"sigma": 0.0}, "'sigma' is 0"),
        ({"prop_k": 1.0}, "'prop_k' is 1"),
        ({"svd_dim": -1}, "'svd_dim' is -1"),
        ({"auto_merge": True, "merge_order": ["0", "1"]}, "'auto_merge'.*'merge_order'"),
    ],
)
def test_impossible_parameters_are_refused_by_name(params, named):
    with pytest.raises(ParameterError, match=named):
        MnnParams(**params)


def test_an_unknown_batch_in_the_order_is_refused_before_anything_runs():
    x, batch = data()
    step = PlainStep()
    with pytest.raises(ParameterError, match="'nine'"):
        run(problem_from(x, batch), MnnParams(merge_order=["0", "1", "nine"]), step)
    assert not step.records


def test_presets_hold_the_numbers_of_the_talk_and_of_the_reference():
    talk, reference = MnnParams.create(preset="talk"), MnnParams.create(preset="reference")
    assert (talk.k, talk.sigma, talk.var_adj, talk.correct_all) == (20, 1.0, False, True)
    assert (reference.k, reference.sigma, reference.var_adj, reference.correct_all) == (20, 0.1, True, False)


def test_every_step_explains_itself_and_every_parameter_acts_somewhere():
    x, batch = data()
    x[3] = 0
    named = {"merge_order", "auto_merge", "correct_all"}  # these decide which steps run
    for params in ({"svd_dim": 1}, {"correct_all": True}, {"cos_norm_in": False}):
        _, _, step = integrate(x, batch, variable=COMPARED, k=3, **params)
        for record in step.records:
            assert explanation_of(record.function), record.title
            named |= set(explanation_of(record.function).parameters)
    assert named == {spec.name for spec in METHOD.Params.specs()}
