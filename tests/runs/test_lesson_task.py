"""The task "lesson" and its board: what `observe` returns, through a job."""

import numpy as np
import pytest

from scint_core.errors import ParameterError
from scint_core.lab import find_lesson
from scint_core.runs import codec
from scint_core.runs.jobs.lesson import LessonBoard
from scint_core.runs.jobs.live import LiveBoard
from scint_core.runs.jobs.places import VIEW
from scint_core.runs.lessons import observe

NAME = "mnn-shared-population"


def test_a_job_leaves_the_observation(done):
    folder = done("lesson", "seen", lesson=NAME, values={"shared": 1}, seed=2)
    left, seen = codec.read(folder / VIEW), observe(find_lesson(NAME), {"shared": 1}, seed=2)
    assert left.figures == pytest.approx(seen.figures)
    assert [picture.title for picture in left.pictures] == [picture.title for picture in seen.pictures]
    np.testing.assert_array_equal(left.pictures[1].layout, seen.pictures[1].layout)


def test_a_stop_that_there_is_not_ends_the_job_with_a_sentence(done):
    with pytest.raises(ParameterError, match="cannot be 7"):
        done("lesson", "seen", lesson=NAME, values={"shared": 7}, seed=0)


def test_observations_lie_apart_from_pictures_and_more_of_them_are_kept(tmp_path):
    assert LessonBoard(tmp_path).folder != LiveBoard(tmp_path).folder
    assert LessonBoard.kept > LiveBoard.kept
