"""fastMNN against a slow transcription of its specification, and its invariants."""

import numpy as np
import pytest
import scipy.sparse as sp
from hypothesis import given, settings
from hypothesis import strategies as st

from scint_core.contract import explanation_of
from scint_core.errors import DataError, ParameterError
from scint_core.methods.fastmnn import METHOD, FastMnnParams, foresee, run
from scint_core.numerics.batch_vector import batch_vector, losses_by_merge
from scint_core.numerics.correction import stack_cells
from scint_core.preprocess.multi_batch_pca import multi_batch_pca
from tests.methods.fastmnn_oracle import automatic_merges, fastmnn
from tests.problems import problem_from
from tests.stepper import PlainStep

CHAIN = [((0,), (1,)), ((0, 1), (2,)), ((0, 1, 2), (3,))]


def data(seed=0, sizes=(15, 12, 10, 9), genes=12, types=3):
    """Positive values: types of cells, a shift per batch, noise."""
    rng = np.random.default_rng(seed)
    profiles, batch = rng.gamma(2, 1, size=(types, genes)), np.repeat(np.arange(len(sizes)), sizes)
    x = profiles[rng.integers(types, size=len(batch))] + rng.gamma(1, 0.5, size=(len(sizes), genes))[batch]
    return x + rng.random((len(batch), genes)) * 0.5, batch


def clouds(centres, sizes, seed=0, genes=20, spread=1.0):
    """Normal clouds of cells; `centres` (clouds × up to `genes`) are filled up with zeros."""
    rng = np.random.default_rng(seed)
    means = np.zeros((len(centres), genes))
    means[:, : len(centres[0])] = centres
    return np.repeat(means, sizes, axis=0) + spread * rng.normal(size=(sum(sizes), genes))


def integrate(x, batch, *, cells=None, **params):
    """Embedding in the caller's order, the outcome, and the steps."""
    step = PlainStep()
    problem = problem_from(x, batch, cells=cells)
    outcome = run(problem, FastMnnParams(**params), step)
    return problem.to_input_order(outcome.embedding), outcome, step


def losses(step):
    (lost,) = step.results(losses_by_merge)
    return lost


def up_to_sign(found, expected):
    """`found` with the sign of every column chosen as in `expected`."""
    return found * np.where((found * expected).sum(axis=0) < 0, -1, 1)


def distances(x):
    return np.sqrt(((x[:, None] - x[None]) ** 2).sum(axis=2))


@pytest.mark.parametrize("sparse", [False, True])
@pytest.mark.parametrize(
    ("params", "merges"),
    [
        ({"k": 3, "n_pcs": 4}, CHAIN),
        ({"k": 3, "n_pcs": 12, "ndist": 1.5}, CHAIN),
        ({"k": 4, "n_pcs": 5, "cos_norm": False}, CHAIN),
        ({"k": 2, "n_pcs": 5, "prop_k": 0.3}, CHAIN),
        ({"k": 3, "n_pcs": 5, "min_batch_skip": 0.97}, CHAIN),
        ({"k": 30, "n_pcs": 5}, CHAIN),
        ({"k": 3, "n_pcs": 6, "merge_order": ["2", "0", "3", "1"]}, [((2,), (0,)), ((2, 0), (3,)), ((2, 0, 3), (1,))]),
        ({"k": 3, "n_pcs": 6, "merge_order": [["3", "0"], ["2", "1"]]}, [((2,), (1,)), ((3,), (0,)), ((3, 0), (2, 1))]),
    ],
    ids=str,
)
def test_equals_the_specification_written_out(params, merges, sparse):
    x, batch = data()
    found, outcome, step = integrate(sp.csr_matrix(x) if sparse else x, batch, **params)
    given_to_oracle = {name: value for name, value in params.items() if name != "merge_order"}
    expected, by_merge = fastmnn([x[batch == b] for b in range(4)], merges, **given_to_oracle)
    np.testing.assert_allclose(up_to_sign(found, expected), expected, atol=1e-9)
    lost = losses(step)
    problem = problem_from(x, batch)
    for t, ((left, right), (pairs, size, of_batches)) in enumerate(zip(merges, by_merge, strict=True)):
        of_merge = outcome.pairs.merge == t
        rows = np.array(pairs)
        np.testing.assert_array_equal(outcome.pairs.left[of_merge], problem.cells_of(left)[rows[:, 0]])
        np.testing.assert_array_equal(outcome.pairs.right[of_merge], problem.cells_of(right)[rows[:, 1]])
        np.testing.assert_allclose(lost.lost_var[t], of_batches, atol=1e-10)
        np.testing.assert_allclose(lost.batch_size[t], size)
        assert lost.skipped[t] == (size < params.get("min_batch_skip", 0))
    assert outcome.merges.left == tuple(left for left, _ in merges)
    assert outcome.merges.right == tuple(right for _, right in merges)


@pytest.mark.parametrize("sizes", [(8, 20, 14, 19), (12, 12, 12, 12), (9, 10, 11, 8, 12, 10)])
def test_automatic_order_is_that_of_the_specification(sizes):
    x, batch = data(sizes=sizes)
    batches = [x[batch == b] for b in range(len(sizes))]
    merges = automatic_merges(batches, k=3, n_pcs=5)
    found, outcome, step = integrate(x, batch, k=3, n_pcs=5, auto_merge=True)
    assert list(zip(outcome.merges.left, outcome.merges.right, strict=True)) == merges
    expected, _ = fastmnn(batches, merges, k=3, n_pcs=5)
    np.testing.assert_allclose(up_to_sign(found, expected), expected, atol=1e-9)
    assert len(step.records) <= step.expected[0][1]
    searches = (len(sizes) - 1) ** 2
    compared = [stage[1:3] for stage in step.stages if stage[0] == "comparison"]
    assert compared == [(number, searches) for number in range(1, searches + 1)]


def test_steps_are_announced_exactly_unless_a_merge_is_skipped():
    x, batch = data()
    for params in ({}, {"cos_norm": False}, {"merge_order": [["0", "1"], ["2", "3"]]}):
        _, _, step = integrate(x, batch, k=3, **params)
        assert step.expected == [(0, len(step.records))]
    assert [stage[:3] for stage in step.stages] == [("merge", m, 3) for m in (1, 2, 3)]
    _, _, step = integrate(x, batch, k=3, min_batch_skip=2.0)
    assert len(step.records) < step.expected[0][1]


@pytest.mark.parametrize("order", [None, ["2", "0", "3", "1"], [["3", "0"], ["2", "1"]]])
def test_skipping_every_merge_returns_the_multi_batch_components_in_the_callers_order(order):
    x, batch = data()
    shuffled = np.random.default_rng(0).permutation(len(x))
    found, outcome, step = integrate(x[shuffled], batch[shuffled], k=3, min_batch_skip=1.1, merge_order=order)
    (reduced,) = step.results(multi_batch_pca)
    problem = problem_from(x[shuffled], batch[shuffled])
    np.testing.assert_array_equal(found, problem.to_input_order(np.concatenate(reduced.scores)))
    assert losses(step).skipped.all()
    assert not losses(step).lost_var.any()
    assert len(outcome.pairs)
    assert sum("left uncorrected" in note for note in outcome.notes) == 3


@given(st.integers(0, 10**6))
@settings(deadline=None, max_examples=10)
def test_permuting_cells_permutes_the_result(seed):
    x, batch = data()
    order = np.random.default_rng(seed).permutation(len(x))
    names = [f"c{i}" for i in range(len(x))]
    plan = ["0", "1", "2", "3"]
    straight, _, _ = integrate(x, batch, cells=names, k=3, n_pcs=5, merge_order=plan)
    permuted, _, _ = integrate(x[order], batch[order], cells=[names[i] for i in order], k=3, n_pcs=5, merge_order=plan)
    np.testing.assert_allclose(up_to_sign(permuted, straight[order]), straight[order], atol=1e-9)


def test_order_of_genes_rotation_of_the_space_and_a_common_shift_change_nothing():
    x, batch = data()
    rng = np.random.default_rng(1)
    order, rotation = rng.permutation(12), np.linalg.qr(rng.normal(size=(12, 12)))[0]
    straight, _, _ = integrate(x, batch, k=3, n_pcs=5, cos_norm=False)
    for other in (x[:, order], x @ rotation, x + rng.normal(size=12)):
        found, _, _ = integrate(other, batch, k=3, n_pcs=5, cos_norm=False)
        np.testing.assert_allclose(up_to_sign(found, straight), straight, atol=1e-9)


def test_a_factor_per_cell_changes_nothing_on_the_cosine_scale():
    x, batch = data()
    factors = np.random.default_rng(0).uniform(0.1, 10, size=(len(x), 1))
    straight, _, _ = integrate(x, batch, k=3)
    scaled, _, _ = integrate(x * factors, batch, k=3)
    np.testing.assert_allclose(scaled, straight, atol=1e-10)


def test_without_a_number_of_components_distances_are_those_of_the_genes():
    x, batch = data()
    found, _, _ = integrate(x, batch, k=3, n_pcs=None, cos_norm=False, min_batch_skip=1.1)
    np.testing.assert_allclose(distances(found), distances(x), atol=1e-10)


@given(st.integers(0, 10**6))
@settings(deadline=None, max_examples=15)
def test_after_a_merge_nothing_varies_along_the_batch_vector_and_variance_is_only_lost(seed):
    x, batch = data(seed, sizes=(13, 11))
    found, _, step = integrate(x, batch, k=3)
    (effect,) = step.results(batch_vector)
    along = found @ effect.vector / np.linalg.norm(effect.vector)
    assert np.ptp(along[batch == 0]) < 1e-10
    assert np.ptp(along) < 1e-10
    lost = losses(step)
    assert ((lost.lost_var >= -1e-12) & (lost.lost_var <= 1)).all()
    np.testing.assert_allclose(lost.total, 1 - np.prod(1 - lost.lost_var, axis=0))
    assert 0 <= lost.batch_size[0] <= 1 + 1e-12


def test_later_merges_hold_what_earlier_ones_centred():
    """A batch that is merged second is centred along the first batch vector too."""
    x, batch = data(sizes=(15, 12, 10))
    _, _, step = integrate(x, batch, k=3, n_pcs=6)
    first, second = step.results(batch_vector)
    b = first.vector / np.linalg.norm(first.vector)
    (reduced,) = step.results(multi_batch_pca)
    inherited = step.records[[r.title for r in step.records].index("Centre the target along earlier batch vectors")]
    assert np.ptp(inherited.result @ b) < 1e-12
    np.testing.assert_allclose((inherited.result @ b).mean(), (reduced.scores[2] @ b).mean())
    assert len(second.left) == 27
    assert len(second.right) == 10


def test_identical_batches_stay_together():
    first, _ = data(sizes=(25,))
    found, outcome, step = integrate(np.vstack([first, first]), np.repeat([0, 1], 25), k=1, n_pcs=12)
    np.testing.assert_allclose(found[:25], found[25:], atol=1e-12)
    assert losses(step).batch_size.tolist() == [0]  # all vectors are 0: there is nothing to centre along
    assert losses(step).skipped.tolist() == [True]
    assert outcome.notes == ("merge 1 was left uncorrected: its batch vector has a relative size of 0.00",)


def test_identical_batches_keep_one_centre():
    first, _ = data(sizes=(40,))
    found, _, _ = integrate(np.vstack([first, first]), np.repeat([0, 1], 40), k=5)
    assert np.linalg.norm(found[:40].mean(axis=0) - found[40:].mean(axis=0)) < 0.02 * np.linalg.norm(found.std(axis=0))


def test_a_shift_along_an_unused_direction_is_undone_and_costs_nothing():
    types = [[6, 0, 0], [0, 6, 0], [0, 0, 6]]
    x = clouds([*types, *types], (30,) * 6, spread=0.5)
    x[90:, 4] += 5
    found, outcome, step = integrate(x, np.repeat([0, 1], 90), k=10, n_pcs=10, cos_norm=False)
    assert losses(step).batch_size[0] > 0.9
    assert losses(step).lost_var.max() < 0.03
    for kind in range(3):
        rows = slice(30 * kind, 30 * kind + 30)
        assert np.linalg.norm(found[:90][rows].mean(axis=0) - found[90:][rows].mean(axis=0)) < 1
    assert not outcome.notes


def test_without_a_batch_effect_the_batch_vector_is_small_and_the_merge_can_be_skipped():
    types = np.eye(5) * 6
    x, batch = clouds([*types, *types], (20,) * 10), np.repeat([0, 1], 100)
    _, _, step = integrate(x, batch, k=10, n_pcs=10, cos_norm=False)
    assert losses(step).batch_size[0] < 0.3
    assert losses(step).lost_var.min() > 0.1
    _, outcome, step = integrate(x, batch, k=10, n_pcs=10, cos_norm=False, min_batch_skip=0.3)
    assert losses(step).skipped.tolist() == [True]
    assert any("merge 1 was left uncorrected" in note for note in outcome.notes)


def test_biology_along_the_batch_effect_is_lost_and_said():
    """The batch effect shifts every cell from one type towards the other."""
    x = clouds([[0], [8], [3], [11]], (40,) * 4, genes=6, spread=0.5)
    _, outcome, step = integrate(x, np.repeat([0, 1], 80), k=10, cos_norm=False)
    assert losses(step).lost_var.min() > 0.5
    assert any("of the variance of batch '0'" in note for note in outcome.notes)
    assert any("of the variance of batch '1'" in note for note in outcome.notes)


def test_wide_clouds_overlap_and_do_not_only_touch():
    x = clouds([[0], [9]], (150, 150), genes=5, spread=2.0)
    found, _, _ = integrate(x, np.repeat([0, 1], 150), k=20, cos_norm=False)
    assert np.linalg.norm(found[:150].mean(axis=0) - found[150:].mean(axis=0)) < 1


def test_automatic_order_keeps_types_apart_that_the_given_order_fuses():
    """The first two batches share nothing; the third holds both types."""
    x = clouds([[8, 0], [0, 8], [8, 0], [0, 8]], (60, 60, 60, 60), genes=10, spread=0.7)
    x[120:, 5] += 2
    batch = np.repeat([0, 1, 2], (60, 60, 120))

    def gap(**params):
        found, _, _ = integrate(x, batch, k=10, n_pcs=8, cos_norm=False, **params)
        return np.linalg.norm(found[:60].mean(axis=0) - found[60:120].mean(axis=0))

    assert gap() < 2
    assert gap(auto_merge=True) > 8


def test_the_slide_in_order_is_what_runs():
    x, batch = data(sizes=(14, 12))
    _, _, step = integrate(x, batch, k=3)
    assert [record.title for record in step.records] == [
        "Measure the length of every cell",
        "Find components to which every batch contributes alike",
        "Find the nearest neighbours on the other side",
        "Keep the mutual ones",
        "Average the differences of paired cells",
        "Average them into the batch vector",
        "Centre the reference along the batch vector",
        "Centre the target along the batch vector",
        "Measure the variance that this took",
        "Average the differences of the same pairs again",
        "Find the nearest paired cells of every cell",
        "Weigh them by their distance",
        "Average their vectors",
        "Move every cell by its vector",
        "Append the target to the reference",
        "Add up the variance lost",
    ]
    assert len(step.results(stack_cells)) == 1


def test_what_small_data_lower_is_said_beforehand():
    x, batch = data(sizes=(14, 6), genes=9)
    problem = problem_from(x, batch)
    _, outcome, _ = integrate(x, batch, k=8, n_pcs=50)
    expected = (
        "k lowered from 8 to 6: batch '1' has 6 cells",
        "n_pcs lowered from 50 to 9: there are 20 cells and 9 genes to compare them by",
    )
    assert foresee(problem, FastMnnParams(k=8, n_pcs=50)) == expected
    assert outcome.notes[:2] == expected
    assert foresee(problem, FastMnnParams(k=6, n_pcs=9)) == ()
    assert foresee(problem, FastMnnParams(k=6, n_pcs=None)) == ()


def test_cells_that_differ_in_few_directions_have_as_many_components():
    x, batch = data()
    flat = x[:, :2] @ np.random.default_rng(0).random((2, 12))
    found, outcome, _ = integrate(flat, batch, k=3, n_pcs=6, cos_norm=False)
    assert found.shape[1] == 2
    assert "n_pcs lowered from 6 to 2: the cells differ in 2 directions only" in outcome.notes


def test_equal_cells_are_refused():
    with pytest.raises(DataError, match="all cells are equal in the 4 genes"):
        integrate(np.ones((20, 4)), np.repeat([0, 1], 10))


def test_cells_without_expression_are_carried_along():
    x, batch = data()
    x[[3, 20]] = 0
    found, _, _ = integrate(x, batch, k=3)
    assert np.isfinite(found).all()


def test_a_batch_of_one_cell_is_corrected_and_has_no_variance_to_lose():
    x, batch = data(sizes=(12, 1))
    found, _, step = integrate(x, batch, k=3)
    assert np.isfinite(found).all()
    assert np.isnan(losses(step).lost_var[0, 1])


@pytest.mark.parametrize(
    ("params", "named"),
    [
        ({"k": 0}, "'k' is 0"),
        ({"n_pcs": 0}, "'n_pcs' is 0"),
        ({"n_pcs": 2.5}, "'n_pcs' is 2.5"),
        ({"ndist": 0.0}, "'ndist' is 0"),
        ({"prop_k": 1.0}, "'prop_k' is 1"),
        ({"min_batch_skip": -0.1}, "'min_batch_skip' is -0.1"),
        ({"auto_merge": True, "merge_order": ["0", "1"]}, "'auto_merge'.*'merge_order'"),
    ],
)
def test_impossible_parameters_are_refused_by_name(params, named):
    with pytest.raises(ParameterError, match=named):
        FastMnnParams(**params)


def test_an_unknown_batch_in_the_order_is_refused_before_anything_runs():
    x, batch = data()
    step = PlainStep()
    with pytest.raises(ParameterError, match="'nine'"):
        run(problem_from(x, batch), FastMnnParams(merge_order=["0", "1", "nine", "3"]), step)
    assert not step.records


def test_presets_hold_the_numbers_of_the_talk_and_of_the_reference():
    for preset in ("talk", "reference"):
        p = FastMnnParams.create(preset=preset)
        assert (p.k, p.n_pcs, p.cos_norm, p.ndist, p.prop_k, p.min_batch_skip) == (20, 50, True, 3.0, None, 0.0)


def test_every_step_explains_itself_and_every_parameter_acts_somewhere():
    x, batch = data()
    named = {"merge_order", "auto_merge"}  # these decide which steps run
    _, _, step = integrate(x, batch, k=3)
    for record in step.records:
        assert explanation_of(record.function), record.title
        named |= set(explanation_of(record.function).parameters)
    assert named == {spec.name for spec in METHOD.Params.specs()}
