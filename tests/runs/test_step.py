"""`step` gives progress, cancel, trace and memory, and changes nothing about the result."""

import threading
import time

import numpy as np
import pytest

from scint_core.contract import LossCurve, Pairs, explained, result, show, tick
from scint_core.runs import step as step_module
from scint_core.runs.cache import StepCache
from scint_core.runs.progress import Progress
from scint_core.runs.step import StepRunner

calls = []


class KeepAll:
    """A trace that keeps results as they are, and what steps show."""

    def __init__(self):
        self.shown = []

    def keep(self, value):
        return lambda: value

    def show(self, unfinished):
        self.shown.append(unfinished)


@explained("Doubles.", formula="2x", parameters=("factor",))
def double(x, *, factor=2):
    calls.append("double")
    return x * factor


def two_results(x):
    return x + 1, x + 2


def slow(x):
    calls.append("slow")
    time.sleep(0.3)
    return x + 1


def ticking(x, n):
    for i in range(n):
        tick(i, n)
    return x


def showing(x):
    show(LossCurve(x[:1]))
    show(LossCurve(x))
    return x * 1


def runner(tmp_path, report=None, seed=0):
    return StepRunner(seed=seed, cache=StepCache(tmp_path), trace=KeepAll(), progress=Progress(report))


@pytest.fixture(autouse=True)
def _store_everything(monkeypatch):
    monkeypatch.setattr(StepCache, "worth", -1.0)
    calls.clear()


def test_a_step_returns_what_its_function_returns(tmp_path):
    step = runner(tmp_path)
    np.testing.assert_array_equal(step("Double", double, np.arange(3.0), factor=3), [0, 3, 6])
    record = step.records[0]
    assert (record.title, record.params, record.reused) == ("Double", {"factor": 3}, False)
    assert record.explanation.text == "Doubles."
    np.testing.assert_array_equal(record.result, [0, 3, 6])


def test_the_same_step_is_done_once(tmp_path):
    x = np.arange(3.0)
    first = runner(tmp_path)("Double", double, x)
    again = runner(tmp_path)
    np.testing.assert_array_equal(again("Double", double, x.copy()), first)
    assert calls == ["double"]
    assert again.records[0].reused


def test_another_argument_or_value_runs_again(tmp_path):
    runner(tmp_path)("Double", double, np.arange(3.0))
    runner(tmp_path)("Double", double, np.arange(3.0), factor=3)
    runner(tmp_path)("Double", double, np.arange(4.0))
    assert len(calls) == 3


def dawdle(x):
    time.sleep(0.05)
    return x + 1


def test_a_reused_step_tells_the_seconds_it_saved(tmp_path):
    for step in (runner(tmp_path), runner(tmp_path)):
        step("Dawdle", dawdle, np.arange(3.0))
        (record,) = step.records
        assert record.reused == (record.saved > 0)
    assert record.saved == pytest.approx(0.05, abs=0.03)


def test_a_chain_is_reused_without_hashing_what_lies_between(tmp_path, monkeypatch):
    def chain(step):
        a, b = step("Two", two_results, np.arange(3.0))
        return step("Double", double, a), step("Double", double, b)

    chain(runner(tmp_path))
    hashed = []
    real = step_module.Keys._by_content
    monkeypatch.setattr(step_module.Keys, "_by_content", lambda self, v: hashed.append(v) or real(self, v))
    again = runner(tmp_path)
    first, second = chain(again)
    assert all(record.reused for record in again.records)
    assert len(hashed) == 1  # the array from outside
    np.testing.assert_array_equal(second - first, [2, 2, 2])


def test_results_cannot_be_changed(tmp_path):
    value = runner(tmp_path)("Double", double, np.arange(3.0))
    with pytest.raises(ValueError, match="read-only"):
        value[0] = 1


def test_cheap_steps_are_not_stored(tmp_path, monkeypatch):
    monkeypatch.setattr(StepCache, "worth", 60.0)
    runner(tmp_path)("Double", double, np.arange(3.0))
    runner(tmp_path)("Double", double, np.arange(3.0))
    assert len(calls) == 2


def test_results_made_faster_than_they_are_read_are_not_stored(tmp_path, monkeypatch):
    monkeypatch.setattr(StepCache, "worth", 1e-9)
    monkeypatch.setattr(step_module, "LIGHT", 1e-9)
    runner(tmp_path)("Double", double, np.arange(3.0))
    runner(tmp_path)("Double", double, np.arange(3.0))
    assert len(calls) == 2


def test_two_runs_at_once_do_a_step_once(tmp_path):
    runs = [runner(tmp_path) for _ in range(2)]
    threads = [threading.Thread(target=run, args=("Slow", slow, np.arange(3.0))) for run in runs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert calls == ["slow"]
    assert sorted(run.records[0].reused for run in runs) == [False, True]
    np.testing.assert_array_equal(runs[0].records[0].result, runs[1].records[0].result)


def test_a_run_that_waits_for_another_can_be_called_off(tmp_path):
    class Stop(Exception):
        pass

    def report(*_):
        seen.append("told")
        if len(seen) > 3:  # once at the beginning, then while it waits
            raise Stop

    seen = []
    first = threading.Thread(target=runner(tmp_path), args=("Slow", slow, np.arange(3.0)))
    waiting = runner(tmp_path, report=report)
    first.start()
    while not calls:
        time.sleep(0.001)
    with pytest.raises(Stop):
        waiting("Slow", slow, np.arange(3.0))
    first.join(20)
    assert calls == ["slow"]


def test_without_a_cache_no_array_is_hashed(tmp_path, monkeypatch):
    step = StepRunner(seed=0, cache=StepCache(tmp_path, limit=0), trace=KeepAll(), progress=Progress(None))
    monkeypatch.setattr(step_module.Keys, "_by_content", lambda *_: pytest.fail("hashed"))
    for _ in range(2):
        np.testing.assert_array_equal(step("Double", double, step("Double", double, np.arange(3.0))), [0, 4, 8])
    assert calls == ["double"] * 4


def test_seeds_follow_run_and_name_and_nothing_else(tmp_path):
    one, two = runner(tmp_path, seed=1), runner(tmp_path, seed=2)
    assert one.seed("k-means") == runner(tmp_path, seed=1).seed("k-means")
    assert len({one.seed("k-means"), one.seed("order"), two.seed("k-means")}) == 3


def test_progress_rises_names_steps_and_counts_ticks(tmp_path):
    seen = []
    step = runner(tmp_path, report=lambda fraction, status: seen.append((fraction, status)))
    step.expect(2)
    step.stage("merge", 1, of=2)
    step("Walk", ticking, np.zeros(1), 4)
    step.stage("iteration", 3, at_most=10)
    step("Double", double, np.zeros(1))
    fractions = [fraction for fraction, _ in seen]
    assert fractions == sorted(fractions)
    assert max(fractions) <= 0.99
    assert fractions[:5] == [0.0, 0.0, 0.125, 0.25, 0.375]
    assert seen[0][1] == "merge 1 of 2: Walk"
    assert seen[-1] == (0.5, "iteration 3, at most 10: Double")


def test_an_exception_in_the_report_ends_the_run_at_the_next_tick(tmp_path):
    class Stop(Exception):
        pass

    def report(fraction, _):
        if fraction > 0.3:
            raise Stop

    step = runner(tmp_path, report=report)
    step.expect(1)
    with pytest.raises(Stop):
        step("Walk", ticking, np.zeros(1), 10)
    assert step.records == []


def add(one, others, **scaled):
    return one + sum(others) + sum(scaled.values())


@pytest.mark.parametrize("limit", [None, 0], ids=["with a cache", "without"])
def test_a_step_remembers_which_results_it_was_given(tmp_path, limit):
    cache = StepCache(tmp_path) if limit is None else StepCache(tmp_path, limit=limit)
    step = StepRunner(seed=0, cache=cache, trace=KeepAll(), progress=Progress(None))
    outside = np.arange(3.0)
    a, b = step("Two", two_results, outside)
    doubled = step("Double", double, b, factor=3)
    step("Add", add, doubled, (outside, a), scaled=b)
    step("Double", double, doubled.copy())
    found = [(record.inputs, record.parts) for record in step.records]
    assert found == [((), ()), ((0,), ("1",)), ((1, 0, 0), ("", "0", "1")), ((), ())]


def test_a_reused_result_is_known_by_the_step_that_took_it(tmp_path):
    for _ in range(2):
        step = runner(tmp_path)
        a, _ = step("Two", two_results, np.arange(3.0))
        step("Double", double, a)
        assert (step.records[1].inputs, step.records[1].parts) == ((0,), ("0",))
    assert step.records[1].reused


def test_a_step_remembers_the_sides_it_is_about_until_the_next_stage(tmp_path):
    step = runner(tmp_path)
    step("Double", double, np.zeros(1))
    step.stage("merge", 1, of=2, sides=((0,), (1,)))
    step("Double", double, np.zeros(2))
    step("Double", double, np.zeros(3))
    step.stage("iteration", 1)
    step("Double", double, np.zeros(4))
    step.stage()
    step("Double", double, np.zeros(5))
    assert [record.sides for record in step.records] == [None, ((0,), (1,)), ((0,), (1,)), None, None]
    assert [record.stage for record in step.records] == ["", "merge 1 of 2", "merge 1 of 2", "iteration 1", ""]


def test_ticks_do_nothing_outside_a_run():
    assert tick(1, 2) is None
    assert ticking(5, 3) == 5


def test_results_may_be_registered_dataclasses(tmp_path):
    def pair(x):
        return Pairs(x, x, x, x, x)

    step = runner(tmp_path)
    pairs = step("Pair", pair, np.arange(2))
    np.testing.assert_array_equal(step("Double", double, pairs.left), [0, 2])
    np.testing.assert_array_equal(runner(tmp_path)("Pair", pair, np.arange(2)).left, [0, 1])


def test_only_frozen_dataclasses_can_be_registered():
    with pytest.raises(TypeError, match="frozen"):
        result(type("Loose", (), {}))


def test_what_a_step_shows_on_its_way_reaches_the_trace(tmp_path):
    step = runner(tmp_path)
    step("Show", showing, np.arange(3.0))
    assert [curve.values.tolist() for curve in step._trace.shown] == [[0.0], [0.0, 1.0, 2.0]]


def test_steps_count_in_the_bar_by_their_work(tmp_path):
    seen = []
    step = runner(tmp_path, report=lambda fraction, _: seen.append(round(fraction, 3)))
    step.expect(3, work=(6, 3, 1))
    step("Tick", ticking, np.arange(3.0), n=2)
    step("Double", double, np.arange(3.0))
    step("Double", double, np.arange(4.0))
    assert seen == [0.0, 0.0, 0.3, 0.6, 0.9]
