"""The Steps page in a real browser: play and scrub a run, click a cell."""

import re

from playwright.sync_api import expect

from tests.browser.actions import (
    chart,
    choose,
    go_to,
    no_trace_of_trouble,
    open_page,
    plot,
    press,
    read_plot,
    settled,
)

_MIDDLE_OF_A_POINT = """element => {
  const layout = element._fullLayout;
  const trace = element._fullData.filter(t => String(t.meta).startsWith("points:") && t.xaxis === "x").pop();
  const numbers = v => v._inputArray || v, box = element.getBoundingClientRect(), i = Math.floor(trace.x.length / 2);
  return [box.left + layout.xaxis._offset + layout.xaxis.c2p(numbers(trace.x)[i]),
          box.top + layout.yaxis._offset + layout.yaxis.c2p(numbers(trace.y)[i])];
}"""


def run_fastmnn(page, server, address):
    open_page(page, server.url, f"/integrate?{address}")
    choose(page, "Method", "fastMNN", exact=True)
    press(page, "Run")
    page.get_by_text(re.compile(r"[\d,]+ of [\d,]+ pairs shown")).wait_for(timeout=120_000)
    settled(page)
    go_to(page, "Steps")
    page.get_by_text("step 1 of 16").wait_for()
    settled(page)


def at(page):
    """The number of the step that is shown."""
    return int(re.search(r"step (\d+) of 16", page.inner_text("body")).group(1))


def test_a_run_plays_is_scrubbed_and_answers_a_click(page, server, two_donors):
    run_fastmnn(page, server, two_donors)
    page.keyboard.press("ArrowRight")
    page.get_by_text("step 2 of 16").wait_for()
    expect(page).to_have_url(re.compile("step=2"))
    page.keyboard.press("ArrowLeft")
    page.get_by_text("step 1 of 16").wait_for()

    page.keyboard.press("Space")
    page.get_by_text("step 3 of 16").wait_for(timeout=20_000)
    page.keyboard.press("Space")
    page.get_by_role("button", name="Play").wait_for()
    settled(page)
    paused = at(page)
    page.wait_for_timeout(3_000)
    assert at(page) == paused

    choose(page, "Go to a step", "merge 1 of 1: Keep the mutual ones")
    page.get_by_text("step 4 of 16").wait_for()
    traces = chart(page, "Pairs of cells: map of 800 cells")
    assert {trace["name"] for trace in traces} >= {"right pairs", "donor 1", "donor 2"}

    choose(page, "Go to a step", "merge 1 of 1: Weigh them by their distance")
    plot(page, "Cells to click").wait_for()
    settled(page)
    page.wait_for_timeout(500)
    place = read_plot(page, "Cells to click", _MIDDLE_OF_A_POINT)
    page.mouse.move(*place)
    page.wait_for_timeout(300)
    page.mouse.click(*place)
    page.get_by_role("button", name="Forget the cell").wait_for()
    page.get_by_text("cells that count").wait_for()
    assert "cells followed" in {trace["name"] for trace in chart(page, "What the clicked cell follows")}
    no_trace_of_trouble(page)


def test_a_link_opens_a_run_at_its_step(page, server, two_donors):
    run_fastmnn(page, server, two_donors)
    address = re.sub(r"step=\d+", "step=16", page.url)
    page.goto(address)
    page.get_by_text("step 16 of 16").wait_for(timeout=60_000)
    page.get_by_role("heading", name="Add up the variance lost").wait_for()
    no_trace_of_trouble(page)
