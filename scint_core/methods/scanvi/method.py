"""scANVI: scVI first, then labels (Xu et al. 2021, on Lopez et al. 2018)."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from scint_core.contract import FloatArray, LabelProbabilities, Method, Outcome, Problem, Step
from scint_core.methods.scanvi.inputs import (
    cells_without_counts,
    column_names,
    counts_of,
    known_labels,
    notes_on_labels,
)
from scint_core.methods.scanvi.params import ScanviParams

SCVI_KEY = "X_scVI"


def run(problem: Problem, p: ScanviParams, step: Step) -> Outcome:
    """Train scVI on the counts, go on with the labels, and read off latent space, labels and expression."""
    from scint_core.methods.scanvi.readout import decode_expression, latent_space, predict_labels
    from scint_core.methods.scanvi.training import choose_device, train_scanvi, train_scvi

    epochs_scvi, epochs_scanvi = p.epochs(problem.n_cells)
    labels = known_labels(problem, p) if epochs_scanvi else None
    counts, batch, device = counts_of(problem), problem.batch, choose_device(p.device)
    training: dict[str, Any] = {
        "batch_size": p.batch_size,
        "lr": p.lr,
        "kl_warmup": p.kl_warmup,
        "early_stopping": p.early_stopping,
        "device": device,
    }

    step.expect(6 if labels else 3, work=_work(epochs_scvi, epochs_scanvi))
    trained = step(
        "Train scVI: rebuild every cell's counts from a few dimensions", train_scvi, counts, batch,
        epochs=epochs_scvi, **training, **_shape(problem, p), seed=step.seed("scVI"),
    )  # fmt: skip
    latent = scvi_latent = step("Read the latent space of scVI", latent_space, trained)
    probabilities = None
    if labels:
        trained = step(
            "Train scANVI: let the known labels shape the latent space", train_scanvi, counts, batch, labels.codes,
            trained, n_labels=len(labels.names), classification_ratio=p.classification_ratio,
            n_samples_per_label=p.n_samples_per_label, epochs=epochs_scanvi, **training, seed=step.seed("scANVI"),
        )  # fmt: skip
        latent = step("Read the latent space of scANVI", latent_space, trained)
        about = "Predict every cell's label from its place in the latent space"
        probabilities = step(about, predict_labels, latent.coordinates, trained, names=labels.names)
    about = "Decode every cell as if it came from each batch"
    expression = step(about, decode_expression, latent.coordinates, trained, device=device)
    return Outcome(
        embedding=latent.coordinates,
        expression=expression,
        genes=problem.genes,
        predictions=None if probabilities is None else predictions(probabilities),
        extra_embeddings={SCVI_KEY: scvi_latent.coordinates},
        notes=(*foresee(problem, p), *cells_without_counts(counts)),
    )


def _shape(problem: Problem, p: ScanviParams) -> dict[str, Any]:
    """The architecture of the base model, which knows no labels."""
    return {
        "n_batches": problem.n_batches,
        "n_labels": 0,
        "n_latent": p.n_latent,
        "n_hidden": p.n_hidden,
        "n_layers": p.n_layers,
        "dropout": p.dropout,
        "zero_inflated": p.gene_likelihood == "zinb",
        "infer_library": p.infer_library,
    }


def _work(epochs_scvi: int, epochs_scanvi: int) -> tuple[float, ...]:
    """How long each step takes, in epochs of scVI: decoding costs about one, reading off next to nothing."""
    if not epochs_scanvi:
        return (epochs_scvi, 0.1, 0.7)
    return (epochs_scvi, 0.1, 1.5 * epochs_scanvi, 0.1, 0.1, 0.7)


def predictions(found: LabelProbabilities) -> pd.DataFrame:
    """The most probable label of every cell, and a column of probabilities per label."""
    best: FloatArray = found.probability.argmax(axis=1)
    table = pd.DataFrame(found.probability, columns=column_names(found.names))
    table.insert(0, "label", np.array(found.names, dtype=object)[best])
    return table


def foresee(problem: Problem, p: ScanviParams) -> tuple[str, ...]:
    """How many cells count as unlabelled. Raises `DataError` where labels are needed and there are none."""
    _, epochs_scanvi = p.epochs(problem.n_cells)
    if not epochs_scanvi:
        return ("'epochs_scanvi' is 0: the result is the latent space of scVI, which no label has shaped",)
    return notes_on_labels(problem, known_labels(problem, p))


METHOD = Method(
    name="scanvi",
    label="scANVI",
    family="talk",
    position=70,
    output="both",
    relates_pairs=False,
    summary=(
        "A neural network learns to rebuild every cell's counts from a few latent dimensions, told the batch so that "
        "these need not hold it; labels that are known then shape the latent space and are predicted for other cells."
    ),
    citation=(
        "Xu C, Lopez R, Mehlman E, Regier J, Jordan MI, Yosef N. Probabilistic harmonization and annotation of "
        "single-cell transcriptomics data with deep generative models. Molecular Systems Biology 17, e9620 (2021). "
        "doi:10.15252/msb.20209620; Lopez R, Regier J, Cole MB, Jordan MI, Yosef N. Deep generative modeling for "
        "single-cell transcriptomics. Nature Methods 15, 1053–1058 (2018). doi:10.1038/s41592-018-0229-2"
    ),
    Params=ScanviParams,
    run=run,
    foresee=foresee,
    labels="needed",
    counts="needed",
    key="X_scANVI",
)
