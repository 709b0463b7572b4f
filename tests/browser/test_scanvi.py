"""scANVI from the page: the label column, live curves, labels held back and what became of them."""

import re

from playwright.sync_api import expect

from tests.browser.actions import (
    chart,
    choose,
    fill_number,
    go_to,
    no_trace_of_trouble,
    open_page,
    points,
    press,
    settled,
)
from tests.browser.test_main_path import open_sample, preprocess


def open_form(page, server, two_donors):
    open_page(page, server.url, f"/integrate?{two_donors}")
    choose(page, "Method", "scANVI", exact=True)
    fill_number(page, "epochs_scanvi", 15)


def hold_back_half(page):
    slider = page.get_by_role("slider", name="Labels held back")
    slider.focus()
    for _ in range(5):
        slider.press("ArrowRight")
    settled(page)


def test_labels_held_back_are_predicted_and_compared(page, server, two_donors):
    open_form(page, server, two_donors)
    expect(page.get_by_role("combobox", name="Label column", exact=True)).to_be_visible()
    hold_back_half(page)
    fill_number(page, "epochs_scvi", 120)
    press(page, "Run")
    live = chart(page, "Training so far")  # while it runs
    assert {trace["meta"] for trace in live} >= {"ELBO:train", "ELBO:validation", "KL:train"}

    page.get_by_role("heading", name="Labels held back").wait_for(timeout=120_000)
    found = page.get_by_test_id("stMetric").filter(has_text="Found again").inner_text()
    assert float(re.search(r"([\d.]+)%", found)[1]) > 90
    expect(page.get_by_text("saw labels while it was trained")).to_be_visible()
    assert [trace["meta"] for trace in chart(page, "True against predicted labels")] == ["confusion"]
    curves = chart(page, "Train scANVI")
    accuracy = next(trace for trace in curves if trace["meta"] == "accuracy:train")
    assert len(accuracy["y"]) == 15
    assert accuracy["y"][-1] > 0.9

    page.get_by_text("predicted label", exact=True).first.click()
    settled(page)
    traces = chart(page, "coloured by predicted label")
    assert sum(len(cells) for cells in points(traces, "x2").values()) == 800
    no_trace_of_trouble(page)


def test_without_a_label_column_the_page_says_what_to_do(page, server):
    open_sample(page, server)
    choose(page, "Label column", "(no labels)", exact=True)
    preprocess(page)
    go_to(page, "Integrate")
    choose(page, "Method", "scANVI", exact=True)
    page.get_by_text("no label column is chosen").wait_for()
    expect(page.get_by_role("button", name="Run", exact=True)).to_be_disabled()
    fill_number(page, "epochs_scanvi", 0)
    page.get_by_text("which no label has shaped").wait_for()
    expect(page.get_by_role("button", name="Run", exact=True)).to_be_enabled()
    fill_number(page, "epochs_scanvi", 5)
    choose(page, "Label column", "cell_type")
    expect(page.get_by_role("button", name="Run", exact=True)).to_be_enabled()
    no_trace_of_trouble(page)
