"""Every kind of picture has a chart; the charts show what the pictures hold, on axes that stay."""

import numpy as np
import pytest

from pages.ui import lesson_charts, lesson_maps
from pages.ui.lesson_charts import Look, box_of, chart
from pages.ui.lesson_maps import MOST_PAIRS, legends
from pages.ui.lesson_parts import claim_text, words_table, written
from scint_core.contract import MutualPairs
from scint_core.lab import all_lessons, pictures
from scint_core.lab.lesson import Figure
from scint_core.lab.pictures import Bars, CellMap, Curves, Groups, Histograms, Matrix, Observation, Words
from scint_core.runs.lessons import observe

LOOK = Look(height=340)
LAYOUT = np.array([[0.0, 0], [1, 0], [0, 2], [1, 2], [5, 1]])
TYPES = Groups("cell type", np.array([0, 1, 0, 1, -1]), ("T <cell>", "B cell"))
BATCHES = Groups("batch", np.array([0, 0, 1, 1, 1]), ("batch 1", "batch 2"))
PAIRS = MutualPairs(np.array([0, 1, 0]), np.array([2, 3, 3]))
MAP = CellMap(
    "Before", LAYOUT, TYPES, BATCHES, pairs=PAIRS, right=np.array([True, True, False]), axes=("types", "batch effect")
)
EXAMPLES = [
    MAP,
    Curves("Curves", np.array([1.0, 2, 4]), {"a": np.array([0.0, 1, 2]), "b": np.ones(3)}, "x", "y", at=2.0),
    Histograms("Histograms", {"a": np.arange(9.0), "b": np.arange(3.0)}, "x", mark=1.0),
    Matrix("Matrix", np.array([[0.0, 3], [1, 2]]), ("r", "s"), ("c", "d"), "rows", "columns"),
    Bars("Bars", ("one", "two"), {"a": np.array([0.5, 1.0])}, "score", target=0.8),
]


def by_meta(figure):
    return {trace.meta: trace for trace in figure.data}


def test_every_kind_of_picture_is_drawn():
    kinds = {
        kind for kind in vars(pictures).values()
        if isinstance(kind, type) and hasattr(kind, "__dataclass_fields__") and "title" in kind.__dataclass_fields__
    }  # fmt: skip
    assert kinds - {Groups, Words} == {*lesson_charts.CHARTS} == {type(example) for example in EXAMPLES}


@pytest.mark.parametrize("picture", EXAMPLES, ids=lambda p: p.title)
def test_charts_are_large_and_lie_on_the_page(picture):
    figure = chart(picture, LOOK)
    assert picture.title in figure.layout.title.text
    assert figure.layout.paper_bgcolor == figure.layout.plot_bgcolor == "rgba(0,0,0,0)"
    assert min(figure.layout.font.size, figure.layout.xaxis.tickfont.size, figure.layout.xaxis.title.font.size) >= 14
    assert not any(trace.type == "scattergl" for trace in figure.data)
    assert lesson_charts.described(picture).startswith(picture.title)


def test_wrong_pairs_lie_above_right_ones_and_under_the_cells():
    drawn = [trace.meta for trace in chart(MAP, LOOK).data]
    assert drawn[:2] == ["pairs:right", "pairs:wrong"]
    assert all(meta.startswith("points:") for meta in drawn[2:])
    traces = by_meta(chart(MAP, LOOK))
    assert traces["pairs:wrong"].line.color == lesson_maps.WRONG
    assert list(traces["pairs:wrong"].x[:2]) == [0, 1]
    assert len(traces["pairs:right"].x) == 2 * 3


def test_colour_tells_the_type_and_symbol_the_batch():
    traces = by_meta(chart(MAP, LOOK))
    one, two = traces["points:T &lt;cell&gt;, batch 1"].marker, traces["points:T &lt;cell&gt;, batch 2"].marker
    assert one.color == two.color != traces["points:B cell, batch 1"].marker.color
    assert one.symbol != two.symbol
    assert "points:none, batch 2" in traces
    assert sum(len(trace.x) for meta, trace in traces.items() if meta.startswith("points:")) == len(LAYOUT)


def test_marked_cells_stand_out_and_arrows_start_at_their_cells():
    arrows = np.full((5, 2), np.nan)
    arrows[0] = [0.0, 2.0]
    traces = by_meta(chart(CellMap("m", LAYOUT, TYPES, marked=np.arange(5) == 4, arrows=arrows), LOOK))
    assert traces["points:none"].marker.opacity > traces["points:B cell"].marker.opacity
    assert traces["points:none"].marker.size > traces["points:B cell"].marker.size
    assert list(traces["arrows"].y[:2]) == [0, 2]


def test_of_many_pairs_some_are_drawn_and_the_legend_says_so():
    n = MOST_PAIRS + 40
    many = CellMap("m", LAYOUT, TYPES, pairs=MutualPairs(np.zeros(n, dtype=int), np.full(n, 2)), right=np.ones(n, bool))
    assert len(by_meta(chart(many, LOOK))["pairs:right"].x) == 3 * MOST_PAIRS
    assert f"{MOST_PAIRS} of {n} pairs drawn" in legends([many])[0]


def test_maps_that_mean_the_same_share_a_legend():
    other = CellMap("Clusters", LAYOUT, Groups("cluster", TYPES.codes, ("1", "2")))
    assert len(legends([MAP, MAP])) == 1
    assert len(legends([MAP, other, MAP])) == 2
    assert "T &lt;cell&gt;" in legends([MAP])[0]
    assert "pair of different types" in legends([MAP])[0]


def test_axes_hold_the_box_they_are_given():
    wide = np.array([[-10.0, -10], [10, 10]])
    for_map = chart(MAP, Look(340, box=wide)).layout
    assert for_map.xaxis.range[0] < -10
    assert for_map.yaxis.range[1] > 10
    assert for_map.yaxis.scaleanchor == "x"
    assert box_of(EXAMPLES[3]) is None
    np.testing.assert_array_equal(box_of(MAP), [[0, 0], [5, 2]])
    np.testing.assert_array_equal(box_of(EXAMPLES[2])[:, 0], [0, 8])


def test_numbers_are_written_into_a_matrix_as_it_asks():
    shares = Matrix("m", np.eye(2), ("r", "s"), ("c", "d"), written="share")
    assert chart(shares, LOOK).data[0].texttemplate == "%{z:.0%}"
    assert chart(EXAMPLES[3], LOOK).data[0].texttemplate == "%{z:,.0f}"
    assert chart(shares, LOOK).data[0].zmax == 1


def test_a_long_upright_title_takes_two_lines():
    low = CellMap("m", LAYOUT, TYPES, axes=("x", "what only the second batch shows"))
    assert chart(low, Look(180, text=19)).layout.yaxis.title.text == "what only the<br>second batch shows"
    assert "<br>" not in chart(low, Look(500)).layout.yaxis.title.text


def test_a_table_of_words_is_harmless():
    table = words_table(Words("t", ("a", "b"), (("<script>", "y"),)))
    assert "&lt;script&gt;" in table
    assert table.count("<td>") == 2


@pytest.mark.parametrize(
    ("unit", "value", "text"),
    [("share", 0.123, "12%"), ("share", -0.001, "0%"), ("count", 1234.0, "1,234"), ("score", 0.456, "0.46"),
     ("distance", -0.001, "0.00"), ("number", 0.34421, "0.344"), ("share", float("nan"), "–")],
)  # fmt: skip
def test_figures_are_written_by_their_unit(unit, value, text):
    assert written(Figure("f", "f", unit), value) == text


@pytest.mark.parametrize("lesson", all_lessons().values(), ids=lambda lesson: lesson.name)
def test_all_pictures_of_a_lesson_are_drawn(lesson):
    seen = observe(lesson)
    assert isinstance(seen, Observation)
    for picture in seen.pictures:
        if isinstance(picture, Words):
            assert len(picture.rows) == words_table(picture).count("<tr>") - 1
        else:
            assert chart(picture, Look(340, box=box_of(picture))).data
            assert len(picture.title.split()) <= 5
    assert all(claim_text(lesson, claim).endswith(")") for claim in lesson.claims)
    for figure in lesson.figures:
        assert written(figure, seen.figures[figure.name])
