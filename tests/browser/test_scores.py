"""Scores on Integrate: they arrive by themselves, in places that do not move, and say where they mislead."""

import re

import pytest
from playwright.sync_api import expect

import scint_core as scint
from scint_core.metrics import DEFAULT_METRICS
from tests.browser.actions import choose, go_to, no_trace_of_trouble, press
from tests.browser.test_main_path import open_by_path, open_sample, preprocess


def run(page, method):
    go_to(page, "Integrate")
    choose(page, "Method", method, exact=True)
    press(page, "Run")
    page.get_by_test_id("stMetric").first.wait_for(timeout=120_000)


def number_of(page, name):
    """The cell of a small score: its name, then its number on the next line."""
    return page.get_by_test_id("stVerticalBlock").filter(has_text=re.compile(rf"^{name}\s*[\d.–]")).last


def all_arrived(page):
    expect(number_of(page, "Total")).to_contain_text(re.compile(r"\d\.\d{3}"), timeout=120_000)


def test_scores_arrive_in_places_that_do_not_move(page, server):
    open_sample(page, server, "A very small batch")
    preprocess(page)
    run(page, "Harmony")
    page.get_by_text("All metrics").click()
    for name in ("Batch correction", "Bio conservation", "Further"):
        expect(page.get_by_text(name, exact=True).last).to_be_visible()
    places = {name: number_of(page, name).bounding_box()["y"] for name in ("KBET", "Leiden ARI")}
    all_arrived(page)
    for name in DEFAULT_METRICS:
        expect(number_of(page, name)).to_contain_text(re.compile(r"\d\.\d{3}"))
    assert {name: number_of(page, name).bounding_box()["y"] for name in places} == pytest.approx(places, abs=1)
    expect(page.get_by_text("perfect mixing scores at most 0.07, not 1").first).to_be_visible()
    no_trace_of_trouble(page)

    page.reload()
    all_arrived(page)


@pytest.fixture(scope="module")
def unshared(tmp_path_factory):
    """Two batches with a type of its own each."""
    path = tmp_path_factory.mktemp("data") / "unshared.h5ad"
    scint.simulate("shared_fraction", n_cells=600, n_genes=300).write_h5ad(path)
    return path


@pytest.mark.parametrize(("method", "told"), [("Seurat v3", True), ("Harmony", False)])
def test_a_type_that_was_absorbed_is_told_with_the_evidence(page, server, unshared, method, told):
    open_by_path(page, server, unshared)
    page.get_by_role("button", name="Preprocess").wait_for(timeout=60_000)
    choose(page, "Label column", "cell_type (")
    preprocess(page)
    run(page, method)
    all_arrived(page)
    warning = page.get_by_role("alert").filter(has_text="may have removed biology")
    expect(warning).to_have_count(int(told))
    if told:
        expect(warning).to_contain_text(re.compile(r"which only batch 'donor \d' has: \d+% of .* \d+% are now"))
    no_trace_of_trouble(page)
