"""Every registered method runs from the page: form, before and after, pairs where it relates pairs."""

import re

import pytest
from playwright.sync_api import expect

import scint_core as scint
from tests.browser.actions import chart, choose, no_trace_of_trouble, open_page, pair_lines, points, press

METHODS = {name: method for name, method in scint.methods().items() if method.labels != "needed"}


@pytest.mark.parametrize("name", METHODS)
def test_a_method_runs_at_its_defaults(page, server, two_donors, name):
    method = METHODS[name]
    open_page(page, server.url, f"/integrate?{two_donors}")
    choose(page, "Method", method.label, exact=True)
    press(page, "Run")
    ended = "pairs shown" if method.relates_pairs else "relates no pairs of cells, so none are drawn"
    page.get_by_text(ended).wait_for(timeout=120_000)
    traces = chart(page, f"before and after {method.label}, coloured by batch")
    assert {group: len(cells) for group, cells in points(traces, "x2").items()} == {"donor 1": 440, "donor 2": 360}
    assert (pair_lines(traces) > 0) == method.relates_pairs
    expect(page.get_by_test_id("stMetric").filter(has_text=re.compile(r"iLISI.*\d", re.S))).to_be_visible(
        timeout=60_000
    )
    no_trace_of_trouble(page)
