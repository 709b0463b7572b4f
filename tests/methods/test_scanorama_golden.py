"""Scanorama against scanorama 1.7.4 with exact neighbours, from its stored (randomised) reduction and from our own."""

import numpy as np
import pytest

from scint_core.methods.scanorama import ScanoramaParams, reduced_cells, run
from scint_core.numerics.manhattan import mutual_matches, neighbors_on_both_sides
from scint_core.numerics.panorama import alignment_scores, moves, panorama_graph
from scint_core.numerics.translation import divided_by_batch, matches_between, translate, translation_vectors
from tests.golden import make
from tests.golden_files import needs_r_golden, small_golden
from tests.methods.scanorama_oracle import assemble, exact_reduction, matches_of
from tests.problems import problem_from
from tests.stepper import PlainStep

BOUNDS, BATCH = np.array([0, 300, 600, 900]), np.repeat([0, 1, 2], 300)
SIZES = np.full(3, 300)
K, SIGMA, ALPHA = 20, 15.0, 0.1


@pytest.fixture(scope="module", params=["small", pytest.param("full", marks=needs_r_golden)])
def golden(request):
    if request.param == "small":
        return {**small_golden("scanorama"), "every": make.EVERY}
    return {**dict(make.scanorama(every=1, real=np.float64)), "every": 1}


@pytest.fixture(scope="module")
def reduced(golden):
    return np.concatenate([golden[f"reduced_{b}"] for b in range(3)])


@pytest.fixture(scope="module")
def matches(reduced):
    rows = np.arange(len(reduced))
    return mutual_matches(neighbors_on_both_sides(reduced, rows, BOUNDS, k=50), rows, k=K)


def log_values(golden):
    counts = golden["counts"].astype(float)
    return np.log1p(counts / counts.sum(axis=1, keepdims=True) * 1e4)


def joined(cells, matches, graph):
    """The loop of the run, on one space."""
    space = dict(enumerate(divided_by_batch(cells, BOUNDS)))
    for moved, onto, matched in moves(graph):
        between = matches_between(matches, BOUNDS, moved, onto, matched)
        moving, fixed = tuple(space[b] for b in moved), tuple(space[b] for b in onto)
        found = translation_vectors(moving, fixed, between, SIGMA)
        space.update(zip(moved, translate(moving, found), strict=True))
    return np.concatenate([space[b] for b in range(3)])


def test_matches_are_identical(golden, matches):
    for i, j in golden["table_keys"].tolist():
        of_pair = (BATCH[matches.left] == i) & (BATCH[matches.right] == j)
        found = np.stack([matches.left[of_pair] - BOUNDS[i], matches.right[of_pair] - BOUNDS[j]], axis=1)
        assert {tuple(pair) for pair in found} == {tuple(pair) for pair in golden[f"match_{i}_{j}"]}


def test_scores_and_the_order_of_panoramas_are_identical(golden, matches):
    scores = alignment_scores(matches, BATCH, SIZES)
    for (i, j), score in zip(golden["table_keys"], golden["table_scores"], strict=True):
        assert scores.score[i, j] == score
    assert [list(edge) for edge in panorama_graph(scores, SIZES, ALPHA).edges] == golden["alignments"].tolist()


def test_from_the_stored_reduction_embedding_and_expression_are_those_of_scanorama(golden, reduced, matches):
    graph = panorama_graph(alignment_scores(matches, BATCH, SIZES), SIZES, ALPHA)
    x = log_values(golden)
    x /= np.linalg.norm(x, axis=1, keepdims=True)
    rounding = 1e-7  # the reference's expression and the small file are in single precision
    for cells, name in ((reduced, "integrated"), (x, "corrected")):
        found, expected = joined(cells, matches, graph)[:: golden["every"]], golden[name]
        bound = 1e-12 if name == "integrated" and golden["every"] == 1 else rounding
        np.testing.assert_allclose(found, expected, rtol=0, atol=bound * np.abs(expected).max())


@pytest.mark.parametrize("order", [(0, 1, 2), (2, 0, 1)])
def test_from_an_exact_reduction_the_run_is_that_of_the_oracle(order):
    """On 60 cells of each batch, with parameters away from the defaults: the first batches are linked twice."""
    x = log_values(small_golden("scanorama")).reshape(3, 300, -1)[list(order), :60].reshape(180, -1)
    bounds = np.array([0, 60, 120, 180])
    step = PlainStep()
    outcome = run(problem_from(x, np.repeat([0, 1, 2], 60)), ScanoramaParams(k=7, n_dims=12, sigma=40.0), step)
    unit = x / np.linalg.norm(x, axis=1, keepdims=True)
    space = exact_reduction(unit, 12)
    embedding, expression, edges = assemble(space, unit, bounds, matches_of(space, bounds, 7), 40.0, ALPHA)
    assert list(step.results(panorama_graph)[0].edges) == edges
    np.testing.assert_allclose(outcome.expression, expression, rtol=0, atol=1e-12)
    signs = np.sign((outcome.embedding * embedding).sum(axis=0))
    np.testing.assert_allclose(outcome.embedding * signs, embedding, rtol=0, atol=1e-12)


def test_our_reduction_spans_what_scanorama_s_does(golden, reduced):
    """Theirs is randomised, so only the leading components agree closely."""
    x = log_values(golden)
    ours = reduced_cells(x / np.linalg.norm(x, axis=1, keepdims=True), np.arange(900), n_dims=100, seed=0).coordinates
    correlation = [abs(np.corrcoef(a, b)[0, 1]) for a, b in zip(ours.T[:5], reduced.T[:5], strict=True)]
    assert min(correlation) > 0.999
