"""Several files become batches; what the user chooses for each of them is what comes out."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import scipy.sparse as sp
from anndata import AnnData, read_h5ad

from scint_core.data.notices import DataWarning
from scint_core.data.read import Loaded, load, read
from scint_core.data.read_choices import FileChoice
from scint_core.data.read_names import clean_label, unique_labels
from scint_core.data.read_summary import summarise
from scint_core.errors import FileError
from tests.data import sample_files as files


@pytest.fixture
def pair(tmp_path):
    """Writes two data sets and returns their paths."""

    def write(a: AnnData, b: AnnData) -> list:
        a.write_h5ad(tmp_path / "a.h5ad")
        b.write_h5ad(tmp_path / "b.h5ad")
        return [tmp_path / "a.h5ad", tmp_path / "b.h5ad"]

    return write


def load_pair(paths: list, *choices: FileChoice) -> Loaded:
    loaded = load(paths, [path.name for path in paths], choices or None)
    out = paths[0].parent / "out.h5ad"
    loaded.adata.write_h5ad(out)
    assert read_h5ad(out).shape == loaded.adata.shape
    return loaded


def said(loaded: Loaded, text: str, level: str | None = None) -> bool:
    return any(text in str(f) and level in (None, f.level) for f in loaded.findings)


def test_batch_is_the_file_name_and_what_was_there_is_kept(pair):
    loaded = load_pair(pair(files.small(0), files.small(1)))
    adata = loaded.adata
    assert list(adata.obs["batch"]) == ["a"] * files.N_CELLS + ["b"] * files.N_CELLS
    assert list(adata.obs["batch_original"]) == list(files.small().obs["batch"]) * 2
    np.testing.assert_array_equal(adata.X.toarray(), np.vstack([files.counts(0), files.counts(1)]))


def test_cell_names_that_collide_get_the_batch_in_front(pair):
    loaded = load_pair(pair(files.small(0), files.small(1)))
    assert list(loaded.adata.obs_names[[0, -1]]) == [f"a_{files.CELLS[0]}", f"b_{files.CELLS[-1]}"]
    assert said(loaded, "24 cell names occur in more than one file")


def test_cell_names_that_differ_stay(pair):
    b = files.small(1)
    b.obs_names = [f"x{name}" for name in files.CELLS]
    assert list(load_pair(pair(files.small(), b)).adata.obs_names) == files.CELLS + list(b.obs_names)


def test_shared_genes_in_the_order_of_the_first(pair):
    b = files.small(1)[:, [11, 3, 0, 7, 5, 1, 9]].copy()
    loaded = load_pair(pair(files.small(0), b))
    wanted = [g for g in files.GENES if g in set(b.var_names)]
    assert list(loaded.adata.var_names) == wanted
    columns = [files.GENES.index(g) for g in wanted]
    np.testing.assert_array_equal(loaded.adata.X[files.N_CELLS :].toarray(), files.counts(1)[:, columns])
    assert said(loaded, "share 7 genes (12 in 'a', 7 in 'b')", "info")


def test_few_shared_genes_are_a_warning(pair):
    b = files.small(1)
    b.var_names = [*files.GENES[:2], *[f"other{i}" for i in range(10)]]
    with pytest.warns(DataWarning, match="share 2 genes"):
        read(pair(files.small(), b))


def test_no_shared_gene_names_both_namings_and_the_column_that_helps(pair):
    b = files.small(1)
    b.var["symbol"] = b.var_names.to_numpy()
    b.var_names = [f"ENSG{i:011d}" for i in range(files.N_GENES)]
    paths = pair(files.small(), b)
    with pytest.raises(FileError, match=r"'a' has symbols such as 'CD3D', 'b' has Ensembl ids .* column 'symbol'"):
        read(paths)
    loaded = load_pair(paths, FileChoice(), FileChoice(gene_column="symbol"))
    assert list(loaded.adata.var_names) == files.GENES


@pytest.mark.parametrize("order", [1, -1])
def test_ensembl_versions_are_cut_off_and_said(pair, order):
    a, b = files.small(0), files.small(1)
    a.var_names = [f"ENSG{i:011d}.{i + 1}" for i in range(files.N_GENES)]
    b.var_names = [f"ENSG{i:011d}" for i in range(files.N_GENES)]
    with pytest.warns(DataWarning, match="version suffix"):
        adata = read(pair(a, b)[::order])
    assert list(adata.var_names) == list(b.var_names)


def test_versions_that_agree_stay(pair):
    a = files.small()
    a.var_names = [f"ENSG{i:011d}.{i + 1}" for i in range(files.N_GENES)]
    assert list(load_pair(pair(a, a)).adata.var_names) == list(a.var_names)


def test_mixed_columns_become_one_text_column(pair):
    a, b = files.small(0), files.small(1)
    a.obs["plate"], b.obs["plate"] = [1, 2] * 12, pd.Categorical(["2", "3"] * 12)
    a.obs["depth"], b.obs["depth"] = 1.5, 2
    a.obs["only"] = "x"
    obs = load_pair(pair(a, b)).adata.obs
    assert list(obs["plate"].cat.categories) == ["1", "2", "3"]
    assert (obs["plate"] == "2").sum() == 24
    assert obs["depth"].dtype.kind == "f"
    assert obs["only"].isna().sum() == files.N_CELLS


def test_sparse_and_dense_files_together(pair):
    b = files.small(1)
    b.X = b.X.toarray()
    adata = load_pair(pair(files.small(0), b)).adata
    assert sp.issparse(adata.X)
    assert adata.X.sum() == files.counts(0).sum() + files.counts(1).sum()


def test_counts_take_the_place_of_x_where_files_disagree(pair):
    b = files.small(1)
    b.layers["counts"] = b.X.copy()
    b.X = b.X * 0.37
    b.X.data = np.log1p(b.X.data)
    loaded = load_pair(pair(files.small(0), b))
    np.testing.assert_array_equal(loaded.adata.X.toarray(), np.vstack([files.counts(0), files.counts(1)]))
    assert said(loaded, "different kinds of values", "info")


def test_values_that_cannot_agree_are_a_warning(pair):
    b = files.small(1)
    b.X.data = np.log1p(b.X.data * 0.37)
    with pytest.warns(DataWarning, match=r"different kinds of values .*'a' \(counts\), 'b' \(log\)"):
        read(pair(files.small(), b))


def test_the_same_name_twice(tmp_path):
    files.small(0).write_h5ad(tmp_path / "1")
    files.small(1).write_h5ad(tmp_path / "2")
    loaded = load([tmp_path / "1", tmp_path / "2"], ["a.h5ad", "a.h5ad"])
    assert list(loaded.adata.obs["batch"].cat.categories) == ["a", "a (2)"]


def test_embeddings_of_single_files_do_not_go_on(pair):
    a = files.small()
    a.obsm["X_pca"] = np.ones((files.N_CELLS, 2))
    loaded = load_pair(pair(a, a))
    assert not loaded.adata.obsm
    assert said(loaded, "obsm of the single files are left out")


# What the user chooses


def test_batch_and_label_columns_end_in_fixed_names(pair):
    a, b = files.small(0), files.small(1)
    a.obs["donor"], b.obs["kind"] = [7, 8] * 12, ["T", "Mono"] * 12
    loaded = load_pair(
        pair(a, b),
        FileChoice(batch_column="donor", label_column="celltype"),
        FileChoice(one_batch=True, label_column="kind"),
    )
    obs = loaded.adata.obs
    assert list(obs["batch"].cat.categories) == ["7", "8", "b"]
    assert list(obs["celltype"][-2:]) == ["T", "Mono"]
    assert list(obs["celltype_original"].dropna()) == list(files.small().obs["celltype"])


def test_equal_batch_names_of_two_files_stay_two_batches(pair):
    loaded = load_pair(pair(files.small(0), files.small(1)), *[FileChoice(batch_column="batch")] * 2)
    assert list(loaded.adata.obs["batch"].cat.categories) == ["a: A", "a: B", "b: A", "b: B"]


def test_labels_in_one_file_only_leave_the_other_unknown(pair):
    b = files.small(1)
    del b.obs["celltype"]
    loaded = load_pair(pair(files.small(), b), FileChoice(label_column="celltype"), FileChoice())
    assert set(loaded.adata.obs["celltype"][files.N_CELLS :]) == {"Unknown"}
    assert said(loaded, "cells of 'b' are labelled 'Unknown'", "info")


def test_counts_from_a_layer(pair):
    a = files.small()
    a.layers["raw_counts"], a.X = a.X.copy(), a.X * 0.5
    loaded = load([pair(a, a)[0]], ["a.h5ad"], [FileChoice(counts="layer:raw_counts")])
    np.testing.assert_array_equal(loaded.adata.layers["counts"].toarray(), files.counts())
    np.testing.assert_array_equal(loaded.adata.X.toarray(), files.counts() * 0.5)


def test_counts_from_raw_with_more_genes(pair):
    a = files.small()
    a.raw = a.copy()
    a = a[:, :5].copy()
    a.X = np.full((files.N_CELLS, 5), np.nan, "f4")  # as scaling leaves a gene that does not vary
    path = pair(a, a)[0]
    with pytest.raises(FileError, match="NaN"):
        read(path)
    loaded = load([path], ["a.h5ad"], [FileChoice(counts="raw")])
    assert list(loaded.adata.var_names) == files.GENES
    np.testing.assert_array_equal(loaded.adata.X.toarray(), files.counts())


def test_counts_in_x_win_over_a_layer_of_that_name(pair):
    a = files.small()
    a.layers["counts"] = a.X * 0.5
    loaded = load([pair(a, a)[0]], ["a.h5ad"], [FileChoice(counts="X")])
    assert "counts" not in loaded.adata.layers


@pytest.mark.parametrize(
    ("choice", "says"),
    [
        (FileChoice(counts="layer:no"), "no layer 'no'"),
        (FileChoice(counts="raw"), "no 'raw'"),
        (FileChoice(gene_column="no"), "no column 'no' in var"),
        (FileChoice(batch_column="no"), "no column 'no' in obs"),
        (FileChoice(label_column="no"), "no column 'no' in obs"),
    ],
)
def test_a_choice_that_does_not_exist_is_named(pair, choice, says):
    with pytest.raises(FileError, match=f"'a.h5ad' has {says}"):
        load([pair(files.small(), files.small())[0]], ["a.h5ad"], [choice])


def test_a_single_file_can_be_one_batch(pair):
    loaded = load([pair(files.small(), files.small())[0]], ["sample 1.h5ad"], [FileChoice(one_batch=True)])
    assert set(loaded.adata.obs["batch"]) == {"sample 1"}
    assert list(loaded.adata.obs["batch_original"]) == list(files.small().obs["batch"])


def test_integer_batches_become_text(pair):
    a = files.small()
    a.obs["batch"] = [10, 2] * 12
    assert list(load([pair(a, a)[0]], ["a.h5ad"]).adata.obs["batch"].cat.categories) == ["10", "2"]


# The form


def test_summary_tells_what_the_form_asks(pair):
    a = files.small()
    a.obs["sample_id"] = ["s1", "s2", "s3"] * 8
    a.layers["counts"], a.X = a.X.copy(), a.X * 0.37
    a.raw = a.copy()
    a.var["symbol"] = a.var_names.to_numpy()
    del a.obs["batch"]
    summary = summarise(pair(a, a)[0], "a.h5ad")
    assert (summary.n_cells, summary.n_genes, summary.layers, summary.has_raw) == (24, 12, ("counts",), True)
    assert {c.name: c.n_distinct for c in summary.obs_columns} == {"celltype": 3, "sample_id": 3}
    assert [c.name for c in summary.var_columns] == ["symbol"]
    assert summary.gene_names[:2] == ("CD3D", "CD3E")
    assert summary.matrices["layer:counts"] == "counts"
    assert summary.matrices["X"] != "counts"
    assert summary.guess == FileChoice("layer:counts", None, "sample_id", "celltype", False)


@pytest.mark.parametrize("kind", ["10x", "loom", "zip", "csv", "two"])
def test_summary_of_other_formats(tmp_path, kind):
    path = tmp_path / "a"
    if kind == "10x":
        files.write_tenx(path)
    elif kind == "loom":
        files.write_loom(path)
    elif kind == "csv":
        path.write_text(files.table_text())
    else:
        both = files.mtx_files("s1/") | (files.mtx_files("s2/") if kind == "two" else {})
        files.write_zip(path, both)
    summary = summarise(path, "a")
    samples = 2 if kind == "two" else 1
    assert (summary.n_cells, summary.n_genes, summary.n_samples) == (24 * samples, 12, samples)
    assert summary.guess.one_batch == (kind != "loom")
    assert summary.guess.counts == "X"
    load([path], ["a"], [summary.guess])


def test_labels_of_file_names():
    assert clean_label("/x/GSM1_s1.csv.gz") == "GSM1_s1"
    assert clean_label("pbmc.v2.h5ad") == "pbmc.v2"
    assert clean_label("store.zarr.zip") == "store"
    assert clean_label(".h5ad") == "file"
    assert unique_labels(["a", "b", "a", "a"]) == ["a", "b", "a (2)", "a (3)"]
