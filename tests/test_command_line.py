"""The command line: results, sentences and exit statuses."""

import io
import subprocess
import sys

import anndata as ad
import numpy as np
import pandas as pd
import pytest

from scint_core.__main__ import main
from tests.datasets import counts, prepared


@pytest.fixture
def raw(tmp_path):
    path = tmp_path / "raw.h5ad"
    counts().write_h5ad(path)
    return path


def test_integrate_preprocesses_counts_and_keeps_every_cell(raw, tmp_path, capsys):
    out = tmp_path / "out.h5ad"
    status = main(["integrate", str(raw), "--method", "harmony", "--batch-key", "batch", "--label-key", "celltype",
                   "--param", "theta=4", "--param", "max_iter=3", "--seed", "5", "--out", str(out)])  # fmt: skip
    assert status == 0
    written = ad.read_h5ad(out)
    assert list(written.obs_names) == list(counts().obs_names)
    assert {"X_pca", "X_pca_harmony", "X_umap_harmony"} <= set(written.obsm)
    record = written.uns["scint"]["harmony"]
    assert (record["params"]["theta"], record["params"]["max_iter"], record["seed"]) == (4.0, 3, 5)
    assert "120 cells written" in capsys.readouterr().out


def test_log_values_are_taken_as_they_are(tmp_path):
    path, out = tmp_path / "log.h5ad", tmp_path / "out.h5ad"
    prepared().write_h5ad(path)
    assert main(["integrate", str(path), "--method", "unintegrated", "--out", str(out)]) == 0
    np.testing.assert_array_equal(ad.read_h5ad(out).obsm["X_pca"], prepared().obsm["X_pca"])


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--method", "harmny"], "did you mean 'harmony'"),
        (["--method", "mnn", "--param", "k=0"], "parameter 'k' is 0"),
        (["--method", "mnn", "--param", "kk=3"], "'kk' does not exist"),
        (["--method", "mnn", "--param", "k"], "--param 'k' is not NAME=VALUE"),
        (["--method", "mnn", "--preset", "paper"], "preset 'paper' does not exist"),
        (["--method", "mnn", "--batch-key", "donor"], "column 'donor'"),
    ],
)
def test_what_cannot_be_done_is_one_sentence_and_status_1(raw, tmp_path, capsys, arguments, sentence):
    out = tmp_path / "out.h5ad"
    assert main(["integrate", str(raw), *arguments, "--out", str(out)]) == 1
    said = capsys.readouterr().err
    assert sentence in said
    assert "Traceback" not in said
    assert not out.exists()


def test_a_file_that_is_none_is_refused(tmp_path, capsys):
    (tmp_path / "x.h5ad").write_text("a,b\n1,2\n")
    assert main(["check", str(tmp_path / "x.h5ad")]) == 1
    assert "x.h5ad" in capsys.readouterr().err


def test_wrong_usage_is_status_2():
    with pytest.raises(SystemExit) as ended:
        main(["integrate"])
    assert ended.value.code == 2


def test_methods_are_listed_with_their_parameters(capsys):
    assert main(["methods"]) == 0
    said = capsys.readouterr().out
    assert said.index("unintegrated") < said.index("mnn") < said.index("harmony")
    assert "theta" in said


def test_check_says_what_it_finds(raw, capsys):
    assert main(["check", str(raw), "--batch-key", "batch", "--label-key", "celltype"]) == 0
    assert capsys.readouterr().out.strip()


def test_the_module_runs():
    said = subprocess.run([sys.executable, "-m", "scint_core", "--version"], capture_output=True, text=True)
    assert said.returncode == 0
    assert said.stdout.strip()


def test_sweep_writes_the_table_says_what_it_shows_and_goes_on(raw, tmp_path, capsys, jobs_here):
    out = tmp_path / "swept"
    command = ["sweep", str(raw), "--method", "harmony", "--grid", "theta=0,2", "--param", "max_iter=2", "--seeds", "0",
               "--label-key", "celltype", "--out", str(out)]  # fmt: skip
    assert main(command) == 0
    said = capsys.readouterr().out
    assert "2 of 2 runs done" in said
    assert "theta" in said
    table = pd.read_csv(out / "sweep.csv")
    assert list(table["theta"]) == [0, 2]
    assert table["iLISI"].notna().all()
    done = len(jobs_here)
    assert main(command) == 0
    assert len(jobs_here) == done  # nothing was left to do
    pd.testing.assert_frame_equal(pd.read_csv(out / "sweep.csv"), table)


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--grid", "k=5,0"], "parameter 'k' is 0"),
        (["--grid", "k=5,few"], "parameter 'k' is 'few'"),
        (["--grid", "k"], "--grid 'k' is not NAME=VALUE: write it like --grid k=5,10,20"),
        ([], "grid is empty"),
        (["--grid", "k=5", "--seeds", "one"], "--seeds 'one' is not a list of whole numbers"),
        (["--grid", f"k={','.join(map(str, range(1, 302)))}"], "301 runs: no run has been done yet"),
    ],
)
def test_a_sweep_that_cannot_be_run_is_refused_with_a_sentence(raw, tmp_path, capsys, monkeypatch, arguments, sentence):
    monkeypatch.setattr(sys, "stdin", io.StringIO())
    assert main(["sweep", str(raw), "--method", "mnn", *arguments, "--out", str(tmp_path / "out")]) == 1
    assert sentence in capsys.readouterr().err
