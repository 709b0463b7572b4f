"""The Compare page: runs side by side, a lasso that marks the same cells in all, a circle that recolours the maps."""

import re

import pytest
from playwright.sync_api import expect

from tests.browser.actions import (
    chart,
    choose,
    fill_number,
    go_to,
    no_trace_of_trouble,
    open_page,
    plot,
    press,
    read_plot,
    settled,
)
from tests.browser.test_main_path import open_sample, preprocess

MAPS = "Maps side by side"
TABLE = "Table of scores"


def run(page, method, **numbers):
    choose(page, "Method", method, exact=True)
    for name, value in numbers.items():
        fill_number(page, name, value)
    press(page, "Run")
    ended = "relates no pairs of cells" if method == "Harmony" else "pairs shown"
    page.get_by_text(ended).wait_for(timeout=120_000)


@pytest.fixture(scope="module")
def address(browser, server):
    """The address of a data set with three runs: two of Harmony, one of fastMNN."""
    page = browser.new_page()
    page.set_default_timeout(30_000)
    open_sample(page, server, "Five labs")
    preprocess(page)
    go_to(page, "Integrate")
    run(page, "Harmony")
    run(page, "fastMNN")
    choose(page, "Method", "Harmony", exact=True)
    fill_number(page, "theta", 8)
    press(page, "Run")
    chart(page, "before and after Harmony")
    page.wait_for_timeout(2_000)
    found = page.url.split("?")[1]
    page.close()
    return found


@pytest.fixture
def compare(page, server, address):
    """The page with every score there."""
    open_page(page, server.url, f"/compare?{address}")
    page.get_by_role("heading", name="Maps", exact=True).wait_for(timeout=60_000)
    page.get_by_role("button", name="Table as CSV").wait_for(timeout=120_000)
    for _ in range(120):
        if circles(page) and None not in circles(page).values():
            break
        page.wait_for_timeout(500)
    settled(page)
    return page


def circles(page):
    """(row id, metric) → the number written into the circle, None for a ring."""
    return dict(
        read_plot(
            page,
            TABLE,
            """e => e._fullData.filter(t => String(t.meta).startsWith('circles'))
            .flatMap(t => t.customdata.map((c, i) => [c.join('|'), t.text[i] || null]))""",
        )
    )


def order(page):
    """Names of the rows of the table, from the top."""
    return [re.sub("<.*", "", name) for name in read_plot(page, TABLE, "e => e._fullLayout.yaxis.ticktext")]


def marked(page):
    """Axis → the positions of the cells that stand out, all cells where none is faded."""
    found = read_plot(
        page,
        MAPS,
        """e => e._fullData.filter(t => String(t.meta).startsWith('points'))
        .map(t => [t.xaxis, t.selectedpoints ? Array.from(t.selectedpoints, i => t.customdata[i]) : null])""",
    )
    cells = {}
    for axis, some in found:
        if some is not None:
            cells.setdefault(axis, set()).update(some)
    return cells


def colours(page):
    """Axis → the colours of the points."""
    found = read_plot(
        page,
        MAPS,
        """e => e._fullData.filter(t => String(t.meta).startsWith('points') && t.marker)
        .map(t => [t.xaxis, t.marker.color])""",
    )
    return {axis: {c for a, c in found if a == axis} for axis, _ in found}


def lasso(page):
    """Draw around the middle of the second map."""
    box = plot(page, MAPS).locator(".subplot.x2y2, .x2y2").first.bounding_box()
    corners = [(0.2, 0.2), (0.8, 0.2), (0.8, 0.8), (0.2, 0.8), (0.2, 0.2)]
    at = [(box["x"] + box["width"] * x, box["y"] + box["height"] * y) for x, y in corners]
    page.mouse.move(*at[0])
    page.mouse.down()
    for x, y in at[1:]:
        page.mouse.move(x, y, steps=8)
    page.mouse.up()
    settled(page)


def test_three_runs_stand_side_by_side_in_the_order_of_their_totals(compare):
    names = order(compare)
    assert set(names) == {"Unintegrated", "Harmony", "fastMNN", "Harmony, theta 8"}
    numbers = circles(compare)
    assert len(numbers) == 4 * 15
    assert len(set(colours(compare))) == 4
    no_trace_of_trouble(compare)


def test_the_weight_of_batch_correction_changes_the_order(compare):
    slider = compare.get_by_role("slider", name=re.compile("batch correction"))
    slider.focus()
    for key, last in (("Home", "Harmony, theta 8"), ("End", "Unintegrated")):
        slider.press(key)
        settled(compare)
        compare.wait_for_timeout(800)
        assert order(compare)[-1] == last  # the one that mixes too eagerly, and the one that does not mix


def test_a_lasso_in_one_map_marks_the_same_cells_in_all(compare):
    assert marked(compare) == {}
    compare.get_by_role("heading", name="Maps", exact=True).scroll_into_view_if_needed()
    plot(compare, MAPS).scroll_into_view_if_needed()
    lasso(compare)
    compare.get_by_text(re.compile(r"cells marked of 1,000")).wait_for()
    compare.wait_for_timeout(500)
    found = marked(compare)
    assert len(found) == 4
    assert len({frozenset(cells) for cells in found.values()}) == 1
    n = int(re.search(r"(\d+) cells marked", compare.get_by_text(re.compile("cells marked")).inner_text())[1])
    assert len(found["x"]) == n > 0
    press(compare, "Clear marks")
    compare.get_by_text(re.compile("cells marked")).wait_for(state="hidden")
    assert marked(compare) == {}
    no_trace_of_trouble(compare)


def test_a_click_on_a_circle_paints_its_metric(compare):
    before = colours(compare)
    table = plot(compare, TABLE)
    at = table.evaluate("""e => { const t = e._fullData.find(t => t.meta === 'circles:batch');
        const i = t.customdata.findIndex(c => c[1] === 'iLISI');
        return [e._fullLayout.xaxis._offset + e._fullLayout.xaxis.c2p(t.x[i]),
                e._fullLayout.yaxis._offset + e._fullLayout.yaxis.c2p(t.y[i])]; }""")
    table.click(position={"x": at[0], "y": at[1]})  # where it stands once it stands still
    plot(compare, "coloured by iLISI").wait_for()
    settled(compare)
    after = colours(compare)
    assert all(after[axis] != before[axis] for axis in before)
    no_trace_of_trouble(compare)


def test_pairs_are_drawn_where_a_method_relates_them(compare):
    compare.get_by_text("Draw pairs").click()
    settled(compare)
    titles = plot(compare, MAPS).evaluate("e => e.layout.annotations.map(a => a.text)")
    assert sum("relates no pairs" in title for title in titles) == 3
    assert sum("400 of" in title for title in titles) == 1


def test_differences_name_the_parameter_that_was_changed(compare):
    expect(compare.get_by_text("Parameters that are not the same")).to_be_visible()
    no_trace_of_trouble(compare)
