"""Every lesson keeps what it claims, over five worlds; its questions have one computed answer; its texts are whole."""

import numpy as np
import pytest

from scint_core.errors import ParameterError
from scint_core.lab import all_lessons, find_lesson
from scint_core.lab.lesson import CHAPTERS
from scint_core.runs.grids import SEED
from scint_core.runs.lessons import observe

LESSONS = all_lessons()
SEEDS = range(5)


def claims():
    """Every claim over five worlds; of a lesson that takes long, over its stored world in every run and all five in a
    slow one."""
    for lesson in LESSONS.values():
        for claim in lesson.claims:
            name = f"{lesson.name}: {claim.sentence}"
            if lesson.precomputed:
                yield pytest.param(lesson, claim, [SEED], id=f"{name} (stored)")
            marks = [pytest.mark.slow] if lesson.precomputed else []
            yield pytest.param(lesson, claim, SEEDS, id=name, marks=marks)


@pytest.fixture(scope="module")
def seen():
    """Observations by lesson, slider values and seed: claims at one state share them."""
    kept = {}

    def look(lesson, values, seed):
        key = (lesson.name, tuple(sorted(lesson.at(values).items())), seed)
        if key not in kept:
            kept[key] = observe(lesson, values, seed)
        return kept[key]

    return look


@pytest.mark.parametrize(("lesson", "claim", "seeds"), claims())
def test_what_a_lesson_claims_is_seen_in_every_world(lesson, claim, seeds, seen):
    values = [seen(lesson, claim.at, seed).figures[claim.figure] for seed in seeds]
    assert min(values) >= claim.at_least, values
    assert max(values) <= claim.at_most, values


@pytest.mark.parametrize("lesson", LESSONS.values(), ids=LESSONS)
def test_a_lesson_claims_something_at_both_ends(lesson):
    assert len(lesson.claims) >= 2
    for claim in lesson.claims:
        lesson.at(claim.at)
        assert np.isfinite(claim.at_least) or np.isfinite(claim.at_most), claim.sentence


@pytest.mark.parametrize("lesson", LESSONS.values(), ids=LESSONS)
@pytest.mark.parametrize("which", ["prediction", "check"])
def test_questions_have_one_computed_answer(lesson, which, seen):
    question = getattr(lesson, which)
    assert len(question.options) >= 2
    assert len({*question.options}) == len(question.options)
    outcome = seen(lesson, question.at, 0)
    assert 0 <= question.answer(outcome) < len(question.options)
    assert question.why(outcome)


@pytest.mark.parametrize("lesson", LESSONS.values(), ids=LESSONS)
def test_every_state_is_observed_and_explained(lesson, seen):
    for slider in lesson.sliders:
        for stop in (slider.stops[0], slider.stops[-1]):
            outcome = seen(lesson, {slider.name: stop}, 0)
            assert outcome.pictures
            assert {figure.name for figure in lesson.figures} <= {*outcome.figures}
            assert len(lesson.explain(outcome)) > 80


@pytest.mark.parametrize("lesson", LESSONS.values(), ids=LESSONS)
def test_texts_are_whole(lesson):
    assert lesson.chapter in CHAPTERS
    assert len(lesson.sliders) <= 3
    for text in (lesson.setting, lesson.misreading):
        assert len(text) > 60
        assert text.rstrip()[-1] in ".?!*"
    names = [figure.name for figure in lesson.figures]
    assert len({*names}) == len(names)


def test_the_same_seed_shows_the_same():
    lesson = find_lesson("mnn-shared-population")
    one, again, other = (observe(lesson, {"shared": 2}, seed) for seed in (1, 1, 2))
    assert one.figures == again.figures
    assert np.array_equal(one.pictures[1].layout, again.pictures[1].layout)
    assert one.figures != other.figures


def test_what_is_no_lesson_slider_or_stop_is_named():
    lesson = find_lesson("mnn-shared-population")
    with pytest.raises(ParameterError, match=r"mnn-shared-popolation.*did you mean 'mnn-shared-population'"):
        find_lesson("mnn-shared-popolation")
    with pytest.raises(ParameterError, match="slider 'share' of lesson"):
        observe(lesson, {"share": 1})
    with pytest.raises(ParameterError, match=r"'shared'.*cannot be 7: it stops at 0, 1, 2, 3"):
        observe(lesson, {"shared": 7})
