"""The Live panel: from the release of a slider to the new picture, as a user's browser sees it."""

import re
import statistics
import subprocess
import time

import pytest
from playwright.sync_api import expect

import scint_core as scint
from tests.browser.actions import (
    choose,
    fill_number,
    no_trace_of_trouble,
    open_page,
    press,
    press_and_watch,
    settled,
)
from tests.browser.test_main_path import address_of

MOST_SECONDS = 1.0
MOVES = 7
LOADING = 15  # seconds after which a warm server is compiling at the latest

_DRAWN = """() => document.querySelector(".st-key-live-map-drawn [data-testid=stBidiComponentIsolated]")
  ?.shadowRoot?.querySelector("canvas")?.dataset.drawn"""


@pytest.fixture(scope="module")
def address(browser, server, tmp_path_factory):
    """The address parameters under which 2,000 cells are in use, preprocessed."""
    path = tmp_path_factory.mktemp("data") / "two_thousand.h5ad"
    scint.simulate("two_batches", n_cells=2000, n_genes=2000).write_h5ad(path)
    return address_of(browser, server, path)


def open_live(page, server, address, method):
    open_page(page, server.url, f"/integrate?{address}")
    choose(page, "Method", method, exact=True)
    page.get_by_role("radio", name="Live").click()
    picture_told(page).wait_for(timeout=60_000)
    settled(page)


def picture_told(page):
    """The line that says what is drawn and what it took."""
    return page.get_by_text(re.compile(r"\d\.\d\d s: \d+ of \d+ steps reused")).first


def cells_on_the_map(page):
    """What the canvas has drawn last: places and groups of the cells."""
    return page.get_by_role("img", name="live, coloured by").evaluate("canvas => canvas.kept.data")


def slider_of(page, name):
    return page.get_by_role("group", name=name, exact=True).get_by_role("slider")


def wait_until_nothing_is_compiled(server):
    """A server that was just started for the first time fills its cache of compiled code, on one of the cores."""
    end = time.monotonic() + 240
    while not all(has_loaded(child) for child in shown_by(["pgrep", "-P", str(server.process.pid)])):
        assert time.monotonic() < end
        time.sleep(0.2)


def has_loaded(pid):
    """Whether a warm server has loaded the engine, begun to compile, and ended that."""
    seconds = shown_by(["ps", "-o", "etimes=", "-p", pid])
    return seconds and int(seconds[0]) > LOADING and not shown_by(["pgrep", "-P", pid])


def shown_by(command):
    return subprocess.run(command, capture_output=True, text=True).stdout.split()


def move(page, slider, key):
    """Press an arrow key on a slider: the "seconds" from its release to the new picture, whose title is "drawn"."""
    page.wait_for_function(_DRAWN)  # a picture to tell the new one from
    slider.focus()
    return press_and_watch(page, key, _DRAWN)


@pytest.mark.parametrize(("method", "name"), [("MNN", "sigma"), ("Seurat v3", "k_weight")])
def test_a_slider_has_its_picture(page, server, address, method, name):
    open_live(page, server, address, method)
    slider = slider_of(page, name)
    first = cells_on_the_map(page)
    move(page, slider, "ArrowLeft")
    for _ in range(2):
        found = move(page, slider, "ArrowLeft")
        value = slider.get_attribute("aria-valuetext")
        assert f"{name.replace('_', ' ')} {value}" in found["drawn"]
    last = cells_on_the_map(page)
    assert len(last["places"]) == 2 * len(last["codes"]) == 2 * 2000
    assert first["codes"] == last["codes"]
    assert first["places"] != last["places"]
    expect(picture_told(page)).to_contain_text("s saved")
    no_trace_of_trouble(page)


def test_what_was_zoomed_to_and_hidden_stays_from_picture_to_picture(page, server, address):
    open_live(page, server, address, "MNN")
    map_ = page.get_by_role("img", name="live, coloured by")
    whole = map_.screenshot()
    map_.hover()
    page.mouse.wheel(0, -300)
    page.get_by_role("button", name="donor 1").click()
    expect(page.get_by_role("button", name="donor 1")).to_have_attribute("aria-pressed", "false")
    kept = map_.evaluate("canvas => ({...canvas.kept.view})")
    assert kept["zoom"] > 1
    move(page, slider_of(page, "sigma"), "ArrowLeft")
    assert map_.evaluate("canvas => ({...canvas.kept.view})") == kept
    expect(page.get_by_role("button", name="donor 1")).to_have_attribute("aria-pressed", "false")
    move(page, slider_of(page, "sigma"), "ArrowRight")
    map_.dblclick()
    page.get_by_role("button", name="donor 1").click()
    map_.hover(position={"x": 5, "y": 5})
    assert map_.screenshot() == whole


def test_the_box_at_a_cell_says_what_it_is(page, server, address):
    open_live(page, server, address, "MNN")
    map_ = page.get_by_role("img", name="live, coloured by")
    x, y = map_.evaluate(
        """canvas => {
          const {places, fineness} = canvas.kept.data, side = Math.min(canvas.clientWidth, canvas.clientHeight);
          return [canvas.clientWidth / 2 + (places[0] / fineness - 0.5) * side,
                  canvas.clientHeight / 2 - (places[1] / fineness - 0.5) * side];
        }"""
    )
    map_.hover(position={"x": x, "y": y})
    expect(page.get_by_text(re.compile(r"^donor(\d)_cell\d+\s+donor \1\s+\w+ cell$"))).to_be_visible()


@pytest.mark.slow  # alone on a quiet machine, or the neighbours are measured
@pytest.mark.parametrize(("method", "name"), [("MNN", "sigma"), ("Seurat v3", "k_weight")])
def test_the_picture_is_there_within_a_second(page, server, address, method, name):
    wait_until_nothing_is_compiled(server)
    open_live(page, server, address, method)
    slider = slider_of(page, name)
    move(page, slider, "ArrowRight")  # away from the values whose pictures the test above has left
    seconds = []
    for _ in range(MOVES):
        page.wait_for_timeout(300)  # a hand rests between two moves
        seconds.append(move(page, slider, "ArrowRight")["seconds"])
    assert statistics.median(seconds) <= MOST_SECONDS, seconds


def test_the_live_setting_becomes_an_ordinary_run(page, server, two_donors):
    open_page(page, server.url, f"/integrate?{two_donors}")
    fill_number(page, "k", 17)
    page.get_by_role("radio", name="Live").click()
    picture_told(page).wait_for(timeout=60_000)
    settled(page)
    slider = slider_of(page, "k")
    expect(slider).to_have_attribute("aria-valuetext", "17")  # what the form held
    assert "k 18" in move(page, slider, "ArrowRight")["drawn"]
    press(page, "Run with these")
    page.get_by_text("pairs shown").wait_for(timeout=120_000)
    expect(page.get_by_role("combobox", name="Run")).to_have_value("MNN, k 18")
    expect(page.get_by_role("spinbutton", name="k", exact=True)).to_have_value("18")
    expect(page.get_by_text(re.compile(r"What the run did: \d+ steps.*steps reused"))).to_be_visible()
    no_trace_of_trouble(page)


def test_a_method_that_is_trained_says_why_there_is_no_live_picture(page, server, two_donors):
    open_page(page, server.url, f"/integrate?{two_donors}")
    choose(page, "Method", "scANVI", exact=True)
    page.get_by_role("radio", name="Live").click()
    page.get_by_text("too long for a picture that follows a slider").wait_for()
    no_trace_of_trouble(page)
