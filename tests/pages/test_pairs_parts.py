"""Parts of the Pairs page that need no browser: merges, colours, maps, tables, arrows, the sentence on a movement."""

import re
from types import SimpleNamespace

import numpy as np
import pytest

from pages.ui import pair_cell
from pages.ui.library import DataView, RunView
from pages.ui.pair_colours import DROPPED_COLOUR, MERGE, SCORE, VERDICT, offered, portions
from pages.ui.pair_data import ALL_MERGES, PCA, UMAP, Asked, Related, in_block, in_question
from pages.ui.pair_maps import CLICK, Look, pair_figure
from pages.ui.pair_numbers import by_merge, counts_of, depth_figure, percent, types_figure
from pages.ui.palette import OKABE_ITO
from pages.ui.selection import Shape, clicked
from scint_core.contract import MergeTree, Pairs
from scint_core.numerics.pair_table import EITHER, LEFT, RIGHT_END
from scint_core.runs.movement import Movement

# Six cells in a row, at x = 0 … 5: batches a, a, b, b, c, c and types T, B, T, B, T, none.
PLACES = np.array([[float(i), 0.0] for i in range(6)], dtype=np.float32)
BATCH, TYPES = np.array([0, 0, 1, 1, 2, 2]), np.array([0, 1, 0, 1, 0, -1])
PAIRS = Pairs(
    left=np.array([0, 1, 0, 2, 1]), right=np.array([2, 3, 3, 4, 5]), merge=np.array([0, 0, 0, 1, 1]),
    score=np.array([0.9, 0.5, 0.1, 0.7, 0.3]), kept=np.array([True, True, False, True, True]),
)  # fmt: skip
MERGES = MergeTree(((0,), (0, 1)), ((1,), (2,)))
STEP = np.array([[0, 0], [0, 0], [-2, 0], [-1, 0], [-4, 0], [-4, 3.0]])


@pytest.fixture(autouse=True)
def _no_jobs(monkeypatch):
    """Nothing is asked of the folders of jobs."""
    monkeypatch.setattr("pages.ui.library.hover_texts", lambda _: None)


def related(pairs=PAIRS, labels=TYPES, merges=MERGES, moves=True):
    view = DataView(
        id="d", title="t", batch_key="batch", label_key=None if labels is None else "type", batch=BATCH,
        batch_names=("a", "b<i>", "c"), labels=labels, label_names=() if labels is None else ("T", "B"),
        cells=np.array(list("uvwxyz")), columns=(), umap=PLACES, n_genes=3, n_variable=2, notes=(), findings=(),
    )  # fmt: skip
    run = RunView("r", SimpleNamespace(merges=merges, pairs=pairs), PLACES + 10)
    movement = Movement(PLACES, PLACES + STEP, "the axes", "log values") if moves else None
    return Related(view, run, "MNN", pairs, movement)


def look(where=UMAP, by=VERDICT, drawn=(0, 1, 3, 4), dropped=()):
    return Look(where, CLICK, by, "batch", np.array(drawn, dtype=int), np.array(dropped, dtype=int))


def lines(figure, start):
    """meta → x of the ends of its lines, panel by panel."""
    return {
        (t.meta, t.xaxis): np.array(t.x).reshape(-1, 3)[:, :2].tolist()
        for t in figure.data
        if str(t.meta).startswith(start)
    }


# Merges and questions


def test_merges_are_named_with_the_reference_first():
    names = related().merge_names()
    assert names == {ALL_MERGES: "all merges", 0: "merge 1: a ← b<i>", 1: "merge 2: a + b<i> ← c"}
    nowhere = Pairs(PAIRS.left, PAIRS.right, np.full(5, -1), PAIRS.score, PAIRS.kept)
    assert related(nowhere).merge_names() == {ALL_MERGES: "all merges", -1: "batches that no merge joins"}


@pytest.mark.parametrize(("end", "left"), [(EITHER, [0, 1, 2, 3, 4]), (LEFT, [0, 1, 2, 4]), (RIGHT_END, [3])])
def test_a_lasso_leaves_the_pairs_with_the_end_that_is_asked_for(end, left):
    shape = Shape(0, ((-0.5, -1), (1.5, -1), (1.5, 1), (-0.5, 1)))  # cells 0 and 1
    if end == RIGHT_END:
        shape = Shape(0, ((3.5, -1), (4.5, -1), (4.5, 1), (3.5, 1)))  # cell 4
    elif end == EITHER:
        shape = Shape(0, ((-0.5, -1), (2.5, -1), (2.5, 1), (-0.5, 1)))  # cells 0, 1, 2
    rows = in_question(related(), Asked(shape=shape).cells(related()), merge=ALL_MERGES, end=end)
    assert np.flatnonzero(rows).tolist() == left


def test_a_lasso_on_one_kind_of_map_is_not_read_on_the_other():
    shape = Shape(1, ((-1, -1), (0.5, -1), (0.5, 1), (-1, 1)))
    assert Asked(shape=shape, on=PCA).cells(related()).tolist() == [True, False, True, False, True, False]
    assert not Asked(shape=shape, on=UMAP).cells(related()).any()  # which lies ten further to the right


def test_merge_and_field_of_the_table_narrow_the_pairs_down():
    found = related()
    assert np.flatnonzero(in_question(found, None, merge=1, end=EITHER)).tolist() == [3, 4]
    assert np.flatnonzero(in_block(found, Asked(block=(0, 1)))).tolist() == [2]
    assert np.flatnonzero(in_block(found, Asked(block=(1, -1)))).tolist() == [4]
    assert in_block(found, Asked()).all()


@pytest.mark.parametrize(
    ("selection", "cell"),
    [
        ({}, None), ({"points": [], "lasso": [], "box": []}, None), ({"points": [{"customdata": 4}]}, 4),
        ({"points": [{"x": 1}]}, None),
    ],
)  # fmt: skip
def test_a_click_is_a_point_that_bears_a_cell(selection, cell):
    assert clicked({"selection": selection}, int) == cell


# Colours


def test_pairs_are_coloured_by_what_tells_them_apart():
    assert offered(related()) == [VERDICT, SCORE, MERGE]
    alike = Pairs(PAIRS.left, PAIRS.right, PAIRS.merge, np.ones(5), PAIRS.kept)
    assert offered(related(alike, labels=None)) == [MERGE]


def test_right_pairs_are_blue_and_wrong_ones_vermilion():
    found = {part.name: (part.colour, part.rows.tolist()) for part in portions(related(), VERDICT, np.arange(5))}
    assert found["same type"] == (OKABE_ITO[0], [0, 1, 3])
    assert found["different types"] == (OKABE_ITO[5], [2])
    assert found["a type unknown"][1] == [4]


@pytest.mark.parametrize(("by", "n_colours"), [(VERDICT, 3), (SCORE, 3), (MERGE, 2)])
def test_every_pair_has_one_colour(by, n_colours):
    rows = np.array([4, 0, 1]) if by == SCORE else np.array([4, 0, 2])  # a dropped pair has no score to speak of
    parts = portions(related(), by, rows)
    assert sorted(np.concatenate([part.rows for part in parts]).tolist()) == sorted(rows)
    assert len({part.colour for part in parts}) == n_colours


def test_a_higher_score_is_brighter():
    found = related()
    shades = {int(row): part.colour for part in portions(found, SCORE, np.arange(5)) for row in part.rows}
    brightness = [sum(map(int, shades[row][4:-1].split(","))) for row in np.argsort(PAIRS.score)]
    assert brightness == sorted(brightness)
    assert brightness[0] < brightness[-1]


# Maps


def test_lines_join_the_two_cells_on_the_map_before():
    figure = pair_figure(related(), look(), None, None)
    assert lines(figure, "pairs") == {
        ("pairs:same type", "x"): [[0, 2], [1, 3], [2, 4]], ("pairs:a type unknown", "x"): [[1, 5]]
    }  # fmt: skip
    assert {t.meta for t in figure.data if str(t.meta).startswith("legend")} == {
        "legend:same type", "legend:a type unknown"
    }  # fmt: skip


def test_dropped_pairs_are_dashed_in_a_colour_of_their_own():
    figure = pair_figure(related(), look(dropped=[2]), None, None)
    trace = next(t for t in figure.data if t.meta == "dropped")
    assert (trace.line.dash, trace.line.color) == ("dash", DROPPED_COLOUR)
    assert DROPPED_COLOUR not in {t.line.color for t in figure.data if str(t.meta).startswith("pairs")}
    assert lines(figure, "dropped") == {("dropped", "x"): [[0, 3]]}


def test_partners_of_a_clicked_cell_are_bold_on_both_maps():
    figure = pair_figure(related(), look(where=PCA), 0, None)
    drawn = lines(figure, "partners")
    assert drawn["partners:same type", "x"] == [[0, 2]]
    assert drawn["partners:same type", "x2"] == [[0, 0]]  # the partner came to lie on it
    assert drawn["partners:dropped", "x"] == [[0, 3]]
    rings = [(t.xaxis, list(t.x)) for t in figure.data if t.meta == "clicked"]
    assert rings == [("x", [0]), ("x2", [0])]
    bold, thin = (
        next(t for t in figure.data if str(t.meta).startswith(start)) for start in ("partners:same", "pairs:same")
    )
    assert bold.line.width > thin.line.width
    assert bold.opacity > thin.opacity


def test_scores_have_a_scale_and_no_legend():
    figure = pair_figure(related(), look(by=SCORE), None, None)
    scale = next(t for t in figure.data if t.meta == "scale")
    assert scale.marker.showscale
    assert not [t for t in figure.data if str(t.meta).startswith("legend")]


# Numbers and tables


def test_a_line_per_merge():
    table = by_merge(related(), np.ones(5, dtype=bool))
    assert list(table.index) == ["merge 1: a ← b<i>", "merge 2: a + b<i> ← c"]
    assert table.to_numpy().tolist() == [["2", "100%", "0.70"], ["2", "100%", "0.50"]]


@pytest.mark.parametrize(("share", "text"), [(float("nan"), "–"), (0.934, "93%"), (0.998, "99.8%"), (1.0, "100%")])
def test_shares_are_not_rounded_up_to_all(share, text):
    assert percent(share) == text


def test_the_table_of_types_counts_kept_pairs_and_can_be_clicked():
    counts = counts_of(related(), np.ones(5, dtype=bool))
    assert counts.to_numpy().tolist() == [[2, 0, 0], [0, 1, 1], [0, 0, 0]]
    assert counts.attrs["names"] == ["T", "B", "(none)"]
    figure = types_figure(counts, block=(1, -1))
    fields = next(t for t in figure.data if t.meta == "fields")
    assert [list(field) for field in fields.customdata] == [[0, 0, 2], [1, 1, 1], [1, -1, 1]]
    heat = next(t for t in figure.data if t.meta == "counts")
    assert np.isnan(heat.z).tolist() == [[False, True, True], [True, False, False], [True, True, True]]
    assert all(colour.startswith("#") and len(colour) == 7 for _, colour in heat.colorscale)  # opaque in either theme
    frame = figure.layout.shapes[0]
    assert ((frame.x0 + frame.x1) / 2, (frame.y0 + frame.y1) / 2) == pytest.approx((2, 1))


def test_without_labels_the_table_is_by_batch():
    counts = counts_of(related(labels=None), np.ones(5, dtype=bool))
    assert counts.attrs["names"] == ["a", "b<i>", "c"]
    assert counts.to_numpy().tolist() == [[0, 2, 1], [0, 0, 1], [0, 0, 0]]
    assert "<i>" not in types_figure(counts).layout.xaxis.ticktext[1]


def test_depth_is_drawn_as_shares():
    bars, line = depth_figure(np.array([0.05, 0.05, 0.95, 1.0]), np.linspace(0, 1, 101)).data
    assert list(bars.y) == [0.5, 0, 0, 0, 0, 0, 0, 0, 0, 0.5]
    assert sum(line.y[:-1]) == pytest.approx(1)


# The clicked cell


def test_partners_stand_in_the_table_nearest_first(monkeypatch):
    monkeypatch.setattr(pair_cell, "principal_components", lambda _: np.array([[0], [1], [9], [3], [4], [5.0]]))
    table = pair_cell.partner_table(related(), 0)
    assert table.to_dict("list") == {
        "partner": ["x", "w"], "batch": ["b<i>"] * 2, "type": ["B", "T"], "score": [0.1, 0.9], "kept": [False, True],
        "distance": [3, 9],
    }  # fmt: skip


@pytest.mark.parametrize(
    ("cell", "said"),
    [(0, "stays where it is"), (2, "1.33 times as far.*cosine 1.00.*100%"), (5, "1.11 times as far.*cosine 0.96")],
)
def test_a_movement_is_told_beside_its_batch(cell, said):
    sentence = pair_cell.movement_sentence(related(), cell)
    assert re.search(said, sentence), sentence


def test_arrows_lead_from_before_to_after_and_none_where_a_cell_stays():
    before, after = PLACES, PLACES + STEP
    found = pair_cell.arrows(before, after, [0, 5], "red", 2)
    assert len(found) == 1
    assert [found[0][key] for key in ("ax", "ay", "x", "y")] == [5, 0, 1, 3]


def test_the_picture_of_a_movement_has_the_arrow_within_its_range():
    figure = pair_cell.movement_figure(related(), 5)
    bold = [a for a in figure.layout.annotations if a.arrowwidth == 5]
    assert len(bold) == 1
    low, high = figure.layout.yaxis.range
    assert low < bold[0].y < high
