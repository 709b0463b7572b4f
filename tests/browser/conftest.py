"""The real app in a real Chromium: a server of its own, a fresh browser page per test."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.conftest import new_cache

ROOT = Path(__file__).resolve().parents[2]
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
FLAGS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync", "--use-angle=swiftshader", "--enable-unsafe-swiftshader",
]  # fmt: skip


def pytest_collection_modifyitems(items):
    """Everything here needs Chromium, and says so where there is none."""
    missing = pytest.mark.skip(reason="no Chromium found: install Debian's `chromium` to run the browser tests")
    for item in items:
        if Path(item.fspath).is_relative_to(Path(__file__).parent):
            item.add_marker(pytest.mark.browser)
            item.add_marker(pytest.mark.timeout(300))
            if CHROMIUM is None:
                item.add_marker(missing)


@dataclass
class Server:
    """A running app and the folders it writes to."""

    url: str
    state: Path
    process: subprocess.Popen
    log: Path

    def stop(self, signal_number: int = 15) -> None:
        self.process.send_signal(signal_number)
        self.process.wait(timeout=20)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def start_server(folder: Path) -> Server:
    """Start the app on folders under `folder` and wait until it answers."""
    port = free_port()
    log = folder / f"server-{port}.log"
    cache = folder / "cache"
    if not cache.exists():
        new_cache(cache)
    environment = {**os.environ, "SCINT_STATE": str(folder / "state"), "SCINT_CACHE": str(cache)}
    with open(log, "wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "streamlit", "run", "app.py", "--server.port", str(port)],
            cwd=ROOT, env=environment, stdout=output, stderr=subprocess.STDOUT,
        )  # fmt: skip
    url = f"http://127.0.0.1:{port}"
    for _ in range(300):
        try:
            urllib.request.urlopen(f"{url}/_stcore/health", timeout=1)
            return Server(url, folder / "state", process, log)
        except OSError:
            assert process.poll() is None, log.read_text()
            time.sleep(0.1)
    raise AssertionError("the app does not answer: " + log.read_text())


@pytest.fixture(scope="package")
def server(tmp_path_factory):
    """One app for all tests of the session."""
    running = start_server(tmp_path_factory.mktemp("app"))
    yield running
    running.stop()


@pytest.fixture(scope="package")
def browser():
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield chromium
        chromium.close()


@pytest.fixture(scope="package")
def two_donors(browser, server):
    """The address parameters under which the first sample is in use, preprocessed."""
    from tests.browser.test_main_path import open_sample, preprocess  # which takes `start_server` from here

    page = browser.new_page()
    open_sample(page, server)
    preprocess(page)
    found = page.url.split("?")[1]
    page.close()
    return found


@pytest.fixture
def page(browser):
    """A fresh page of 1280 pixels, without cookies or storage."""
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    context.set_default_timeout(30_000)
    yield context.new_page()
    context.close()
