"""scANVI needs few labels, but some of every type: it chooses among the labels that it has seen."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from scint_core.contract import BoolArray, FloatArray, IntArray
from scint_core.export import Integration
from scint_core.lab.lesson import Bench, Claim, Figure, Lesson, Question, Slider
from scint_core.lab.measures import cell_maps, codes, flat, groups, own_type_share
from scint_core.lab.pictures import Groups, Matrix, Observation
from scint_core.lab.small_scanvi import CELLS, predicted, some, spaces, trained, two_donors
from scint_core.numerics.neighbors import nearest_neighbors

_ALSO = ("nothing else", "NK cells of donor 2", "all NK cells")
_NK = 2  # position among the types


def observe(bench: Bench, hidden: float, also: str) -> Observation:
    """scANVI with a share of the labels hidden, and those of NK cells in one donor or in both."""
    world = two_donors(bench)
    types, batch = groups(world, "cell_type"), codes(world, "batch")
    unknown = _hidden(types.codes, batch, some(bench, np.arange(CELLS), hidden, "hidden"), also)
    given = np.where(unknown, -1, types.codes)
    run = trained(bench, world, given, 50.0)
    scvi, scanvi = spaces(run)
    found, nk = predicted(world, run), unknown & (types.codes == _NK)
    before, after = cell_maps(world, ("scVI, labels given", "scANVI, true types"), flat(scvi, scanvi))
    return Observation(
        pictures=(
            replace(before, colour=Groups("label given", given, types.names)),
            replace(after, marked=unknown & (found != types.codes)),
            _confusion(types, found, unknown),
        ),
        figures={
            "known": float((~unknown).sum()),
            "known_nk": float((given == _NK).sum()),
            "right": float((found == types.codes)[unknown].mean()),
            "by_neighbour": _by_neighbour(scvi, types.codes, unknown),
            "right_nk": float((found == types.codes)[nk].mean()),
            "sure_nk": float(_probability(run)[nk].mean()),
            "pure_nk": float(own_type_share(scanvi, types.codes)[types.codes == _NK].mean()),
        },
        notes=run.notes,
    )


def _hidden(cell_type: IntArray, batch: IntArray, hidden: IntArray, also: str) -> BoolArray:
    """Whether the label of each cell is hidden (cells,)."""
    unknown = np.isin(np.arange(len(cell_type)), hidden)
    if also == _ALSO[1]:
        unknown |= (cell_type == _NK) & (batch == 1)
    elif also == _ALSO[2]:
        unknown |= cell_type == _NK
    return unknown


def _by_neighbour(cells: FloatArray, cell_type: IntArray, unknown: BoolArray) -> float:
    """Share of the unlabelled cells whose nearest labelled cell is of their type."""
    nearest = nearest_neighbors(cells[unknown], cells[~unknown], 1).indices[:, 0]
    return float((cell_type[~unknown][nearest] == cell_type[unknown]).mean())


def _probability(run: Integration) -> FloatArray:
    """The probability that scANVI gives to the label it predicts (cells,)."""
    assert run.predictions is not None
    return np.asarray(run.predictions.drop(columns="label").to_numpy().max(axis=1))


def _confusion(types: Groups, found: IntArray, unknown: BoolArray) -> Matrix:
    """Unlabelled cells by what they are and what they are predicted to be."""
    n = len(types.names)
    counts = np.bincount(types.codes[unknown] * n + found[unknown], minlength=n * n).reshape(n, n)
    return Matrix("Cells without a label", counts.astype(float), types.names, types.names, "truth", "prediction")


def explain(seen: Observation) -> str:
    """What few labels are enough for, and what none are."""
    known, right, nearest = (seen.figures[name] for name in ("known", "right", "by_neighbour"))
    state = (
        f"{known:.0f} of {CELLS} cells have a label. scANVI is right on {right:.0%} of the others. The latent space of "
        f"scVI, which has seen no label, gives {nearest:.0%} by the nearest labelled cell."
    )
    if seen.figures["known_nk"] == 0:
        return (
            f"{state} No NK cell has a label, so none can be predicted to be one: {seen.figures['right_nk']:.0%} are, "
            f"and to the label that it chose instead scANVI gives a probability of {seen.figures['sure_nk']:.0%}. The "
            f"map knows better: {seen.figures['pure_nk']:.0%} of the neighbours of NK cells are NK cells."
        )
    if right < 0.9:
        return (
            f"{state} From so few labels a classifier learns less than their nearest neighbours know, though the types "
            "lie well apart."
        )
    return (
        f"{state} Types lie apart in the counts, so a few labelled cells name a whole cloud; "
        f"{seen.figures['right_nk']:.0%} of the unlabelled NK cells are found. Where the latent space is this good, "
        "labels do the naming rather than the integrating."
    )


LESSON = Lesson(
    name="scanvi-hidden-labels",
    chapter="scanvi",
    position=20,
    title="Labels that are missing",
    setting=(
        "Three cell types from two donors; all labels are right, but many are hidden. scANVI predicts the hidden ones. "
        "Hide more and more of them at random, and then those of all NK cells, in one donor or in both."
    ),
    sliders=(
        Slider(
            "hidden",
            "Labels hidden at random",
            (0.1, 0.5, 0.9, 0.98),
            default=0.5,
            names=("10 %", "50 %", "90 %", "98 %"),
        ),
        Slider("also", "Hidden as well", _ALSO, default=_ALSO[0]),
    ),
    prediction=Question(
        "Nine labels in ten are hidden at random. How many of the hidden ones does scANVI predict right?",
        ("Nearly all", "About half", "About one in ten"),
        answer=lambda seen: 0 if seen.figures["right"] > 0.9 else 1 if seen.figures["right"] > 0.3 else 2,
        why=lambda seen: f"{seen.figures['right']:.0%}, from {seen.figures['known']:.0f} labelled cells.",
        at={"hidden": 0.9, "also": _ALSO[0]},
    ),
    observe=observe,
    figures=(
        Figure("right", "Hidden labels predicted right", "share", good="high"),
        Figure(
            "by_neighbour",
            "By the nearest cell in scVI",
            "share",
            good="high",
            help="The label of the nearest labelled cell in the latent space of scVI.",
        ),
        Figure("right_nk", "Unlabelled NK cells found", "share", good="high"),
        Figure(
            "sure_nk",
            "Probability given to those",
            "share",
            help="To the label predicted for unlabelled NK cells, right or wrong; mean.",
        ),
    ),
    explain=explain,
    misreading=(
        "A high probability is no knowledge: the probabilities of the known labels sum to one, and there is no place "
        "for 'none of these'."
    ),
    check=Question(
        "The labels of all NK cells are hidden. Which of these would tell you that something is amiss?",
        (
            "Low probabilities of NK cells, below 60%",
            "Scattered NK cells in the map",
            "Neither: look at the cloud itself",
        ),
        answer=lambda seen: 0 if seen.figures["sure_nk"] < 0.6 else 1 if seen.figures["pure_nk"] < 0.8 else 2,
        why=lambda seen: (
            f"The wrong labels get a probability of {seen.figures['sure_nk']:.0%} on average, and "
            f"{seen.figures['pure_nk']:.0%} of the neighbours of NK cells are NK cells: a cloud of its own that bears "
            "another type's name."
        ),
        at={"hidden": 0.5, "also": _ALSO[2]},
    ),
    claims=(
        Claim("Half of the labels are enough", {"hidden": 0.5}, "right", at_least=0.95),
        Claim("as is one in ten", {"hidden": 0.9}, "right", at_least=0.95),
        Claim("since scVI holds the types apart", {"hidden": 0.9}, "by_neighbour", at_least=0.95),
        Claim("One donor's labels serve for the other", {"also": _ALSO[1]}, "right_nk", at_least=0.85),
        Claim("Without any label of a type, none is found", {"also": _ALSO[2]}, "right_nk", at_most=0.0),
        Claim("and scANVI is sure all the same", {"also": _ALSO[2]}, "sure_nk", at_least=0.7),
        Claim("though the type lies by itself", {"also": _ALSO[2]}, "pure_nk", at_least=0.95),
    ),
    method="scanvi",
    precomputed=True,
)
