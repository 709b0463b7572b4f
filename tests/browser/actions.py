"""What a user does in the app, and what the charts hold: tests read data, not pixels."""

from __future__ import annotations

import re
from typing import Any

from playwright.sync_api import Locator, Page, TimeoutError, expect

_PATIENCE = 20_000  # ms; a busy machine takes its time

_READ_CHART = """element => {
  const numbers = v => v == null ? [] : Array.from(v, x => x === null || Number.isNaN(x) ? null : Number(x));
  const inner = a => a && a._inputArray ? a._inputArray : a;
  return element._fullData.map((t, i) => ({
    type: t.type, mode: t.mode, name: t.name, meta: t.meta, axis: t.xaxis, visible: t.visible,
    x: numbers(inner(element.data[i].x)), y: numbers(inner(element.data[i].y)),
  }));
}"""

_FROM_RELEASE_TO_CHANGE = """() => {
  const drawn = DRAWN;
  const before = drawn();
  window.change = new Promise(resolve => {
    let released = null;
    addEventListener('keyup', () => { released = performance.now(); }, {once: true, capture: true});
    const look = () => {
      const now = drawn();
      if (released === null || now === undefined || now === before) requestAnimationFrame(look);
      else requestAnimationFrame(() => resolve({seconds: (performance.now() - released) / 1000, drawn: now}));
    };
    look();
  });
}"""


def press_and_watch(page: Page, key: str, drawn: str) -> dict[str, Any]:
    """Press a key; the "seconds" from its release to a change of what is "drawn", and what that is then.

    `drawn` is a JavaScript expression for a function: text that tells a picture from the one before, or undefined
    while there is none.
    """
    page.evaluate(_FROM_RELEASE_TO_CHANGE.replace("DRAWN", drawn))
    page.keyboard.press(key)
    return page.evaluate("() => window.change")


def open_page(page: Page, url: str, path: str = "/") -> None:
    page.goto(url + path)
    titles = re.compile("Data|Integrate|Steps|Pairs|Compare|Sensitivity|Learn")
    page.get_by_role("heading", name=titles).first.wait_for()


def settled(page: Page) -> None:
    """Wait until the script run that an action set off has ended."""
    page.wait_for_timeout(150)
    expect(page.locator("[data-testid=stApp]")).to_have_attribute(
        "data-test-script-state", "notRunning", timeout=_PATIENCE
    )


def choose(page: Page, label: str, option: str, *, exact: bool = False) -> None:
    """Pick an option of a select box; `option` is a part of its text unless `exact`."""
    name = option if exact else re.compile(re.escape(option))
    entry = page.get_by_role("option", name=name, exact=exact).first
    for _ in range(5):  # a rerun that ends at this moment closes the list
        page.get_by_role("combobox", name=label, exact=True).click()
        try:
            entry.click(timeout=3_000)
            break
        except TimeoutError:
            page.keyboard.press("Escape")
    else:
        raise AssertionError(f"'{label}' does not offer '{option}'")
    settled(page)


def fill_number(page: Page, label: str, value: float) -> None:
    field = page.get_by_role("spinbutton", name=label, exact=True)
    field.fill(str(value))
    field.press("Enter")
    settled(page)


def press(page: Page, name: str) -> None:
    """Press a button of the app, not a part of another field that happens to have its name."""
    page.locator("[data-testid^=stBaseButton]").filter(has_text=name).first.click()


def go_to(page: Page, title: str) -> None:
    page.get_by_test_id("stSidebarNav").get_by_role("link", name=title).click()
    page.get_by_role("heading", name=title, exact=True).wait_for()
    settled(page)


def plot(page: Page, alt: str) -> Locator:
    """The chart whose description contains `alt`."""
    described = page.locator(f"[aria-label*='{alt}'], [alt*='{alt}']").first
    return described.locator("xpath=descendant-or-self::*").locator(".js-plotly-plot").first


def read_plot(page: Page, alt: str, script: str, *argument: Any) -> Any:
    """What a function of JavaScript finds in the chart whose description contains `alt`, once that is drawn."""
    for _ in range(_PATIENCE // 100):
        element = plot(page, alt).element_handle()  # waits for one; a chart that is drawn anew is another element
        if element.evaluate("e => e._fullData !== undefined"):
            return element.evaluate(script, *argument)
        page.wait_for_timeout(100)
    raise AssertionError(f"the chart '{alt}' is never drawn")


def chart(page: Page, alt: str) -> list[dict[str, Any]]:
    """The traces of the chart whose description contains `alt`, as drawn."""
    return read_plot(page, alt, _READ_CHART)


def points(traces: list[dict[str, Any]], axis: str = "x") -> dict[str, list[tuple[float, float]]]:
    """Group -> its points on one panel."""
    found: dict[str, list[tuple[float, float]]] = {}
    for trace in traces:
        if str(trace["meta"]).startswith("points:") and trace["axis"] == axis:
            found.setdefault(trace["meta"].removeprefix("points:"), []).extend(zip(trace["x"], trace["y"], strict=True))
    return found


def pair_lines(traces: list[dict[str, Any]]) -> int:
    """How many pairs are drawn as lines."""
    return sum(len(trace["x"]) // 3 for trace in traces if trace["meta"] == "pairs")


def no_trace_of_trouble(page: Page) -> None:
    """No raw exception on the screen."""
    assert page.get_by_test_id("stException").count() == 0
    assert "Traceback" not in page.content()
