"""Parts of the screen that need no browser: names made safe, colours, charts, titles."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pages.ui.charts import MOST_POINTS, Groups, Panel, composition_bars, maps, sample_of_cells, sample_of_pairs
from pages.ui.palette import colours
from pages.ui.text import count, in_chart, in_markdown, visible
from scint_core.contract import Pairs

HOSTILE = [
    "<script>alert(1)</script>",
    "**bold** [link](http://x)",
    "$x^2$",
    "a\nb\tc",
    "\u202eevil",
    "",
    "=1+1",
    "`x`",
]


@pytest.mark.parametrize("name", HOSTILE)
def test_names_are_shown_letter_by_letter(name):
    assert "<script" not in in_chart(name)
    shown = in_markdown(name)
    for mark in "*[]<>$`":
        assert shown.count(mark) == shown.count("\\" + mark)
    assert "\n" not in visible(name)
    assert "\u202e" not in visible(name)
    assert visible(name)


@given(st.text(max_size=200))
def test_legend_names_are_short_and_carry_no_markup(name):
    text = in_chart(name, 30)
    assert "<" not in text
    assert len(text) <= 30 * 6


def test_counting():
    assert count(1, "cell") == "1 cell"
    assert count(1975, "cell") == "1,975 cells"
    assert count(2, "batch", "batches") == "2 batches"


def test_colours_differ_as_far_as_they_reach():
    for n in (1, 8, 9, 20):
        assert len(set(colours(n))) == n
    assert len(colours(45)) == 45


@pytest.fixture
def groups():
    return Groups(np.array([0, 1, 0, -1, 1, 0, 1, 1]), ("a<b", "b", "unused"), "batch")


LAYOUT = np.arange(16, dtype=np.float32).reshape(8, 2)


def traces(figure, meta):
    return [t for t in figure.data if str(t.meta).startswith(meta)]


def test_every_cell_is_drawn_once_per_panel(groups):
    figure = maps([Panel("one", LAYOUT), Panel("two", LAYOUT)], groups)
    for axis in ("x", "x2"):
        drawn = np.concatenate([t.customdata for t in traces(figure, "points:") if t.xaxis == axis])
        assert sorted(drawn) == list(range(8))
    assert all(t.x.dtype == np.float32 for t in traces(figure, "points:"))


def test_groups_in_use_share_one_legend(groups):
    figure = maps([Panel("one", LAYOUT), Panel("two", LAYOUT)], groups)
    assert [t.name for t in figure.data if t.showlegend] == ["a&lt;b", "b", "(none)"]
    assert len({t.legendgroup for t in traces(figure, "points:")}) == 3


def test_pairs_are_lines_beneath_the_points(groups):
    pairs = Pairs(np.array([0, 2]), np.array([1, 4]), np.zeros(2, int), np.ones(2), np.ones(2, bool))
    figure = maps([Panel("one", LAYOUT, pairs)], groups)
    assert figure.data[0].meta == "pairs"
    np.testing.assert_array_equal(figure.data[0].x, np.array([0, 2, np.nan, 4, 8, np.nan], dtype=np.float32))


def test_panels_share_one_scale(groups):
    figure = maps([Panel("one", LAYOUT), Panel("two", 3 * LAYOUT)], groups)
    assert figure.layout.xaxis.range == figure.layout.xaxis2.range
    assert figure.layout.yaxis.scaleanchor == "x"
    assert figure.layout.yaxis2.scaleanchor == "x2"


def test_many_categories_are_named_on_the_map():
    many = Groups(np.arange(20) % 10, tuple(f"type {i}" for i in range(10)), "type")
    figure = maps([Panel("one", np.random.default_rng(0).normal(size=(20, 2)))], many)
    assert {a.text for a in figure.layout.annotations} >= {f"type {i}" for i in range(10)}


def test_samples_are_bounded_and_keep_what_was_kept():
    assert len(sample_of_cells(100)) == 100
    assert len(np.unique(sample_of_cells(MOST_POINTS + 5))) == MOST_POINTS
    kept = np.arange(1000) % 2 == 0
    pairs = Pairs(*(np.arange(1000),) * 3, np.ones(1000), kept)
    sample = sample_of_pairs(pairs, 100)
    assert len(sample) == 100
    assert sample.kept.all()
    assert len(sample_of_pairs(pairs, 2000)) == 500


def test_composition_bars_are_shares_that_sum_to_one():
    table = pd.DataFrame({"T": [30, 0], "B": [10, 5]}, index=["one", "two"])
    figure = composition_bars(table)
    np.testing.assert_allclose(sum(np.array(bar.x, dtype=float) for bar in figure.data), [1, 1])
    assert [list(bar.customdata) for bar in figure.data] == [[30, 0], [10, 5]]
