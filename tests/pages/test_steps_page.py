"""The Steps page without a browser: controls, the address, and the words beside the pictures."""

import time
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from pages.ui import jobs
from pages.ui.player import Picture
from pages.ui.player.screen import _rows
from scint_core.runs.jobs import prepared as prepared_module
from scint_core.runs.jobs import tasks
from scint_core.runs.jobs.board import JobBoard, JobSpec
from scint_core.runs.jobs.prepared import adopt
from tests.datasets import prepared

MAIN = str(Path(__file__).resolve().parents[2] / "pages" / "main.py")


@pytest.fixture
def app(tmp_path, monkeypatch, jobs_here):
    """The app on a data set with a finished run of fastMNN, on the Steps page."""
    monkeypatch.setenv("SCINT_STATE", str(tmp_path / "state"))
    for module in (prepared_module, tasks):
        monkeypatch.setattr(module, "umap_layout", lambda coordinates, **_: coordinates[:, :2])
    jobs.board.clear()
    board = JobBoard()
    data = adopt(board, prepared(2, 40, 80, 0, 50), "small", "batch", "celltype")
    run = board.submit(JobSpec("integrate", {"data": data.id, "method": "fastmnn", "params": {}, "seed": 0}))
    _until_done(run)
    found = AppTest.from_file(MAIN, default_timeout=60)
    found.query_params["data"], found.query_params["run"] = data.id, run.id
    yield found
    jobs.board.clear()


def _until_done(job):
    while not job.status().ended:
        time.sleep(0.05)
    assert job.status().state == "done"


def on_steps(app):
    app.run()
    app.switch_page("steps_page.py").run()
    assert not app.exception
    return app


def shown(app):
    """The heading of the step that is shown."""
    heading = next(text.value for text in app.markdown if text.value.startswith("####"))
    return heading.removeprefix("#### ").replace("\\", "")


def button(app, label):
    return next(button for button in app.main.button if button.label == label)


def test_steps_follow_the_buttons_the_slider_and_the_list(app):
    on_steps(app)
    assert shown(app) == "Measure the length of every cell"
    button(app, "Next").click().run()
    assert shown(app) == "Find components to which every batch contributes alike"
    button(app, "Back").click().run()
    button(app, "Back").click().run()
    assert shown(app) == "Measure the length of every cell"
    app.main.slider[0].set_value(4).run()
    assert shown(app) == "merge 1 of 1: Keep the mutual ones"
    steps = next(box for box in app.main.selectbox if box.label == "Go to a step")
    steps.set_value(5).run()
    assert shown(app) == "merge 1 of 1: Average them into the batch vector"
    assert app.main.slider[0].value == 6
    assert app.query_params["step"] == "6"
    assert not app.exception


def test_a_step_tells_its_formula_and_what_acts_in_it(app):
    on_steps(app)
    app.main.slider[0].set_value(12).run()  # the weights of paired cells
    assert "texttt{ndist}" in app.latex[0].value
    assert any("acts here:" in text.value and "ndist **3**" in text.value for text in app.markdown)


def test_an_address_opens_a_run_at_its_step(app):
    app.query_params["step"] = "4"
    assert shown(on_steps(app)) == "merge 1 of 1: Keep the mutual ones"


@pytest.mark.parametrize("step", ["0", "99", "x", "-3"])
def test_an_address_of_a_step_that_is_not_there_does_no_harm(app, step):
    app.query_params["step"] = step
    assert shown(on_steps(app))


def test_playing_begins_anew_at_the_end_and_can_be_paused(app):
    on_steps(app)
    app.main.slider[0].set_value(16).run()
    button(app, "Play").click().run()
    assert shown(app) == "Measure the length of every cell"
    button(app, "Pause").click().run()
    assert button(app, "Play")
    assert not app.exception


def test_every_step_is_drawn_on_the_page(app):
    on_steps(app)
    for number in range(2, 17):
        app.main.slider[0].set_value(number).run()
        assert not app.exception
        assert app.get("plotly_chart")


def test_pictures_share_a_row_where_they_fit():
    def rows(*widths):
        return [[p.width for p in row] for row in _rows([Picture(None, "", width=w) for w in widths])]

    assert rows(1.0) == [[1.0]]
    assert rows(1.0, 1.0, 1.0) == [[1.0, 1.0], [1.0]]
    assert rows(1.7, 1.0) == [[1.7, 1.0]]
    assert rows(1.2, 1.7, 1.0) == [[1.2], [1.7, 1.0]]
