"""The Learn page: a lesson with the mouse, a lesson by the keyboard alone, a link to a state of its sliders."""

import re

import pytest
from playwright.sync_api import expect

from scint_core.lab import all_lessons
from tests.browser.actions import chart, go_to, no_trace_of_trouble, open_page, points, press, press_and_watch, settled
from tests.browser.test_live import wait_until_nothing_is_compiled

LESSON = "lesson=mnn-shared-population"
MOST_SECONDS = 1.0

_AT_REST = """(() => {
  const app = document.querySelector("[data-testid=stApp]");
  const plots = () => [...document.querySelectorAll(".js-plotly-plot")].map(plot => plot._fullData?.length);
  const count = plots().length;
  return () => app.dataset.testScriptState === "notRunning" && plots().filter(n => n).length === count
    ? location.search : undefined;
})()"""  # where the sliders stand, once the page has drawn what is seen there


def open_lesson(page, server, address):
    page.goto(f"{server.url}/learn?{address}")
    page.get_by_role("heading", name="Something must be shared").wait_for()


def ends(page, alt, kind):
    """How many lines of a kind a map has."""
    return sum(len(trace["x"]) // 3 for trace in chart(page, alt) if trace["meta"] == f"pairs:{kind}")


def press_key(page, key, stage):
    """Press a key of presenter mode, and wait until the address says that it was heard."""
    page.keyboard.press(key)
    page.wait_for_url(re.compile(stage), timeout=60_000)
    settled(page)


def test_a_lesson_from_prediction_to_self_check(page, server):
    open_page(page, server.url)
    go_to(page, "Learn")
    press(page, "Something must be shared")
    expect(page.get_by_role("button", name="Run and see")).to_be_disabled()
    page.get_by_text("None: nothing matches").click()
    press(page, "Run and see")
    page.get_by_text("Not borne out").wait_for(timeout=120_000)
    settled(page)
    assert ends(page, "Before, with the pairs", "right") > 0
    before = points(chart(page, "After MNN"))

    page.get_by_role("slider").first.focus()
    for stop in (2, 1, 0):
        page.keyboard.press("ArrowLeft")
        page.wait_for_url(re.compile(f"shared={stop}"), timeout=60_000)
        settled(page)
    page.get_by_text("pair of the same type").wait_for(state="detached", timeout=60_000)
    settled(page)
    assert ends(page, "Before, with the pairs", "right") == 0
    assert ends(page, "Before, with the pairs", "wrong") > 0
    assert points(chart(page, "After MNN")) != before

    page.get_by_text("About as far as in truth").click()
    page.get_by_role("button", name="Check", exact=True).click()
    page.get_by_text("Your answer").wait_for(timeout=60_000)
    press(page, "All lessons")
    page.get_by_role("heading", name="Learn", exact=True).wait_for()
    settled(page)
    assert "lesson=" not in page.url
    no_trace_of_trouble(page)


def test_a_lesson_by_the_keyboard_alone(page, server):
    page.set_viewport_size({"width": 1280, "height": 720})
    open_lesson(page, server, f"{LESSON}&present=1")
    page.get_by_role("toolbar", name="Keys").wait_for()
    settled(page)
    expect(page.get_by_test_id("stSidebar")).to_have_count(0)
    press_key(page, "ArrowRight", "stage=prediction")
    page.keyboard.press("3")
    expect(page.get_by_text("Some, all of them wrong").locator("xpath=ancestor-or-self::strong")).to_be_visible()
    press_key(page, "Enter", "stage=picture")
    assert ends(page, "Before, with the pairs", "right") > 0
    for _ in range(3):
        page.keyboard.press("ArrowDown")  # none is lost, however quickly they come
    page.wait_for_url(re.compile("shared=0"), timeout=60_000)
    settled(page)
    press_key(page, "Space", "stage=explanation")
    page.get_by_text("✓").wait_for(timeout=60_000)
    overflow = "e => e.scrollHeight - e.clientHeight"
    assert page.get_by_test_id("stMain").evaluate(overflow) <= 0
    press_key(page, "PageDown", "stage=check")
    page.keyboard.press("2")
    press_key(page, "Enter", "stage=answer")
    page.get_by_text("✗").wait_for(timeout=60_000)
    press_key(page, "ArrowRight", "stage=setting")
    page.get_by_role("heading", name="Something must be shared").wait_for(state="detached")
    press_key(page, "ArrowLeft", "stage=answer")
    page.keyboard.press("p")
    page.get_by_test_id("stSidebarNav").wait_for(timeout=120_000)
    assert "present" not in page.url
    no_trace_of_trouble(page)


def test_a_link_opens_a_lesson_where_its_sliders_stand(page, server):
    open_lesson(page, server, f"{LESSON}&shared=0&seed=2&present=1&stage=picture")
    page.get_by_text("pair of different types").wait_for(timeout=120_000)
    assert ends(page, "Before, with the pairs", "right") == 0
    assert "seed=2" in page.url
    open_lesson(page, server, f"{LESSON}&shared=9")
    page.get_by_text("shared cannot be '9': it stops at 0, 1, 2, 3").wait_for()
    no_trace_of_trouble(page)


@pytest.mark.slow  # alone on a quiet machine, or the neighbours are measured
@pytest.mark.parametrize("name", all_lessons())
def test_an_answer_is_there_within_a_second(page, server, name):
    slider = all_lessons()[name].sliders[0]
    below = slider.stops.index(slider.default)
    above = len(slider.stops) - 1 - below
    page.goto(f"{server.url}/learn?lesson={name}&present=1&stage=picture")
    page.locator(".lesson-figures").wait_for(state="attached", timeout=120_000)  # below the first picture
    wait_until_nothing_is_compiled(server)
    settled(page)
    seconds = []
    for _ in range(min(3, max(above, below))):
        page.wait_for_timeout(500)  # a teacher looks at the picture
        seconds.append(press_and_watch(page, "ArrowUp" if above >= below else "ArrowDown", _AT_REST)["seconds"])
    assert f"{slider.name}=" in page.url
    assert max(seconds) <= MOST_SECONDS, seconds
