"""scib-metrics' inputs and values on fixed embeddings."""

import json

import numpy as np

from scint_core.metrics.base import Groups, MetricInput
from tests.shared import SHARED

GOLDEN = SHARED / "golden/python"
EMBEDDINGS = ("pca", "harmony", "scanorama")


def golden_input(name):
    with np.load(GOLDEN / f"scibmetrics_sim_{name}_inputs.npz", allow_pickle=False) as file:
        return MetricInput(
            file["X"].astype(np.float64),
            Groups.of(file["batch"], "batch"),
            Groups.of(file["label"], "label"),
            file["X_pre"],
        )


def golden_scores(name):
    return json.loads((GOLDEN / f"scibmetrics_sim_{name}.json").read_text())
