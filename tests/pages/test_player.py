"""The step player: every step of every method has a drawing, found by the type of its result alone."""

import json
from dataclasses import dataclass
from functools import cache

import numpy as np
import pytest

import scint_core as scint
from pages.ui.colouring import Groups
from pages.ui.player import Drawn, View, draw
from pages.ui.player.maps import MOST_LINES
from scint_core.contract import RESULT_TYPES, Embedding, Method, MutualPairs, Outcome, Params, explained, result
from scint_core.data.problem import problem_from
from scint_core.runs.integrate import run_method
from scint_core.runs.replay import replay
from tests.datasets import prepared

METHODS = list(scint.methods())
QUICK = {"scanvi": {"epochs_scvi": 2, "epochs_scanvi": 1}, "seurat_v2": {"n_ccs": 2}, "seurat_v3": {"k_filter": 20}}


@cache
def views(method, n_batches=3):
    """Every step of a small run as the player sees it."""
    adata = prepared(n_batches, 40, 120, 0, 70)
    found = scint.integrate(adata, method, label_key="celltype", **QUICK.get(method, {}))
    return views_of(found.steps, problem_from(adata, "batch", "celltype"), found.params)


def views_of(steps, problem, params=None):
    shown = replay(steps, problem)
    batches = Groups(problem.batch, problem.batch_names, "batch")
    types = Groups(problem.labels, problem.label_names, "celltype")
    return [
        View(shown, scene, scene.result, colouring=batches, batches=batches, types=types, params=params or {})
        for scene in shown.scenes
    ]


def clicking(view, row):
    return View(**{**vars(view), "clicked": row})


def figures(drawn):
    """Every figure of a drawing, at its first and its last moment."""
    found = [picture.figure for picture in drawn.pictures]
    return found + [picture.at(0) for picture in drawn.pictures if picture.at]


@pytest.mark.parametrize("method", METHODS)
def test_every_step_of_every_method_is_drawn(method):
    for view in views(method):
        drawn = draw(view)
        assert drawn.pictures or drawn.numbers, view.scene.record.title
        for figure in figures(drawn):
            json.loads(figure.to_json())
            assert figure.data
        assert all(picture.alt for picture in drawn.pictures)


@pytest.mark.parametrize("method", METHODS)
def test_every_step_is_drawn_with_a_clicked_cell(method):
    for row in (0, 100):
        for view in views(method):
            assert all(figure.data for figure in figures(draw(clicking(view, row))))


@pytest.mark.parametrize("method", METHODS)
def test_letters_are_large_and_backgrounds_clear(method):
    for view in views(method):
        for figure in figures(draw(view)):
            assert figure.layout.paper_bgcolor == figure.layout.plot_bgcolor == "rgba(0,0,0,0)"
            assert figure.layout.font.size >= 14
            assert all(note.font.size is None or note.font.size >= 14 for note in figure.layout.annotations)


VARIANTS = [
    ("mnn", {"correct_all": True, "svd_dim": 2}),
    ("mnn", {"cos_norm_out": False, "auto_merge": True}),
    ("mnn", {"cos_norm_in": False, "merge_order": ["batch 2", ["batch 0", "batch 1"]]}),
    ("fastmnn", {"auto_merge": True, "cos_norm": False}),
    ("fastmnn", {"min_batch_skip": 2.0}),
    ("seurat_v3", {"reduction": "pca", "k_filter": None}),
    ("scanorama", {"features": "all", "alpha": 0.99}),
    ("combat", {"parametric": False, "covariates": ("celltype",)}),
    ("combat", {"mean_only": True, "reference_batch": "batch 1"}),
    ("limma", {"covariates": ("celltype",)}),
    ("scanvi", {"epochs_scvi": 2, "epochs_scanvi": 0}),
]


@pytest.mark.parametrize(("method", "params"), VARIANTS, ids=str)
def test_steps_that_run_at_other_parameters_are_drawn_too(method, params):
    adata = prepared(3, 40, 120, 0, 70)
    found = scint.integrate(adata, method, label_key="celltype", **params)
    for view in views_of(found.steps, problem_from(adata, "batch", "celltype"), found.params):
        drawn = draw(clicking(view, 50))
        assert drawn.pictures or drawn.numbers
        assert all(figure.data for figure in figures(drawn))


def test_genes_chosen_by_a_method_are_drawn_too():
    adata = prepared(2, 40, 120, 0, 70)
    del adata.var["highly_variable"]
    found = scint.integrate(adata, "seurat_v3", n_features=60, k_filter=None)
    drawn = [draw(view) for view in views_of(found.steps, problem_from(adata, "batch", "celltype"), found.params)]
    assert sum(bool(traces(one, "trend")) for one in drawn) == 2


# A method that no page knows


@dataclass(frozen=True)
class Verdict:
    """A result type of its own: a number per cell, a number, a table of two columns, words."""

    doubt: np.ndarray
    mean_doubt: float
    table: np.ndarray
    words: str


@explained("Pairs every cell with the one in the same place of the other batch.", formula="(i, i)", parameters=())
def same_place(left, right):
    n = min(len(left), len(right))
    return MutualPairs(np.arange(n), np.arange(n))


def half_way(left, right, pairs):
    moved = np.array(right)
    moved[pairs.right] = (left[pairs.left] + right[pairs.right]) / 2
    return moved


def doubts(cells):
    spread = np.abs(cells).sum(axis=1)
    return Verdict(spread, float(spread.mean()), np.arange(12.0).reshape(4, 3), "in doubt")


@dataclass(frozen=True)
class NoParams(Params):
    """Nothing to choose."""


def run_toy(problem, p, step):
    left, right = (problem.pca[problem.cells_of([b])] for b in (0, 1))
    step.stage("merge", 1, of=1, sides=((0,), (1,)))
    pairs = step("Pair the cells", same_place, left, right)
    moved = step("Move half way", half_way, left, right, pairs)
    step.stage()
    joined = step("Put together", lambda a, b: Embedding(np.concatenate([a, b])), left, moved)
    step("Doubt", doubts, joined.coordinates)
    return Outcome(embedding=joined.coordinates)


@pytest.fixture
def toy():
    """The steps of a method that is no part of scint, as the player sees them."""
    result(Verdict)
    method = Method(
        name="toy", label="Toy", family="later", position=0, output="low-dimensional", relates_pairs=False, summary="",
        citation="", Params=NoParams, run=run_toy,
    )  # fmt: skip
    adata = prepared(2, 40, 80, 0, 50)
    problem = problem_from(adata, "batch", "celltype")
    found = run_method(method, NoParams(), problem, cells=tuple(adata.obs_names), batch_key="batch")
    yield views_of(found.steps, problem)
    RESULT_TYPES.pop("Verdict", None)


def test_a_new_method_with_a_type_of_its_own_is_played_without_code_of_its_own(toy):
    pairs, moved, together, doubt = (draw(view) for view in toy)
    assert pairs.numbers["pairs"] == "40"
    assert [view.scene.number for view in toy if view.scene.ends is not None] == [0]
    assert toy[1].scene.rows[""].tolist() == list(range(40, 80))
    assert len(moved.pictures) == 1
    np.testing.assert_allclose(toy[2].scene.after, toy[2].value.coordinates[:, :3], rtol=1e-6)
    assert together.pictures
    assert doubt.numbers["mean doubt"] == f"{toy[3].value.mean_doubt:.4g}"
    assert doubt.numbers["words"] == "in doubt"
    kinds = [trace.meta for picture in doubt.pictures for trace in picture.figure.data]
    assert "outline" in kinds  # a number per cell
    assert "heat" in kinds  # a table


# What the drawings say


def called(method, function, n_batches=3):
    return [v for v in views(method, n_batches) if v.scene.record.function.endswith(f".{function}")]


def traces(drawn, meta):
    return [t for picture in drawn.pictures for t in picture.figure.data if str(t.meta).startswith(meta)]


def test_pairs_are_capped_and_counted():
    view = called("mnn", "mutual_pairs")[0]
    drawn = draw(view)
    n = len(view.value.left)
    assert drawn.numbers["pairs"] == f"{n:,}"
    lines = sum(len(trace.x) // 3 for trace in traces(drawn, "lines"))
    assert lines == min(n, MOST_LINES)
    assert f"{lines:,} of {n:,} pairs shown" in [note.text for note in drawn.pictures[0].figure.layout.annotations]


def test_pairs_of_two_types_are_told_from_those_of_one():
    view = called("mnn", "mutual_pairs")[0]
    ends, codes = view.scene.ends, view.types.codes
    right = float((codes[ends[0]] == codes[ends[1]]).mean())
    assert draw(view).numbers["join one type"] == f"{right:.1%}"


def test_axes_stay_while_the_space_stays():
    frames = {}
    for view in views("fastmnn"):
        for figure in figures(draw(view)):
            if any(str(trace.meta).startswith("points:") for trace in figure.data):
                frames.setdefault(view.scene.space, set()).add((figure.layout.xaxis.range, figure.layout.yaxis.range))
    assert frames
    assert all(len(ranges) == 1 for ranges in frames.values())


def test_arrows_start_where_the_cells_are():
    for view in called("mnn", "add_shift"):
        (arrows,) = traces(draw(view), "arrows")
        starts = np.column_stack([arrows.x[::3], arrows.y[::3]])
        places = view.scene.before[view.scene.moved, :2]
        assert {tuple(start) for start in starts} <= {tuple(place) for place in places}


def test_centring_is_shown_along_the_batch_vector_before_and_after():
    centred = called("fastmnn", "centre_along", 2)
    before, after = (traces(draw(view), "outline") for view in centred)
    for outlines in (before, after):
        assert len(outlines) == 4  # two sides, before and after
    assert [round(float(trace.y.max()), 6) for trace in after[2:]] == [1.0, 1.0]  # all cells in one place
    assert float(before[3].y.max()) < 1.0  # the target is not centred yet


def test_the_funnel_counts_right_and_wrong_anchors_of_every_stage():
    view = called("seurat_v3", "score_anchors")[0]
    value, bars = view.value, traces(draw(view), "funnel:")
    assert [bar.name for bar in bars] == ["right", "wrong"]
    total = np.sum([bar.x for bar in bars], axis=0)
    expected = [len(value.left), value.kept.sum(), (value.kept & (value.score > 0)).sum()]
    np.testing.assert_array_equal(total, expected if not value.kept.all() else expected[1:])


def test_dropped_anchors_are_red():
    dropping = [view for view in called("seurat_v3", "supported_anchors") if not view.value.all()]
    assert dropping
    colours = {trace.name: trace.line.color for trace in traces(draw(dropping[0]), "lines")}
    assert colours["dropped"] == "#D55E00" != colours["kept"]


def test_anchors_of_a_clicked_cell_tell_the_neighbours_they_share():
    view = called("seurat_v3", "score_anchors")[0]
    row = int(view.scene.ends[0][0])
    drawn = draw(clicking(view, row))
    most = view.value.shared[view.scene.ends[0] == row].max()
    assert f"{most} shared" in drawn.pictures[0].caption
    assert len(traces(drawn, "mark")) == 1


def test_lost_variance_has_a_line_at_a_tenth():
    drawn = draw(views("fastmnn")[-1])
    assert [shape.y0 for shape in drawn.pictures[0].figure.layout.shapes] == [0.1]
    assert len(traces(drawn, "lost:")) == 3
    assert len(traces(drawn, "bracket")) == 2  # the merges


def test_the_panorama_grows_link_by_link():
    (view,) = called("scanorama", "panorama_graph")
    (picture,) = draw(view).pictures
    links = [sum(str(t.meta).startswith("link") for t in picture.at(i).data) for i in range(len(picture.moments))]
    assert links == list(range(len(view.value.edges) + 1))


def test_the_latent_space_is_seen_at_every_epoch_kept_on_the_same_axes():
    view = called("scanvi", "train_scvi")[0]
    picture = draw(view).pictures[0]
    assert len(picture.moments) == len(view.value.latent.at)
    ranges = {picture.at(i).layout.xaxis.range for i in range(len(picture.moments))}
    assert len(ranges) == 1


def test_the_objective_is_split_into_its_parts():
    drawn = draw(views("harmony")[-1])
    assert {trace.meta for trace in traces(drawn, "curve:")} == {
        "curve:objective", "curve:distance", "curve:entropy", "curve:diversity",
    }  # fmt: skip


def test_the_correction_of_a_clicked_cell_names_its_clusters():
    (view,) = called("harmony", "correct_clusters")[:1]
    (bars,) = traces(draw(clicking(view, 5)), "bars")
    membership = next(view.replay.given(view.scene)).value.membership[5]
    assert bars.y[0] == f"cluster {membership.argmax() + 1}"
    assert bars.x[0] == pytest.approx(membership.max())


def test_labels_of_a_clicked_cell_are_its_probabilities():
    (view,) = called("scanvi", "predict_labels")
    (bars,) = traces(draw(clicking(view, 5)), "bars")
    np.testing.assert_allclose(sorted(bars.x), np.sort(view.value.probability[5]), rtol=1e-6)


def test_drawings_add_up():
    one, two = Drawn(numbers={"a": "1"}, caption="x"), Drawn(numbers={"b": "2"})
    assert (one + two).numbers == {"a": "1", "b": "2"}
    assert (one + two).caption == "x"
