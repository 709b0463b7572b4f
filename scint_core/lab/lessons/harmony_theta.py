"""Harmony's theta presses every cluster to hold all batches, also clusters of a type that one batch alone has."""

from __future__ import annotations

import numpy as np

from scint_core.contract import FloatArray
from scint_core.lab.lesson import Bench, Claim, Figure, Lesson, Question, Slider
from scint_core.lab.measures import (
    cell_maps,
    centroid_gap,
    codes,
    flat,
    groups,
    in_cell_order,
    mixing,
    own_type_share,
    results_of,
)
from scint_core.lab.pictures import Groups, Matrix, Observation
from scint_core.numerics.soft_clusters import cluster_for_diversity

_GAP = 5.0  # distance between two types
_MONOCYTES = {"in both batches": 3, "in batch 2 alone": 2}  # and how many types are shared
_SWALLOWED = 0.85  # share of own type among the neighbours, below which monocytes are said to be spread


def observe(bench: Bench, theta: float, monocytes: str) -> Observation:
    """Harmony with one `theta`; monocytes are in both batches or in one."""
    shared = _MONOCYTES[monocytes]
    world = bench.world("plane_clouds", n_cells=300, n_genes=60, gap=_GAP, width=0.6, shift=2.0, shared=shared)
    run = bench.integrate(world, "harmony", theta=theta, sigma=0.2, n_clusters=8, max_iter=20, epsilon_harmony=1e-4)
    before = bench.integrate(world, "harmony", max_iter=0).embedding
    assert before is not None
    assert run.embedding is not None
    batch, types = codes(world, "batch"), groups(world, "cell_type")
    monocyte = types.codes == types.names.index("Monocyte")
    clusters, _ = results_of(run, cluster_for_diversity)[-1]
    of_batch_2 = (run.embedding - before)[monocyte & (batch == 1)]
    return Observation(
        pictures=(
            *cell_maps(world, ("Before", "After Harmony"), flat(before, run.embedding)),
            _cells_by_type(in_cell_order(world, clusters.membership), types),
        ),
        figures={
            "theta": theta,
            "alone": float(shared < 3),
            "pure": float(own_type_share(run.embedding, types.codes)[monocyte].mean()),
            "moved": float(np.linalg.norm(of_batch_2.mean(axis=0)) / _GAP),
            "gap": centroid_gap(run.embedding, batch, types.codes),
            "mixing": mixing(run.embedding, batch, world.obs["shared_type"].to_numpy()),
        },
        notes=run.notes,
    )


def _cells_by_type(share: FloatArray, types: Groups) -> Matrix:
    """Cells of every type in every cluster, from the cells' shares (cells × K); clusters of one type side by side."""
    held = np.stack([share[types.codes == t].sum(axis=0) for t in range(len(types.names))], axis=1)  # K × types
    held = held[np.lexsort((-held.max(axis=1), held.argmax(axis=1)))]
    names = tuple(f"cluster {i + 1}" for i in range(len(held)))
    return Matrix("Cells held by each cluster", held, names, types.names)


def explain(seen: Observation) -> str:
    """What the penalty did to monocytes."""
    theta, pure, moved, gap = (seen.figures[name] for name in ("theta", "pure", "moved", "gap"))
    if not seen.figures["alone"]:
        return (
            f"All three types are in both batches, so a cluster can hold both batches and still one type. With theta "
            f"{theta:g}, {pure:.0%} of the neighbours of monocytes are monocytes, and a gap of {gap:.0%} is left "
            "within types: the pressure to mix asks for nothing that is not so."
        )
    if pure < _SWALLOWED:
        return (
            f"A cluster of monocytes can only hold batch 2, and theta {theta:g} makes that dear. Monocytes are shared "
            f"out among clusters of T and B cells, whose offsets then pull them along: they moved by {moved:.0%} of "
            f"the distance between types, and {pure:.0%} of their neighbours are monocytes. T and B cells suffer too: "
            f"a gap of {gap:.0%} is left in them, since their clusters' offsets are partly those of monocytes."
        )
    return (
        f"A cluster of monocytes can only hold batch 2. With theta {theta:g}, distance still outweighs that: "
        f"monocytes mostly keep clusters of their own. They moved by {moved:.0%} of the distance between types, and "
        f"{pure:.0%} of their neighbours are monocytes."
    )


LESSON = Lesson(
    name="harmony-theta",
    chapter="harmony",
    position=30,
    title="Diversity at any price",
    setting=(
        "T and B cells are in both batches, monocytes in the second alone. `theta` presses every cluster to hold both "
        "batches in proportion. Raise it, and watch monocytes; then let both batches have them."
    ),
    sliders=(
        Slider("theta", "theta", (0.0, 1.0, 2.0, 4.0, 8.0), default=2.0, help="0 is soft k-means; 2 the usual value."),
        Slider("monocytes", "Monocytes are", tuple(_MONOCYTES), default="in batch 2 alone"),
    ),
    prediction=Question(
        "Theta is 8, and batch 1 holds no monocytes. What becomes of those in batch 2?",
        (
            "They stay among themselves: there is nothing to mix with",
            "They are drawn among other types",
            "They keep together, on top of another type's place",
        ),
        answer=lambda seen: 1 if seen.figures["pure"] < _SWALLOWED else 0 if seen.figures["moved"] < 0.3 else 2,
        why=lambda seen: (
            f"They moved by {seen.figures['moved']:.0%} of the distance between types, and {seen.figures['pure']:.0%} "
            "of their neighbours are monocytes."
        ),
        at={"theta": 8.0, "monocytes": "in batch 2 alone"},
    ),
    observe=observe,
    figures=(
        Figure("pure", "Monocytes around monocytes", "share", good="high", help="Of the 15 nearest neighbours."),
        Figure("moved", "Monocytes of batch 2 moved by", "share", help="Of the distance between two types."),
        Figure("gap", "Gap left within shared types", "score", good="low"),
        Figure("mixing", "Mixing of shared types", "score", good="high"),
    ),
    explain=explain,
    misreading=(
        "Clusters that hold both batches alike look like success. Here that balance is bought with cells of another "
        "type: the table shows which types a cluster holds."
    ),
    check=Question(
        "Both batches hold all three types. Does theta 8 still spread monocytes?",
        ("Yes: 8 is too much for any data", "No: clusters can be of one type and hold both batches"),
        answer=lambda seen: 0 if seen.figures["pure"] < _SWALLOWED else 1,
        why=lambda seen: f"{seen.figures['pure']:.0%} of the neighbours of monocytes are monocytes.",
        at={"theta": 8.0, "monocytes": "in both batches"},
    ),
    claims=(
        Claim("Without theta, monocytes keep to themselves", {"theta": 0.0}, "pure", at_least=0.97),
        Claim("and with the usual theta", {"theta": 2.0}, "pure", at_least=0.95),
        Claim("which closes the gap of shared types", {"theta": 2.0}, "gap", at_most=0.05),
        Claim("With theta 8 they are spread among others", {"theta": 8.0}, "pure", at_most=0.85),
        Claim("and have moved far", {"theta": 8.0}, "moved", at_least=0.35),
        Claim(
            "If both batches hold them, theta 8 does no harm",
            {"theta": 8.0, "monocytes": "in both batches"},
            "pure",
            at_least=0.97,
        ),
    ),
    method="harmony",
)
