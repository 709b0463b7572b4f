"""Parts of the Live panel that need no browser: the steps of sliders, the line on what was reused, the map's data."""

import numpy as np
import pytest

from pages.ui.canvas import common_box
from pages.ui.colouring import Groups
from pages.ui.live_map import drawn
from pages.ui.sliders import steps_of
from pages.ui.steps import reuse
from scint_core.contract import Pairs, StepRecord
from scint_core.methods import all_methods

SLID = [
    pytest.param(spec, id=f"{method.name}-{spec.name}")
    for method in all_methods().values()
    for spec in method.Params.specs()
    if spec.slider is not None
]


@pytest.mark.parametrize("spec", SLID)
def test_a_slider_stops_at_possible_values_of_its_range(spec):
    steps = steps_of(spec, spec.slider[0])
    assert steps == sorted(set(steps))
    assert 2 <= len(steps) <= 500
    assert spec.slider[1] in steps
    assert spec.default is None or spec.default in steps
    assert all(spec.limits.admit(step) for step in steps)
    assert spec.kind == "real" or all(isinstance(step, int) for step in steps)


def test_a_value_from_elsewhere_is_among_the_steps():
    sigma = next(spec for spec in all_methods()["mnn"].Params.specs() if spec.name == "sigma")
    assert 0.1234 in steps_of(sigma, 0.1234)
    assert 77.0 in steps_of(sigma, 77.0)


def record(*, reused, saved=0.0):
    return StepRecord("title", 0.1, {}, reused, "function", saved=saved)


@pytest.mark.parametrize(
    ("steps", "sentence"),
    [
        ([record(reused=True, saved=1.25), record(reused=True, saved=2.0), record(reused=False)],
         "2 of 3 steps reused, 3.2 s saved"),
        ([record(reused=False)], "0 of 1 step reused"),
    ],
)  # fmt: skip
def test_the_line_says_how_many_steps_were_reused_and_what_that_saved(steps, sentence):
    assert reuse(steps) == sentence


LAYOUT = np.random.default_rng(0).normal(size=(40, 2))
GROUPS = Groups(np.arange(40) % 4 - 1, ("a<b", "b", "c"), "batch")  # every fourth cell has none
SAID = {"title": "MNN", "alt": "a map", "hover": None, "pairs": None, "frame": None}


def placed(shown, corner, side):
    """Where the browser puts the cells, in the layout's own units."""
    return np.reshape(shown["places"], (-1, 2)) / shown["fineness"] * side + corner


def test_the_map_holds_every_cell_at_its_place_with_its_group_and_its_text():
    shown = drawn(LAYOUT, GROUPS, **{**SAID, "hover": [f"<b>cell {i}</b><br>a&lt;b" for i in range(40)]})
    cells = [int(text.split()[1]) for text in shown["hover"]]
    assert sorted(cells) == list(range(40))
    np.testing.assert_allclose(placed(shown, *common_box([LAYOUT])), LAYOUT[cells], atol=1e-3)
    assert [shown["names"][code] for code in shown["codes"]] == [
        ("(none)", "a<b", "b", "c")[cell % 4] for cell in cells
    ]
    assert shown["hover"][0].endswith("\na<b")


def test_lines_join_the_cells_of_every_pair():
    pairs = Pairs(np.array([0, 7]), np.array([1, 30]), np.zeros(2, dtype=int), np.ones(2), np.ones(2, dtype=bool))
    shown = drawn(LAYOUT, GROUPS, **{**SAID, "pairs": pairs})
    corner, side = common_box([LAYOUT])
    ends = np.reshape(shown["lines"], (-1, 2)) / shown["fineness"] * side + corner
    np.testing.assert_allclose(ends, LAYOUT[[0, 1, 7, 30]], atol=1e-3)


def test_a_frame_is_left_room_for():
    shown = drawn(LAYOUT, GROUPS, **{**SAID, "frame": LAYOUT + np.array([100, 0])})
    assert np.max(shown["places"]) < shown["fineness"]
    assert np.max(np.reshape(shown["places"], (-1, 2))[:, 0]) < 0.1 * shown["fineness"]


@pytest.mark.parametrize(("n_groups", "n_labels"), [(8, 0), (9, 9)])
def test_many_groups_are_named_on_the_map(n_groups, n_labels):
    names = tuple(f"{i} a very long name of a type" for i in range(n_groups))
    labels = drawn(LAYOUT, Groups(np.arange(40) % n_groups, names, "type"), **SAID)["labels"]
    assert len(labels) == n_labels
    assert all(len(text) <= 18 for *_, text in labels)
