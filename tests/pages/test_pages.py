"""Pages drawn without a browser: what a first visitor sees, and nothing raised."""

from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

MAIN = str(Path(__file__).resolve().parents[2] / "pages" / "main.py")


@pytest.fixture
def app():
    return AppTest.from_file(MAIN, default_timeout=60)


def test_the_data_page_is_first_and_offers_samples(app):
    app.run()
    assert not app.exception
    assert app.title[0].value == "Data"
    assert "Two donors (simulated)" in app.selectbox(key="sample").options
    assert [button.label for button in app.main.button] == ["Open"]


@pytest.mark.parametrize("name", ["Integrate", "Steps", "Compare", "Sensitivity"])
def test_a_page_without_data_leads_to_the_data_page(app, name):
    app.run()
    app.switch_page(f"{name.lower()}_page.py").run()
    assert not app.exception
    assert app.title[0].value == name
    assert "Open and preprocess a data set first" in app.info[0].value


def test_an_address_of_jobs_that_are_gone_does_no_harm(app):
    for name in ("loaded", "data", "run", "sweep"):
        app.query_params[name] = "0123456789abcdef0123"
    app.run()
    assert not app.exception
    assert app.title[0].value == "Data"
