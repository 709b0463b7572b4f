"""Too few clusters for the types: Harmony takes a difference in proportions for a batch effect, and mixes types."""

from __future__ import annotations

from anndata import AnnData

from scint_core.contract import FloatArray
from scint_core.lab.lesson import Bench, Claim, Figure, Lesson, Question, Slider
from scint_core.lab.measures import cell_maps, centroid_gap, codes, flat, mixing, purity, type_distances
from scint_core.lab.pictures import Observation

_PLENTY = 8  # clusters
_ENOUGH = 0.9  # share of neighbours of the own type, below which types are said to be mixed
_SMALL = 0.2  # gap within types, below which batches are said to meet


def observe(bench: Bench, clusters: int, share: float) -> Observation:
    """Harmony with so many clusters, and with enough, on two types in opposite proportions."""
    world = bench.world(
        "two_types", share_first=share, share_second=round(1 - share, 2), gap=5.0, shift=2.0, n_cells=300, n_genes=60
    )
    batch, cell_type = codes(world, "batch"), codes(world, "cell_type")
    before = bench.integrate(world, "harmony", max_iter=0).embedding
    corrected = {n: _corrected(bench, world, n) for n in {clusters, _PLENTY}}
    after = corrected[clusters]
    assert before is not None
    return Observation(
        pictures=cell_maps(world, ("Before", "After Harmony"), flat(before, after)),
        figures={
            "clusters": float(clusters),
            "share": share,
            "mixing": mixing(after, batch),
            "gained": mixing(after, batch) - mixing(corrected[_PLENTY], batch),
            "pure": purity(after, cell_type),
            "kept": float((type_distances(after, cell_type) / type_distances(before, cell_type)).min()),
            "gap": centroid_gap(after, batch, cell_type),
        },
    )


def _corrected(bench: Bench, world: AnnData, n_clusters: int) -> FloatArray:
    run = bench.integrate(world, "harmony", n_clusters=n_clusters, sigma=0.2, max_iter=20, epsilon_harmony=1e-4)
    assert run.embedding is not None
    return run.embedding


def explain(seen: Observation) -> str:
    """What the truth says about what was seen."""
    share, mixed, pure, kept, gap = (seen.figures[name] for name in ("share", "mixing", "pure", "kept", "gap"))
    if seen.figures["clusters"] > 1:
        rest = "" if share == 0.5 else " It cannot be more: T cells of batch 1 find few of batch 2 to lie among."
        return (
            "A cluster holds cells of one type, so what it takes off is what the batch did to that type. A gap of "
            f"{gap:.0%} is left within types, which keep {kept:.0%} of their distance. All cells together are mixed to "
            f"{mixed:.0%}.{rest}"
        )
    if share == 0.5:
        return (
            "With one cluster, Harmony makes the means of the two batches equal, as limma does. Both batches are half "
            f"T cells, so their means differ by the batch effect alone, and a gap of {gap:.0%} is left within types."
        )
    return (
        "With one cluster, Harmony makes the means of the two batches equal, as limma does. Most of what they differ "
        f"by is not the batch effect but the share of T cells, {share:.0%} and {1 - share:.0%}. So T cells of one "
        f"batch are pushed towards B cells of the other: types keep {kept:.0%} of their distance, and {pure:.0%} of a "
        f"cell's neighbours are of its type. All cells together are mixed to {mixed:.0%}, where {_PLENTY} clusters "
        f"reach {mixed - seen.figures['gained']:.0%}."
    )


LESSON = Lesson(
    name="harmony-over-correction",
    chapter="harmony",
    position=35,
    title="Over-correction",
    setting=(
        "Two batches hold T cells and B cells in opposite proportions. Harmony corrects cluster by cluster: what "
        "batches differ by within a cluster counts as batch effect. Take clusters away until one has to hold both "
        "types, and compare how well all cells are mixed with what becomes of the types."
    ),
    sliders=(
        Slider("clusters", "Clusters", (1, 2, 4, 8), default=8, help="n_clusters"),
        Slider("share", "Share of T cells in batch 1", (0.5, 0.7, 0.9), default=0.9, help="Batch 2 has the rest."),
    ),
    prediction=Question(
        "Batch 1 is 90 % T cells, batch 2 is 10 %, and Harmony has one cluster. What becomes of T cells?",
        (
            "Those of both batches meet: one cluster has more cells to learn from",
            "They stay where they are: one cluster cannot tell the batches apart",
            "They are pushed apart, towards B cells of the other batch",
        ),
        answer=lambda seen: 0 if seen.figures["gap"] < _SMALL else 1 if seen.figures["pure"] > _ENOUGH else 2,
        why=lambda seen: (
            f"A gap of {seen.figures['gap']:.0%} is left within types, and {seen.figures['pure']:.0%} of a cell's "
            "neighbours are of its type."
        ),
        at={"clusters": 1, "share": 0.9},
    ),
    observe=observe,
    figures=(
        Figure("mixing", "Mixing of all cells", "score", help="Whatever their type."),
        Figure("gained", f"against {_PLENTY} clusters", "score", help="How much better all cells are mixed."),
        Figure("pure", "Neighbours of the own type", "share", good="high"),
        Figure("kept", "Distance kept by the types", "share", good="high"),
        Figure("gap", "Gap left within types", "score", good="low"),
    ),
    explain=explain,
    misreading=(
        "The score for mixing goes up where the result gets worse: it rewards any neighbour from the other batch, also "
        "one of another type. Judge it together with a score for types, or within types."
    ),
    check=Question(
        "Both batches are half T cells, and there is one cluster. Is that too few?",
        ("Yes: T and B cells share a cluster", "No: batches differ by the batch effect alone"),
        answer=lambda seen: 1 if seen.figures["gap"] < _SMALL and seen.figures["pure"] > _ENOUGH else 0,
        why=lambda seen: (
            f"A gap of {seen.figures['gap']:.0%} is left within types, and {seen.figures['pure']:.0%} of a cell's "
            "neighbours are of its type: what is the same for all types can be taken off all at once."
        ),
        at={"clusters": 1, "share": 0.5},
    ),
    claims=(
        Claim("With clusters enough, batches meet", {"clusters": 8, "share": 0.9}, "gap", at_most=0.12),
        Claim("and types stay apart", {"clusters": 8, "share": 0.9}, "pure", at_least=0.97),
        Claim("Two clusters for two types are enough", {"clusters": 2, "share": 0.9}, "gap", at_most=0.05),
        Claim("One mixes types", {"clusters": 1, "share": 0.9}, "pure", at_most=0.85),
        Claim("brings them closer", {"clusters": 1, "share": 0.9}, "kept", at_most=0.5),
        Claim("tears their batches apart", {"clusters": 1, "share": 0.9}, "gap", at_least=0.6),
        Claim("and mixes all cells better than eight do", {"clusters": 1, "share": 0.9}, "gained", at_least=0.01),
        Claim("In equal proportions one is enough", {"clusters": 1, "share": 0.5}, "gap", at_most=0.1),
    ),
    method="harmony",
)
