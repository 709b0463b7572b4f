"""Scanorama: alpha decides how alike two batches must be to be joined."""

from __future__ import annotations

from scint_core.contract import AlignmentScores, Embedding, PanoramaGraph
from scint_core.lab.lesson import Bench, Claim, Figure, Lesson, Question, Slider
from scint_core.lab.measures import cell_maps, centroid_gap, codes, in_cell_order, kept_pairs, mixing, step_results
from scint_core.lab.pictures import Matrix, Observation
from scint_core.lab.truth import oblique, places


def observe(bench: Bench, alpha: float) -> Observation:
    """Scanorama on a chain of four batches, of which each two in a row share a type, ever fewer cells of it."""
    world = bench.world("chained_batches", n_batches=4, uneven=1, gap=9.0, shift=2.0, n_cells=240, n_genes=60)
    run = bench.integrate(world, "scanorama", alpha=alpha, n_dims=10)
    assert run.embedding is not None
    scores, graph = step_results(run, AlignmentScores)[0].score, step_results(run, PanoramaGraph)[0]
    batch, cell_type = codes(world, "batch"), codes(world, "cell_type")
    placed = in_cell_order(world, step_results(run, Embedding)[0].coordinates)
    views = [oblique(cells) for cells in (world.obsm["place"], places(world, run.embedding, placed))]
    return Observation(
        pictures=(
            Matrix("Alignment scores", scores, run.batch_names, run.batch_names, written="share"),
            *cell_maps(world, ("Before, with the matches used", "After Scanorama"), views, kept_pairs(run)),
        ),
        figures={
            "panoramas": float(len(graph.panoramas)),
            "links": float(len(graph.edges)),
            "gap": centroid_gap(run.embedding, batch, cell_type),
            "mixing": mixing(run.embedding, batch, world.obs["shared_type"].to_numpy()),
            "ends": float(scores[0, 3]),
            "weakest": float(min(scores[0, 1], scores[1, 2], scores[2, 3])),
            "strongest": float(scores.max()),
        },
        notes=run.notes,
    )


def explain(seen: Observation) -> str:
    """What the truth says about what was seen."""
    panoramas, links, gap = int(seen.figures["panoramas"]), int(seen.figures["links"]), seen.figures["gap"]
    truth = (
        "Each batch shares one type with the next, and the share of its cells falls along the chain: so do the scores, "
        f"from {seen.figures['strongest']:.2f} to {seen.figures['weakest']:.2f}."
    )
    if panoramas == 1:
        return (
            f"{truth} All three lie above alpha, and one panorama holds all four batches. Batch 1 and batch 4 share "
            f"no type and have a score of {seen.figures['ends']:.2f}: they are held together by those in between."
        )
    if links:
        return (
            f"{truth} Alpha cuts the weaker links: {links} left, and the batches lie in {panoramas} panoramas. Those "
            "that were cut off are returned as they are, although the simulation gave them a type in common with "
            f"their neighbour. The gap that is left within types is {gap:.2f}."
        )
    return (
        f"{truth} None lies above alpha. The panorama has fallen apart: every batch is returned as it came, with a gap "
        f"of {gap:.2f} within types, and with no error. Only a note of the run says so."
    )


LESSON = Lesson(
    name="scanorama-alpha",
    chapter="scanorama",
    position=10,
    title="A panorama falls apart",
    setting=(
        "Four batches form a chain: each shares one cell type with the next, 90 % of the cells of the first, 60 % of "
        "the second, 40 % of the third. Scanorama joins two batches when more than the share alpha of the cells of "
        "one of them has a match in the other. Raise alpha. The maps show the plane of the types at an angle, so that "
        "the shifts of the batches can be seen."
    ),
    sliders=(
        Slider("alpha", "alpha", (0.1, 0.3, 0.5, 0.65, 0.9), default=0.1, help="A score must be above it for a link."),
    ),
    prediction=Question(
        "Batch 1 and batch 4 have no type in common. With alpha at 0.1, do they end in one panorama?",
        ("No: no cell of one has a match in the other", "Yes: through batches 2 and 3", "Yes: by matches by chance"),
        answer=lambda seen: 0 if seen.figures["panoramas"] > 1 else 1 if seen.figures["ends"] <= 0.1 else 2,
        why=lambda seen: (
            f"Their score is {seen.figures['ends']:.2f}, and {int(seen.figures['panoramas'])} panorama holds all four: "
            "each batch is linked to the next."
        ),
        at={"alpha": 0.1},
    ),
    observe=observe,
    figures=(
        Figure("panoramas", "Panoramas", "count", help="Groups of batches that end up together, single ones counted."),
        Figure("links", "Links above alpha", "count"),
        Figure("gap", "Gap left within types", "score", good="low"),
        Figure("mixing", "Mixing in shared types", "score", good="high"),
    ),
    explain=explain,
    misreading=(
        "A batch that stays apart need not be different: here every batch has a type in common with its neighbour. A "
        "score says how many cells are matched, not how alike the matched cells are."
    ),
    check=Question(
        "With alpha at 0.5, how many panoramas are there?",
        ("1", "2", "3", "4"),
        answer=lambda seen: int(seen.figures["panoramas"]) - 1,
        why=lambda seen: (
            f"{int(seen.figures['links'])} of the three links have a score above 0.5, and each link joins two groups "
            f"into one: {int(seen.figures['panoramas'])} panoramas are left of four batches."
        ),
        at={"alpha": 0.5},
    ),
    claims=(
        Claim("At 0.1 one panorama holds all", {"alpha": 0.1}, "panoramas", at_most=1),
        Claim("by three links, one per shared type", {"alpha": 0.1}, "links", at_least=3, at_most=3),
        Claim("the ends of the chain have no match", {"alpha": 0.1}, "ends", at_most=0.02),
        Claim("and types come together", {"alpha": 0.1}, "gap", at_most=0.06),
        Claim("At 0.5 the last batch falls off", {"alpha": 0.5}, "panoramas", at_least=2, at_most=2),
        Claim("At 0.65 one link is left", {"alpha": 0.65}, "links", at_least=1, at_most=1),
        Claim("At 0.9 every batch is alone", {"alpha": 0.9}, "panoramas", at_least=4),
        Claim("and the gap is as it was", {"alpha": 0.9}, "gap", at_least=0.15),
        Claim("as is the mixing", {"alpha": 0.9}, "mixing", at_most=0.2),
    ),
    method="scanorama",
)
