"""The way out: keys, types, files that are whole or absent."""

import anndata as ad
import numpy as np
import pytest
from anndata import AnnData

import scint_core as scint
from scint_core.errors import DataError, FileError
from scint_core.export import h5ad
from tests.datasets import prepared


@pytest.fixture(scope="module")
def mnn():
    return scint.integrate(prepared(), "mnn", k=7)


def test_mnn_writes_a_pca_and_its_corrected_genes(mnn):
    adata = prepared()
    mnn.write(adata)
    assert adata.obsm["X_mnn"].shape == (adata.n_obs, min(50, len(mnn.genes)))
    np.testing.assert_array_equal(adata.obsm["mnn_expression"], mnn.expression)
    assert adata.obsm["X_umap_mnn"].shape == (adata.n_obs, 2)
    assert "X_umap" not in adata.obsm
    assert "mnn" not in adata.layers


def test_all_genes_corrected_become_a_layer():
    adata = prepared()
    result = scint.integrate(adata, "mnn", correct_all=True)
    result.write(adata, umap=False)
    assert adata.layers["mnn"].shape == adata.shape
    assert "mnn_expression" not in adata.obsm
    assert "X_umap_mnn" not in adata.obsm


def test_harmony_writes_its_embedding():
    adata = prepared()
    result = scint.integrate(adata, "harmony")
    result.write(adata, umap=False)
    np.testing.assert_array_equal(adata.obsm["X_pca_harmony"], result.embedding)


def test_the_record_survives_a_file_as_plain_things(mnn, tmp_path):
    adata = prepared()
    mnn.write(adata, umap=False)
    scint.integrate(adata, "harmony").write(adata, umap=False)
    h5ad.write_h5ad(adata, tmp_path / "out.h5ad")
    record = ad.read_h5ad(tmp_path / "out.h5ad").uns["scint"]
    assert {"mnn", "harmony", "preprocess"} <= set(record)
    assert record["mnn"]["params"]["k"] == 7
    assert record["mnn"]["params"]["prop_k"] == "null"
    assert record["mnn"]["versions"]["scint"]
    assert list(record["mnn"]["merge_tree"]) == ["batch 0 <- batch 1"]
    np.testing.assert_array_equal(record["mnn"]["pairs"]["left"], mnn.pairs.left)


def test_other_cells_are_refused(mnn):
    with pytest.raises(DataError, match="write the result to the AnnData it was made from"):
        mnn.write(prepared()[::-1].copy())


def test_nothing_else_is_touched(mnn):
    adata, before = prepared(), prepared()
    adata.uns["mine"] = {"a": 1}
    mnn.write(adata, umap=False)
    assert adata.uns["mine"] == {"a": 1}
    np.testing.assert_array_equal(adata.X.toarray(), before.X.toarray()) if hasattr(adata.X, "toarray") else None
    np.testing.assert_array_equal(adata.obsm["X_pca"], before.obsm["X_pca"])


def test_a_result_cannot_be_changed(mnn):
    with pytest.raises(AttributeError):
        mnn.seed = 3


# Files


def test_a_full_disk_is_a_sentence_and_leaves_the_old_file(tmp_path, monkeypatch):
    path = tmp_path / "out.h5ad"
    path.write_text("the old file")
    monkeypatch.setattr(h5ad.shutil, "disk_usage", lambda _: type("Usage", (), {"free": 1000})())
    with pytest.raises(FileError, match=r"'out\.h5ad' needs about .* free some space"):
        h5ad.write_h5ad(prepared(), path)
    assert path.read_text() == "the old file"
    assert [p.name for p in tmp_path.iterdir()] == ["out.h5ad"]


def test_an_error_while_writing_leaves_nothing_behind(tmp_path, monkeypatch):
    def fail(self, name):
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(AnnData, "write_h5ad", fail)
    with pytest.raises(FileError, match="cannot be written: Input/output error"):
        h5ad.write_h5ad(prepared(), tmp_path / "out.h5ad")
    assert list(tmp_path.iterdir()) == []
