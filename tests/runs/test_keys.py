"""Equal computations have equal keys, others have others; keys do not depend on the process."""

import gc
import subprocess
import sys

import numpy as np
import pytest
import scipy.sparse as sp

from scint_core.contract import Neighbors
from scint_core.runs import keys as keys_module
from scint_core.runs.keys import Keys, array_digest, digest

A = np.arange(6.0)


@pytest.mark.parametrize(
    "other", [A.astype(np.float32), A.reshape(2, 3), A + 1e-12, A[:5]], ids=["type", "shape", "value", "length"]
)
def test_arrays_that_differ_have_other_keys(other):
    assert Keys().of(A) != Keys().of(other)


def test_equal_content_has_an_equal_key_wherever_it_lies():
    assert Keys().of(A) == Keys().of(A.copy()) == Keys().of(np.arange(12.0)[::2] / 2)


def test_sparse_keys_follow_content():
    matrix = sp.random(20, 10, density=0.3, format="csr", random_state=1)
    other = matrix.copy()
    other.data[0] += 1
    assert Keys().of(matrix) == Keys().of(matrix.copy()) != Keys().of(other)


@pytest.mark.parametrize(("one", "two"), [(1, 1.5), (1, True), ("1", 1), (None, "null"), ((1, 2), (12,))])
def test_plain_values_that_differ_have_other_keys(one, two):
    assert Keys().of(one) != Keys().of(two)


def test_parts_are_told_apart():
    assert digest("ab", "c") != digest("a", "bc")


def test_fields_of_a_named_result_are_keyed_by_path_and_never_hashed():
    keys = Keys()
    result = Neighbors(np.array([[1]]), np.array([[0.5]]))
    keys.name(result, "K")
    assert keys.of(result) == "K"
    assert keys.of(result.indices) == "K.indices"
    assert not result.indices.flags.writeable


def test_a_key_is_forgotten_with_its_array():
    keys = Keys()
    array = np.zeros(3)
    keys.name(array, "K")
    del array
    gc.collect()
    assert not keys._known


def test_keys_agree_in_every_process():
    code = "import numpy as np; from scint_core.runs.keys import Keys, engine_digest; "
    code += "print(Keys().of(np.arange(6.0)), engine_digest())"
    said = {subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout for _ in range(2)}
    assert len(said) == 1
    assert said.pop().startswith(array_digest(A))


def test_other_metrics_are_other_jobs_of_the_same_steps(tmp_path, monkeypatch):
    monkeypatch.setattr(keys_module, "_ROOT", tmp_path)
    found = []
    for package in ("metrics", "numerics"):
        (tmp_path / package).mkdir()
        for text in ("one", "another"):
            (tmp_path / package / "module.py").write_text(text)
            found.append((keys_module.engine_digest.__wrapped__(), keys_module.job_digest.__wrapped__()))
    steps, jobs = zip(*found, strict=True)
    assert len(set(jobs)) == 4
    assert steps[0] == steps[1]
    assert len(set(steps)) == 3


def test_what_cannot_be_an_argument_is_refused():
    with pytest.raises(TypeError, match="a step cannot take a set"):
        Keys().of({1})
