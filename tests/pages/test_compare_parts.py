"""Parts of the Compare page that need no browser: the table, shapes, colours, who is beaten by whom."""

import functools
import operator

import numpy as np
import pytest

from pages.ui.charts import Panel, maps
from pages.ui.colouring import NONE, Groups, Shades, shades
from pages.ui.score_table import ScoredRow, columns_of, not_beaten, pareto_figure, score_figure, table_of
from pages.ui.selection import Shape, drawn_shape
from scint_core.metrics import DEFAULT_METRICS, METRICS

METRIC = list(DEFAULT_METRICS)


def row(name, batch, bio, **given):
    """A row whose batch and bio metrics all have one value each."""
    scores = {m: batch if METRICS[m].group == "batch" else bio for m in METRIC}
    return ScoredRow(name, name.upper(), scores, **given)


ROWS = [row("mixed", 0.9, 0.3), row("pure", 0.2, 0.8), row("good", 0.7, 0.7)]


def test_rows_are_sorted_by_total_and_the_weight_decides():
    assert list(table_of(ROWS, batch_weight=0.4, scaled=False).index) == ["good", "pure", "mixed"]
    assert list(table_of(ROWS, batch_weight=1.0, scaled=False).index) == ["mixed", "good", "pure"]
    assert list(table_of(ROWS, batch_weight=0.0, scaled=False).index) == ["pure", "good", "mixed"]


def test_pinned_rows_stay_on_top():
    rows = [*ROWS, row("last", 0.0, 0.0, pinned=True)]
    assert table_of(rows, batch_weight=0.4, scaled=False).index[0] == "last"


def test_scaled_scores_run_from_zero_to_one():
    table = table_of(ROWS, batch_weight=0.4, scaled=True)
    assert table.loc["mixed", "iLISI"] == 1
    assert table.loc["pure", "iLISI"] == 0
    assert table.loc["good", "iLISI"] == pytest.approx(5 / 7)


def test_a_row_without_scores_yet_is_there_and_last():
    rows = [ScoredRow("new", "NEW", {}), *ROWS]
    table = table_of(rows, batch_weight=0.4, scaled=False)
    assert table.index[-1] == "new"
    assert table.loc["new"].isna().all()


def test_batch_metrics_come_first_and_counted_ones_before_the_others():
    columns = columns_of(table_of(ROWS, batch_weight=0.4, scaled=False))
    groups = [METRICS[name].group for name in columns]
    assert groups == sorted(groups)  # "batch" before "bio"
    counted = [METRICS[name].aggregated for name in columns if METRICS[name].group == "bio"]
    assert counted == sorted(counted, reverse=True)


def test_the_picture_holds_the_scores_with_row_and_metric():
    table = table_of(ROWS, batch_weight=0.4, scaled=False)
    figure = score_figure(table, ROWS, "iLISI")
    circles = {trace.meta: trace for trace in figure.data}
    at = [list(pair) for pair in circles["circles:batch"].customdata].index(["mixed", "iLISI"])
    assert circles["circles:batch"].text[at] == ".90"
    assert circles["circles:batch"].y[at] == list(table.index).index("mixed")
    np.testing.assert_allclose(circles["bars:Total"].customdata, table["Total"])
    heads = [annotation.text for annotation in figure.layout.annotations]
    assert "<b>iLISI</b>" in heads
    assert "cLISI °" in heads


def test_an_undefined_score_is_a_ring_without_a_number():
    rows = [ScoredRow("a", "a", {"iLISI": float("nan"), "cLISI": 1.0})]
    figure = score_figure(table_of(rows, batch_weight=0.4, scaled=False), rows, None)
    batch = next(trace for trace in figure.data if trace.meta == "circles:batch")
    assert set(batch.text) == {""}
    assert set(batch.marker.color) == {"rgba(0,0,0,0)"}
    bio = next(trace for trace in figure.data if trace.meta == "circles:bio")
    assert "1" in bio.text


def test_names_from_files_are_no_markup():
    rows = [ScoredRow("a", "<b>x</b>", dict.fromkeys(METRIC, 0.5), saw_labels=True)]
    figure = score_figure(table_of(rows, batch_weight=0.4, scaled=False), rows, None)
    assert figure.layout.yaxis.ticktext[0].startswith("&lt;b&gt;x")
    assert "saw labels" in figure.layout.yaxis.ticktext[0]


def test_not_beaten_are_those_on_the_front():
    batch, bio = np.array([0.9, 0.2, 0.7, 0.7, 0.1]), np.array([0.3, 0.8, 0.7, 0.6, 0.1])
    assert not_beaten(batch, bio).tolist() == [0, 1, 2]
    assert not_beaten(np.array([0.5, 0.5]), np.array([0.5, 0.5])).tolist() == [0, 1]  # equals do not beat each other


def test_the_front_is_drawn_through_them():
    front, points = pareto_figure(table_of(ROWS, batch_weight=0.4, scaled=False), ROWS).data
    assert len(points.x) == 3
    assert list(front.x) == sorted(front.x)
    assert len(front.x) == 3


# Shapes


SQUARE = {"xref": "x2", "yref": "y2", "x": [0, 2, 2, 0], "y": [0, 0, 2, 2]}


def test_a_lasso_marks_the_cells_of_its_own_map():
    panels = [Panel("a", np.array([[1.0, 1.0], [5, 5]])), Panel("b", np.array([[5.0, 5.0], [1, 1]]))]
    shape = drawn_shape({"selection": {"lasso": [SQUARE], "box": []}}, 2)
    assert shape.panel == 1
    assert shape.cells(panels).tolist() == [False, True]


def test_a_box_is_a_shape_too():
    box = {"xref": "x", "yref": "y", "x": [2, 0], "y": [0, 2]}
    shape = drawn_shape({"selection": {"box": [box]}}, 1)
    assert shape.cells([Panel("a", np.array([[1.0, 1.0], [3, 1]]))]).tolist() == [True, False]


@pytest.mark.parametrize("event", [None, {}, {"selection": {}}, {"selection": {"lasso": [{**SQUARE, "xref": "x9"}]}}])
def test_nothing_drawn_is_no_shape(event):
    assert drawn_shape(event, 2) is None


def test_shapes_compare_by_what_was_drawn():
    drawn = {"selection": {"lasso": [SQUARE]}}
    assert drawn_shape(drawn, 2) == drawn_shape(drawn, 2)
    assert isinstance(drawn_shape(drawn, 2), Shape)


# Colours and maps


def test_shades_share_a_scale_and_leave_out_what_is_missing():
    one, two = shades([np.array([0.0, 1.0, np.nan]), np.array([2.0, 3.0, 4.0])], "gene")
    assert (one.low, one.high) == (two.low, two.high)
    members = {name: cells.tolist() for name, _, cells in one.members()}
    assert members[NONE] == [2]
    assert sorted(functools.reduce(operator.iadd, members.values(), [])) == [0, 1, 2]


def test_a_constant_or_missing_value_is_one_shade():
    for values in (np.zeros(5), np.full(5, np.nan)):
        (only,) = shades([values], "nothing")
        assert len(only.members()) == 1


def test_hardly_expressed_genes_still_show():
    values = np.zeros(1000)
    values[3] = 2.5
    (only,) = shades([values], "rare")
    assert only.high == 2.5
    assert [cells.tolist() for _, _, cells in only.members()][-1] == [3]


def layout(n=12, seed=0):
    return np.random.default_rng(seed).normal(size=(n, 2))


GROUPS = Groups(np.arange(12) % 2, ("a", "b"), "batch")


@pytest.mark.parametrize(("n", "axes"), [(1, 1), (3, 3), (4, 4)])
def test_every_panel_has_axes_of_its_own(n, axes):
    figure = maps([Panel(str(i), layout(seed=i)) for i in range(n)], GROUPS)
    assert len({trace.xaxis for trace in figure.data}) == axes
    assert len({figure.layout[f"xaxis{i + 1 if i else ''}"].range for i in range(n)}) == 1


def test_marked_cells_are_the_same_in_all_panels():
    marked = np.zeros(12, dtype=bool)
    marked[[1, 4, 7]] = True
    figure = maps([Panel("a", layout()), Panel("b", layout(seed=1))], GROUPS, None, marked)
    for axis in ("x", "x2"):
        found = [t.customdata[i] for t in figure.data if t.xaxis == axis for i in t.selectedpoints]
        assert sorted(found) == [1, 4, 7]


def test_without_marks_nothing_fades():
    assert all(trace.selectedpoints is None for trace in maps([Panel("a", layout())], GROUPS).data)


def test_numbers_bring_a_scale_and_no_legend():
    own = [Shades(np.linspace(0, 1, 12), "iLISI", 0, 1), Shades(np.linspace(1, 0, 12), "iLISI", 0, 1)]
    panels = [Panel("a", layout(), colouring=own[0]), Panel("b", layout(), colouring=own[1])]
    figure = maps(panels, own[0])
    assert [trace.meta for trace in figure.data][-1] == "scale"
    assert not any(trace.showlegend for trace in figure.data)
    first = {axis: next(t for t in figure.data if t.xaxis == axis).customdata[0] for axis in ("x", "x2")}
    assert first["x"] != first["x2"]
