"""Pages drawn without a browser: what a first visitor sees, and nothing raised."""

import time
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from pages.ui import awaited
from pages.ui.lesson_jobs import lesson_board
from pages.ui.lesson_state import STAGES

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


@pytest.mark.parametrize("name", ["Integrate", "Pairs", "Compare", "Sensitivity"])
def test_a_page_without_data_leads_to_the_data_page(app, name):
    app.run()
    app.switch_page(f"{name.lower()}_page.py").run()
    assert not app.exception
    assert app.title[0].value == name
    assert "Open and preprocess a data set first" in app.info[0].value


@pytest.fixture
def lab(jobs_here, monkeypatch):
    """Observations are made in threads of this process, and waited for; all are there when the test ends."""
    monkeypatch.setattr(awaited, "_AT_ONCE", 60.0)
    yield
    end = time.monotonic() + 60
    while not all(job.status().ended for job in lesson_board().jobs()):
        assert time.monotonic() < end
        time.sleep(0.05)


def button(app, label):
    return next(one for one in app.main.button if one.label == label)


def test_a_lesson_is_learned(app, lab):
    app.run()
    app.switch_page("learn_page.py").run()
    assert not app.exception
    assert app.title[0].value == "Learn"
    button(app, "Something must be shared").click().run()
    assert app.query_params["lesson"] == "mnn-shared-population"
    assert button(app, "Run and see").disabled
    app.radio(key="guess:mnn-shared-population").set_value(0).run()
    button(app, "Run and see").click().run()
    assert "Not borne out" in app.warning[0].value
    app.select_slider(key="slider:mnn-shared-population:shared").set_value(0).run()
    assert app.query_params["shared"] == "0"
    assert any("no type" in text.value.lower() for text in app.markdown)
    app.radio(key="check:mnn-shared-population").set_value(0).run()
    button(app, "Check").click().run()
    assert "Right." in app.success[0].value
    button(app, "All lessons").click().run()
    assert app.title[0].value == "Learn"
    assert "lesson" not in app.query_params
    assert not app.exception


@pytest.mark.parametrize("stage", STAGES)
def test_every_stage_of_presenter_mode_is_drawn(app, lab, stage):
    address = {"lesson": "harmony-theta", "theta": "8", "present": "1", "stage": stage}
    for name, value in address.items():
        app.query_params[name] = value
    app.run()
    app.switch_page("learn_page.py").run()
    assert not app.exception
    assert app.title[0].value == "Diversity at any price"
    assert not app.sidebar.children
    assert len(app.main.button) == 0


def test_a_link_to_a_lesson_that_is_not_there_says_so(app):
    app.query_params["lesson"] = "mnn-shared-popolation"
    app.run()
    app.switch_page("learn_page.py").run()
    assert "did you mean" in app.warning[0].value
    assert app.title[0].value == "Learn"


def test_an_address_of_jobs_that_are_gone_does_no_harm(app):
    for name in ("loaded", "data", "run", "sweep"):
        app.query_params[name] = "0123456789abcdef0123"
    app.run()
    assert not app.exception
    assert app.title[0].value == "Data"
