"""Panoramas: which batches share cells, and in which order they are joined (Hie, Bryson and Berger 2019)."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from scint_core.contract import AlignmentScores, IntArray, MutualPairs, PanoramaGraph, explained

CONSIDERED = 3
"""How often a batch is considered: an edge whose two batches have both been considered so often is skipped."""

Move = tuple[tuple[int, ...], tuple[int, ...], tuple[tuple[int, int], ...]]
"""Batches that move, batches they move onto, and the pairs of batches (moved, onto) whose matches decide how."""


@explained(
    "Every two batches are scored by the share of cells that have a match in the other batch; the larger of the two "
    "shares counts, so that a small batch can match a part of a large one.",
    formula=r"r_{ij} = \max\!\left(\frac{n_i^{M}}{n_i}, \frac{n_j^{M}}{n_j}\right)",
)
def alignment_scores(matches: MutualPairs, batch: IntArray, sizes: IntArray) -> AlignmentScores:
    """Shares of matched cells between any two batches, and the score of each two.

    `batch` (cells,) is the batch of every row of the problem, `sizes` (batches,) how many cells of each take part.
    """
    n = len(sizes)
    matched = np.zeros((n, n), dtype=np.int64)
    ends = np.concatenate([matches.left, matches.right])
    others = batch[np.concatenate([matches.right, matches.left])]
    for cell, other in np.unique(np.stack([ends, others], axis=1), axis=0):
        matched[batch[cell], other] += 1
    pairs = np.zeros((n, n), dtype=np.int64)
    np.add.at(pairs, (batch[matches.left], batch[matches.right]), 1)
    share = matched / sizes[:, None]
    return AlignmentScores(score=np.maximum(share, share.T), share=share, matches=pairs + pairs.T)


@explained(
    "Batches whose score exceeds alpha are joined, best first: by the matches of a batch with all of a panorama, or of "
    "the two batches that link two of them. A link inside a panorama moves it onto itself; one whose batches have both "
    "come up three times before is passed over.",
    formula=r"(i, j) \in E(G) \iff r_{ij} > \alpha",
    slide=r"(i, j) \in E(G) \iff r_{ij} \geq \alpha",
    parameters=("alpha",),
)
def panorama_graph(scores: AlignmentScores, sizes: IntArray, alpha: float) -> PanoramaGraph:
    """The links above `alpha`, best first, and what each of them moves.

    Of two batches that are both on their own, the smaller one moves (`sizes`, of equal ones the later). Of equal
    scores the later pair of batches comes first. As `assemble` of scanorama.
    """
    edges = _links(scores, alpha)
    panoramas: list[list[int]] = []
    considered = np.zeros(len(sizes), dtype=np.int64)
    moves: list[Move] = []
    for i, j in edges:
        considered[[i, j]] += 1
        passed_over = considered[i] > CONSIDERED and considered[j] > CONSIDERED
        moves.append(((), (), ()) if passed_over else _join(panoramas, i, j, sizes))
    alone = [[b] for b in range(len(sizes)) if not any(b in panorama for panorama in panoramas)]
    return PanoramaGraph(
        edges=tuple(edges),
        scores=tuple(float(scores.score[edge]) for edge in edges),
        moved=tuple(moved for moved, _, _ in moves),
        onto=tuple(onto for _, onto, _ in moves),
        matched=tuple(matched for _, _, matched in moves),
        panoramas=tuple(tuple(panorama) for panorama in [*panoramas, *alone]),
    )


def _links(scores: AlignmentScores, alpha: float) -> list[tuple[int, int]]:
    """Pairs of batches above `alpha`, best first, of equals the later pair first."""
    n = len(scores.score)
    pairs = [(i, j) for i in range(n) for j in range(i + 1, n) if scores.score[i, j] > alpha]
    return sorted(pairs, key=lambda pair: (scores.score[pair], pair), reverse=True)


def _join(panoramas: list[list[int]], i: int, j: int, sizes: IntArray) -> Move:
    """Join the panoramas of batches i and j: which batches move, onto which, and by which batches' matches."""
    of_i, of_j = (next((p for p in panoramas if b in p), None) for b in (i, j))
    if of_i is None and of_j is None:
        i, j = (j, i) if sizes[i] < sizes[j] else (i, j)
        of_i = [i]
        panoramas.append(of_i)
    if of_i is None or of_j is None:
        single, panorama = (i, of_j) if of_i is None else (j, of_i)
        assert panorama is not None
        onto = tuple(panorama)
        panorama.append(single)
        return (single,), onto, tuple((single, b) for b in onto)
    move = tuple(of_i), tuple(of_j), ((i, j),)
    if of_i is not of_j:
        of_i += of_j
        panoramas.remove(of_j)
    return move


def moves(graph: PanoramaGraph) -> Iterator[Move]:
    """What moves, link by link, without the links that were passed over."""
    return (move for move in zip(graph.moved, graph.onto, graph.matched, strict=True) if move[0])
