"""The collection of bad and odd files: each ends as its entry in expected.json says."""

from __future__ import annotations

import contextlib
import json
import re
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from anndata import read_h5ad

from scint_core.data.read import load
from scint_core.errors import FileError
from tests.data.grading import loader
from tests.shared import SHARED, needs_shared

FOLDER = SHARED / "badinputs"


def cases() -> list[Any]:
    path = FOLDER / "expected.json"
    return json.loads(path.read_text())["cases"] if path.exists() else []


def outcome(case: dict[str, Any]) -> tuple[str, str, Any]:
    """What happened, the sentences the user sees, and the data."""
    try:
        adata, said = loader([str(FOLDER / "files" / f) for f in case["files"]], case["as_name"])
    except FileError as error:
        return "error", str(error), None
    return "loads_with_warning" if said else "loads", " ".join(said), adata


@needs_shared
@pytest.mark.parametrize("case", cases(), ids=lambda case: case["id"])
def test_case(case, tmp_path):
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # no word of a library reaches the user
        got, message, adata = outcome(case)
    assert got == case["outcome"], message
    wanted = case["must_mention_any"]
    if got != "loads" and wanted:
        assert any(re.search(pattern, message, re.IGNORECASE | re.DOTALL) for pattern in wanted), message
    if adata is None:
        return
    if case["shape"]:
        assert list(adata.shape) == case["shape"]
    if case["counts_total"] is not None:
        assert adata.X.sum(dtype="f8") == pytest.approx(case["counts_total"], rel=1e-6)
    adata.write_h5ad(tmp_path / "out.h5ad")
    again = read_h5ad(tmp_path / "out.h5ad")
    assert list(again.var_names) == list(adata.var_names)
    assert list(again.obs.columns) == list(adata.obs.columns)


@needs_shared
def test_names_survive_unchanged(tmp_path):
    for name in ("unicode.h5ad", "formula.h5ad", "xss_names.h5ad"):
        path = FOLDER / "files" / name
        adata = load([path], [name]).adata
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            wanted = read_h5ad(path)
        assert list(adata.var_names) == list(wanted.var_names)
        assert list(adata.obs_names) == list(wanted.obs_names)
        assert list(adata.obs.columns) == list(wanted.obs.columns)


@needs_shared
def test_every_cut_of_a_good_file_is_refused(tmp_path):
    content = (FOLDER / "files" / "ok_csr.h5ad").read_bytes()
    cut = tmp_path / "cut.h5ad"
    for size in np.linspace(0, len(content) - 1, 25).astype(int):
        cut.write_bytes(content[:size])
        with pytest.raises(FileError):
            load([cut], ["cut.h5ad"])


@needs_shared
def test_flipped_bytes_never_raise_anything_but_a_file_error(tmp_path):
    rng = np.random.default_rng(0)
    for name in ("ok_csr.h5ad", "tenx_v3.h5", "mtx_geo_prefix.zip", "bom.csv", "store.zarr.zip"):
        content = (FOLDER / "files" / name).read_bytes()
        for _ in range(40):
            damaged = bytearray(content)
            for at in rng.integers(0, len(content), 8):
                damaged[at] ^= int(rng.integers(1, 256))
            path = Path(tmp_path / name)
            path.write_bytes(damaged)
            with contextlib.suppress(FileError):
                load([path], [name])
