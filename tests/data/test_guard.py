"""Hostile and damaged files: refused in one sentence, before a value of another file is read or anything is written."""

from __future__ import annotations

import contextlib
import gzip
import io
import json
import pickle
import stat
import struct
import zipfile
from pathlib import Path

import h5py
import numpy as np
import pytest
import scipy.sparse as sp
from h5py import h5d, h5p, h5s, h5t, h5z

from scint_core.data import guard
from scint_core.data.read import load, read
from scint_core.errors import FileError
from tests.data import sample_files as files

SECRET = "SECRET-31337"


class Marker:
    """Creates a file when it is unpickled."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self):
        return (Path.touch, (self.path,))


@pytest.fixture
def victim(tmp_path):
    """A file of this machine that an upload must not be able to show: as HDF5 and as plain bytes."""
    folder = tmp_path / "private"
    folder.mkdir()
    with h5py.File(folder / "private.h5", "w") as file:
        file["secret"] = np.full((files.N_CELLS, files.N_GENES), 31337.0)
        file["names"] = np.array([SECRET] * files.N_CELLS, dtype="S20")
        file["group/secret"] = np.full(files.N_CELLS, 31337.0)
    (folder / "private.bin").write_bytes(np.full(files.N_CELLS * files.N_GENES, 31337, "f4").tobytes())
    return folder


@pytest.fixture
def upload(tmp_path):
    path = tmp_path / "upload.h5ad"
    files.small().write_h5ad(path)
    return path


def refusal(path: Path, name: str | None = None) -> str:
    with pytest.raises(FileError) as caught:
        load([path], [name or path.name])
    message = str(caught.value)
    assert SECRET not in message
    assert "31337" not in message
    assert str(path.parent) not in message
    assert "\n" not in message
    return message


# HDF5: three ways to other files


@pytest.mark.parametrize(
    "where", ["X", "obs/secret", "obs/_index", "uns/x", "layers/counts", "raw", "obsm/X_pca", "zzz"]
)
@pytest.mark.parametrize("source", ["/secret", "/names", "/group", "/"])
def test_external_links(upload, victim, where, source):
    with h5py.File(upload, "r+") as file:
        if where in file:
            del file[where]
        file[where] = h5py.ExternalLink(str(victim / "private.h5"), source)
    assert "external link" in refusal(upload)


def test_external_link_behind_a_soft_link(upload, victim):
    with h5py.File(upload, "r+") as file:
        file["zz"] = h5py.ExternalLink(str(victim / "private.h5"), "/")
        file["a"] = h5py.SoftLink("/zz/secret")
        del file["X"]
        file["X"] = h5py.SoftLink("/zz/secret")
    assert "external link" in refusal(upload)


def test_external_link_to_nothing(upload):
    with h5py.File(upload, "r+") as file:
        file["uns/x"] = h5py.ExternalLink("no_such_file.h5", "/x")
    assert "external link" in refusal(upload)


@pytest.mark.parametrize("where", ["X", "layers/counts", "obsm/X_pca", "uns/x"])
def test_external_raw_storage(upload, victim, where):
    with h5py.File(upload, "r+") as file:
        if where in file:
            del file[where]
        storage = [(str(victim / "private.bin"), 0, h5py.h5f.UNLIMITED)]
        file.create_dataset(where, (files.N_CELLS, files.N_GENES), "f4", external=storage)
    assert "external file" in refusal(upload)


@pytest.mark.parametrize("where", ["X", "layers/counts", "uns/x"])
def test_virtual_datasets(upload, victim, where):
    layout = h5py.VirtualLayout((files.N_CELLS, files.N_GENES), "f8")
    layout[:] = h5py.VirtualSource(str(victim / "private.h5"), "secret", (files.N_CELLS, files.N_GENES))
    with h5py.File(upload, "r+") as file:
        if where in file:
            del file[where]
        file.create_virtual_dataset(where, layout)
    assert "virtual dataset" in refusal(upload)


@pytest.mark.parametrize("where", ["matrix", "row_attrs/Gene", "col_attrs/CellID", "layers/more"])
def test_links_in_loom(tmp_path, victim, where):
    path = files.write_loom(tmp_path / "a.loom")
    with h5py.File(path, "r+") as file:
        if where in file:
            del file[where]
        file[where] = h5py.ExternalLink(str(victim / "private.h5"), "/secret")
    assert "external link" in refusal(path)


@pytest.mark.parametrize("where", ["matrix/data", "matrix/features", "matrix/barcodes"])
def test_links_in_10x(tmp_path, victim, where):
    path = files.write_tenx(tmp_path / "a.h5")
    with h5py.File(path, "r+") as file:
        del file[where]
        file[where] = h5py.ExternalLink(str(victim / "private.h5"), "/group")
    assert "external link" in refusal(path)


# HDF5: loops, sizes, filters


def test_soft_link_loops(upload):
    with h5py.File(upload, "r+") as file:
        file["uns/a"], file["uns/b"] = h5py.SoftLink("/uns/b"), h5py.SoftLink("/uns/a")
    assert "soft link" in refusal(upload)


def test_soft_link_to_a_parent(upload):
    with h5py.File(upload, "r+") as file:
        file["uns/up"] = h5py.SoftLink("/uns")
    assert "soft link to a group" in refusal(upload)


def test_soft_link_to_a_dataset_of_the_file_is_fine(upload):
    with h5py.File(upload, "r+") as file:
        file["uns/same"] = h5py.SoftLink("/X/data")
    assert len(read(upload).uns["same"]) == files.small().X.nnz


def test_hard_link_cycle(upload):
    with h5py.File(upload, "r+") as file:
        file["uns/self"] = file["uns"]
    assert "link loop" in refusal(upload)


def test_dense_matrix_that_is_only_declared(upload):
    with h5py.File(upload, "r+") as file:
        del file["X"]
        file.create_dataset("X", (1_500_000, 30_000), "f4", chunks=(1000, 1000))
    assert "too large: it expands to 168 GB, the limit is 16 GB" in refusal(upload)


def test_compression_bomb(upload):
    with h5py.File(upload, "r+") as file:
        file.create_dataset("uns/zeros", data=np.zeros(50_000_000, "f4"), compression="gzip", chunks=(5_000_000,))
    assert "over the limit of 300 times" in refusal(upload)


def test_one_huge_chunk_behind_a_small_dataset(upload):
    with h5py.File(upload, "r+") as file:
        file.create_dataset("uns/x", (10,), "f8", maxshape=(None,), chunks=(2**28,))
    assert "expands" in refusal(upload)


@pytest.mark.parametrize(
    ("n_cells", "n_genes", "says"), [(2_000_001, 5, "2,000,001 cells"), (5, 200_001, "200,001 genes")]
)
def test_too_many_cells_or_genes(n_cells, n_genes, says):
    with pytest.raises(FileError, match=rf"{says}: too many .* limit is"):
        guard.guard_size(n_cells, n_genes, "'a'")


def test_a_file_of_nothing_but_objects(upload, monkeypatch):
    monkeypatch.setattr("scint_core.data.guard_hdf5.LIMITS", guard.Limits(objects=5))
    assert "too many objects" in refusal(upload)


def test_filter_that_is_not_installed(upload):
    if h5z.filter_avail(32004):
        pytest.skip("the lz4 filter is installed here")
    with h5py.File(upload, "r+") as file:
        plan = h5p.create(h5p.DATASET_CREATE)
        plan.set_chunk((4,))
        plan.set_filter(32004, h5z.FLAG_OPTIONAL, (0,))
        h5d.create(file["uns"].id, b"x", h5t.NATIVE_INT32, h5s.create_simple((8,)), plan)
    assert "filter 32004 (lz4)" in refusal(upload)


@pytest.mark.parametrize("share", [0.3, 0.7, 0.99])
def test_truncated(upload, share):
    content = upload.read_bytes()
    upload.write_bytes(content[: int(len(content) * share)])
    assert "truncated" in refusal(upload)


def test_damaged_chunk(tmp_path):
    path = tmp_path / "a.h5ad"
    adata = files.small()
    adata.X = adata.X.toarray()
    adata.write_h5ad(path, compression="gzip")
    with h5py.File(path) as file:
        start = file["X"].id.get_chunk_info(0).byte_offset
    content = bytearray(path.read_bytes())
    content[start + 5 : start + 30] = b"\xff" * 25
    path.write_bytes(content)
    assert "damaged" in refusal(path)


# Sparse matrices


@pytest.mark.parametrize(
    ("key", "change", "says"),
    [
        ("indices", lambda a: np.where(np.arange(len(a)) == 7, -1, a), "index -1"),
        ("indices", lambda a: np.where(np.arange(len(a)) == 7, files.N_GENES, a), f"index {files.N_GENES}"),
        ("indices", lambda a: np.where(np.arange(len(a)) == 7, 2**40, a.astype("i8")), "index 1099511627776"),
        ("indices", lambda a: a.astype("f4"), "whole numbers"),
        ("indices", lambda a: a[:-3], "'data' has shape"),
        ("data", lambda a: a[:-3], "'data' has shape"),
        ("data", lambda a: a.reshape(1, -1), "'data' has shape"),
        ("indptr", lambda a: a[:-1], "'indptr'"),
        ("indptr", lambda a: a - 1, "'indptr'"),
        ("indptr", lambda a: np.r_[a[:-1], a[-1] + 5], "'indptr'"),
        ("indptr", lambda a: np.r_[0, a[3], a[2], a[3:]], "'indptr'"),
        ("indptr", lambda a: np.r_[[0, 2**63 - 1, -(2**63)], a[3:].astype("i8")], "'indptr'"),
    ],
)
@pytest.mark.parametrize("where", ["X", "layers/counts"])
def test_sparse_faults(upload, key, change, says, where):
    with h5py.File(upload, "r+") as file:
        if where != "X":
            file.copy("X", "layers/counts")
        values = change(file[f"{where}/{key}"][...])
        del file[f"{where}/{key}"]
        file[f"{where}/{key}"] = values
    assert says in refusal(upload)


@pytest.mark.parametrize("where", ["uns/graph", "obsp/graph", "layers/other"])
def test_sparse_faults_in_what_can_be_spared_are_left_out(upload, where):
    with h5py.File(upload, "r+") as file:
        file.copy("X", where)
        file[f"{where}/indices"][3] = -9
    loaded = load([upload], ["a.h5ad"])
    part, key = where.split("/")
    assert key not in getattr(loaded.adata, part)
    assert any("graph" in str(f) or "other" in str(f) for f in loaded.findings)


def test_sparse_shape_that_lies(upload):
    with h5py.File(upload, "r+") as file:
        file["X"].attrs["shape"] = np.array([2**40, 2**40])
    assert "does not match" in refusal(upload)


# Zips


@pytest.mark.parametrize("name", ["../evil", "a/../../evil", "/etc/evil", "..\\evil", "C:\\evil", "C:/evil"])
def test_zip_slip(tmp_path, name):
    path = files.write_zip(tmp_path / "a.zip", files.mtx_files() | {name: b"x"})
    before = sorted(tmp_path.parent.rglob("*"))
    assert "unsafe path" in refusal(path)
    assert sorted(tmp_path.parent.rglob("*")) == before


@pytest.mark.parametrize("kind", [stat.S_IFLNK, stat.S_IFIFO, stat.S_IFCHR])
def test_zip_links_and_devices(tmp_path, kind):
    path = files.write_zip(tmp_path / "a.zip", files.mtx_files())
    with zipfile.ZipFile(path, "a") as archive:
        entry = zipfile.ZipInfo("link.tsv")
        entry.external_attr = (kind | 0o777) << 16
        archive.writestr(entry, "/etc/passwd")
    assert "link or device" in refusal(path)


def test_zip_bomb(tmp_path):
    path = files.write_zip(tmp_path / "a.zip", files.mtx_files() | {"big.txt": bytes(200 << 20)})
    assert "expands" in refusal(path)


def test_gzip_bomb_in_a_zip(tmp_path):
    bomb = gzip.compress(bytes(100 << 20))
    path = files.write_zip(tmp_path / "a.zip", files.mtx_files() | {"barcodes.tsv.gz": bomb})
    assert "expands to more than 200 times" in refusal(path)


def test_zip_with_too_many_entries(tmp_path):
    path = files.write_zip(tmp_path / "a.zip", files.mtx_files() | {f"{i}.txt": b"" for i in range(600)})
    assert "too many entries" in refusal(path)


def test_zip_with_a_password(tmp_path):
    path = files.write_zip(tmp_path / "a.zip", files.mtx_files(compress=False))
    content = bytearray(path.read_bytes())
    at = content.find(b"PK\x01\x02")
    content[at + 8] |= 1
    path.write_bytes(content)
    assert "password" in refusal(path)


@pytest.mark.parametrize("share", [0.4, 0.95])
def test_zip_cut_short(tmp_path, share):
    path = files.write_zip(tmp_path / "a.zip", files.mtx_files())
    path.write_bytes(path.read_bytes()[: int(path.stat().st_size * share)])
    assert "truncated" in refusal(path)


def test_zip_entry_with_a_wrong_checksum(tmp_path):
    path = tmp_path / "a.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as archive:
        for name, content in files.mtx_files(compress=False).items():
            archive.writestr(name, content)
    path.write_bytes(path.read_bytes().replace(b"\n1 1 ", b"\n1 1 9", 1)[: path.stat().st_size + 1])
    assert "damaged" in refusal(path)


def test_zip_without_a_matrix(tmp_path):
    path = files.write_zip(tmp_path / "a.zip", {"data.h5ad": b"x", "word/document.xml": b"y"})
    assert "no matrix.mtx" in refusal(path)


def zarr_zip(path: Path, change) -> Path:
    """The data set as zipped zarr, with the metadata of the codes of a column changed."""
    import anndata

    anndata.settings.zarr_write_format = 2
    files.small().write_zarr(path.parent / "z")
    target = path.parent / "z" / "X" / "data" / ".zarray"
    metadata = json.loads(target.read_text())
    change(metadata)
    target.write_text(json.dumps(metadata))
    with zipfile.ZipFile(path, "w") as archive:
        for file in sorted((path.parent / "z").rglob("*")):
            if file.is_file():
                archive.write(file, file.relative_to(path.parent / "z"))
    return path


@pytest.mark.parametrize("codec", ["pickle", "json2", "msgpack2", "python"])
def test_zarr_codecs_that_may_run_code(tmp_path, codec):
    path = zarr_zip(tmp_path / "a.zarr.zip", lambda m: m.update(filters=[{"id": codec}], dtype="|O"))
    assert f"codec '{codec}'" in refusal(path)


def test_zarr_array_that_is_only_declared(tmp_path):
    path = zarr_zip(tmp_path / "a.zarr.zip", lambda m: m.update(shape=[10**11]))
    assert "too large" in refusal(path)


# Compressed text, pickles, other kinds


def test_gzip_bomb(tmp_path):
    path = tmp_path / "a.csv.gz"
    row = b"c," + b",".join([b"0"] * 50) + b"\n"
    path.write_bytes(gzip.compress(files.table_text().splitlines()[0].encode() + b",x" * 38 + b"\n" + row * 300_000))
    assert "expands to more than 200 times" in refusal(path)


def test_gzip_cut_short(tmp_path):
    path = tmp_path / "a.csv.gz"
    path.write_bytes(gzip.compress(files.table_text().encode() * 3)[:-40])
    assert "truncated" in refusal(path)


def test_one_endless_line(tmp_path, monkeypatch):
    monkeypatch.setattr("scint_core.data.guard_text.LIMITS", guard.Limits(line_bytes=1000))
    path = tmp_path / "a.csv"
    path.write_text("cell" + ",gene" * 500 + "\n")
    assert "a line of more than 1,000 bytes" in refusal(path)


@pytest.mark.parametrize("name", ["a.pkl", "a.h5ad", "a.csv", "a.npy", "a.npz", "a"])
@pytest.mark.parametrize("kind", ["pickle", "npy", "npz"])
def test_pickles_are_never_opened(tmp_path, name, kind):
    marker = tmp_path / "PWNED"
    path = tmp_path / "upload"
    if kind == "pickle":
        path.write_bytes(pickle.dumps(Marker(marker)))
    else:
        stream = io.BytesIO()
        np.save(stream, np.array([Marker(marker)], dtype=object), allow_pickle=True)
        path.write_bytes(stream.getvalue())
        if kind == "npz":
            files.write_zip(path, {"X.npy": stream.getvalue()})
    message = refusal(path, name)
    assert not marker.exists()
    assert any(word in message for word in ("not supported", "no matrix.mtx", "not an HDF5"))


def test_pickle_inside_hdf5_stays_bytes(upload, tmp_path):
    with h5py.File(upload, "r+") as file:
        file["uns/x"] = np.void(pickle.dumps(Marker(tmp_path / "PWNED")))
        file["obs/x"] = np.array([pickle.dumps(Marker(tmp_path / "PWNED"), 0)] * files.N_CELLS, dtype="S300")
        file["obs"].attrs["column-order"] = ["batch", "celltype", "x"]
    load([upload], ["a.h5ad"])
    assert not (tmp_path / "PWNED").exists()


@pytest.mark.parametrize(
    ("content", "name", "says"),
    [
        (b"", "a.h5ad", "empty"),
        (b"<!DOCTYPE html><p>Sign in", "a.h5ad", "web page"),
        (b"\n <html>", "a.csv", "web page"),
        (b"a,b\n1,2\n", "a.h5ad", "not an HDF5 file"),
        (bytes(range(256)) * 9, "a.h5", "not an HDF5 file"),
        (bytes(range(256)) * 9, "a.csv", "binary"),
        ("a,b\n1,2\n".encode("utf-16"), "a.csv", "UTF-16"),
        (b"%%MatrixMarket matrix coordinate integer general\n1 1 0\n", "matrix.mtx", "zip"),
        (b"just a line", "a.txt", "not recognised as a table"),
        (b"a,b,c\nx,y,z\n", "a.csv", "none of its columns is numeric"),
        (b"a,b,c\n", "a.csv", "not recognised as a table"),
        (b"1,2,3\n4,5,6\n", "a.csv", "no header"),
        (b"MZ\x90", "a.exe", "not supported"),
        (gzip.compress(b"\x89HDF\r\n\x1a\n" + bytes(99), mtime=0), "a.h5ad", "unzip"),
        (gzip.compress(b"x" * 257 + b"ustar", mtime=0), "a.tar.gz", "tar archive"),
    ],
)
def test_other_kinds_of_files_are_named(tmp_path, content, name, says):
    path = tmp_path / "upload"
    path.write_bytes(content)
    assert says in refusal(path, name)


def test_missing_file(tmp_path):
    assert "does not exist" in refusal(tmp_path / "no.h5ad")


# Names of uploads

HOSTILE = [
    "../../../../etc/evil.h5ad",
    "..\\..\\evil.h5ad",
    "a\x00b.h5ad",
    "x" * 500 + ".h5ad",
    "-rf.h5ad",
    "<img src=x onerror=alert(1)>.h5ad",
    "CON.h5ad",
    ".h5ad",
    "",
    "a\nb\t.h5ad",
    "\u202ecod.h5ad",
    "\udcff.h5ad",
    "данные🧬.h5ad",
    "=cmd|' /C calc'!A0.h5ad",
    "ok csr (1).h5ad",
    "file:///etc/passwd.h5ad",
]


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_names_are_only_labels(upload, tmp_path, name):
    before = sorted(tmp_path.rglob("*"))
    loaded = load([upload, upload], [name, "other.h5ad"])
    labels = list(loaded.adata.obs["batch"].cat.categories)
    assert len(labels) == 2
    assert 1 <= len(labels[0]) <= 80
    assert not set(labels[0]) & set("/\\<>\x00\n\t\u202e")
    labels[0].encode("utf-8")
    loaded.adata.write_h5ad(tmp_path / "out.h5ad")
    assert sorted(tmp_path.rglob("*")) == sorted([*before, tmp_path / "out.h5ad"])


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_names_in_refusals(tmp_path, name):
    path = tmp_path / "upload"
    path.write_bytes(b"\x89HDF\r\n\x1a\n broken")
    message = refusal(path, name)
    assert len(message) < 250
    assert "<img" not in message
    message.encode("utf-8")


def test_no_file_and_no_name():
    with pytest.raises(FileError, match="at least one file"):
        load([], [])


def test_counts_survive_next_to_all_this(upload):
    np.testing.assert_array_equal(sp.csr_matrix(read(upload).X).toarray(), files.counts())


# Blocks of texts


def damage_texts(path: Path, index: int, size: int) -> None:
    """Give the first object of the last block of texts another index and size."""
    content = bytearray(path.read_bytes())
    at = content.rfind(b"GCOL\x01") + 16
    content[at : at + 16] = struct.pack("<HHIQ", index, 0, 0, size)
    path.write_bytes(content)


@pytest.mark.parametrize(("index", "size"), [(0, 0), (1, 2**64 - 16), (1, 2**64 - 20)])
def test_block_of_texts_that_never_ends(upload, index, size):
    damage_texts(upload, index, size)
    assert "a block of texts in it is corrupt" in refusal(upload)


@pytest.mark.parametrize(("index", "size"), [(1, 2**63), (1, 2**64 - 1), (0, 8)])
def test_other_faults_of_texts_end(upload, index, size):
    damage_texts(upload, index, size)
    with contextlib.suppress(FileError):
        load([upload], ["a.h5ad"])
