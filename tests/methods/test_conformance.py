"""What every method must do, run over everything that is registered."""

import numpy as np
import pandas as pd
import pytest
import scipy.sparse as sp

import scint_core as scint
from scint_core.errors import IntegrationError
from scint_core.numerics.neighbors import nearest_neighbors
from tests.datasets import counts, prepared

METHODS = list(scint.methods())
CORRECTING = [name for name in METHODS if name != "unintegrated"]
NEEDS_LABELS = {name for name, method in scint.methods().items() if method.labels == "needed"}

# Methods whose iterations amplify rounding: the same neighbours, not the same digits.
BY_NEIGHBORS = {"harmony", "harmony2", "scanvi"}

every = pytest.mark.parametrize("method", METHODS)
correcting = pytest.mark.parametrize("method", CORRECTING)


def run(adata, method, **given):
    label = "celltype" if method in NEEDS_LABELS else None
    return scint.integrate(adata, method, **{"label_key": label, **given})


def outputs(result):
    """The arrays that a method returned, by name."""
    pairs = {"embedding": result.embedding, "expression": result.expression}
    return {name: array for name, array in pairs.items() if array is not None}


def assert_same(method, one, two, tolerance=1e-5):
    """Equal results: up to rounding, or in their neighbours for methods that iterate."""
    for (name, a), b in zip(outputs(one).items(), outputs(two).values(), strict=True):
        if method in BY_NEIGHBORS and name == "embedding":
            assert shared_neighbors(a, b) >= 0.8
        else:
            np.testing.assert_allclose(a, b, atol=tolerance * np.abs(b).max(), rtol=0)


def shared_neighbors(a, b, k=30):
    near = [nearest_neighbors(x.astype(float), x.astype(float), k).indices for x in (a, b)]
    return np.mean([len(set(p) & set(q)) / k for p, q in zip(*near, strict=True)])


@every
def test_the_result_is_complete(method):
    adata = prepared()
    result = run(adata, method)
    assert result.method == method
    assert outputs(result)
    for array in outputs(result).values():
        assert len(array) == adata.n_obs
        assert np.isfinite(array).all()
        assert array.dtype == np.float32
    if result.expression is not None:
        assert result.expression.shape[1] == len(result.genes)
    assert set(result.params) == {spec.name for spec in scint.methods()[method].Params.specs()}
    assert result.versions["scint"]


@every
def test_the_declaration_holds(method):
    declared, result = scint.methods()[method], run(prepared(), method)
    assert (result.expression is not None) == (declared.output in ("genes", "both"))
    assert (result.embedding is not None) == (declared.output in ("low-dimensional", "both"))
    assert (result.pairs is not None) == declared.relates_pairs
    assert declared.summary
    assert declared.citation or declared.family == "baseline"


@every
def test_every_step_can_be_shown(method):
    result = run(prepared(), method)
    assert result.steps
    for record in result.steps:
        assert record.title
        assert record.seconds >= 0
        assert record.result is not None
        assert isinstance(record.params, dict)


@every
def test_the_input_is_not_changed(method):
    adata = prepared()
    before = adata.copy()
    run(adata, method)
    np.testing.assert_array_equal(_dense(adata.X), _dense(before.X))
    pd.testing.assert_frame_equal(adata.obs, before.obs)
    pd.testing.assert_frame_equal(adata.var, before.var)
    assert set(adata.obsm) == set(before.obsm)
    assert set(adata.uns) == set(before.uns)
    np.testing.assert_array_equal(adata.obsm["X_pca"], before.obsm["X_pca"])


@every
def test_the_same_seed_gives_the_same_bytes(method, tmp_path, monkeypatch):
    one = run(prepared(), method, seed=3)
    monkeypatch.setenv("SCINT_CACHE", str(tmp_path / "another"))
    two = run(prepared(), method, seed=3)
    assert not any(record.reused for record in two.steps)
    for a, b in zip(outputs(one).values(), outputs(two).values(), strict=True):
        assert a.tobytes() == b.tobytes()


@every
def test_a_reused_run_gives_the_same_bytes(method, monkeypatch):
    monkeypatch.setattr("scint_core.runs.cache.StepCache.worth", -1.0)
    one, two = run(prepared(), method), run(prepared(), method)
    assert all(record.reused for record in two.steps)
    for a, b in zip(outputs(one).values(), outputs(two).values(), strict=True):
        assert a.tobytes() == b.tobytes()


@every
def test_permuting_cells_permutes_the_output(method):
    adata = prepared(n_batches=3, cells=45)
    order = np.random.default_rng(5).permutation(adata.n_obs)
    straight, permuted = run(adata, method), run(adata[order].copy(), method)
    for a, b in zip(outputs(straight).values(), outputs(permuted).values(), strict=True):
        np.testing.assert_array_equal(a[order], b)
    if straight.pairs is not None:
        assert _named(straight, adata.obs_names) == _named(permuted, adata.obs_names[order])


@correcting
def test_batches_act_by_position_and_never_by_name(method):
    adata = prepared(n_batches=3, cells=45)
    other = adata.copy()
    other.obs["batch"] = adata.obs["batch"].cat.rename_categories(["z", "y", "x"])
    for a, b in zip(outputs(run(adata, method)).values(), outputs(run(other, method)).values(), strict=True):
        np.testing.assert_array_equal(a, b)


@correcting
@pytest.mark.parametrize("kind", ["int", "text", "unused categories"])
def test_the_type_of_the_batch_column_does_not_matter(method, kind):
    adata = prepared()
    other = adata.copy()
    codes = adata.obs["batch"].cat.codes
    if kind == "unused categories":
        other.obs["batch"] = adata.obs["batch"].cat.add_categories(["never", "used"])
    else:
        other.obs["batch"] = codes.astype(int) if kind == "int" else codes.astype(str).astype(object)
    for a, b in zip(outputs(run(adata, method)).values(), outputs(run(other, method)).values(), strict=True):
        np.testing.assert_array_equal(a, b)


@every
@pytest.mark.parametrize("form", ["csr", "csc", "dense", "csr_array"])
def test_the_form_of_the_matrix_does_not_matter(method, form):
    adata = prepared()
    made = {"csr": sp.csr_matrix, "csc": sp.csc_matrix, "csr_array": sp.csr_array, "dense": np.asarray}[form]
    adata.X = made(_dense(adata.X))
    del adata.obsm["X_pca"]
    reference = prepared()
    reference.X = _dense(reference.X)
    del reference.obsm["X_pca"]
    assert_same(method, run(adata, method), run(reference, method))


@every
def test_float32_and_float64_agree_to_rounding(method):
    adata = prepared()
    adata.X = _dense(adata.X).astype(np.float64)
    assert_same(method, run(adata, method), run(prepared(), method), tolerance=1e-4)


@every
def test_progress_rises_to_one(method):
    seen = []
    run(prepared(), method, report=lambda fraction, status: seen.append((fraction, status)))
    fractions = [fraction for fraction, _ in seen]
    assert len(seen) >= 2
    assert fractions == sorted(fractions)
    assert fractions[-1] == 1.0
    assert max(fractions[:-1]) <= 0.99
    assert all(status for _, status in seen)


@every
def test_progress_ends_at_one_when_everything_is_reused(method, monkeypatch):
    monkeypatch.setattr("scint_core.runs.cache.StepCache.worth", -1.0)
    run(prepared(), method)
    seen = []
    run(prepared(), method, report=lambda fraction, _: seen.append(fraction))
    assert len(seen) >= 2
    assert seen[-1] == 1.0


@every
def test_a_cancel_at_any_step_reaches_the_caller_and_spoils_nothing(method):
    class Cancelled(Exception):
        pass

    expected = outputs(run(prepared(), method))
    for stop_at in range(1, 12, 3):
        calls = []

        def report(fraction, status, calls=calls, stop_at=stop_at):
            calls.append(fraction)
            if len(calls) == stop_at:
                raise Cancelled

        try:
            run(prepared(), method, report=report)
        except Cancelled:
            pass
        else:
            assert len(calls) < stop_at
    for name, array in outputs(run(prepared(), method)).items():
        np.testing.assert_array_equal(array, expected[name])


@correcting
def test_one_batch_is_refused(method):
    adata = prepared()
    adata.obs["batch"] = "only"
    with pytest.raises(IntegrationError, match=r"'batch' holds one value, 'only'.*at least two batches"):
        run(adata, method)


@correcting
def test_a_batch_of_one_cell_is_refused_by_name(method):
    adata = prepared()
    adata.obs["batch"] = ["lonely", *["crowd"] * (adata.n_obs - 1)]
    with pytest.raises(IntegrationError, match=r"'lonely'.*1 cell"):
        run(adata, method)


@every
def test_a_missing_batch_column_is_refused_by_name(method):
    with pytest.raises(IntegrationError, match=r"'donor' is not in the cell table.*'batch'"):
        run(prepared(), method, batch_key="donor")


@every
def test_cells_without_a_batch_are_refused_with_their_number(method):
    adata = prepared()
    adata.obs["batch"] = adata.obs["batch"].astype(object)
    adata.obs.iloc[:3, adata.obs.columns.get_loc("batch")] = np.nan
    with pytest.raises(IntegrationError, match=r"'batch' is missing \(NaN\) for 3 cells"):
        run(adata, method)


@every
@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_values_that_are_not_finite_are_refused_with_their_number(method, value):
    adata = prepared()
    X = _dense(adata.X)
    column = int(np.flatnonzero(adata.var["highly_variable"])[0])
    X[:2, column] = value
    adata.X = X
    del adata.obsm["X_pca"]
    for layer in list(adata.layers):
        adata.layers[layer] = X.copy()
    with pytest.raises(IntegrationError, match=r"2 missing \(NaN\) or infinite"):
        run(adata, method)


@every
def test_counts_in_place_of_log_values_are_refused(method):
    if scint.methods()[method].counts == "needed":
        pytest.skip("takes counts")
    with pytest.raises(IntegrationError, match=r"counts.*scint\.preprocess"):
        run(counts(), method)


@every
@pytest.mark.parametrize("part", ["cells", "genes"])
def test_no_cells_or_no_genes_are_refused(method, part):
    adata = prepared()
    empty = adata[:0].copy() if part == "cells" else adata[:, :0].copy()
    with pytest.raises(IntegrationError, match=f"no {part}"):
        run(empty, method)


@correcting
def test_a_batch_smaller_than_the_neighbourhood_is_named_or_needs_no_note(method):
    adata = prepared()
    codes = np.zeros(adata.n_obs, dtype=int)
    codes[:6] = 1
    adata.obs["batch"] = pd.Categorical.from_codes(codes, ["large", "tiny"])
    result = run(adata, method)
    for array in outputs(result).values():
        assert np.isfinite(array).all()
    if "k" in result.params:
        assert any("'tiny' has 6 cells" in note for note in result.notes)


@every
def test_what_is_foreseen_is_noted(method):
    adata = prepared()
    declared = scint.methods()[method]
    from scint_core.data.problem import problem_from

    foreseen = declared.foresee(problem_from(adata, "batch", "celltype"), declared.Params())
    assert set(foreseen) <= set(run(adata, method).notes)


@every
def test_an_unknown_parameter_is_refused_with_the_known_ones(method):
    with pytest.raises(IntegrationError, match="'bandwith' does not exist"):
        run(prepared(), method, bandwith=1)


def _bad_values():
    for name, method in scint.methods().items():
        for spec in method.Params.specs():
            bad = ["a text", object()] if spec.kind != "flag" else ["a text", 2]
            if spec.kind in ("integer", "real"):
                bad += [float("nan"), float("inf"), True]
                bad += [] if spec.limits.low is None else [spec.limits.low - 1]
                bad += [spec.limits.low] if spec.limits.open_low else []
                bad += [] if spec.limits.high is None else [spec.limits.high + 1]
            if spec.kind == "integer":
                bad += [1.5]
            if not spec.optional:
                bad += [None]
            if spec.kind == "text":
                bad.remove("a text")
            if spec.kind == "names":
                bad.remove("a text")
            for value in bad:
                yield pytest.param(name, spec.name, value, id=f"{name}-{spec.name}-{value!r:.20}")


@pytest.mark.parametrize(("method", "name", "value"), _bad_values())
def test_bad_values_are_refused_by_name(method, name, value):
    with pytest.raises(IntegrationError, match=f"'{name}'"):
        run(prepared(), method, **{name: value})


@every
def test_parameters_explain_themselves(method):
    for spec in scint.methods()[method].Params.specs():
        assert spec.help.endswith((".", ")"))
        assert spec.source
        if spec.kind in ("integer", "real"):
            assert spec.larger
            assert spec.risk


@every
def test_presets_are_valid(method):
    params = scint.methods()[method].Params
    for preset in params.presets:
        assert params.create(preset=preset)


@every
def test_pairs_join_cells_of_different_batches(method):
    adata = prepared(n_batches=3, cells=45)
    pairs = run(adata, method).pairs
    if pairs is None:
        pytest.skip("relates no pairs")
    batch = adata.obs["batch"].cat.codes.to_numpy()
    assert len(pairs)
    assert (batch[pairs.left] != batch[pairs.right]).all()
    assert len(pairs.left) == len(pairs.right) == len(pairs.merge) == len(pairs.score) == len(pairs.kept)
    assert pairs.kept.dtype == bool


@every
def test_empty_genes_and_an_empty_cell_do_no_harm(method):
    adata = prepared()
    X = _dense(adata.X)
    X[:, np.flatnonzero(adata.var["highly_variable"])[:3]] = 0
    X[4] = 0
    adata.X = X
    del adata.obsm["X_pca"]
    for array in outputs(run(adata, method)).values():
        assert np.isfinite(array).all()


@every
def test_two_cells_of_the_same_name_are_kept_apart(method):
    adata = prepared()
    adata.obs_names = ["same"] * 2 + list(adata.obs_names[2:])
    result = run(adata, method)
    for array in outputs(result).values():
        assert len(array) == adata.n_obs


@correcting
def test_batches_mix(method):
    """The reason for it all: cells have more neighbours of the other batch than before."""
    adata = prepared(cells=150, genes=150, n_top_genes=120)
    before, after = run(adata, "unintegrated").coordinates, run(adata, method).coordinates
    batch = adata.obs["batch"].cat.codes.to_numpy()

    def mixing(x):
        near = nearest_neighbors(x.astype(float), x.astype(float), 16).indices[:, 1:]
        return (batch[near] != batch[:, None]).mean()

    assert mixing(after) > mixing(before) + 0.1


def _dense(matrix):
    return np.asarray(matrix.todense()) if sp.issparse(matrix) else np.array(matrix)


def _named(result, names):
    return set(zip(names[result.pairs.left], names[result.pairs.right], result.pairs.merge.tolist(), strict=True))
