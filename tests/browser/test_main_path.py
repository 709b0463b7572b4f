"""The main path in a real browser: data in, methods run, charts read, trouble told."""

import json
import os
import re
import signal
import subprocess
import time
import urllib.request
from pathlib import Path

import anndata as ad
import numpy as np
import pytest
from playwright.sync_api import expect

import scint_core as scint
from scint_core.runs.jobs.launch import CAN_FORK
from tests.browser.actions import (
    chart,
    choose,
    fill_number,
    go_to,
    no_trace_of_trouble,
    open_page,
    pair_lines,
    points,
    press,
    settled,
)
from tests.browser.conftest import start_server
from tests.runs.test_jobs import wait_for
from tests.shared import SHARED

BEFORE = "before integration"


def open_sample(page, server, title="Two donors"):
    open_page(page, server.url)
    choose(page, "Sample", title)
    press(page, "Open")
    page.get_by_role("button", name="Preprocess").wait_for()
    settled(page)


def preprocess(page):
    press(page, "Preprocess")
    page.get_by_role("heading", name="3 · Before integration").wait_for(timeout=120_000)
    settled(page)


def open_by_path(page, server, *paths):
    open_page(page, server.url)
    page.get_by_text("Path on the server").click()
    settled(page)
    field = page.get_by_role("textbox", name="Files or folders on the machine")
    field.fill("\n".join(map(str, paths)))
    field.press("Control+Enter")
    settled(page)
    press(page, "Open")


@pytest.fixture(scope="module")
def long_file(tmp_path_factory):
    """Data on which a run takes long enough to be stopped."""
    path = tmp_path_factory.mktemp("data") / "many_cells.h5ad"
    scint.simulate("two_batches", n_cells=4000, n_genes=1500).write_h5ad(path)
    return path


@pytest.fixture(scope="module")
def long_data(browser, server, long_file):
    """The address parameters under which that data set is in use, preprocessed."""
    return address_of(browser, server, long_file)


def address_of(browser, server, path):
    """Open a file, preprocess it, and return the address parameters under which it is in use."""
    page = browser.new_page()
    open_by_path(page, server, path)
    page.get_by_role("button", name="Preprocess").wait_for(timeout=60_000)
    preprocess(page)
    address = page.url.split("?")[1]
    page.close()
    return address


def start_a_long_run(page, server, address, **numbers):
    open_page(page, server.url, f"/integrate?{address}")
    for name, value in numbers.items():
        fill_number(page, name, value)
    press(page, "Run")
    page.get_by_role("progressbar").first.wait_for()
    page.get_by_text(re.compile("merge 1 of 1|nearest neighbours|Lengthen")).first.wait_for(timeout=60_000)


def test_from_a_sample_to_two_methods_side_by_side(page, server):
    open_sample(page, server)
    preprocess(page)
    before = chart(page, f"{BEFORE}, coloured by batch")
    assert {name: len(p) for name, p in points(before).items()} == {"donor 1": 440, "donor 2": 360}

    go_to(page, "Integrate")
    fill_number(page, "k", 12)
    fill_number(page, "sigma", 0.5)
    press(page, "Run")
    page.get_by_role("progressbar").first.wait_for()
    page.get_by_text(re.compile(r"[\d,]+ of [\d,]+ pairs shown")).wait_for(timeout=120_000)
    settled(page)
    maps = chart(page, "before and after MNN, coloured by batch")
    assert {len(p) for panel in ("x", "x2") for p in points(maps, panel).values()} == {440, 360}
    said = re.search(r"([\d,]+) of ([\d,]+) pairs shown", page.inner_text("body"))
    shown, found = (int(number.replace(",", "")) for number in said.groups())
    assert pair_lines(maps) == shown == min(500, found)
    assert_lines_join_batches(maps)
    mnn_address = page.url

    choose(page, "Method", "Harmony")
    fill_number(page, "theta", 4)
    press(page, "Run")
    page.get_by_text("relates no pairs of cells, so none are drawn").wait_for(timeout=120_000)
    settled(page)
    after = chart(page, "before and after Harmony, coloured by batch")
    assert pair_lines(after) == 0
    assert mixing(points(after, "x2")) > mixing(points(after, "x")) + 0.2
    no_trace_of_trouble(page)

    page.reload()  # the run in the address is found again
    page.get_by_text("relates no pairs of cells, so none are drawn").wait_for()
    page.goto(mnn_address)
    page.get_by_text("pairs shown").wait_for()
    expect(page.get_by_test_id("stMetric").filter(has_text="iLISI")).to_be_visible()
    runs = server.state / "runs"
    kinds = [json.loads((run / "spec.json").read_text())["kind"] for run in runs.iterdir()]
    assert kinds.count("integrate") >= 2


def assert_lines_join_batches(maps):
    """Every line starts at a cell of one batch and ends at a cell of the other, on the map before."""
    groups = {name: {(round(x, 3), round(y, 3)) for x, y in cells} for name, cells in points(maps).items()}
    (lines,) = [trace for trace in maps if trace["meta"] == "pairs"]
    ends = list(zip(lines["x"], lines["y"], strict=True))
    rounded = [None if x is None else (round(x, 3), round(y, 3)) for x, y in ends]
    for left, right, gap in zip(rounded[::3], rounded[1::3], rounded[2::3], strict=True):
        assert left in groups["donor 1"]
        assert right in groups["donor 2"]
        assert gap is None


def mixing(groups):
    """Share of cells whose nearest cell on the map is of another batch."""
    xy = np.concatenate([np.array(cells) for cells in groups.values()])
    batch = np.repeat(np.arange(len(groups)), [len(cells) for cells in groups.values()])
    d2 = ((xy[:, None] - xy[None]) ** 2).sum(-1)
    np.fill_diagonal(d2, np.inf)
    return (batch[d2.argmin(axis=1)] != batch).mean()


def test_colour_by_type_pairs_slider_and_download(page, server, tmp_path):
    open_sample(page, server)
    preprocess(page)
    go_to(page, "Integrate")
    press(page, "Run")
    page.get_by_text("pairs shown").wait_for(timeout=120_000)
    page.get_by_role("radio", name="cell_type").click()
    settled(page)
    by_type = chart(page, "coloured by cell_type")
    assert set(points(by_type)) == {"T cell", "B cell", "NK cell", "Monocyte", "Dendritic cell"}

    press(page, "Prepare the integrated .h5ad")
    link = page.get_by_role("link", name=re.compile("Download the integrated"))
    link.wait_for(timeout=60_000)
    with urllib.request.urlopen(server.url + link.get_attribute("href").replace(server.url, "")) as answer:
        assert "attachment" in answer.headers["Content-Disposition"]
        (tmp_path / "got.h5ad").write_bytes(answer.read())
    written = ad.read_h5ad(tmp_path / "got.h5ad")
    assert {"X_pca", "X_mnn", "X_umap_mnn"} <= set(written.obsm)
    assert written.n_obs == 800
    assert "X_umap" not in written.obsm


def test_presets_fill_the_form(page, server):
    open_sample(page, server)
    preprocess(page)
    go_to(page, "Integrate")
    page.get_by_role("radio", name="Reference").click()
    settled(page)
    expect(page.get_by_role("spinbutton", name="sigma", exact=True)).to_have_value("0.1")
    page.get_by_role("radio", name="Talk").click()
    settled(page)
    expect(page.get_by_role("spinbutton", name="sigma", exact=True)).to_have_value("1")


def test_the_merge_order_is_put_in_order_on_the_page(page, server):
    open_sample(page, server)
    preprocess(page)
    go_to(page, "Integrate")
    expect(page.get_by_text("as the batches come (donor 1 → donor 2)")).to_be_visible()
    page.get_by_text("merge_order", exact=True).click()
    page.get_by_role("button", name="Move donor 2 up").click()
    settled(page)
    press(page, "Run")
    page.get_by_text("pairs shown").wait_for(timeout=120_000)
    expect(page.get_by_role("combobox", name="Run")).to_have_value("MNN, merge order donor 2 → donor 1")


def test_what_was_typed_survives_a_change_of_page(page, server):
    open_sample(page, server)
    preprocess(page)
    go_to(page, "Integrate")
    fill_number(page, "k", 33)
    go_to(page, "Data")
    go_to(page, "Integrate")
    expect(page.get_by_role("spinbutton", name="k", exact=True)).to_have_value("33")


def test_a_run_can_be_cancelled(page, server, long_data):
    start_a_long_run(page, server, long_data, k=41)
    started = time.monotonic()
    press(page, "Cancel")
    page.get_by_text("You cancelled this run").wait_for(timeout=10_000)
    assert time.monotonic() - started < 5
    assert engine_processes(server) == []
    press(page, "Try again")
    page.get_by_role("progressbar").first.wait_for()
    press(page, "Cancel")
    page.get_by_text("You cancelled this run").wait_for(timeout=10_000)
    no_trace_of_trouble(page)


def test_a_killed_engine_process_is_told_and_the_next_run_works(page, server, long_data):
    start_a_long_run(page, server, long_data, k=42)
    (victim,) = engine_processes(server)
    os.kill(victim, signal.SIGKILL)
    page.get_by_text("The engine process was killed, most likely out of memory").wait_for(timeout=10_000)
    no_trace_of_trouble(page)
    choose(page, "Method", "Unintegrated")
    press(page, "Run")
    page.get_by_text("relates no pairs of cells, so none are drawn").wait_for(timeout=120_000)


def engine_processes(server):
    """Processes that do a run on this server: their output goes to the job's folder."""
    found = subprocess.run(["pgrep", "-f", "scint_core.runs.jobs"], capture_output=True, text=True).stdout.split()
    jobs = {int(pid): output_of(pid).parent for pid in found}
    runs = [job for job in jobs.values() if job.parent == server.state / "runs"]
    kinds = {job: json.loads((job / "spec.json").read_text())["kind"] for job in runs}
    return [pid for pid, job in jobs.items() if kinds.get(job) == "integrate"]


def output_of(pid):
    try:
        return Path(os.readlink(f"/proc/{pid}/fd/1"))
    except OSError:  # ended meanwhile
        return Path()


def test_a_reload_during_a_run_finds_it_and_a_restart_says_what_happened(page, tmp_path, long_file):
    server = start_server(tmp_path)
    open_by_path(page, server, long_file)
    page.get_by_role("button", name="Preprocess").wait_for(timeout=60_000)
    preprocess(page)
    address = page.url.split("?")[1]
    start_a_long_run(page, server, address)
    page.reload()
    page.get_by_role("progressbar").first.wait_for()
    address = page.url.split("?")[1]
    server.stop(signal.SIGKILL)

    again = start_server(tmp_path)
    try:
        open_page(page, again.url, f"/integrate?{address}")
        page.get_by_text("The app was stopped while this was running").wait_for()
        press(page, "Try again")
        page.get_by_text("pairs shown").wait_for(timeout=180_000)
        no_trace_of_trouble(page)
    finally:
        again.stop()


@pytest.mark.skipif(not CAN_FORK, reason="there is a warm server only where fork is safe")
def test_the_engine_is_loaded_before_a_page_is_opened(tmp_path):
    fresh = start_server(tmp_path)
    try:
        pattern = ["pgrep", "-P", str(fresh.process.pid), "-f", "scint_core.runs.jobs.warm"]
        wait_for(lambda: subprocess.run(pattern, capture_output=True).returncode == 0)
    finally:
        fresh.stop()


def test_a_deep_link_as_the_first_request_gets_the_whole_frame(page, tmp_path):
    fresh = start_server(tmp_path)
    try:
        open_page(page, fresh.url, "/integrate")
        page.get_by_text("Open and preprocess a data set first").wait_for()
        expect(page.get_by_test_id("stSidebarNav").get_by_role("link")).to_have_count(7)
        expect(page.get_by_test_id("stSidebarNav").get_by_role("link", name="Integrate")).to_be_visible()
    finally:
        fresh.stop()


@pytest.mark.parametrize("name", ["mixed_a.h5ad,mixed_b.h5ad"])
def test_several_uploaded_files_become_batches(page, server, name):
    folder = SHARED / "badinputs" / "files"
    if not folder.exists():
        pytest.skip("the shared files are not here")
    open_page(page, server.url)
    page.get_by_text("Upload files").click()
    page.set_input_files("input[type=file]", [folder / part for part in name.split(",")])
    page.get_by_text("mixed_b.h5ad").wait_for()
    settled(page)
    press(page, "Open")
    page.get_by_text("What is in each file").wait_for(timeout=60_000)
    expect(page.get_by_text("mixed_a.h5ad + mixed_b.h5ad")).to_be_visible()
    no_trace_of_trouble(page)


@pytest.mark.parametrize(
    ("name", "sentence"),
    [("nan.h5ad", "NaN"), ("truncated.h5ad", "truncated"), ("html_page.h5ad", "web page"), ("empty.h5ad", "empty")],
)
def test_a_file_that_cannot_be_used_is_refused_in_a_sentence(page, server, name, sentence):
    folder = SHARED / "badinputs" / "files"
    if not folder.exists():
        pytest.skip("the shared files are not here")
    open_page(page, server.url)
    page.get_by_text("Upload files").click()
    page.set_input_files("input[type=file]", folder / name)
    page.get_by_text(name).first.wait_for()
    settled(page)
    press(page, "Open")
    alert = page.get_by_role("alert").first
    alert.wait_for(timeout=60_000)
    assert re.search(sentence, alert.inner_text(), re.I), alert.inner_text()
    no_trace_of_trouble(page)


def test_one_batch_is_told_before_and_at_the_run(page, server, tmp_path):
    adata = scint.simulate("two_batches", n_cells=120, n_genes=100)
    adata.obs["batch"] = "only"
    adata.write_h5ad(tmp_path / "one_batch.h5ad")
    open_by_path(page, server, tmp_path / "one_batch.h5ad")
    page.get_by_role("button", name="Preprocess").wait_for(timeout=60_000)
    choose(page, "Batch column", "batch (")
    preprocess(page)
    page.get_by_role("alert").filter(has_text="holds only one batch").first.wait_for()
    go_to(page, "Integrate")
    press(page, "Run")
    page.get_by_role("alert").filter(has_text="holds one value, 'only'").wait_for(timeout=60_000)
    no_trace_of_trouble(page)


def test_an_impossible_value_is_told_by_the_form(page, server):
    open_sample(page, server)
    preprocess(page)
    go_to(page, "Integrate")
    fill_number(page, "sigma", -1)
    page.get_by_role("alert").filter(has_text="parameter 'sigma' is -1").wait_for()
    expect(page.get_by_role("button", name="Run", exact=True)).to_be_disabled()
