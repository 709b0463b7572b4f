"""The Pairs page: a lasso that leaves the pairs of its cells, a clicked cell, a field of the table of types."""

import re

import pytest
from playwright.sync_api import expect

from tests.browser.actions import (
    choose,
    go_to,
    no_trace_of_trouble,
    open_page,
    plot,
    press,
    read_plot,
    settled,
)
from tests.browser.test_main_path import open_sample, preprocess

MAPS, TABLE = "Maps before and after", "Table of pairs by type"


@pytest.fixture(scope="module")
def address(browser, server):
    """The address of a data set with a run of MNN in use, and one of Harmony."""
    page = browser.new_page()
    page.set_default_timeout(30_000)
    open_sample(page, server, "Five labs")
    preprocess(page)
    go_to(page, "Integrate")
    for method, ended in (("Harmony", "relates no pairs of cells, so"), ("MNN", "pairs shown")):
        choose(page, "Method", method, exact=True)
        press(page, "Run")
        page.get_by_text(ended).wait_for(timeout=120_000)
    found = page.url.split("?")[1]
    page.close()
    return found


@pytest.fixture
def pairs(page, server, address):
    """The page with the run of MNN."""
    open_page(page, server.url, f"/pairs?{address}")
    page.get_by_role("heading", name="Edge or middle").wait_for(timeout=60_000)
    plot(page, MAPS).wait_for()
    settled(page)
    return page


def ends(page, start="pairs:"):
    """Both ends (x, y of left, x, y of right) of every line on the map before."""
    return read_plot(
        page, MAPS, """(e, start) => e._fullData
            .filter(t => String(t.meta).startsWith(start) && t.xaxis === 'x').flatMap(t =>
                Array.from({length: t.x.length / 3}, (_, i) =>
                    [t.x[3 * i], t.y[3 * i], t.x[3 * i + 1], t.y[3 * i + 1]]))""", start
    )  # fmt: skip


def on_screen(page, x, y):
    """Where a place of the map before is on the screen."""
    box = plot(page, MAPS).bounding_box()
    at = read_plot(
        page, MAPS,
        """(e, [x, y]) => { const l = e._fullLayout;
            return [l.xaxis._offset + l.xaxis.c2p(x), l.yaxis._offset + l.yaxis.c2p(y)]; }""", [x, y]
    )  # fmt: skip
    return box["x"] + at[0], box["y"] + at[1]


def central(places):
    """The end that lies nearest to the middle of all: a lasso around it stays on the map."""
    middle = [sum(values) / len(places) for values in zip(*places, strict=True)]
    return min(places, key=lambda place: (place[0] - middle[0]) ** 2 + (place[1] - middle[1]) ** 2)[:2]


def lasso(page, x, y, radius):
    """Draw a square of half width `radius` pixels around a place of the map before."""
    page.get_by_test_id("stButtonGroup").get_by_text("draw a lasso").click()
    settled(page)
    page.wait_for_timeout(800)
    plot(page, MAPS).scroll_into_view_if_needed()
    middle = on_screen(page, x, y)
    corners = [(-1, -1), (1, -1), (1, 1), (-1, 1), (-1, -1)]
    page.mouse.move(middle[0] - radius, middle[1] - radius)
    page.mouse.down()
    for dx, dy in corners[1:]:
        page.mouse.move(middle[0] + dx * radius, middle[1] + dy * radius, steps=8)
    page.mouse.up()
    settled(page)


def card(page, title):
    """The number on a card."""
    found = page.get_by_test_id("stMetric").filter(has_text=title).get_by_test_id("stMetricValue").inner_text()
    return int(found.replace(",", ""))


def test_the_legend_is_one_line_below_the_maps(pairs):
    height = read_plot(pairs, MAPS, "e => e._fullLayout.legend._height")
    assert height < 40


def test_a_lasso_leaves_the_pairs_with_an_end_in_it(pairs):
    before, everything = ends(pairs), card(pairs, "Pairs")
    x, y = central(before)
    lasso(pairs, x, y, 40)
    pairs.get_by_text(re.compile(r"with an end among the")).wait_for()
    pairs.wait_for_timeout(500)
    some = card(pairs, "Pairs")
    assert 0 < some < everything
    drawn = ends(pairs)
    assert 0 < len(drawn) <= min(some, 500)
    assert [x, y] in [end[:2] for end in drawn] + [end[2:] for end in drawn]
    pairs.get_by_test_id("stButtonGroup").get_by_text("right end").click()
    settled(pairs)
    pairs.wait_for_timeout(500)
    assert card(pairs, "Pairs") < some
    press(pairs, "Show all pairs")
    pairs.get_by_text(re.compile("with an end among the")).wait_for(state="hidden")
    assert card(pairs, "Pairs") == everything
    no_trace_of_trouble(pairs)


def test_a_click_on_a_cell_shows_its_partners_and_its_movement(pairs):
    assert ends(pairs, "partners") == []
    plot(pairs, MAPS).scroll_into_view_if_needed()
    x, y = ends(pairs)[-1][2:]  # a right end, which was moved
    pairs.mouse.move(*on_screen(pairs, x, y))
    pairs.wait_for_timeout(300)  # the chart takes a click for the point that it has seen under the pointer
    pairs.mouse.click(*on_screen(pairs, x, y))
    pairs.get_by_role("heading", name="The clicked cell").wait_for()
    settled(pairs)
    found = ends(pairs, "partners")
    assert len(found) > 0
    told = pairs.get_by_text(re.compile(r"^\d+ partners?")).first.inner_text()
    assert int(told.split()[0]) == len(found)
    expect(pairs.get_by_text(re.compile(r"times as far as the median cell|stays where it is"))).to_be_visible()
    plot(pairs, "with an arrow from where the clicked cell was").wait_for()
    no_trace_of_trouble(pairs)


def test_a_field_of_the_table_leaves_its_pairs(pairs):
    table = plot(pairs, TABLE)
    table.scroll_into_view_if_needed()
    at = table.evaluate("""e => { const t = e._fullData.find(t => t.meta === 'fields'), l = e._fullLayout;
        return [l.xaxis._offset + l.xaxis.c2p(t.x[0]), l.yaxis._offset + l.yaxis.c2p(t.y[0]), t.customdata[0][2]]; }""")
    box = table.bounding_box()
    pairs.mouse.click(box["x"] + at[0], box["y"] + at[1])
    pairs.get_by_text(re.compile("Shown are the pairs from")).wait_for()
    pairs.wait_for_timeout(500)
    assert card(pairs, "Pairs") == at[2]


def test_a_method_without_pairs_says_so_and_offers_those_with_pairs(pairs):
    choose(pairs, "Run", "Harmony", exact=True)
    pairs.get_by_text("relates no pairs of cells").wait_for()
    press(pairs, "MNN")
    pairs.get_by_role("heading", name="Edge or middle").wait_for()
    no_trace_of_trouble(pairs)
