"""What is written is what is read, and damage is always noticed."""

import json

import hypothesis.extra.numpy as hnp
import numpy as np
import pytest
import scipy.sparse as sp
from hypothesis import given, settings
from hypothesis import strategies as st

from scint_core.contract import LossCurve, Neighbors, Pairs
from scint_core.runs import codec

PAIRS = Pairs(np.arange(3), np.arange(3)[::-1].copy(), np.zeros(3, int), np.ones(3), np.array([True, False, True]))

plain = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner) | st.tuples(inner, inner),
    max_leaves=12,
)


@given(plain)
@settings(max_examples=60, deadline=None)
def test_plain_values_come_back_equal_and_of_the_same_type(tmp_path_factory, value):
    folder = tmp_path_factory.mktemp("codec") / "entry"
    codec.write(value, folder)
    assert repr(codec.read(folder)) == repr(value)


def test_what_is_settled_is_what_is_read_again(tmp_path):
    table = np.arange(24.0).reshape(4, 6)
    near = Neighbors(np.arange(24).reshape(4, 6)[:, :3], table[:, ::2])
    value = (near, table.T, [np.float32(0.1), np.arange(9)[::3]], {"a": sp.csc_matrix(table)})
    settled = codec.settled(value)
    codec.write(value, tmp_path / "entry")
    for kept, read in zip(leaves(settled), leaves(codec.read(tmp_path / "entry")), strict=True):
        assert type(kept) is type(read)
        assert np.shape(kept) == np.shape(read)
        if isinstance(kept, np.ndarray):
            assert (kept.strides, kept.tobytes()) == (read.strides, read.tobytes())
    assert codec.settled(settled[0]) is settled[0]


def leaves(value):
    """What a value holds, one by one."""
    if isinstance(value, Neighbors):
        return [value.indices, value.distances]
    if isinstance(value, tuple | list | dict):
        return [leaf for item in (value.values() if isinstance(value, dict) else value) for leaf in leaves(item)]
    return [value]


@given(hnp.arrays(hnp.scalar_dtypes(), hnp.array_shapes(min_dims=0, max_dims=3, min_side=0, max_side=5)))
@settings(max_examples=60, deadline=None)
def test_arrays_come_back_with_the_same_bytes(tmp_path_factory, array):
    folder = tmp_path_factory.mktemp("codec") / "entry"
    codec.write(array, folder)
    back = codec.read(folder)
    assert (back.dtype, back.shape) == (array.dtype, array.shape)
    assert back.tobytes() == array.tobytes()


def test_registered_results_come_back_field_by_field(tmp_path):
    value = (PAIRS, LossCurve(np.array([3.0, 2.0]), {"entropy": np.array([1.0, 1.0])}))
    codec.write(value, tmp_path / "entry")
    pairs, curve = codec.read(tmp_path / "entry")
    assert isinstance(pairs, Pairs)
    np.testing.assert_array_equal(pairs.right, PAIRS.right)
    assert curve.axis == "iteration"
    np.testing.assert_array_equal(curve.parts["entropy"], [1.0, 1.0])


@pytest.mark.parametrize("form", ["csr", "csc", "coo"])
def test_sparse_matrices_come_back_sparse(tmp_path, form):
    matrix = sp.random(40, 30, density=0.1, format=form, random_state=0)
    codec.write(matrix, tmp_path / "entry")
    back = codec.read(tmp_path / "entry")
    assert sp.issparse(back)
    assert (back != matrix).nnz == 0


def test_large_arrays_are_mapped_and_nothing_read_can_be_changed(tmp_path):
    codec.write(Neighbors(np.zeros((1000, 1000), np.int64), np.zeros(3)), tmp_path / "entry")
    back = codec.read(tmp_path / "entry")
    assert isinstance(back.indices, np.memmap)
    for array in (back.indices, back.distances):
        with pytest.raises(ValueError, match="read-only"):
            array[...] = 1


@pytest.mark.parametrize("file", ["value.json", "0.npy", "1.npy"])
@pytest.mark.parametrize("harm", ["flip", "cut", "empty", "remove"])
def test_damage_is_noticed(tmp_path, file, harm):
    codec.write(PAIRS, tmp_path / "entry")
    path = tmp_path / "entry" / file
    content = bytearray(path.read_bytes())
    if harm == "flip":
        content[-2] ^= 0x10
    path.write_bytes({"flip": content, "cut": content[: len(content) // 2]}.get(harm, b""))
    if harm == "remove":
        path.unlink()
    expected = FileNotFoundError if (file, harm) == ("value.json", "remove") else codec.Damaged
    with pytest.raises(expected):
        codec.read(tmp_path / "entry")


def test_a_pickle_in_place_of_an_array_is_never_loaded(tmp_path):
    codec.write(np.zeros(3), tmp_path / "entry")
    np.save(tmp_path / "entry" / "0.npy", np.array([{"a": 1}], dtype=object), allow_pickle=True)
    with pytest.raises(codec.Damaged):
        codec.read(tmp_path / "entry")


def test_another_version_is_refused(tmp_path):
    codec.write(1, tmp_path / "entry")
    text = json.dumps({"version": 99, "value": {"plain": 1}}).encode()
    (tmp_path / "entry" / codec.TREE).write_bytes(codec._text_checksum(text) + b"\n" + text)
    with pytest.raises(codec.Damaged, match="version"):
        codec.read(tmp_path / "entry")


@pytest.mark.parametrize("value", [object(), {1: "a number as a name"}, np.array([object()])])
def test_what_has_no_code_is_refused_and_leaves_nothing(tmp_path, value):
    with pytest.raises((TypeError, ValueError)):
        codec.write(value, tmp_path / "entry")
    assert list(tmp_path.iterdir()) == []


def test_the_first_writer_wins_and_the_second_leaves_nothing(tmp_path):
    codec.write(1, tmp_path / "entry")
    codec.write(2, tmp_path / "entry")
    assert codec.read(tmp_path / "entry") == 1
    assert [p.name for p in tmp_path.iterdir()] == ["entry"]
