"""Seurat v3 against Seurat 4.3.0 with exact decompositions and exact neighbours: every table and every value."""

import numpy as np
import pytest
import scipy.sparse as sp

from scint_core.methods.seurat_v3 import SeuratV3Params, run
from scint_core.numerics.anchor_weights import anchor_weights, weighting_space
from scint_core.numerics.anchors import mutual_anchors, score_anchors
from scint_core.numerics.sample_tree import sample_tree
from scint_core.numerics.scaling import scale_genes
from scint_core.numerics.shared_space import canonical_vectors
from scint_core.preprocess.hvg import rank_variable_genes, select_integration_features, vst
from tests.golden import make
from tests.golden_files import needs_r_golden, r_file, small_golden, small_input
from tests.problems import problem_from
from tests.stepper import PlainStep

N_DIMS = 10
RUNS = {"api_pair12": ("1", "2"), "api_all": ("1", "2", "3")}
BOUND = 1e-6


@pytest.fixture(scope="module", params=["small", pytest.param("full", marks=needs_r_golden)])
def golden(request):
    """The arrays that come with the project, or all cells of the full file; with the cells they hold."""
    if request.param == "small":
        return {**small_golden("seurat_anchors"), "every": make.EVERY}
    return {**dict(make.seurat(every=1, real=np.float64)), "every": 1}


def integrate(batches, features, **params):
    """A run on some of the simulated batches; `features` are the columns that count as highly variable."""
    x, batch = small_input()
    cells = np.isin(batch, batches)
    step = PlainStep()
    problem = problem_from(x[cells], np.array(batch)[cells], variable=features)
    outcome = run(problem, SeuratV3Params(**{"n_ccs": N_DIMS, **params}), step)
    return problem, outcome, step


@pytest.fixture(scope="module")
def first_two(golden):
    return integrate(RUNS["api_pair12"], golden["features"])[2]


def assert_close(found, expected, bound=BOUND):
    np.testing.assert_allclose(found, expected, rtol=0, atol=bound * np.abs(expected).max())


def test_canonical_vectors_and_loadings(golden, first_two):
    (space,) = first_two.results(canonical_vectors)
    np.testing.assert_allclose(space.strength, golden["pair12/cca_d_exact_svd"], rtol=1e-12)
    cells = np.concatenate([space.left, space.right])[:: golden["every"]]
    assert_close(cells, golden["pair12/cca_embeddings_cells_x_cc"])  # the sign too
    assert_close(space.loadings[golden["pair12/genes"]], golden["pair12/cca_loadings_projected_genes_x_cc"])


def test_anchors_before_and_after_the_filter(golden, first_two):
    (candidates,) = first_two.results(mutual_anchors)
    found = np.transpose([candidates.left, candidates.right])
    np.testing.assert_array_equal(found, golden["pair12/anchors_prefilter_0based"])
    (anchors,) = first_two.results(score_anchors)
    np.testing.assert_array_equal(found[anchors.kept], golden["pair12/anchors_filtered_0based"])
    assert not anchors.kept.all()


def test_scores(golden, first_two):
    (anchors,) = first_two.results(score_anchors)
    np.testing.assert_array_equal(anchors.shared[anchors.kept], golden["pair12/anchors_filtered_raw_shared_count"])
    np.testing.assert_allclose(anchors.score[anchors.kept], golden["pair12/anchors_scored_score"], atol=1e-15)
    assert (anchors.score[~anchors.kept] == 0).all()


def test_weights(golden, first_two):
    (pcs,) = first_two.results(weighting_space)
    expected = golden["pair12/weight_pca_embeddings_refThenQuery_cells_x_d"]
    found = pcs.coordinates[:: golden["every"]]
    assert_close(found * np.sign((found * expected).sum(axis=0)), expected)
    (weights,) = first_two.results(anchor_weights)
    parts = [golden[f"pair12/weights_anchors_x_query_csc/{name}"] for name in ("data", "indices_0based", "indptr")]
    stored = sp.csr_matrix(tuple(parts), shape=weights.weights.shape)  # anchors × query cells by column
    assert np.array_equal(weights.weights.indptr, stored.indptr)
    assert np.array_equal(weights.weights.indices, stored.indices)
    assert_close(weights.weights.data, stored.data)


@pytest.mark.parametrize("name", RUNS)
def test_anchors_of_all_batches_and_their_merge(golden, name):
    problem, outcome, step = integrate(RUNS[name], golden["features"])
    (tree,) = step.results(sample_tree)
    lower = np.tril(tree.similarity, -1)
    np.testing.assert_allclose(lower, golden[f"{name}/similarity_matrix_lower"], rtol=1e-14)
    assert _nested(tree.merges) == _nested_of_seurat(golden[f"{name}/sample_tree_used"])

    kept = outcome.pairs.kept
    first = golden[f"{name}/dataset1_1based"] < golden[f"{name}/dataset2_1based"]  # each anchor is listed both ways
    starts = problem.bounds[:-1]
    for side, found in (("1", outcome.pairs.left), ("2", outcome.pairs.right)):
        batch = golden[f"{name}/dataset{side}_1based"][first] - 1
        np.testing.assert_array_equal(found[kept], starts[batch] + golden[f"{name}/cell{side}_0based"][first])
    np.testing.assert_allclose(outcome.pairs.score[kept], golden[f"{name}/anchors_score"][first], atol=1e-15)


@pytest.mark.parametrize("name", RUNS)
def test_integrated_values(golden, name):
    problem, outcome, _ = integrate(RUNS[name], golden["features"])
    found = problem.to_input_order(outcome.expression)[:: golden["every"]]
    assert_close(found, golden[f"{name}/integrated"])


def test_features_are_chosen_from_counts(golden):
    """Seurat was asked for 150 genes of every batch and 120 in all; the method asks for one number in both places."""
    x, batch = small_input()
    step = PlainStep()
    problem = problem_from(x, batch, counts=small_golden("simulated_counts")["counts"])
    outcome = run(problem, SeuratV3Params(n_ccs=N_DIMS, n_features=120), step)
    tables = step.results(vst)
    for b, table in enumerate(tables, start=1):
        np.testing.assert_allclose(table.variance_standardised, golden[f"vst/{b}"], rtol=1e-10)

    def chosen(per_batch):
        return select_integration_features([rank_variable_genes(table, per_batch) for table in tables], 120)

    np.testing.assert_array_equal(chosen(150), golden["features"])
    assert outcome.genes == tuple(problem.all_genes[i] for i in sorted(chosen(120)))


@needs_r_golden
def test_scaled_values_and_values_in_full():
    with r_file("seurat_exactsvd") as file:
        scaled = [file[f"pair12/scale_data_batch{b}_genes_x_cells"][:].T for b in (1, 2)]
    features = small_golden("seurat_anchors")["features"]
    _, _, step = integrate(RUNS["api_pair12"], features)
    for found, expected in zip(step.results(scale_genes), scaled, strict=True):
        assert_close(found, expected, 1e-12)


def _nested(merges):
    """The merges as nested pairs of batch numbers (from 1): (reference, query)."""
    nodes = {(b,): b + 1 for side in (merges.left, merges.right) for node in side for b in node}
    for left, right in zip(merges.left, merges.right, strict=True):
        nodes[left + right] = (nodes.pop(left), nodes.pop(right))
    return next(iter(nodes.values()))


def _nested_of_seurat(table):
    """R's table of merges (negative: a batch, positive: an earlier row) as nested pairs."""
    rows = []
    for row in table.astype(int):
        rows.append(tuple(-entry if entry < 0 else rows[entry - 1] for entry in row))
    return rows[-1]
