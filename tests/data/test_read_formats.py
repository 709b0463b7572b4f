"""Every format gives the same cells, genes and numbers."""

from __future__ import annotations

import gzip
import shutil
import subprocess
import sys
import warnings
from pathlib import Path

import h5py
import numpy as np
import pandas as pd
import pytest
import scipy.sparse as sp
from anndata import AnnData, read_h5ad
from hypothesis import given, settings
from hypothesis import strategies as st

from scint_core.data.formats.floats import floats
from scint_core.data.notices import DataWarning
from scint_core.data.read import load, read
from scint_core.errors import DataError, FileError
from tests.data import sample_files as files


def dense(adata: AnnData) -> np.ndarray:
    return adata.X.toarray() if sp.issparse(adata.X) else np.asarray(adata.X)


def assert_same(adata: AnnData) -> None:
    assert list(adata.obs_names) == files.CELLS
    assert list(adata.var_names) == files.GENES
    np.testing.assert_array_equal(dense(adata), files.counts())
    assert adata.X.dtype == np.float32


def quiet(path: Path) -> AnnData:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        return read(path)


@pytest.mark.parametrize("layout", [sp.csr_matrix, sp.csc_matrix, lambda X: X.toarray()])
@pytest.mark.parametrize("compression", [None, "gzip", "lzf"])
def test_h5ad(tmp_path, layout, compression):
    adata = files.small()
    adata.X = layout(adata.X)
    adata.obsm["X_pca"] = np.ones((files.N_CELLS, 3))
    adata.uns["note"] = {"a": 1, "b": "text"}
    adata.write_h5ad(tmp_path / "a.h5ad", compression=compression)
    got = quiet(tmp_path / "a.h5ad")
    assert_same(got)
    pd.testing.assert_frame_equal(got.obs, adata.obs, check_names=False)
    assert sp.issparse(got.X) == sp.issparse(adata.X)
    assert got.obsm["X_pca"].shape == (files.N_CELLS, 3)
    assert got.uns["note"] == {"a": 1, "b": "text"}


def test_h5ad_keeps_layers_raw_and_graphs(tmp_path):
    adata = files.small()
    adata.layers["counts"] = adata.X.copy()
    adata.raw = adata.copy()
    adata.obsp["connectivities"] = sp.identity(files.N_CELLS, format="csr")
    adata = adata[:, :8].copy()
    adata.X = np.log1p(adata.X)
    adata.write_h5ad(tmp_path / "a.h5ad")
    got = quiet(tmp_path / "a.h5ad")
    np.testing.assert_array_equal(got.layers["counts"].toarray(), files.counts()[:, :8])
    np.testing.assert_array_equal(got.raw.X.toarray(), files.counts())
    assert got.obsp["connectivities"].nnz == files.N_CELLS


@pytest.mark.parametrize("version", [2, 3])
def test_tenx(tmp_path, version):
    assert_same(quiet(files.write_tenx(tmp_path / "a.h5", version)))


def test_antibodies_are_kept_out_and_said(tmp_path):
    types = ["Gene Expression"] * 9 + ["Antibody Capture"] * 3
    with pytest.warns(DataWarning, match="3 of the feature type 'Antibody Capture'"):
        got = read(files.write_tenx(tmp_path / "a.h5", 3, types))
    assert list(got.var_names) == files.GENES[:9]
    np.testing.assert_array_equal(dense(got), files.counts()[:, :9])


@pytest.mark.parametrize("compress", [True, False])
@pytest.mark.parametrize("prefix", ["", "deep/er/", "GSM1_s1_", "deep/GSM1."])
def test_mtx_zip(tmp_path, compress, prefix):
    assert_same(quiet(files.write_zip(tmp_path / "a.zip", files.mtx_files(prefix, compress))))


def test_mtx_folder(tmp_path):
    for name, content in files.mtx_files().items():
        (tmp_path / name).write_bytes(content)
    assert_same(quiet(tmp_path))


def test_two_samples_in_a_zip_are_two_batches(tmp_path):
    both = files.mtx_files("s1/") | files.mtx_files("s2/")
    got = quiet(files.write_zip(tmp_path / "a.zip", both))
    assert list(got.obs["batch"].cat.categories) == ["s1", "s2"]
    assert got.obs_names.is_unique
    assert got.n_obs == 2 * files.N_CELLS
    assert dense(got).sum() == 2 * files.counts().sum()


def test_loom(tmp_path):
    got = quiet(files.write_loom(tmp_path / "a.loom"))
    assert_same(got)
    np.testing.assert_array_equal(got.layers["spliced"].toarray(), 2 * files.counts())
    assert set(got.obs["batch"]) == {"A", "B"}


def test_zipped_zarr(tmp_path):
    adata = files.small()
    adata.write_zarr(tmp_path / "store" / "a.zarr")
    shutil.make_archive(str(tmp_path / "a.zarr"), "zip", tmp_path / "store")
    got = quiet(tmp_path / "a.zarr.zip")
    assert_same(got)
    assert list(got.obs["batch"]) == list(adata.obs["batch"])


@pytest.mark.parametrize("sep", [",", "\t", ";", " "])
def test_tables(tmp_path, sep):
    path = tmp_path / "a.csv"
    path.write_text(files.table_text(sep))
    assert_same(quiet(path))
    path.write_bytes(gzip.compress(files.table_text(sep).encode()))
    assert_same(quiet(path))


def test_table_with_genes_in_rows_is_turned_and_said(tmp_path):
    path = tmp_path / "a.tsv"
    path.write_text(files.table_text("\t", genes_in_rows=True))
    with pytest.warns(DataWarning, match="genes in rows"):
        assert_same(read(path))


def test_table_as_r_writes_it(tmp_path):
    path = tmp_path / "a.txt"
    path.write_text(files.table_text("\t").removeprefix("\t"))  # write.table leaves out the corner
    assert_same(quiet(path))


def test_table_with_quotes_comments_and_blank_lines(tmp_path):
    header, *rows = files.table_text().splitlines()
    quotes = [f'"{row.split(",", 1)[0]}",{row.split(",", 1)[1]}' for row in rows]
    path = tmp_path / "a.csv"
    path.write_bytes(("\ufeff# a comment\r\n" + "\r\n".join([header, *quotes]) + "\r\n\r\n").encode())
    assert_same(quiet(path))


def test_decimal_commas(tmp_path):
    values = files.counts()[:, :3] + 0.5
    rows = [
        f"{c};" + ";".join(f"{v:.1f}".replace(".", ",") for v in row)
        for c, row in zip(files.CELLS, values, strict=True)
    ]
    path = tmp_path / "a.csv"
    path.write_text("cell;CD3D;LYZ;GNLY\n" + "\n".join(rows))
    np.testing.assert_array_equal(dense(load([path], ["a.csv"]).adata), values)


def test_text_columns_are_metadata(tmp_path):
    header, *rows = files.table_text().splitlines()
    lines = [header + ",donor"] + [f"{row},d{i % 2}" for i, row in enumerate(rows)]
    path = tmp_path / "a.csv"
    path.write_text("\n".join(lines))
    with pytest.warns(DataWarning, match="'donor'"):
        got = read(path)
    assert_same(got)
    assert list(got.obs["donor"][:2]) == ["d0", "d1"]


@pytest.mark.parametrize(
    ("line", "says"),
    [("X,1,2", "has 3 fields where 13"), ("X" + ",1" * 11 + ",oops", "the text 'oops' in column 'VIM'")],
)
def test_a_broken_row_is_named(tmp_path, line, says):
    path = tmp_path / "a.csv"
    path.write_text(files.table_text() + "\n".join([files.table_text().splitlines()[3]] * 30) + f"\n{line}\n")
    with pytest.raises(FileError, match=says):
        read(path)


@pytest.mark.parametrize("old", ["compound", "h5sparse"])
def test_anndata_before_0_7(tmp_path, old):
    X = files.counts()
    with h5py.File(tmp_path / "a.h5ad", "w") as file:
        if old == "compound":
            file["X"] = X
        else:
            group = file.create_group("X")
            group.attrs["h5sparse_format"], group.attrs["h5sparse_shape"] = "csr", np.array(X.shape)
            S = sp.csr_matrix(X)
            group["data"], group["indices"], group["indptr"] = S.data, S.indices, S.indptr
        rows = [(c.encode(), i % 2, i / 2) for i, c in enumerate(files.CELLS)]
        file["obs"] = np.array(rows, dtype=[("index", "S12"), ("batch", "i1"), ("score", ">f8")])
        file["var"] = np.array([(g.encode(),) for g in files.GENES], dtype=[("index", "S12")])
        file["uns/batch_categories"] = np.array([b"one", b"two"])
    got = quiet(tmp_path / "a.h5ad")
    assert_same(got)
    assert list(got.obs["batch"][:3]) == ["one", "two", "one"]
    assert "batch_categories" not in got.uns
    np.testing.assert_array_equal(got.obs["score"], np.arange(files.N_CELLS) / 2)


@pytest.mark.parametrize("dtype", ["i1", "u1", "i2", "i4", "u8", "i8", "f2", "f4", ">f4", ">i4", ">f8", "?"])
def test_numbers_become_floats_that_keep_counts(tmp_path, dtype):
    X = files.counts().astype(dtype)
    with h5py.File(files.write_tenx(tmp_path / "a.h5"), "r+") as file:
        del file["matrix/data"]
        file["matrix/data"] = sp.csr_matrix(files.counts()).data.astype(dtype)
    got = quiet(tmp_path / "a.h5") if dtype != "?" else load([tmp_path / "a.h5"], ["a.h5"]).adata
    np.testing.assert_array_equal(dense(got), X.astype(np.float64))
    assert got.X.dtype == np.float32


@settings(max_examples=60, deadline=None)
@given(st.lists(st.integers(-(2**40), 2**40), min_size=1), st.sampled_from(["i8", "f8", ">f8", ">i8"]))
def test_floats_never_change_a_count(values, dtype):
    array = np.array(values, dtype=dtype)
    got = floats(array, "X")
    assert got.dtype in (np.float32, np.float64)
    assert got.dtype.isnative
    assert got.tolist() == [float(v) for v in values]
    if max(map(abs, values)) <= 2**24:
        assert got.dtype == np.float32


def test_expression_values_are_float32():
    assert floats(np.array([0.1, 2.5]), "X").dtype == np.float32
    assert floats(np.array([0.1, 1e9 + 0.5]), "X").dtype == np.float32


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("sparse", [True, False])
def test_values_that_are_not_finite_are_counted_and_located(tmp_path, bad, sparse):
    adata = files.small()
    X = adata.X.toarray()
    X[5, 2] = X[7, 1] = bad
    adata.X = sp.csr_matrix(X) if sparse else X
    adata.write_h5ad(tmp_path / "a.h5ad")
    with pytest.raises(DataError, match=rf"holds 2 .*{files.CELLS[5]}', gene 'LYZ'"):
        read(tmp_path / "a.h5ad")


def test_complex_values_are_refused(tmp_path):
    files.small().write_h5ad(tmp_path / "a.h5ad")
    with h5py.File(tmp_path / "a.h5ad", "r+") as file:
        data = file["X/data"][...].astype("c8")
        del file["X/data"]
        file["X/data"] = data
    with pytest.raises(FileError, match="complex"):
        read(tmp_path / "a.h5ad")


def test_duplicate_names_are_made_unique_and_counted(tmp_path):
    adata = files.small()
    adata.obs_names = [*files.CELLS[:20], *files.CELLS[:4]]
    adata.var_names = ["CD3D", "CD3D", "CD3D", *files.GENES[3:]]
    adata.write_h5ad(tmp_path / "a.h5ad")
    with pytest.warns(DataWarning) as said:
        got = read(tmp_path / "a.h5ad")
    assert {str(w.message)[:12] for w in said} == {"4 cell names", "2 gene names"}
    assert got.obs_names.is_unique
    assert list(got.var_names[:3]) == ["CD3D", "CD3D-1", "CD3D-2"]
    np.testing.assert_array_equal(dense(got), files.counts())
    assert len(got.uns["scint"]["read_notes"]) == 2


def test_blank_gene_names_get_a_name(tmp_path):
    adata = files.small()
    adata.var_names = ["", " ", *files.GENES[2:]]
    adata.write_h5ad(tmp_path / "a.h5ad")
    with pytest.warns(DataWarning, match="2 genes .* blank name"):
        assert list(read(tmp_path / "a.h5ad").var_names[:2]) == ["unnamed_gene_1", "unnamed_gene_2"]


def test_an_odd_column_does_not_keep_the_counts_away(tmp_path):
    files.small().write_h5ad(tmp_path / "a.h5ad")
    with h5py.File(tmp_path / "a.h5ad", "r+") as file:
        del file["obs/celltype/codes"]
        file["obs/celltype/codes"] = np.full(files.N_CELLS, 99, dtype="i1")
    with pytest.warns(DataWarning, match="'celltype' of obs"):
        assert_same(read(tmp_path / "a.h5ad"))


def test_x_missing_falls_back_to_counts(tmp_path):
    adata = files.small()
    adata.layers["counts"] = adata.X.copy()
    adata.X = None
    adata.write_h5ad(tmp_path / "a.h5ad")
    assert_same(load([tmp_path / "a.h5ad"], ["a.h5ad"]).adata)


def test_notes_of_an_earlier_reading_are_replaced(tmp_path):
    adata = files.small()
    adata.uns["scint"] = {"read_notes": np.array(["old"]), "harmony": {"theta": 2}}
    adata.write_h5ad(tmp_path / "a.h5ad")
    got = quiet(tmp_path / "a.h5ad")
    assert got.uns["scint"] == {"harmony": {"theta": 2}}


def test_what_is_read_can_be_written(tmp_path):
    adata = files.small()
    adata.uns["deep"] = {"a": {"b": {"c": [1, 2]}}}
    adata.write_h5ad(tmp_path / "a.h5ad")
    with h5py.File(tmp_path / "a.h5ad", "r+") as file:
        group = file["uns"]
        for _ in range(60):
            group = group.create_group("d")
        file["uns/void"] = np.void(b"\x80\x04pickle")
        file["uns/big"] = np.arange(3, dtype=">i4")
    loaded = load([tmp_path / "a.h5ad"], ["a.h5ad"])
    assert any("uns" in str(f) and "void" in str(f) for f in loaded.findings)
    loaded.adata.write_h5ad(tmp_path / "b.h5ad")
    again = read_h5ad(tmp_path / "b.h5ad")
    assert_same(again)
    assert list(again.uns["big"]) == [0, 1, 2]


def test_reading_an_h5ad_needs_no_scanpy(tmp_path):
    files.small().write_h5ad(tmp_path / "a.h5ad")
    code = (
        "import sys; from scint_core.data.read import read; read(sys.argv[1]);"
        "print([m for m in ('scanpy', 'torch', 'umap', 'streamlit', 'plotly') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code, str(tmp_path / "a.h5ad")], capture_output=True, text=True)
    assert done.stdout.strip() == "[]", done.stderr
