"""Parts of the Live panel that need no browser: the steps of sliders, the line that says what was reused."""

import pytest

from pages.ui.sliders import steps_of
from pages.ui.steps import reuse
from scint_core.contract import StepRecord
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
