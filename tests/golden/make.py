"""Cuts the small reference outputs of this folder from the full ones in ../shared/golden.

Run `python -m tests.golden.make` in the project's folder. Every file is an `.npz` of plain arrays; `manifest.json` says
of each which tool made it, in which version and with which parameters.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import scipy.sparse as sp

from tests.golden_files import r_file, scanorama_file, scanorama_input
from tests.shared import SHARED

HERE = Path(__file__).parent
EVERY = 3  # embeddings are kept for every third cell
BATCHELOR = "1.14.1"
FASTMNN = {
    "deferredFALSE": {},
    "nocos": {"cos.norm": False},
    "ndist1": {"ndist": 1},
    "propk": {"prop.k": 0.1},
    "order312": {"merge.order": [3, 1, 2]},
    "autoMerge": {"auto.merge": True},
    "skip0.9": {"min.batch.skip": 0.9},
}

MNN = {
    "sigma0.1": {"sigma": 0.1},
    "sigma1": {"sigma": 1},
    "sigma0.1_noVarAdj": {"sigma": 0.1, "var.adj": False},
    "sigma1_noVarAdj": {"sigma": 1, "var.adj": False},
    "sigma0.1_cosOutFALSE": {"sigma": 0.1, "cos.norm.out": False},
    "sigma0.1_svd2": {"sigma": 0.1, "svd.dim": 2},
    "sigma0.1_autoMerge": {"sigma": 0.1, "auto.merge": True},
    "sigma0.1_order312": {"sigma": 0.1, "merge.order": [3, 1, 2]},
    "sigma1_nocos": {"sigma": 1, "cos.norm.in": False, "cos.norm.out": False},
}
HARMONY = {
    "default": {},
    "lambda_auto": {"lambda": "NULL"},
    "nclust5_tau5_block0.2": {"nclust": 5, "tau": 5, "block.size": 0.2},
    "theta0": {"theta": 0},
}

Arrays = Iterator[tuple[str, np.ndarray]]


@dataclass(frozen=True)
class About:
    """One entry of the manifest."""

    tool: str
    version: str
    parameters: dict[str, object]
    source: str
    licence: str = "simulated by the project; numbers only, no code"


def simulated_counts() -> Arrays:
    """The counts (cells × genes) and batches that the references were run on."""
    with r_file("input") as file:
        parts = [file[f"counts_csc/{name}"][:] for name in ("data", "indices_0based", "indptr")]
        counts = sp.csc_matrix(tuple(parts), shape=file["counts_csc/shape_genes_cells"][:]).T
        yield "counts", counts.toarray().astype(np.uint16)
        yield "batch", file["batch"][:].astype(np.uint8)


def fastmnn() -> Arrays:
    """Corrected components of every third cell; pairs and lost variance of every merge."""
    with r_file("fastmnn") as file:
        for variant in FASTMNN:
            yield f"{variant}/corrected", file[variant]["corrected_cells_x_d"][::EVERY].astype(np.float32)
            for merge in (1, 2):
                stored, place = file[variant][f"merge_{merge}"], f"{variant}/merge_{merge}"
                for name in ("left_batches_1based", "right_batches_1based", "pairs_left_0based", "pairs_right_0based"):
                    yield f"{place}/{name}", stored[name][:].astype(np.int16)
                for name in ("lost_var_per_batch", "batch_size"):
                    yield f"{place}/{name}", stored[name][:]


def multi_batch_pca() -> Arrays:
    """Components of every third cell, loadings and variances, on the cosine and on the log scale."""
    with r_file("multibatchpca") as file:
        for variant in ("cosine", "log"):
            yield f"{variant}/pcs", file[variant]["pcs_cells_x_d"][::EVERY].astype(np.float32)
            yield f"{variant}/rotation", file[variant]["rotation_genes_x_d"][:].astype(np.float32)
            for name in ("centers", "var_explained", "var_total"):
                yield f"{variant}/{name}", file[variant][name][:]


def seurat(every: int = EVERY, real: type = np.float32) -> Arrays:
    """All tables of anchors and trees; of values cells × genes or dimensions, every `every`-th cell."""
    names = {
        "anchors_prefilter_0based": np.int16,
        "anchors_filtered_0based": np.int16,
        "anchors_filtered_raw_shared_count": np.int16,
        "anchors_scored_score": np.float64,
        "cca_d_exact_svd": np.float64,
        "cca_loadings_projected_genes_x_cc": real,
        "weights_anchors_x_query_csc/data": real,
        "weights_anchors_x_query_csc/indices_0based": np.int16,
        "weights_anchors_x_query_csc/indptr": np.int32,
    }
    with r_file("input") as file:
        genes = file["genes"][:].tolist()
    with r_file("seurat_exactsvd") as file:
        features = file["integration_features"][:].tolist()
        yield "features", np.array([genes.index(gene) for gene in features], dtype=np.int16)
        listed = [features.index(gene) for gene in file["pair12/cca_loadings_genes"][:].tolist()]
        yield "pair12/genes", np.array(listed, dtype=np.int16)
        for batch in (1, 2, 3):
            yield f"vst/{batch}", file[f"vst/batch{batch}/variance_standardized"][:]
        for name, kind in names.items():
            yield f"pair12/{name}", file[f"pair12/{name}"][:].astype(kind)
        for name in ("cca_embeddings_cells_x_cc", "weight_pca_embeddings_refThenQuery_cells_x_d"):
            yield f"pair12/{name}", file[f"pair12/{name}"][::every].astype(real)
        for run in ("api_pair12", "api_all"):
            for name in ("cell1_0based", "cell2_0based", "dataset1_1based", "dataset2_1based"):
                yield f"{run}/{name}", file[f"{run}/anchors_{name}"][:].astype(np.int16)
            for name in ("anchors_score", "sample_tree_used", "similarity_matrix_lower"):
                yield f"{run}/{name}", file[f"{run}/{name}"][:]
            yield f"{run}/integrated", file[f"{run}/integrated_rann_genes_x_cells"][:, ::every].T.astype(real)


def scanorama(every: int = EVERY, real: type = np.float32) -> Arrays:
    """The input, the reduced matrix that matches come from, and matches; results of every `every`-th cell."""
    counts, cells = scanorama_input()
    yield "counts", counts.astype(np.uint16)
    with scanorama_file() as file:
        for name in ("alignments", "table_keys", "table_scores"):
            yield name, file[name]
        for b in range(len(cells)):
            yield f"reduced_{b}", file[f"dimred_in_{b}"]
        for i, j in file["table_keys"].tolist():
            yield f"match_{i}_{j}", file[f"match_{i}_{j}"].astype(np.int16)
        for name in ("integrated", "corrected"):
            yield name, np.concatenate([file[f"{name}_{b}"] for b in range(len(cells))])[::every].astype(real)


def mnn(every: int = 9) -> Arrays:
    """Corrected values of every `every`-th cell; pairs of every merge."""
    with r_file("mnncorrect") as file:
        for variant in MNN:
            yield f"{variant}/corrected", file[variant]["corrected_genes_x_cells"][:].T[::every].astype(np.float32)
            for merge in (1, 2):
                stored = file[variant][f"merge_{merge}"]
                for name in ("left_batches_1based", "right_batches_1based", "pairs_left_0based", "pairs_right_0based"):
                    yield f"{variant}/merge_{merge}/{name}", stored[name][:].astype(np.int16)


def harmony() -> Arrays:
    """Components, first centres and orders of cells, as exact as they are; corrected components of every third cell."""
    kept = ("Y0_K_x_d", "theta_vec", "sigma", "lambda", "block_size", "cluster_rounds_per_iter", "objective_harmony")
    with r_file("harmony_124") as file:
        yield "input_pcs_N_x_d", file["input_pcs_N_x_d"][:]
        yield "batch", file["batch"][:].astype(np.uint8)
        for variant in HARMONY:
            for name in kept:
                yield f"{variant}/{name}", file[variant][name][:]
            orders = file[variant]["update_orders_round_x_N_0based"][:]
            yield f"{variant}/update_orders_round_x_N_0based", orders.astype(np.int16)
            yield f"{variant}/corrected", file[variant]["corrected_N_x_d"][::EVERY].astype(np.float32)


HARMONY_2 = ("default", "lambda1", "nclust5_tau5_block0.2", "theta0")


def harmony2(every: int = EVERY, real: type = np.float32) -> Arrays:
    """Components, first centres and orders of cells; corrected components of every `every`-th cell."""
    with r_file("harmony_204") as file:
        yield "pcs", file["input_pcs_N_x_d"][:].astype(real)
        yield "batch", file["batch"][:].astype(np.uint8)
        for variant in HARMONY_2:
            stored = file[variant]
            yield f"{variant}/orders", stored["update_orders_round_x_N_0based"][:].astype(np.int16)
            yield f"{variant}/start", stored["Y0_K_x_d"][:].astype(real)
            for name in ("theta_vec", "sigma", "lambda", "block_size", "objective_harmony", "objective_kmeans"):
                yield f"{variant}/{name}", stored[name][:]
            yield f"{variant}/corrected", stored["corrected_N_x_d"][::every].astype(real)
            yield f"{variant}/membership", stored["R_N_x_K"][::every].astype(real)


LINEAR = {
    "limma_removeBatchEffect": "limma",
    "limma_removeBatchEffect_designCelltype": "limma",
    "combat_parametric": "sva",
    "combat_nonparametric": "sva",
    "combat_meanonly": "sva",
    "combat_modCelltype": "sva",
    "combat_ref1": "sva",
}


def linear(every: int = 9, real: type = np.float32) -> Arrays:
    """The cells' types, and corrected values of every `every`-th cell."""
    with r_file("input") as file:
        yield "celltype", file["celltype"][:].astype(np.uint8)
    with r_file("linear") as file:
        for name in LINEAR:
            yield name, file[f"{name}_genes_x_cells"][:].T[::every].astype(real)


def scib_metrics() -> Arrays:
    """Two embeddings with their stored neighbours, the scores of each, and LISI of every cell."""
    folder = SHARED / "golden" / "python"
    for name in ("pca", "harmony"):
        with np.load(folder / f"scibmetrics_sim_{name}_inputs.npz", allow_pickle=False) as file:
            yield f"{name}/embedding", file["X"]
            yield f"{name}/knn_idx", file["knn_idx"][:, :50].astype(np.int16)
            yield f"{name}/knn_dist", file["knn_dist"][:, :50].astype(np.float32)
            for column in ("batch", "label"):
                yield f"{name}/{column}", file[column]
        for column in ("batch", "label"):
            yield f"{name}/lisi_{column}", np.load(folder / f"sim_{name}_lisi_{column}_k90.npy", allow_pickle=False)
        for key, value in json.loads((folder / f"scibmetrics_sim_{name}.json").read_text()).items():
            yield f"{name}/score/{key}", np.float64(value)


FILES: dict[str, tuple[Callable[[], Arrays], About]] = {
    "batchelor_mnn": (mnn, About("batchelor::mnnCorrect", BATCHELOR, {"k": 20, "variants": MNN}, "r/mnncorrect.h5")),
    "harmony": (harmony, About("harmony (R)", "1.2.4", HARMONY, "r/harmony_124.h5")),
    "harmony2": (
        harmony2,
        About(
            "harmony (R)",
            "2.0.4",
            {
                "default": {},
                "lambda1": {"lambda": 1},
                "nclust5_tau5_block0.2": {"nclust": 5, "tau": 5, "block.size": 0.2},
                "theta0": {"theta": 0},
            },
            "r/harmony_204.h5",
        ),
    ),
    "linear": (
        linear,
        About("limma::removeBatchEffect, sva::ComBat", "limma 3.54.1, sva 3.46.0", LINEAR, "r/linear.h5"),
    ),
    "scanorama": (
        scanorama,
        About(
            "scanorama",
            "1.7.4",
            {"knn": 20, "sigma": 15, "alpha": 0.1, "dimred": 100, "approx": False},
            "python/scanorama_sim.npz",
        ),
    ),
    "simulated_counts": (
        simulated_counts,
        About("scint", "-", {"batches": 3, "cells": 900, "genes": 200}, "r/input.h5"),
    ),
    "batchelor_fastmnn": (
        fastmnn,
        About("batchelor::fastMNN", BATCHELOR, {"k": 20, "d": 20, "variants": FASTMNN}, "r/fastmnn.h5"),
    ),
    "batchelor_multibatchpca": (
        multi_batch_pca,
        About("batchelor::multiBatchPCA", BATCHELOR, {"d": 20}, "r/multibatchpca.h5"),
    ),
    "scib_metrics": (
        scib_metrics,
        About(
            "scib-metrics",
            "0.5.10",
            {"neighbours": "exact; k in the name of each score"},
            "python/scibmetrics_sim_{pca,harmony}*, python/sim_{pca,harmony}_lisi_*",
        ),
    ),
    "seurat_anchors": (
        seurat,
        About(
            "Seurat, its truncated decompositions replaced by exact ones, exact neighbours",
            "4.3.0",
            {"dims": 10, "anchor.features": 120, "fvf.nfeatures": 150},
            "r/seurat_exactsvd.h5",
        ),
    ),
}


def main() -> None:
    """Write every file, and its entry in the manifest; entries of other files stay."""
    manifest_file = HERE / "manifest.json"
    manifest = json.loads(manifest_file.read_text()) if manifest_file.exists() else {}
    for name, (arrays, about) in FILES.items():
        np.savez_compressed(HERE / f"{name}.npz", **dict(arrays()))
        manifest[f"{name}.npz"] = asdict(about)
    manifest_file.write_text(json.dumps(manifest, indent=2, sort_keys=True) + "\n")


if __name__ == "__main__":
    main()
