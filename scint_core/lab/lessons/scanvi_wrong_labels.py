"""scANVI believes the labels it is given: what wrong ones do to the predictions and to the latent space."""

from __future__ import annotations

import numpy as np

from scint_core.lab.lesson import Bench, Claim, Figure, Lesson, Question, Slider
from scint_core.lab.measures import cell_maps, codes, flat, mixing, own_type_share
from scint_core.lab.pictures import Matrix, Observation
from scint_core.lab.small_scanvi import by_donor, predicted, some, spaces, trained, two_donors

_WHERE = ("both donors", "donor 2 alone")


def observe(bench: Bench, wrong: float, where: str, ratio: float) -> Observation:
    """scANVI with T and B cells exchanged in a share of their labels."""
    world = two_donors(bench)
    batch, cell_type = codes(world, "batch"), codes(world, "cell_type")
    swappable = cell_type < 2  # T cells and B cells
    flipped = some(bench, np.flatnonzero(swappable & ((where == _WHERE[0]) | (batch == 1))), wrong, "flipped")
    given = cell_type.copy()
    given[flipped] = 1 - given[flipped]
    run = trained(bench, world, given, ratio)
    scvi, scanvi = spaces(run)
    found = predicted(world, run)
    shares, rows = by_donor(world, found)
    right = found == cell_type
    return Observation(
        pictures=(
            *cell_maps(world, ("scVI, without labels", "scANVI, with labels"), flat(scvi, scanvi)),
            Matrix(
                "Predicted for each type",
                shares,
                rows,
                tuple(world.obs["cell_type"].cat.categories),
                "truth",
                "prediction",
                "share",
            ),
        ),
        figures={
            "wrong": wrong,
            "one_donor": float(where == _WHERE[1]),
            "right": float(right[swappable].mean()),
            "mended": float(right[flipped].mean()) if len(flipped) else float("nan"),
            "pure": float(own_type_share(scanvi, cell_type)[swappable].mean()),
            "mixing": mixing(scanvi, batch, swappable),
        },
        notes=run.notes,
    )


def explain(seen: Observation) -> str:
    """What the wrong labels did, and where."""
    wrong, right, pure, mixed = (seen.figures[name] for name in ("wrong", "right", "pure", "mixing"))
    state = (
        f"{right:.0%} of T and B cells are predicted to be what they are. In the latent space, {pure:.0%} of their "
        f"neighbours are of their own type, and mixing of the donors is {mixed:.2f}."
    )
    if wrong == 0:
        return f"All labels are right, and nothing contradicts the counts. {state}"
    if seen.figures["one_donor"]:
        return (
            f"{wrong:.0%} of the labels of T and B cells are exchanged in donor 2 alone, so that the donors contradict "
            f"each other. {state} A label is to follow from the place of a cell, and one place cannot have two labels: "
            "the more labels disagree, the further the network moves the donors apart, which scVI had brought together."
        )
    if wrong == 1:
        return (
            f"T cells are called B cells and B cells T cells, in both donors alike. {state} Labels are only names: "
            "exchanged everywhere, they are predicted as they were given, and the latent space does not suffer."
        )
    return (
        f"{wrong:.0%} of the labels of T and B cells are exchanged, in both donors alike, and "
        f"{seen.figures['mended']:.0%} of these cells are predicted to be what they are all the same. {state} "
        f"{_why(wrong, seen.figures['mended'])}"
    )


def _why(wrong: float, mended: float) -> str:
    """Why as many of the wrong labels were mended as were."""
    if wrong >= 0.5:
        return (
            "The counts say which cells belong together, but not what they are called: that is left to the labels, "
            "which say little now."
        )
    if mended > 0.5:
        return "The counts say which cells belong together, and few labels against many are outvoted."
    return "Labels that weigh this much are learnt one by one, the wrong ones too."


LESSON = Lesson(
    name="scanvi-wrong-labels",
    chapter="scanvi",
    position=10,
    title="Labels that are wrong",
    setting=(
        "Three cell types from two donors. scVI is trained on the counts, then scANVI goes on with labels. Exchange "
        "the labels of a share of the T and B cells, in both donors or in one, and see what becomes of the predictions "
        "and of the map. `classification_ratio` is how much the labels count."
    ),
    sliders=(
        Slider(
            "wrong",
            "Exchanged labels",
            (0.0, 0.1, 0.3, 0.5, 1.0),
            default=0.0,
            help="Share of the T and B cells that bear the other's label.",
            names=("none", "10 %", "30 %", "50 %", "all"),
        ),
        Slider("where", "Exchanged in", _WHERE, default=_WHERE[0]),
        Slider("ratio", "classification_ratio", (10.0, 50.0), default=10.0, help="50 is the usual value."),
    ),
    prediction=Question(
        "All labels of T and B cells are exchanged, in donor 2 alone. What becomes of the latent space?",
        ("T and B cells mix", "The donors come apart", "Nothing: counts decide"),
        answer=lambda seen: 0 if seen.figures["pure"] < 0.8 else 1 if seen.figures["mixing"] < 0.3 else 2,
        why=lambda seen: (
            f"{seen.figures['pure']:.0%} of the neighbours of T and B cells are of their own type, and mixing of the "
            f"donors is {seen.figures['mixing']:.2f}."
        ),
        at={"wrong": 1.0, "where": _WHERE[1], "ratio": 10.0},
    ),
    observe=observe,
    figures=(
        Figure("right", "T and B cells predicted right", "share", good="high"),
        Figure("mended", "Of the wrongly labelled", "share", good="high", help="Predicted to be what they are."),
        Figure("pure", "Own type around them", "share", good="high", help="Of the 15 nearest in the latent space."),
        Figure("mixing", "Mixing of donors", "score", good="high", help="Among T and B cells."),
    ),
    explain=explain,
    misreading=(
        "A map in which types lie well apart does not say that the labels were right: with half of them exchanged it "
        "looks the same. And donors that come apart here are no batch effect; the labels made it."
    ),
    check=Question(
        "Half of the labels of T and B cells are exchanged in both donors. What can still be trusted?",
        ("The predictions", "The map: which cells belong together", "Neither"),
        answer=lambda seen: 0 if seen.figures["right"] > 0.9 else 1 if seen.figures["pure"] > 0.9 else 2,
        why=lambda seen: (
            f"{seen.figures['right']:.0%} of the predictions are right, where a coin would get half, while "
            f"{seen.figures['pure']:.0%} of the neighbours are of the own type."
        ),
        at={"wrong": 0.5, "where": _WHERE[0], "ratio": 10.0},
    ),
    claims=(
        Claim("With right labels, predictions are right", {"wrong": 0.0}, "right", at_least=0.98),
        Claim("and donors mix", {"wrong": 0.0}, "mixing", at_least=0.9),
        Claim("One label in ten wrong is tolerated", {"wrong": 0.1}, "right", at_least=0.95),
        Claim("less so if labels count more", {"wrong": 0.1, "ratio": 50.0}, "right", at_most=0.95),
        Claim("Half of them wrong, predictions are a guess", {"wrong": 0.5}, "right", at_most=0.8),
        Claim("while types stay apart", {"wrong": 0.5}, "pure", at_least=0.97),
        Claim("Donors that disagree come apart", {"wrong": 1.0, "where": _WHERE[1]}, "mixing", at_most=0.1),
        Claim("without their types mixing", {"wrong": 1.0, "where": _WHERE[1]}, "pure", at_least=0.97),
    ),
    method="scanvi",
    precomputed=True,
)
