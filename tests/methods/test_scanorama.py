"""Scanorama against its oracle on many small cases, and what holds whatever the data."""

import numpy as np
import pytest
import scipy.sparse as sp
from hypothesis import given, settings
from hypothesis import strategies as st

from scint_core.contract import explanation_of
from scint_core.errors import DataError, ParameterError
from scint_core.methods.scanorama import ScanoramaParams, foresee, reduced_cells, run
from scint_core.numerics.manhattan import approximate_neighbors_on_both_sides, neighbors_on_both_sides
from scint_core.numerics.panorama import alignment_scores, panorama_graph
from scint_core.numerics.translation import translation_vectors
from tests.methods.scanorama_oracle import assemble, exact_reduction, matches_of, scores_of
from tests.problems import problem_from
from tests.stepper import PlainStep


def data(sizes=(40, 25, 30), types=3, genes=20, shift=0.4, seed=0, types_of=None):
    """Positive log values of cells of some types in batches with a shift each."""
    rng = np.random.default_rng(seed)
    batch = np.repeat(np.arange(len(sizes)), sizes)
    kind = rng.integers(types, size=len(batch)) if types_of is None else np.asarray(types_of)
    centres = rng.gamma(1.0, 1.5, (max(types, kind.max() + 1), genes))
    effect = shift * rng.random((len(sizes), genes))
    return centres[kind] + effect[batch] + 0.3 * rng.random((len(batch), genes)), batch, kind


def integrate(x, batch, step=None, counts=None, variable=None, cells=None, **params):
    step = step or PlainStep()
    problem = problem_from(x, batch, counts=counts, variable=variable, cells=cells)
    return run(problem, ScanoramaParams(**params), step), problem, step


def oracle(x, batch, k=20, n_dims=100, sigma=15.0, alpha=0.1):
    bounds = np.concatenate([[0], np.cumsum(np.bincount(batch))])
    unit = x / np.linalg.norm(x, axis=1, keepdims=True)
    space = exact_reduction(unit, n_dims)
    return space, *assemble(space, unit, bounds, matches_of(space, bounds, k), sigma, alpha)


def assert_same_up_to_sign(found, expected):
    """Columns that the oracle has beyond ours hold nothing: the rank was lower."""
    expected, beyond = expected[:, : found.shape[1]], expected[:, found.shape[1] :]
    assert np.abs(beyond).max(initial=0) < 1e-6
    signs = np.where((found * expected).sum(axis=0) < 0, -1, 1)
    np.testing.assert_allclose(found * signs, expected, rtol=0, atol=1e-10)


@given(st.lists(st.integers(2, 14), min_size=2, max_size=7), st.integers(0, 10**6), st.sampled_from([0.0, 0.1, 0.5]))
@settings(deadline=None, max_examples=25)
def test_whatever_is_linked_with_what_the_run_is_that_of_the_oracle(sizes, seed, alpha):
    """Up to seven batches: panoramas join panoramas, move onto themselves, and links are passed over."""
    x, batch, _ = data(sizes, seed=seed)
    outcome, _, step = integrate(x, batch, k=3, n_dims=5, sigma=20.0, alpha=alpha)
    _, embedding, expression, edges = oracle(x, batch, k=3, n_dims=5, sigma=20.0, alpha=alpha)
    assert list(step.results(panorama_graph)[0].edges) == edges
    assert_same_up_to_sign(outcome.embedding, embedding)
    np.testing.assert_allclose(outcome.expression, expression, rtol=0, atol=1e-10)


def test_links_are_passed_over_after_three_considerations():
    """Seven batches that all match: 21 links, of which the later ones find both ends considered too often."""
    x, batch, _ = data((12,) * 7, types=1)
    _, _, step = integrate(x, batch, k=20, alpha=0)
    (graph,) = step.results(panorama_graph)
    assert len(graph.edges) == 21
    assert 0 < sum(not moved for moved in graph.moved) < 21
    assert sorted(graph.panoramas[0]) == list(range(7))


def test_matches_and_scores_follow_the_definition():
    x, batch, _ = data()
    _, problem, step = integrate(x, batch, k=4, n_dims=6)
    (scores,) = step.results(alignment_scores)
    bounds = problem.bounds
    matches = matches_of(step.results(reduced_cells)[0].coordinates, bounds, 4)
    for (i, j), score in scores_of(matches, problem.batch_sizes).items():
        assert scores.score[i, j] == scores.score[j, i] == score
        assert scores.matches[i, j] == scores.matches[j, i] == len(matches[i, j])
    assert (scores.share <= 1).all()


def test_a_copied_batch_matches_whole():
    x, _, _ = data((30,))
    rng = np.random.default_rng(0)
    two = np.vstack([x, x[rng.permutation(30)]])
    _, _, step = integrate(two, np.repeat([0, 1], 30), k=1)
    assert step.results(alignment_scores)[0].score[0, 1] == 1


def test_a_batch_of_other_types_is_left_where_it_is():
    """It stands between two related ones, which find each other and not it."""
    kind = np.concatenate([np.repeat([0, 1], 30), np.repeat([2, 3], 20), np.repeat([0, 1], 25)])
    x, batch, _ = data((60, 40, 50), types_of=kind)
    outcome, _, step = integrate(x, batch, k=5)
    (graph,) = step.results(panorama_graph)
    assert graph.panoramas == ((0, 2), (1,))
    assert any("batch '1' has no score above alpha (0.1)" in note for note in outcome.notes)
    reduced = step.results(reduced_cells)[0].coordinates
    np.testing.assert_array_equal(outcome.embedding[batch == 1], reduced[batch == 1])
    np.testing.assert_array_equal(outcome.embedding[batch == 0], reduced[batch == 0])  # the larger is the reference
    assert not np.allclose(outcome.embedding[batch == 2], reduced[batch == 2])
    assert outcome.merges.left == ((0,),)
    assert outcome.merges.right == ((2,),)


def test_matches_that_moved_nothing_are_kept_apart():
    """A link below alpha whose batches never came together otherwise."""
    x, batch, _ = data((30, 30, 30), types=2)
    _, _, step = integrate(x, batch, k=2, alpha=0)
    scores = np.sort(step.results(alignment_scores)[0].score[np.triu_indices(3, 1)])
    outcome, _, step = integrate(x, batch, k=2, alpha=float(scores[1]))
    (graph,) = step.results(panorama_graph)
    assert sorted(len(panorama) for panorama in graph.panoramas) == [1, 2]
    alone = next(panorama[0] for panorama in graph.panoramas if len(panorama) == 1)
    dropped = (batch[outcome.pairs.left] == alone) | (batch[outcome.pairs.right] == alone)
    assert dropped.any()
    np.testing.assert_array_equal(outcome.pairs.kept, ~dropped)
    assert (outcome.pairs.merge[dropped] == -1).all()
    assert (outcome.pairs.merge[~dropped] == 0).all()


def test_without_any_link_everything_is_returned_as_it_is():
    x, batch, _ = data()
    outcome, _, step = integrate(x, batch, alpha=0.999, k=1)
    assert any(note.startswith("no two batches have a score above alpha (0.999)") for note in outcome.notes)
    np.testing.assert_array_equal(outcome.embedding, step.results(reduced_cells)[0].coordinates)


@pytest.mark.parametrize("sigma", [1e-9, 1e9])
def test_sigma_runs_from_one_vector_for_all_to_the_nearest_match_of_each(sigma):
    x, batch, _ = data((40, 30))
    outcome, _, step = integrate(x, batch, k=2, sigma=sigma)
    vectors = step.results(translation_vectors)[0].vectors
    assert np.isfinite(vectors).all()
    left, right = outcome.pairs.left, outcome.pairs.right
    reduced = step.results(reduced_cells)[0].coordinates
    if sigma < 1:
        expected = np.broadcast_to((reduced[left] - reduced[right]).mean(axis=0), vectors.shape)
        np.testing.assert_allclose(vectors, expected, atol=1e-8)
    else:
        assert any("follow the nearest matched one" in note for note in outcome.notes)
        nearest = np.array([((reduced[right] - cell) ** 2).sum(axis=1).argmin() for cell in reduced[batch == 1]])
        to = np.array([reduced[left[right == right[i]]].mean(axis=0) - reduced[right[i]] for i in nearest])
        np.testing.assert_allclose(vectors, to, atol=1e-8)


@given(st.integers(0, 10**6))
@settings(deadline=None, max_examples=10)
def test_order_of_genes_and_depth_of_cells_play_no_part(seed):
    rng = np.random.default_rng(seed)
    x, batch, _ = data()
    a, _, _ = integrate(x, batch)
    genes = rng.permutation(x.shape[1])
    b, _, _ = integrate((x * rng.gamma(2, 1, (len(x), 1)))[:, genes], batch)
    assert_same_up_to_sign(b.embedding, a.embedding)
    np.testing.assert_allclose(b.expression, a.expression[:, genes], atol=1e-10)


def test_sparse_and_dense_agree():
    x, batch, _ = data()
    x[x < 1] = 0
    a, _, _ = integrate(x, batch)
    b, _, _ = integrate(sp.csr_matrix(x), batch)
    np.testing.assert_allclose(a.embedding, b.embedding, atol=1e-10)
    np.testing.assert_allclose(a.expression, b.expression, atol=1e-10)


def with_poor_cells():
    x, batch, _ = data()
    counts = np.full(x.shape, 3.0)
    poor = np.arange(len(x)) % 4 == 0
    counts[poor, 5:] = 0
    return x, batch, counts, poor


def test_cells_with_few_genes_change_nothing_for_the_others_and_are_corrected():
    x, batch, counts, poor = with_poor_cells()
    outcome, _, _ = integrate(x, batch, counts=sp.csr_matrix(counts), min_genes=6)
    without, _, _ = integrate(x[~poor], batch[~poor])
    assert_same_up_to_sign(outcome.embedding[~poor], without.embedding)
    np.testing.assert_allclose(outcome.expression[~poor], without.expression, atol=1e-10)
    assert not poor[outcome.pairs.left].any()
    assert not poor[outcome.pairs.right].any()
    plain = x / np.linalg.norm(x, axis=1, keepdims=True)
    moved = np.abs(outcome.expression - plain).max(axis=1) > 1e-6
    assert moved[poor & (batch == 1)].all()
    assert "10 of the cells of batch '0' have fewer than 6 genes" in " ".join(outcome.notes)


def test_a_batch_without_cells_to_match_is_refused_by_name():
    x, batch, counts, _ = with_poor_cells()
    counts[batch == 1, 5:] = 0
    with pytest.raises(ParameterError, match=r"'min_genes' is 6 and leaves batch '1' without cells.* 5 genes"):
        integrate(x, batch, counts=counts, min_genes=6)
    with pytest.raises(DataError, match=r"'min_genes' is 6, but the data hold no raw counts"):
        integrate(x, batch, min_genes=6)


def test_features_are_the_variable_genes_or_all():
    x, batch, _ = data()
    some, problem, _ = integrate(x, batch, variable=[1, 4, 5, 7, 11])
    every, _, _ = integrate(x, batch, variable=[1, 4, 5, 7, 11], features="all")
    plain, _, _ = integrate(x, batch)
    assert some.genes == problem.genes
    assert some.expression.shape[1] == 5
    assert every.genes == problem.all_genes
    np.testing.assert_allclose(every.expression, plain.expression, atol=1e-12)


def test_what_the_data_lower_is_said_beforehand():
    x, batch, _ = data((6, 40, 5, 4))
    outcome, problem, _ = integrate(x, batch)
    foreseen = foresee(problem, ScanoramaParams())
    assert set(foreseen) <= set(outcome.notes)
    assert "n_dims lowered from 100 to 20: 55 cells to match and 20 genes" in foreseen
    assert "k lowered from 20 to 6: batch '0' has 6 cells to match" in foreseen
    assert "k lowered from 20 to 9: batches '2', '3' together have 9 cells to match" in foreseen
    assert not any("approximately" in note for note in foreseen)
    assert "neighbours of 55 cells are searched approximately" in foresee(problem, ScanoramaParams(approx=True))


@pytest.mark.slow
def test_the_approximate_search_finds_nearly_all_neighbours():
    rng = np.random.default_rng(0)
    cells = rng.normal(size=(2600, 8)) + 4 * rng.normal(size=(5, 8))[rng.integers(5, size=2600)]
    bounds, rows = np.array([0, 1200, 1300, 2600]), np.arange(2600)
    exact = neighbors_on_both_sides(cells, rows, bounds, k=10)
    found = approximate_neighbors_on_both_sides(cells, rows, bounds, k=10, seed=1)
    for a, b in ((exact.before, found.before), (exact.after, found.after)):
        shared = [len(np.intersect1d(p, q)) / max(len(set(p)), 1) for p, q in zip(a.indices, b.indices, strict=True)]
        assert np.mean(shared) > 0.95
        np.testing.assert_array_equal(a.indices < 0, b.indices < 0)
    again = approximate_neighbors_on_both_sides(cells, rows, bounds, k=10, seed=1)
    np.testing.assert_array_equal(found.after.indices, again.after.indices)


def test_an_approximate_run_ends_near_the_exact_one():
    x, batch, _ = data((40, 30))
    exact, _, _ = integrate(x, batch)
    found, _, _ = integrate(x, batch, approx=True)  # sides this small are searched exactly all the same
    np.testing.assert_allclose(found.embedding, exact.embedding, atol=1e-12)


def test_where_the_slide_differs_both_formulas_are_shown():
    kernel, links = explanation_of(translation_vectors), explanation_of(panorama_graph)
    assert "x_a" in kernel.formula
    assert "y_b" in kernel.slide
    assert r"> \alpha" in links.formula
    assert r"\geq \alpha" in links.slide
