"""The step cache keeps, bounds, survives damage, and never gets in the way."""

import os
import shutil
import subprocess
import sys

import numpy as np
import pytest
import scipy.sparse as sp

from scint_core.errors import ParameterError
from scint_core.runs import codec
from scint_core.runs.cache import DEFAULT_LIMIT, MISSING, RememberingCache, StepCache
from scint_core.runs.lock import locked

KEY = "ab" * 20


def test_what_is_stored_is_loaded(tmp_path):
    cache = StepCache(tmp_path)
    cache.store(KEY, np.arange(4))
    np.testing.assert_array_equal(cache.load(KEY), np.arange(4))
    assert cache.load("cd" * 20) is MISSING


def test_the_longest_unused_go_first(tmp_path):
    cache = StepCache(tmp_path, limit=10**9)
    keys = [f"{i:02d}" * 20 for i in range(6)]
    for age, key in enumerate(keys):
        cache.store(key, np.zeros(1000))
        os.utime(cache._entry(key) / codec.TREE, (age, age))
    cache.load(keys[0])  # used now, though the oldest
    cache.limit = 3 * codec.size(cache._entry(keys[0]))
    cache.trim()
    assert [key for key in keys if cache.load(key) is not MISSING] == [keys[0], keys[4], keys[5]]


def bytes_in(folder):
    """What the values under a folder take, counted while nobody writes."""
    with locked(folder / "steps" / "bytes"):
        return sum(path.stat().st_size for pattern in ("*.npy", "*.json") for path in folder.rglob(pattern))


def test_the_limit_is_never_passed(tmp_path):
    cache = StepCache(tmp_path, limit=100_000)
    for i in range(60):
        cache.store(f"{i:02d}" * 20, np.zeros(400 + 20 * i))
        assert bytes_in(tmp_path) <= 100_000
        assert cache.load(f"{i:02d}" * 20) is not MISSING
    assert bytes_in(tmp_path) > 50_000  # and what fits stays


def test_what_is_weighed_is_not_less_than_what_is_written(tmp_path):
    for i, value in enumerate((np.arange(7), sp.random(9, 9, 0.5), ("text", [1, None], {"a": np.array(["b", "cd"])}))):
        codec.write(value, tmp_path / str(i))
        assert 0 <= codec.weight(value) - codec.size(tmp_path / str(i)) < 200


def test_a_value_larger_than_the_limit_is_not_kept_and_drives_nothing_out(tmp_path):
    cache = StepCache(tmp_path, limit=10_000)
    cache.store(KEY, np.zeros(100))
    cache.store("cd" * 20, np.zeros(5_000))
    assert cache.load("cd" * 20) is MISSING
    assert cache.load(KEY) is not MISSING


def test_a_smaller_limit_holds_from_the_next_value_on(tmp_path):
    for i in range(20):
        StepCache(tmp_path, limit=100_000).store(f"{i:02d}" * 20, np.zeros(500))
    StepCache(tmp_path, limit=20_000).store(KEY, np.zeros(500))
    assert bytes_in(tmp_path) <= 20_000


def test_what_a_dead_process_left_is_cleared_away_with_the_rest(tmp_path):
    cache = StepCache(tmp_path, limit=10_000)
    cache.store(KEY, np.zeros(500))
    left = cache._entry(KEY).with_name(".writing-left")
    shutil.copytree(cache._entry(KEY), left)
    for i in range(10):
        cache.store(f"{i:02d}" * 20, np.zeros(500))
    assert not left.exists()


def test_a_limit_of_0_keeps_nothing_and_writes_nothing(tmp_path):
    cache = StepCache(tmp_path, limit=0)
    with cache.turn(KEY, meanwhile=lambda: None) as waited:
        cache.store(KEY, 1)
    assert (waited, cache.load(KEY), list(tmp_path.iterdir())) == (False, MISSING, [])


@pytest.mark.parametrize("text", ["4GB", "-1", "1.5"])
def test_a_limit_that_is_no_number_is_refused_in_a_sentence(tmp_path, monkeypatch, text):
    monkeypatch.setenv("SCINT_CACHE_BYTES", text)
    with pytest.raises(ParameterError, match=f"'SCINT_CACHE_BYTES' is '{text}'.* whole number of bytes"):
        StepCache(tmp_path)


@pytest.mark.parametrize(("text", "limit"), [("", DEFAULT_LIMIT), (" 1000 ", 1000)])
def test_the_limit_comes_from_the_environment(tmp_path, monkeypatch, text, limit):
    monkeypatch.setenv("SCINT_CACHE_BYTES", text)
    assert StepCache(tmp_path).limit == limit


@pytest.mark.parametrize("length", [100, 1_000_000], ids=["read", "mapped"])
@pytest.mark.parametrize("harm", ["cut", "flip", "empty", "remove"])
def test_a_damaged_entry_counts_as_absent_and_is_replaced(tmp_path, harm, length):
    cache = StepCache(tmp_path)
    cache.store(KEY, np.arange(length))
    path = cache._entry(KEY) / "0.npy"
    content = bytearray(path.read_bytes())
    content[-9] ^= 1
    path.write_bytes({"flip": content, "cut": content[:-50]}.get(harm, b""))
    if harm == "remove":
        path.unlink()
    assert cache.load(KEY) is MISSING
    assert not cache._entry(KEY).exists()
    cache.store(KEY, np.arange(length))
    np.testing.assert_array_equal(cache.load(KEY), np.arange(length))


def test_an_entry_that_was_half_removed_is_replaced(tmp_path):
    cache = StepCache(tmp_path)
    cache.store(KEY, np.arange(100))
    (cache._entry(KEY) / codec.TREE).unlink()
    assert cache.load(KEY) is MISSING
    cache.store(KEY, np.arange(100))
    assert cache.load(KEY) is not MISSING


def test_a_folder_that_cannot_be_written_is_no_error(tmp_path):
    blocked = tmp_path / "file"
    blocked.write_text("in the way")
    cache = StepCache(blocked)
    cache.store(KEY, 1)
    assert cache.load(KEY) is MISSING


def test_a_loaded_value_outlives_the_cache(tmp_path):
    cache = StepCache(tmp_path)
    cache.store(KEY, np.arange(2_000_000))
    value = cache.load(KEY)
    shutil.rmtree(tmp_path)
    assert value[-1] == 1_999_999


@pytest.mark.skipif(os.name == "nt", reason="mapped files cannot be removed there")
def test_two_processes_may_write_and_trim_at_once(tmp_path):
    code = (
        "import sys, numpy as np; from pathlib import Path; from scint_core.runs.cache import StepCache, MISSING\n"
        "cache = StepCache(Path(sys.argv[1]), limit=60_000)\n"
        "for i in range(150):\n"
        "    key = f'{i % 20:02d}' * 20\n"
        "    value = cache.load(key)\n"
        "    assert value is MISSING or (value == i % 20).all()\n"
        "    cache.store(key, np.full(1000, i % 20))\n"
    )
    both = [subprocess.Popen([sys.executable, "-c", code, str(tmp_path)], stderr=subprocess.PIPE) for _ in range(2)]
    most = 0
    while any(process.poll() is None for process in both):
        most = max(most, bytes_in(tmp_path))
    assert [process.communicate()[1] for process in both] == [b"", b""]
    assert 0 < most <= 60_000


def test_a_remembering_cache_holds_what_it_read_last_and_no_more(tmp_path):
    cache = RememberingCache(tmp_path)
    keys = [f"{i:02d}" * 20 for i in range(70)]
    assert cache.load(keys[0]) is MISSING  # and is looked for again, once it is there
    for i, key in enumerate(keys):
        cache.store(key, np.full(3, i))
        assert cache.load(key)[0] == i
    shutil.rmtree(tmp_path)
    held = [key for key in keys if cache.load(key) is not MISSING]
    assert held == keys[-64:]
