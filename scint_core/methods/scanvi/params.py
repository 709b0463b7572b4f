"""The parameters of scANVI, and how many epochs they come to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from scint_core.contract import Params, param


@dataclass(frozen=True)
class ScanviParams(Params):
    """Parameters of scANVI and of the scVI it starts from; names and defaults follow scvi-tools 1.4."""

    presets: ClassVar[Mapping[str, Mapping[str, Any]]] = {
        "talk": {"infer_library": True},
        "reference": {"epoch_rule": "scvi-tools", "epochs_scvi": None, "epochs_scanvi": None},
    }

    n_latent: int = param(
        10,
        low=1,
        slider=(2, 50),
        unit="dimensions",
        help="Number of latent dimensions that every cell is described by.",
        larger="finer differences between cells are kept.",
        risk="too few merge cell types; too many leave room for the batch.",
        source="scvi-tools 1.4",
    )
    n_hidden: int = param(
        128,
        low=1,
        slider=(16, 512),
        unit="nodes",
        help="Number of nodes in every hidden layer.",
        larger="a more flexible model; slower.",
        risk="too few cannot rebuild the counts; too many learn small data sets by heart.",
        source="scvi-tools 1.4",
    )
    n_layers: int = param(
        1,
        low=1,
        slider=(1, 4),
        unit="layers",
        help="Number of hidden layers of every encoder and decoder.",
        larger="a more flexible model; slower.",
        risk="more layers need more cells and more epochs.",
        source="scvi-tools 1.4",
    )
    dropout: float = param(
        0.1,
        low=0,
        high=1,
        open_high=True,
        slider=(0, 0.5),
        unit="share of the nodes",
        help="Share of the encoders' and the classifier's nodes that is silenced at random in every training step.",
        larger="the model leans on no single node.",
        risk="too large and little is learnt; 0 learns small data sets by heart.",
        source="scvi-tools 1.4",
        advanced=True,
    )
    gene_likelihood: str = param(
        "zinb",
        choices=("zinb", "nb"),
        help="Distribution of a count: negative binomial (nb), or the same with extra zeros (zinb).",
        source="scvi-tools 1.4",
    )
    infer_library: bool = param(
        False,
        help="Whether a cell's number of counts is inferred as a latent variable, as on the talk's slide q(l|x), "
        "rather than taken as observed.",
        source="scvi-tools 1.4 (use_observed_lib_size); the talk infers it",
    )
    epochs_scvi: int | None = param(
        None,
        low=1,
        slider=(10, 400),
        unit="epochs",
        help="How often scVI, the base model, sees all cells.",
        larger="the latent space settles further; takes longer in proportion.",
        risk="too few leave the batches apart.",
        source="a rule that keeps the number of training steps alike",
        none_means="as many as epoch_rule says",
    )
    epochs_scanvi: int | None = param(
        20,
        low=0,
        slider=(0, 100),
        unit="epochs",
        help="How often scANVI sees all cells, after scVI. 0 stops after scVI and needs no labels.",
        larger="types become tighter and further apart, as the labels say.",
        risk="too many force wrong labels onto cells.",
        source="usual practice",
        none_means="as many as epoch_rule says",
    )
    epoch_rule: str = param(
        "scint",
        choices=("scint", "scvi-tools"),
        help="How many epochs stand for an empty field. scint: 600,000 / cells between 20 and 200 for scVI, then 20. "
        "scvi-tools: 8,000,000 / cells, at most 400, then a third of that between 2 and 10.",
        source="measured: later epochs change no score",
        advanced=True,
    )
    batch_size: int = param(
        128,
        low=3,
        slider=(32, 1024),
        unit="cells",
        help="Number of cells in a minibatch, between two updates of the weights.",
        larger="fewer, steadier updates; faster.",
        risk="too large and the same number of epochs learns less.",
        source="scvi-tools 1.4",
        advanced=True,
    )
    lr: float = param(
        1e-3,
        low=0,
        open_low=True,
        slider=(1e-4, 1e-2),
        help="Learning rate: the length of a step of the optimiser (Adam).",
        larger="learns faster.",
        risk="too large and the loss jumps or stops being a number; too small and it has not settled at the end.",
        source="scvi-tools 1.4",
        advanced=True,
    )
    kl_warmup: int | None = param(
        400,
        low=0,
        slider=(0, 400),
        unit="epochs",
        help="Epochs over which the weight of the KL terms rises from 0 to 1; fewer epochs end below 1.",
        larger="a weaker prior: the latent space keeps more, also of the batch.",
        risk="too small and the prior wins: latent dimensions die.",
        source="scvi-tools 1.4",
        none_means="weight 1 from the start",
        advanced=True,
    )
    classification_ratio: float = param(
        50.0,
        low=0,
        slider=(0, 500),
        help="Weight of the labels' cross-entropy beside the rest of the objective.",
        larger="purer labels in the latent space.",
        risk="too large and a wrong label pulls its cell out of place; 0 leaves the labels out.",
        source="scvi-tools 1.4",
    )
    n_samples_per_label: int | None = param(
        None,
        low=1,
        slider=(10, 500),
        unit="cells",
        help="At most this many labelled cells of each label are used in an epoch, so that rare labels count as much.",
        larger="closer to the labels' own frequencies.",
        risk="too few see little of a varied type.",
        source="scvi-tools 1.4",
        none_means="all of them",
        advanced=True,
    )
    unlabeled_category: str | None = param(
        "Unknown",
        names_of="labels",
        help="The label that stands for 'not known', as a missing one does. It may be absent.",
        risk="the wrong word makes the unknown cells a type of their own, which other cells are then predicted to be.",
        source="scvi-tools 1.4",
        none_means="only missing labels are unknown",
    )
    early_stopping: bool = param(
        False,
        help="Whether training ends once the ELBO of the validation cells has not improved for 45 epochs.",
        source="scvi-tools 1.4",
        advanced=True,
    )
    device: str = param(
        "auto",
        choices=("auto", "cpu", "cuda"),
        help="Where the network is trained; auto takes a GPU where there is one.",
        source="scvi-tools 1.4 (accelerator)",
        advanced=True,
    )

    def epochs(self, n_cells: int) -> tuple[int, int]:
        """Epochs of scVI and of scANVI for so many cells."""
        if self.epoch_rule == "scint":
            scvi, scanvi = min(max(round(600_000 / n_cells), 20), 200), 20
        else:
            scvi = max(1, min(round(8_000_000 / n_cells), 400))
            scanvi = min(10, max(2, round(scvi / 3)))
        return (
            scvi if self.epochs_scvi is None else self.epochs_scvi,
            scanvi if self.epochs_scanvi is None else self.epochs_scanvi,
        )
