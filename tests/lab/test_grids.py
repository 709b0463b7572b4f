"""Lessons that take long are read from stored observations, which are those of every state of their sliders."""

import numpy as np
import pytest

from scint_core.contract import MutualPairs
from scint_core.lab import all_lessons
from scint_core.lab.pictures import CellMap, Groups, Matrix, Observation
from scint_core.runs import grids
from scint_core.runs.lesson_grids import states_of
from scint_core.runs.lessons import LabBench, observe

STORED = [lesson for lesson in all_lessons().values() if lesson.precomputed]
MOST_BYTES = 300_000


def observation(number):
    layout = np.random.default_rng(0).normal(size=(30, 2)).astype(np.float32)
    types = Groups("type", np.arange(30) % 3, ("A", "B", "C"))
    pairs = MutualPairs(np.arange(5), np.arange(5, 10))
    pictures = (CellMap("Cells", layout, types, pairs=pairs), Matrix("Counts", np.eye(3) * number, ("a",), ("b",)))
    return Observation(pictures, {"right": number / 3}, ("a note",))


def test_what_is_written_is_read_and_what_states_share_is_kept_once(tmp_path):
    states = [({"share": number}, observation(number)) for number in (1, 2, 3)]
    grids.write_grid(tmp_path / "one.npz", states)
    for (at, seen), (read_at, read) in zip(states, grids.read_grid(tmp_path / "one.npz"), strict=True):
        assert read_at == at
        assert read.figures == seen.figures
        assert read.notes == seen.notes
        np.testing.assert_allclose(read.pictures[0].layout, seen.pictures[0].layout, rtol=1e-3)
        assert read.pictures[0].layout.dtype == np.float32
        assert np.array_equal(read.pictures[0].pairs.right, seen.pictures[0].pairs.right)
        assert np.array_equal(read.pictures[1].values, seen.pictures[1].values)
    with np.load(tmp_path / "one.npz") as file:
        assert len(file.files) == 1 + 4 + 3  # the tree; layout, codes and two ends of pairs; a matrix per state


@pytest.mark.parametrize("lesson", STORED, ids=lambda lesson: lesson.name)
def test_every_state_is_stored_and_the_file_is_small(lesson):
    kept = [dict(at) for at, _ in grids.read_grid(grids.grid_path(lesson.name))]
    assert kept == states_of(lesson), "run `python -m scint_core.runs.lesson_grids`"
    assert grids.grid_path(lesson.name).stat().st_size <= MOST_BYTES


@pytest.mark.parametrize("lesson", STORED, ids=lambda lesson: lesson.name)
def test_a_stored_state_is_read_and_nothing_is_trained(lesson, monkeypatch):
    monkeypatch.setattr(LabBench, "integrate", lambda *_, **__: pytest.fail("a network is trained"))
    assert observe(lesson).figures


@pytest.mark.slow
@pytest.mark.parametrize("lesson", STORED, ids=lambda lesson: lesson.name)
def test_what_is_stored_is_what_is_computed(lesson):
    stored, computed = observe(lesson), lesson.observe(LabBench(grids.SEED), **lesson.defaults())
    assert stored.figures == pytest.approx(computed.figures, abs=0.05, nan_ok=True)  # other machines round other digits
    for kept, made in zip(stored.pictures, computed.pictures, strict=True):
        assert type(kept) is type(made)
        assert kept.title == made.title
