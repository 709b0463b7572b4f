"""The Sensitivity page: a sweep is run, read as curves, maps, film and changes, and one of its runs opened."""

import re

import pytest
from playwright.sync_api import expect

from tests.browser.actions import chart, no_trace_of_trouble, open_page, plot, press, read_plot, settled

VALUES = "Values of theta"


def fill(page, label, text):
    field = page.get_by_role("textbox", name=label, exact=True)
    field.fill(text)
    field.press("Enter")
    settled(page)


def look_at(page, section):
    page.get_by_test_id("stButtonGroup").get_by_role("radio", name=section, exact=True).click()
    settled(page)


def click_point(page, alt, meta, place):
    """Click a point of a chart's trace."""
    drawn = plot(page, alt)
    drawn.scroll_into_view_if_needed()
    at = read_plot(
        page,
        alt,
        """(e, [meta, i]) => { const t = e._fullData.filter(t => t.meta === meta);
            const [trace, k] = t.length > 1 ? [t[i], 0] : [t[0], i];
            const axis = name => e._fullLayout[name[0] + 'axis' + name.slice(1)];
            const [x, y] = [axis(trace.xaxis), axis(trace.yaxis)];
            return [x._offset + x.c2p(trace.x[k]), y._offset + y.c2p(trace.y[k])]; }""",
        [meta, place],
    )
    box = drawn.bounding_box()
    page.mouse.move(box["x"] + at[0], box["y"] + at[1])
    page.wait_for_timeout(200)
    page.mouse.click(box["x"] + at[0], box["y"] + at[1])
    settled(page)


@pytest.fixture(scope="module")
def address(browser, server, two_donors):
    """The address of a data set with a finished sweep of Harmony over theta."""
    page = browser.new_page()
    page.set_default_timeout(30_000)
    open_page(page, server.url, f"/sensitivity?{two_donors}")
    settled(page)
    fill(page, VALUES, "0, 2, 8")
    page.get_by_text(re.compile("3 runs, ")).wait_for()
    press(page, "Run the sweep")
    page.get_by_role("button", name="Cancel").wait_for()
    page.get_by_text("All 3 runs are finished.").wait_for(timeout=150_000)
    settled(page)
    no_trace_of_trouble(page)
    found = page.url.split("?")[1]
    page.close()
    return found


@pytest.fixture
def sweep(page, server, address):
    open_page(page, server.url, f"/sensitivity?{address}")
    page.get_by_text("All 3 runs are finished.").wait_for(timeout=60_000)
    settled(page)
    return page


def test_a_sweep_shows_its_curves_and_says_in_words_what_changes(sweep):
    expect(sweep.get_by_role("heading", name=re.compile(r"theta = \d"))).to_be_visible()
    expect(sweep.get_by_text(re.compile("of a cell's neighbours"))).to_be_visible()
    traces = chart(sweep, "Curves of Total")
    total = next(trace for trace in traces if trace["meta"] == "curve:Total:")
    assert total["x"] == [0, 2, 8]
    assert len(traces) == 3
    assert any(trace["meta"] == "curve:iLISI:" for trace in chart(sweep, "Curves of iLISI"))
    no_trace_of_trouble(sweep)


def test_a_click_on_a_point_opens_its_run(sweep):
    click_point(sweep, "Curves of Total", "curve:Total:", 2)
    sweep.get_by_text("Picked: theta 8").wait_for()
    press(sweep, "Open in Integrate")
    sweep.get_by_role("heading", name="Integrate", exact=True).wait_for()
    expect(sweep.get_by_role("combobox", name="Run")).to_have_value("Harmony, theta 8")
    no_trace_of_trouble(sweep)


def test_the_maps_stand_side_by_side_and_play(sweep):
    look_at(sweep, "Maps")
    assert sum(trace["meta"] == "picture" for trace in chart(sweep, "Maps at 3 settings")) == 3
    click_point(sweep, "Maps at 3 settings", "picture", 0)
    sweep.get_by_text("Picked: theta 0").wait_for()
    look_at(sweep, "Play")
    slider = sweep.get_by_role("slider", name="theta", exact=True)
    expect(slider).to_have_attribute("aria-valuetext", "theta = 0")
    sweep.get_by_role("button", name="Play", exact=False).last.click()
    expect(slider).to_have_attribute("aria-valuetext", "theta = 8", timeout=20_000)
    no_trace_of_trouble(sweep)


def test_what_changed_names_cells_types_and_pairs(sweep):
    look_at(sweep, "What changed")
    sweep.get_by_text(re.compile("of the neighbours of a cell change")).wait_for()
    assert len(chart(sweep, "coloured by the share of each cell")) > 2
    assert {t["meta"] for t in chart(sweep, "of every cell type at")} == {"types:theta 0", "types:theta 8"}
    expect(sweep.get_by_text("Not both of these runs relate pairs")).to_be_visible()
    no_trace_of_trouble(sweep)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "parameter 'theta' has no values to try"),
        ("1, -3", "parameter 'theta' is -3"),
        ("1, two", "'two', which is no number"),
    ],
)
def test_values_that_cannot_be_run_are_named_before_anything_runs(sweep, text, said):
    fill(sweep, VALUES, text)
    sweep.get_by_test_id("stAlert").get_by_text(said).wait_for()
    expect(sweep.get_by_role("button", name="Run the sweep")).to_be_disabled()
    no_trace_of_trouble(sweep)


def test_a_very_large_sweep_asks_first(sweep):
    fill(sweep, VALUES, ", ".join(str(i / 10) for i in range(1, 302)))
    press(sweep, "Run the sweep")
    sweep.get_by_text(re.compile("This is .*301 runs, about")).wait_for()
    settled(sweep)
    press(sweep, "Not now")
    expect(sweep.get_by_text("This is ")).to_have_count(0, timeout=20_000)
    no_trace_of_trouble(sweep)
