"""A rerun with one parameter changed computes what depends on it and nothing else, to the byte as a fresh run does."""

import numpy as np
import pytest

import scint_core as scint
from scint_core.runs.cache import StepCache
from tests.datasets import prepared

SEARCH, MUTUAL = "Find the nearest neighbours on the other side", "Keep the mutual ones"
MEAN, SMOOTH = "Average the differences of paired cells", "Smooth the differences with a Gaussian kernel"
LENGTHEN = "Lengthen the vectors until the spread agrees"
MOVE, APPEND = "Move every cell by its vector", "Append the corrected cells to the reference"

CORRECT = [MEAN, SMOOTH, MOVE, APPEND]
"""MNN without variance adjustment, from the pairs on."""

LOCAL = ["Weigh them by their distance", "Average their vectors", MOVE, "Append the target to the reference"]
FAST = [
    MUTUAL, MEAN, "Average them into the batch vector", "Centre the reference along the batch vector",
    "Centre the target along the batch vector", "Measure the variance that this took",
    "Average the differences of the same pairs again", "Find the nearest paired cells of every cell", *LOCAL,
    "Add up the variance lost",
]  # fmt: skip
"""fastMNN from the neighbours on."""

WEIGH = ["Weigh the anchors", "Subtract the weighted differences of the anchors", APPEND]
SCORE = [
    "Score the anchors by shared neighbours", "Order the merges by the share of anchors",
    "Gather the anchors between the two sides", "Find the nearest anchor cells of every query cell", *WEIGH,
]  # fmt: skip
"""Seurat v3 from the kept anchors on."""

TRANSLATE = [
    "Smooth the differences of matched cells in the embedding", "Move the cells in the embedding",
    "Smooth the differences of matched cells in the expression", "Move the cells in the expression",
    "Put the embedding back together", "Put the expression back together",
]  # fmt: skip
MATCH = [
    MUTUAL, "Score every two batches by their matches", "Link batches into panoramas, best score first",
    "Collect the matches between the batches", *TRANSLATE,
]  # fmt: skip
"""Scanorama from the neighbours on."""

CASES = [
    ("mnn", 2, {"var_adj": False}, {"sigma": 0.3}, CORRECT[1:]),
    ("mnn", 3, {"var_adj": False}, {"sigma": 0.3}, [*CORRECT[1:], SEARCH, MUTUAL, *CORRECT]),
    ("mnn", 2, {"sigma": 0.5}, {"sigma": 0.3}, [SMOOTH, LENGTHEN, MOVE, APPEND]),
    ("mnn", 2, {"var_adj": False, "k": 15}, {"k": 10}, [MUTUAL, *CORRECT]),
    ("mnn", 2, {"var_adj": False, "k": 30}, {"k": 10}, [MUTUAL, *CORRECT]),
    ("fastmnn", 2, {}, {"ndist": 2.0}, LOCAL),
    ("fastmnn", 2, {"k": 15}, {"k": 10}, FAST),
    ("fastmnn", 2, {"k": 30}, {"k": 10}, FAST),
    ("seurat_v3", 2, {"k_weight": 10}, {"k_weight": 5}, WEIGH),
    ("seurat_v3", 2, {}, {"sd_weight": 2.0}, WEIGH),
    ("seurat_v3", 2, {"k_filter": 50}, {"k_filter": 30}, ["Drop anchors without support by expression", *SCORE]),
    ("seurat_v3", 2, {"k_filter": 50}, {"k_filter": 10}, ["Drop anchors without support by expression", *SCORE]),
    ("seurat_v3", 2, {}, {"k_anchor": 3}, ["Find the anchors: mutual neighbours", "Keep all anchors", *SCORE]),
    ("seurat_v3", 2, {}, {"k_score": 15}, ["Find the anchors: mutual neighbours", "Keep all anchors", *SCORE]),
    ("scanorama", 2, {}, {"sigma": 5.0}, TRANSLATE),
    ("scanorama", 2, {"k": 15}, {"k": 10}, MATCH),
    ("scanorama", 2, {"k": 30}, {"k": 10}, MATCH),
]
"""Method, batches, parameters of the first run, what is changed, and the steps that the rerun computes: no others."""


@pytest.mark.parametrize(("method", "batches", "first", "changed", "again"), CASES)
def test_a_rerun_computes_only_what_the_parameter_acts_on(
    monkeypatch, tmp_path, method, batches, first, changed, again
):
    monkeypatch.setattr(StepCache, "worth", -1.0)
    data = prepared(batches, cells=70)
    scint.integrate(data, method, **first)
    rerun = scint.integrate(data, method, **first | changed)
    assert [step.title for step in rerun.steps if not step.reused] == again
    monkeypatch.setenv("SCINT_CACHE", str(tmp_path / "empty"))
    fresh = scint.integrate(data, method, **first | changed)
    assert not any(step.reused for step in fresh.steps)
    for one, other in zip(contents(rerun), contents(fresh), strict=True):
        assert one.tobytes() == other.tobytes()


def contents(integration):
    """Every array of a result."""
    arrays = (integration.embedding, integration.expression, *vars(integration.pairs).values())
    return [np.asarray(array) for array in arrays if array is not None]
