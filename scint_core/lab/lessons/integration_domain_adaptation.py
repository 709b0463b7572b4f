"""Domain adaptation: a classifier made on one batch is tested on another, before and after integration."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from anndata import AnnData

from scint_core.contract import FloatArray
from scint_core.data.prepare import preprocess
from scint_core.lab.lesson import Bench, Claim, Figure, Lesson, Question, Slider
from scint_core.lab.measures import cell_maps, codes, flat
from scint_core.lab.pictures import Bars, Observation
from scint_core.metrics import measure
from scint_core.metrics.transfer import classified

_PCS = 20
_GOOD = 0.95


def observe(bench: Bench, batch_effect: float) -> Observation:
    """Label transfer on the principal components of two donors, and on fastMNN's result."""
    counts = bench.world(
        "two_batches", batch_effect=batch_effect, n_cells=400, n_genes=300, n_types=4, minor_share=0.5,
    )  # fmt: skip
    world = preprocess(counts, batch_key="batch", n_top_genes=200, n_pcs=_PCS)
    run = bench.integrate(world, "fastmnn", n_pcs=_PCS)
    assert run.embedding is not None
    before = np.asarray(world.obsm["X_pca"], dtype=np.float64)
    return Observation(
        pictures=(
            *cell_maps(world, ("Before",), flat(before)),
            replace(cell_maps(world, ("After fastMNN",), flat(run.embedding))[0], frame="after"),  # of another scale
            _by_type(world, before, run.embedding),
        ),
        figures={
            "home": _at_home(world, before),
            "before": _transferred(world, before)[0],
            "after": _transferred(world, run.embedding)[0],
        },
        notes=run.notes,
    )


def _transferred(world: AnnData, cells: FloatArray) -> tuple[float, dict[str, float]]:
    """Label transfer of an embedding, and of each of its types."""
    result = measure(cells, world.obs["batch"], world.obs["cell_type"], metrics=["Label transfer"])["Label transfer"]
    assert result.per_label is not None
    return result.score, dict(result.per_label)


def _at_home(world: AnnData, cells: FloatArray) -> float:
    """Share of the first batch's cells called right by a classifier that was made on every other one of them."""
    home = np.flatnonzero(codes(world, "batch") == 0)
    source, target = home[::2], home[1::2]
    cell_type = codes(world, "cell_type")
    return float((classified(cells[source], cell_type[source], cells[target]) == cell_type[target]).mean())


def _by_type(world: AnnData, before: FloatArray, after: FloatArray) -> Bars:
    shares = {"before": _transferred(world, before)[1], "after": _transferred(world, after)[1]}
    names = tuple(shares["before"])
    values = {when: np.array([of_type[name] for name in names]) for when, of_type in shares.items()}
    return Bars("Called right, by type", names, values, y_title="share of the cells")


def explain(seen: Observation) -> str:
    """What the truth says about what was seen."""
    home, before, after = (seen.figures[name] for name in ("home", "before", "after"))
    if before > _GOOD:
        return (
            f"Made on half of a donor's cells, the classifier calls {home:.0%} of the other half right. On the other "
            f"donor it is {before:.0%} already without integration, {after:.0%} after: the domains hardly differ, and "
            "what was learned in one holds in the other."
        )
    return (
        f"On cells of its own donor the classifier is right in {home:.0%}, on those of the other in {before:.0%} only. "
        "The task is the same, the domain has moved: types lie beyond the borders that were drawn for them. After "
        f"integration the same recipe calls {after:.0%} right. That number is offered as the metric 'Label transfer'."
    )


LESSON = Lesson(
    name="integration-domain-adaptation",
    chapter="integration",
    position=30,
    title="Learned here, used there",
    setting=(
        "Two donors with the same four cell types. A linear classifier learns the types from one donor and names "
        "the cells of the other, and the other way round: on the principal components before integration and on "
        "fastMNN's result. Slide the batch effect between the donors."
    ),
    sliders=(
        Slider(
            "batch_effect", "Batch effect", (0.0, 0.25, 0.5, 1.0, 1.5, 2.0), default=0.25,
            help="Spread of the factors by which a donor multiplies the genes (natural logarithm).",
        ),
    ),
    prediction=Question(
        "The classifier is right for nearly all cells of its own donor. With a batch effect of 2, for how many "
        "of the other donor's?",
        ("Nearly all: the types are the same", "Between five and nine in ten", "Fewer than five in ten"),
        answer=lambda seen: [seen.figures["before"] > share for share in (0.9, 0.5, -1)].index(True),
        why=lambda seen: f"For {seen.figures['before']:.0%}; for {seen.figures['home']:.0%} of its own donor's.",
        at={"batch_effect": 2.0},
    ),
    observe=observe,
    figures=(
        Figure("home", "Called right, same donor", "share", good="high"),
        Figure("before", "Other donor, before", "share", good="high", help="Mean over types, 25 % is a guess."),
        Figure("after", "Other donor, after", "share", good="high"),
    ),
    explain=explain,
    misreading=(
        "A classifier that transfers does not show that batches are mixed. If the batch effect lies across the borders "
        "between types, all cells are called right and the batches still lie apart."
    ),
    check=Question(
        "At 2, is it the classifier that is too weak for these types?",
        ("Yes: it fails on the other donor", "No: on its own donor, and after integration, it works"),
        answer=lambda seen: 1 if min(seen.figures["home"], seen.figures["after"]) > 0.85 else 0,
        why=lambda seen: (
            f"{seen.figures['home']:.0%} on its own donor, {seen.figures['before']:.0%} on the other, "
            f"{seen.figures['after']:.0%} there after integration."
        ),
        at={"batch_effect": 2.0},
    ),
    claims=(
        Claim("Without a batch effect what is learned holds", {"batch_effect": 0.0}, "before", at_least=0.97),
        Claim("as it does with a small one", {"batch_effect": 0.25}, "before", at_least=0.95),
        Claim("With a large one fewer than nine in ten are right", {"batch_effect": 2.0}, "before", at_most=0.9),
        Claim("though not on the own donor", {"batch_effect": 2.0}, "home", at_least=0.95),
        Claim("and integration mends it", {"batch_effect": 2.0}, "after", at_least=0.9),
    ),
    method="fastmnn",
)  # fmt: skip
