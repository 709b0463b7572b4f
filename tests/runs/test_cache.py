"""The step cache keeps, bounds, survives damage, and never gets in the way."""

import os
import shutil
import subprocess
import sys

import numpy as np
import pytest

from scint_core.runs import codec
from scint_core.runs.cache import MISSING, StepCache

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


def test_storing_stays_within_the_limit_by_itself(tmp_path):
    cache = StepCache(tmp_path, limit=100_000)
    for i in range(60):
        cache.store(f"{i:02d}" * 20, np.zeros(1000))
    assert sum(f.stat().st_size for f in tmp_path.rglob("*") if f.is_file()) <= 100_000 * (1 + 1 / 8)


@pytest.mark.parametrize("harm", ["cut", "flip", "empty", "remove"])
def test_a_damaged_entry_counts_as_absent_and_is_replaced(tmp_path, harm):
    cache = StepCache(tmp_path)
    cache.store(KEY, np.arange(100))
    path = cache._entry(KEY) / "0.npy"
    content = bytearray(path.read_bytes())
    content[200] ^= 1
    path.write_bytes({"flip": content, "cut": content[:50]}.get(harm, b""))
    if harm == "remove":
        path.unlink()
    assert cache.load(KEY) is MISSING
    cache.store(KEY, np.arange(100))
    np.testing.assert_array_equal(cache.load(KEY), np.arange(100))


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
    assert [process.communicate()[1] for process in both] == [b"", b""]
