"""Why batches of unequal size keep iLISI from 1."""

from __future__ import annotations

import numpy as np

from scint_core.lab.lesson import Bench, Claim, Figure, Lesson, Question, Slider
from scint_core.lab.measures import groups
from scint_core.lab.pictures import CellMap, Curves, Observation
from scint_core.metrics import measure

_SHARES = (0.05, 0.1, 0.2, 0.3, 0.4, 0.5)


def observe(bench: Bench, minor: float) -> Observation:
    """iLISI of two batches without any batch effect, of which the second has this share of the cells."""
    measured = np.array([_score(bench, share, "iLISI") for share in _SHARES])
    shares = np.array(_SHARES)
    caps = cap(shares)
    world, here = bench.world("two_types", minor=minor, shift=0.0), _SHARES.index(minor)
    curves = Curves(
        "iLISI without a batch effect", shares, {"what the proportions allow": caps, "measured": measured},
        x_title="share of the small batch", y_title="iLISI", at=minor,
    )  # fmt: skip
    return Observation(
        pictures=(CellMap("No batch effect at all", world.obsm["place"][:, :2], groups(world, "batch")), curves),
        figures={
            "minor": minor,
            "cap": float(caps[here]),
            "ilisi": float(measured[here]),
            "kbet": _score(bench, minor, "KBET plain"),
        },
    )  # fmt: skip


def cap(minor: np.ndarray) -> np.ndarray:
    """iLISI where every cell finds two batches in proportion, one with the share `minor` of all: 1 / Σp² − 1."""
    return np.asarray(1 / (minor**2 + (1 - minor) ** 2) - 1)


def _score(bench: Bench, minor: float, metric: str) -> float:
    world = bench.world("two_types", minor=minor, shift=0.0)
    return measure(world.obsm["place"], world.obs["batch"], metrics=[metric])[metric].score


def explain(seen: Observation) -> str:
    """What the truth says about what was seen."""
    minor, best, ilisi, kbet = (seen.figures[name] for name in ("minor", "cap", "ilisi", "kbet"))
    if minor == 0.5:
        return (
            f"Both batches have as many cells, and there is no batch effect. So a cell finds both in equal parts, and "
            f"iLISI can come to 1. It is {ilisi:.2f}: among the few neighbours that count, chance makes the parts "
            f"unequal. kBET, which compares with the proportions of the data, accepts {kbet:.0%} of the cells."
        )
    return (
        f"There is no batch effect, cells are mixed as well as they can be. But in a perfect mixture a cell finds "
        f"{1 - minor:.0%} of one batch and {minor:.0%} of the other, which is 1 / ({1 - minor:g}² + {minor:g}²) = "
        f"{1 + best:.2f} batches effectively. iLISI is that less 1: the proportions allow {best:.2f}, and {ilisi:.2f} "
        f"is measured. kBET, which compares with the proportions of the data, accepts {kbet:.0%} of the cells."
    )


LESSON = Lesson(
    name="metrics-cap",
    chapter="metrics",
    position=20,
    title="A perfect mixture that scores 0.2",
    setting=(
        "Two batches without any batch effect: cells are mixed perfectly, and nothing is left to integrate. Slide the "
        "share of the small batch and watch iLISI, which counts the batches around a cell: 0 is one, 1 is both."
    ),
    sliders=(Slider("minor", "Share of the small batch", _SHARES, default=0.5),),
    prediction=Question(
        "The small batch has a tenth of the cells, and the mixture is perfect. What is iLISI?",
        ("About 1", "About 0.6", "About 0.2"),
        answer=lambda seen: [seen.figures["ilisi"] > score for score in (0.8, 0.4, -1)].index(True),
        why=lambda seen: f"{seen.figures['ilisi']:.2f}, the proportions allow no more than {seen.figures['cap']:.2f}.",
        at={"minor": 0.1},
    ),
    observe=observe,
    figures=(
        Figure("ilisi", "iLISI", "score"),
        Figure(
            "cap",
            "What the proportions allow",
            "score",
            help="1 / (p² + q²) − 1, with the shares p and q of the batches.",
        ),
        Figure("kbet", "kBET, cells accepted", "share", good="high"),
    ),
    explain=explain,
    misreading=(
        "A low iLISI of unequal batches is no sign of a batch effect. Compare it with the most that is possible, or "
        "with other results on the same cells; never with another data set."
    ),
    check=Question(
        "Two results on the same cells, 90 % and 10 %: iLISI 0.17 and 0.02. Is the first one badly mixed?",
        ("Yes, 0.17 is near 0", "No, it is near the best that is possible"),
        answer=lambda seen: 1 if seen.figures["cap"] < 0.3 else 0,
        why=lambda seen: f"With a tenth of the cells in one batch, the proportions allow {seen.figures['cap']:.2f}.",
        at={"minor": 0.1},
    ),
    claims=(
        Claim("Equal batches come close to 1", {"minor": 0.5}, "ilisi", at_least=0.9, at_most=1.0),
        Claim("90 and 10 % stay at about 0.2", {"minor": 0.1}, "ilisi", at_least=0.12, at_most=0.22),
        Claim("as the proportions allow no more than 0.22", {"minor": 0.1}, "cap", at_least=0.2195, at_most=0.2196),
        Claim("though kBET finds them mixed", {"minor": 0.1}, "kbet", at_least=0.9),
        Claim("as it does equal ones", {"minor": 0.5}, "kbet", at_least=0.8),
    ),
)
